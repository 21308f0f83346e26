"""Strict reading of a frozen dataclass from JSON that anyone may have written.

A field's annotation is its type, and may carry, in ``Annotated``, what it means (text) and a ``Form``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER

#: Caps on what a field holds: characters of a text, items of a list or mapping.
MOST_CHARACTERS = 65_536
MOST_ITEMS = 100_000


@dataclass(frozen=True)
class Form:
    """The form each text of a field has: a regular expression, and how a person would say it."""

    pattern: str
    words: str


#: What a digest is, and what stands for none.
SHA256 = Form("[0-9a-f]{64}", "64 lower-case hexadecimal digits")
SHA256_OR_NONE = Form("(?:[0-9a-f]{64})?", "64 lower-case hexadecimal digits, or empty")
#: What a case of moderation is called.
CASE = Form("[0-9a-f]{32}", "32 lower-case hexadecimal digits")


@dataclass(frozen=True)
class Field:
    """A field as it is read: its name, its type, and what its annotation says besides."""

    name: str
    kind: Any
    meaning: str
    form: Form | None


_DESCRIBED: dict[type[Any], tuple[Field, ...]] = {}


def described(record: type[Any]) -> tuple[Field, ...]:
    """The fields of a dataclass, in order. Raises TypeError for a type that cannot stand in JSON here."""
    if record in _DESCRIBED:
        return _DESCRIBED[record]
    hints = get_type_hints(record, include_extras=True)
    found = []
    for part in fields(record):
        hint = hints[part.name]
        notes: list[Any] = []
        if get_origin(hint) is Annotated:
            hint, *notes = get_args(hint)
        if hint not in (str, int, bool, tuple[str, ...], tuple[int, ...], Mapping[str, str]):
            raise TypeError(f"{record.__name__}.{part.name} is of a type that a statement cannot hold")
        meaning = next((note for note in notes if isinstance(note, str)), "")
        form = next((note for note in notes if isinstance(note, Form)), None)
        found.append(Field(part.name, hint, meaning, form))
    _DESCRIBED[record] = tuple(found)
    return _DESCRIBED[record]


def read(record: type[Any], values: Mapping[str, Any], what: str) -> Any:
    """Make a ``record`` of JSON values; ``what`` names it in errors.

    Every field must be there, none besides. Whole numbers are 0 to 2⁵³-1. Raises RakkanError naming
    the field that is missing, unknown, of the wrong type or too large.
    """
    parts = described(record)
    unknown = sorted(set(values) - {part.name for part in parts})
    if unknown:
        raise RakkanError(
            f"{what} has the unknown field {unknown[0][:60]!r}", "Update Rakkan, or it is forged"
        )
    made = {}
    for part in parts:
        if part.name not in values:
            raise RakkanError(f"{what} lacks the field {part.name!r}", "It is damaged or forged")
        made[part.name] = _value(part, values[part.name], f"{what}'s field {part.name!r}")
    return record(**made)


def plain(record: Any) -> dict[str, Any]:
    """The fields of a record as JSON values. What they hold is not checked."""
    return {part.name: _plain(getattr(record, part.name)) for part in fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _value(part: Field, value: Any, what: str) -> Any:
    if part.kind is bool:
        if not isinstance(value, bool):
            raise _wrong(what, "true or false")
        return value
    if part.kind is int:
        return _count(value, what)
    if part.kind is str:
        return text(value, what, part.form)
    size = len(value) if isinstance(value, list | dict) else 0
    if size > MOST_ITEMS:
        raise RakkanError(f"{what} has {size} items, more than {MOST_ITEMS}", "Say it in several statements")
    if part.kind == Mapping[str, str]:
        if not isinstance(value, dict):
            raise _wrong(what, "an object of texts")
        return {text(key, what): text(item, what, part.form) for key, item in value.items()}
    if not isinstance(value, list):
        raise _wrong(what, "a list")
    if part.kind == tuple[int, ...]:
        return tuple(_count(item, what) for item in value)
    return tuple(text(item, what, part.form) for item in value)


def text(value: Any, what: str, form: Form | None = None) -> str:
    """Check that a value is text of the form. Raises RakkanError."""
    if not isinstance(value, str):
        raise _wrong(what, "text")
    if len(value) > MOST_CHARACTERS:
        raise RakkanError(f"{what} has more than {MOST_CHARACTERS} characters", "Say it shorter")
    if form is not None and not re.fullmatch(form.pattern, value):
        raise _wrong(what, form.words)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RakkanError(f"{what} is not valid Unicode", "Remove the broken character") from error
    return value


def _count(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_INTEGER:
        raise _wrong(what, f"a whole number from 0 to {LARGEST_INTEGER}")
    return value


def _wrong(what: str, wanted: str) -> RakkanError:
    return RakkanError(f"{what} is not {wanted}", "It is damaged or forged, or was given wrongly")
