"""What a person says about a character or a style: read, checked, and laid over the version before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER
from rakkan.studio.characters import records
from rakkan.studio.characters.casting import clauses
from rakkan.studio.characters.records import Character, Style
from rakkan.studio.prompts import checked_negative
from rakkan.studio.requests import MOST_PICTURES

#: Fields that say which version it is, and not what it is.
BESIDE = ("number", "parent", "because", "time")


@dataclass(frozen=True)
class Difference:
    """What one field said before and says now; of a list, what went and what came, () for other fields."""

    field: str
    before: str
    after: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def differences(before: Character | Style, after: Character | Style) -> list[Difference]:
    """The fields in which two versions differ, in the order of the record."""
    found = []
    for part in fields(before):
        old, new = getattr(before, part.name), getattr(after, part.name)
        if part.name in BESIDE or old == new:
            continue
        removed: tuple[str, ...] = ()
        added: tuple[str, ...] = ()
        if part.name in ("tags", "palette", "references", "adapters", "negative"):
            was, now = _items(old), _items(new)
            removed = tuple(one for one in was if one not in now)
            added = tuple(one for one in now if one not in was)
        found.append(Difference(part.name, _text(old), _text(new), removed, added))
    return found


def checked_tags(text: str, what: str = "tags") -> str:
    """Standing tags as they are kept: one after another, joined by commas. Raises RakkanError for text that
    is too long or holds control characters."""
    plain = ", ".join(dict.fromkeys(clauses(checked_negative(text, what))))
    if len(plain) > records.LONGEST_TAGS:
        raise RakkanError(
            f"The {what} have {len(plain)} characters", f"Shorten them to {records.LONGEST_TAGS}"
        )
    return plain


def changed_tags(tags: str, replaced: str | None, added: Sequence[str], removed: Sequence[str]) -> str:
    """Tags replaced as a whole, then without some, then with others. Raises RakkanError for one to be removed
    that is not there, with the nearest that is."""
    held = clauses(checked_tags(tags if replaced is None else replaced))
    for one in [tag for text in removed for tag in clauses(text)]:
        found = next((tag for tag in held if tag.casefold() == one.casefold()), None)
        if found is None:
            near = get_close_matches(one, held, 1, 0.4)
            hint = f"Did you mean {near[0]!r}?" if near else f"They are: {', '.join(held)[:200]}"
            raise RakkanError(f"{one[:40]!r} is none of its tags", hint)
        held.remove(found)
    return checked_tags(", ".join([*held, *added]))


def palette_of(text: str) -> tuple[str, ...]:
    """Colours such as ``#b8c0cc, #c23`` as they are kept. Raises RakkanError for what is none."""
    found = []
    for word in re.split(r"[\s,;]+", text.strip()):
        digits = word.removeprefix("#").lower()
        if re.fullmatch("[0-9a-f]{3}", digits):
            digits = "".join(digit * 2 for digit in digits)
        if not re.fullmatch("[0-9a-f]{6}", digits):
            raise RakkanError(f"{word[:20]!r} is no colour", "Give a palette such as '#b8c0cc #c02030'")
        found.append(f"#{digits}")
    colours = tuple(dict.fromkeys(found))
    if len(colours) > records.MOST_COLOURS:
        raise RakkanError(
            f"{len(colours)} colours are too many for a palette", f"Give {records.MOST_COLOURS} at most"
        )
    return colours


def checked_seed(seed: int) -> str:
    """A seed as it is kept. Raises RakkanError when nothing is drawn with it."""
    most = LARGEST_INTEGER - MOST_PICTURES
    if not 0 <= seed <= most:
        raise RakkanError(f"The seed {seed} is out of range", f"Give a whole number from 0 to {most}")
    return str(seed)


def checked_text(text: str, most: int, what: str) -> str:
    """A person's words without white space around them. Raises RakkanError for too many of them and for
    control characters."""
    plain = checked_negative(text, what)
    if len(plain) > most:
        raise RakkanError(f"The {what} has {len(plain)} characters", f"Shorten it to {most}")
    return plain


def _items(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(clauses(value))
    if isinstance(value, Mapping):
        return tuple(use.removeprefix("lora ") for use in value.values())
    return tuple(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(_items(value))
