"""Canonical JSON (RFC 8785) without fractions, and strict reading of JSON from strangers."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER


def encode(value: Any) -> bytes:
    """The one JSON text of a value of text, whole numbers, truth values, None, lists and objects.

    Keys are sorted by UTF-16 code units as RFC 8785 (3.2.3) demands. Raises RakkanError for fractions,
    integers past ±(2⁵³-1), text that is not valid Unicode and keys that are not text.
    """
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RakkanError(
            "The text to be recorded is not valid Unicode", "Remove the broken character"
        ) from error


def decode(data: bytes, what: str, most: int) -> Any:
    """Read JSON that anyone may have written; ``what`` names it in errors, ``most`` caps its bytes.

    Raises RakkanError for more bytes than ``most``, text that is not UTF-8 or JSON, a key given twice,
    fractions, integers past ±(2⁵³-1), and nesting deeper than the interpreter allows.
    """
    if len(data) > most:
        raise RakkanError(f"{what} has {len(data)} bytes, more than {most}", "It was not made by Rakkan")
    try:
        text = data.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_float=_refused,
            parse_constant=_refused,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise RakkanError(f"{what} is not the JSON expected: {reason}", "It is damaged or forged") from error


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise RakkanError(f"{value} is too large to be recorded", f"Use at most {LARGEST_INTEGER}")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        # For ASCII alone the order by code points is that by UTF-16, and many times faster.
        ordered = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return {key: _ordered(value[key]) for key in ordered}
    raise RakkanError(f"{value!r} cannot be recorded", "Use text, whole numbers, lists and objects")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is given twice")
    return made


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is not a whole number")


def _whole(text: str) -> int:
    # The length first: converting a million digits takes a machine down.
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise ValueError(f"{text[:40]} is too large")
    return int(text)
