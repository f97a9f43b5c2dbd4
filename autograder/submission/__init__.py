"""What a grader holds in its hands: a submission whose code runs somewhere else."""

from autograder.submission.core import Completed, Submission, Transcript
from autograder.submission.library import Named
from autograder.submission.remote import Remote, RemoteModule
from autograder.submission.session import Budget, Live
from autograder.submission.suite import TestCase, TestRun

__all__ = [
    "Budget",
    "Completed",
    "Live",
    "Named",
    "Remote",
    "RemoteModule",
    "Submission",
    "TestCase",
    "TestRun",
    "Transcript",
]
