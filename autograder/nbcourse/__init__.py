"""Lay out a course of nbgrader's own for instructors with JupyterHub, and grade in it without running student code.

``nbgrader generate_assignment``, ``validate``, ``autograde`` and ``generate_feedback`` work in it as usual, but for one
thing. Left to itself, ``nbgrader autograde`` runs student code and test cells in one process, where a submission can
change whatever judges it, and gives full marks to output that it cannot parse. In a course laid out here,
:class:`GradeInSandbox` stands in the place of that step: it grades the submission as ``nox -s grade-class`` does, in
the sandbox and with the hidden checks, and writes the points into the test cells. What cannot be graded stays
ungraded.

The test cells themselves run visible checks, for students and for ``nbgrader validate``. They fail closed: a task that
cannot be graded raises, which nbgrader takes for 0.
"""

from __future__ import annotations

from autograder.nbcourse.layout import lay_out
from autograder.nbcourse.sandboxed import GradeInSandbox

__all__ = ["GradeInSandbox", "lay_out"]
