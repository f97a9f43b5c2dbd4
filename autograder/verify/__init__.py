"""Prove a lab's graders: the solution gets everything, the starter nothing, every case what it says, mutants die."""

from __future__ import annotations

from autograder.verify.run import verify

__all__ = ["verify"]
