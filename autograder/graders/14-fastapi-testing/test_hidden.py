"""Hidden checks for 14-fastapi-testing: the tests accept every correct app, and each faulty one fails some."""

from __future__ import annotations


def test_correct_apps_pass(verdict, task):
    """Your tests pass on every correct app, however it is written, and notice a fault."""
    # That they pass, the fixture no_false_alarm has seen already.
    assert verdict.notices_any(task), verdict.table(task)


def test_fault_is_noticed(verdict, fault):
    """Each kind of fault makes one of your tests fail."""
    assert verdict.notices(fault), verdict.table(fault.task)
