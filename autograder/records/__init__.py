"""What a class has got: records as files (:mod:`store`), and what they say together (:mod:`analysis`)."""

from __future__ import annotations

from autograder.records.store import (
    RECORD_VERSION,
    Record,
    folder_of,
    read_records,
    update_record,
    write_atomically,
    write_record,
)

__all__ = [
    "RECORD_VERSION",
    "Record",
    "folder_of",
    "read_records",
    "update_record",
    "write_atomically",
    "write_record",
]
