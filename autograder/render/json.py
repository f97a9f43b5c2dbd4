"""Write a report as JSON, and the schema that the JSON obeys."""

from __future__ import annotations

import json

from autograder.render.text import UNSEEN
from autograder.results import Report, json_schema

__all__ = ["dumps", "schema"]


def dumps(report: Report) -> str:
    """The report as JSON in the form that :func:`schema` describes; ``schema_version`` names the form.

    Control and invisible characters are escaped, so that it can be printed in a terminal, too.
    """
    text = json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    return UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def schema() -> str:
    """The JSON Schema of a report as text: what docs/reference/report.schema.json holds."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
