"""Grade a lab on Gradescope: make the zip that an instructor uploads (``bundle``), run inside it (``harness``).

What stands between student code and the hidden checks there: the container that Gradescope makes for each submission
does not, since the checks lie in the same one. The sandbox does, at the best level that the container allows. At the
lowest, a plain process, student code still runs as a user of its own who cannot open the graders' folder; before each
submission the harness tries to, from inside the sandbox, and grades nothing if it succeeds.
"""

from __future__ import annotations

from autograder.gradescope.bundle import bundle

__all__ = ["bundle"]
