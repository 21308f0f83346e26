"""What varies along the axes of a plot, and the request of each of its cells.

seed: 1-4               whole numbers, one by one or from-to, with a step in brackets: 10-30 [+10]
guidance: 1, 2, 4       numbers
S/R: smile, sad, angry  the first is searched for in the prompt, and each takes its place
sampler: Euler, DPM++ 2M Karras
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from rakkan.errors import RakkanError
from rakkan.studio.bring import BringRequest
from rakkan.studio.create import CreateRequest

MOST_VALUES = 24
MOST_CELLS = 200
LONGEST_VALUE = 400

_RANGE = re.compile(r"(\d{1,16})\s*-\s*(\d{1,16})(?:\s*\[\s*\+?(\d{1,16})\s*\])?")

Request = TypeVar("Request", CreateRequest, BringRequest)


@dataclass(frozen=True)
class Axis:
    """What varies (``seed``, ``S/R``, …) and the values it takes, as they were typed."""

    name: str
    values: tuple[str, ...]

    def label(self, number: int) -> str:
        """What stands beside a column or row: of searching and replacing the words alone."""
        value = self.values[number]
        return (value or "(nothing)") if self.name == _SEARCH else f"{self.name} {value}"


_SEARCH = "S/R"


def _number(read: Callable[[str], Any]) -> Callable[[str, str], Any]:
    def number(name: str, text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise RakkanError(
                f"The {name} {text[:40]!r} is no number", f"Write --x '{name}: 1, 2, 3'"
            ) from error

    return number


def _text(name: str, text: str) -> str:
    return text


#: Axes: the field of a request they set, what reads a value, and whether only models of one's own have it.
_FIELDS: dict[str, tuple[str, Callable[[str, str], Any], bool]] = {
    "seed": ("seed", _number(int), False),
    "steps": ("steps", _number(int), False),
    "guidance": ("guidance", _number(float), False),
    "size": ("size", _text, False),
    "prompt": ("prompt", _text, False),
    "negative": ("negative", _text, False),
    "sampler": ("sampler", _text, True),
    "schedule": ("schedule", _text, True),
    "clip skip": ("clip_skip", _number(int), True),
    "noise": ("noise", _text, True),
}
_ALIASES = {
    "cfg": "guidance",
    "cfg scale": "guidance",
    "s/r": _SEARCH,
    "search": _SEARCH,
    "prompt s/r": _SEARCH,
}
_COUNTED = ("seed", "steps", "clip skip")
#: Set by whoever draws, not in the request.
MODEL = "model"


def axis(text: str) -> Axis:
    """Read ``NAME: VALUE, VALUE``. Raises RakkanError for a name or value that is none, and for too many."""
    name, colon, rest = text.partition(":")
    wanted = " ".join(name.lower().split())
    known = [*_FIELDS, MODEL]
    plain = _ALIASES.get(wanted, wanted)
    if not colon or plain not in (*known, _SEARCH):
        near = get_close_matches(wanted, [*known, *_ALIASES], 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of {', '.join([*known, _SEARCH])}"
        raise RakkanError(f"{text[:60]!r} is no axis of a grid", hint)
    values = [value.strip() for value in next(csv.reader([rest], skipinitialspace=True), [])]
    if plain in _COUNTED:
        values = [one for value in values for one in _counted(plain, value)]
    if plain != _SEARCH:
        values = [value for value in values if value]
    if not values or len(values) > MOST_VALUES:
        raise RakkanError(f"The axis {plain!r} has {len(values)} values", f"Give 1 to {MOST_VALUES}")
    if any(len(value) > LONGEST_VALUE for value in values):
        raise RakkanError(f"A value of the axis {plain!r} is too long", f"Keep to {LONGEST_VALUE} characters")
    if plain == _SEARCH and not values[0]:
        raise RakkanError("The axis S/R has nothing to search for", "Write --x 'S/R: smile, sad, angry'")
    if len(set(values)) != len(values):
        raise RakkanError(f"The axis {plain!r} has a value twice", "Give each once")
    return Axis(plain, tuple(values))


def _counted(name: str, value: str) -> list[str]:
    found = _RANGE.fullmatch(value)
    if not found:
        return [value]
    first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if step < 1 or last < first or (last - first) // step >= MOST_VALUES:
        raise RakkanError(
            f"The {name} {value!r} is no range of 1 to {MOST_VALUES} values", "Write 1-4 or 10-30 [+10]"
        )
    return [str(number) for number in range(first, last + 1, step)]


@dataclass(frozen=True)
class Cell:
    """One picture of a plot: its page, row and column from 0, its request, and its model ("" for the one of
    the whole plot)."""

    page: int
    row: int
    column: int
    request: CreateRequest | BringRequest
    model: str = ""


def cells(request: Request, axes: tuple[Axis, Axis | None, Axis | None]) -> list[Cell]:
    """A cell for each value of x with each of y and z, page by page and row by row.

    Raises RakkanError for what this kind of model has no axis for, for what is searched for and not there,
    for an axis twice, and for more than ``MOST_CELLS``.
    """
    x, y, z = axes
    given = [one for one in axes if one is not None]
    names = [one.name for one in given if one.name != _SEARCH]
    if len(set(names)) != len(names):
        raise RakkanError(f"The axis {max(names, key=names.count)!r} stands there twice", "Give each once")
    count = len(x.values) * (len(y.values) if y else 1) * (len(z.values) if z else 1)
    if count > MOST_CELLS:
        raise RakkanError(f"A grid of {count} pictures is too many", f"Keep to {MOST_CELLS}")
    found = []
    for page in range(len(z.values) if z else 1):
        for row in range(len(y.values) if y else 1):
            for column in range(len(x.values)):
                one, model = replace(request, count=1), ""
                # Words are put in last: a prompt that is an axis itself is there by then.
                placed = [(axis, number) for axis, number in ((x, column), (y, row), (z, page)) if axis]
                for axis, number in sorted(placed, key=lambda pair: pair[0].name == _SEARCH):
                    value = axis.values[number]
                    if axis.name == MODEL:
                        model = value
                    else:
                        one = _with(one, axis, value)
                found.append(Cell(page, row, column, one, model))
    return found


def _with(request: Request, axis: Axis, value: str) -> Request:
    if axis.name == _SEARCH:
        wanted = axis.values[0]
        if wanted not in request.prompt and wanted not in request.negative:
            raise RakkanError(
                f"The prompt does not hold {wanted[:40]!r}", "Search for words that stand in it"
            )
        return replace(
            request,
            prompt=request.prompt.replace(wanted, value),
            negative=request.negative.replace(wanted, value),
        )
    field, read, brought = _FIELDS[axis.name]
    if brought and not isinstance(request, BringRequest):
        raise RakkanError(f"The axis {axis.name!r} is for models that you bring", "Name one with --model")
    changed: dict[str, Any] = {field: read(axis.name, value)}
    return replace(request, **changed)
