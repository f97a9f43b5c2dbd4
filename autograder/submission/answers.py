"""What a worker may say, and how much of it: every answer is checked here before anything else looks at it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autograder.errors import Frame, StudentCrash, StudentError

__all__ = ["Fault", "as_error", "as_faults", "as_names", "crash"]

_MAX_FAULTS = 50
_MAX_FRAMES = 8
_MAX_NAMES = 200
_MAX_LINE = 10**7


def _short(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:limit] if isinstance(value, str) else value)


def _few(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:limit] if isinstance(value, list) else value)


_Name = Annotated[str, _short(200)]
_Text = Annotated[str, _short(2000)]
_Line = Annotated[int, Field(ge=0, le=_MAX_LINE)]


class _Error(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    kind: _Name
    bases: Annotated[list[_Name], _few(50)]
    detail: _Text
    frames: Annotated[list[Annotated[list[Any], Field(min_length=3, max_length=3)]], _few(_MAX_FRAMES)]


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    where: _Name
    line: _Line
    source: _Name


class Fault(BaseModel):
    """A notebook cell that raised."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    cell: _Line
    kind: _Name
    detail: Annotated[str, _short(500)]


class _Faults(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    faults: Annotated[list[Fault], _few(_MAX_FAULTS)]


def crash() -> StudentCrash:
    """The exception for an answer that no worker gives."""
    return StudentCrash("Your code answered in a way that cannot be read.")


def as_error(described: object, what: str) -> StudentError:
    """The exception that a worker describes; ``what`` raised it."""
    try:
        error = _Error.model_validate(described)
        frames = [_Frame(where=where, line=line, source=source) for where, line, source in error.frames]
    except ValidationError:
        return crash()
    message = f"{what or 'Your code '}raised {error.kind}{f': {error.detail}' if error.detail else ''}"
    return StudentError(
        message,
        kind=error.kind,
        bases=error.bases,
        detail=error.detail,
        frames=[Frame(frame.where, frame.line, frame.source) for frame in frames],
    )


def as_faults(described: object) -> list[Fault]:
    """The cells that a worker describes.

    Raises:
        StudentCrash: it is no such description.
    """
    try:
        return _Faults.model_validate({"faults": described}).faults
    except ValidationError:
        raise crash() from None


def as_names(listed: object) -> list[str]:
    """Names that a file has; none if that is not what it is."""
    few = listed[:_MAX_NAMES] if isinstance(listed, list) else []
    return [name[:100] for name in few if isinstance(name, str)]
