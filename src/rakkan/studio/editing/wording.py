"""From the words of an edit to what they change, and from what a figure is to the words that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.studio.editing.regions import HOW, REGIONS
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.tags import PHRASES, changed
from rakkan.studio.starter.vocabulary import SLOT_VALUES

MOST_CHANGES = 8

#: What stands before the colon -> the region it names, where that is not its own name.
_ALIASES = {
    "eye": "eyes",
    "irises": "eyes",
    "lips": "mouth",
    "expression": "face",
    "clothes": "outfit",
    "clothing": "outfit",
    "scene": "background",
    "backdrop": "background",
}


@dataclass(frozen=True)
class Change:
    """One thing to change: the words, the slots they fill with which values, and the region they name
    ("" for what the slots touch)."""

    text: str
    values: Mapping[str, str]
    region: str = ""


def changes(texts: Sequence[str], any_words: bool = False) -> tuple[Change, ...]:
    """What the words of an edit change, each text a change: ``hair: blue``, ``smile``, ``red eyes``.

    Raises RakkanError for what names nothing that can be changed, with the nearest words that do. With
    ``any_words`` (a checkpoint reads them) a text need only name a region before a colon.
    """
    if len(texts) > MOST_CHANGES:
        raise RakkanError(f"{len(texts)} changes are too many at once", f"Give {MOST_CHANGES} at most")
    return tuple(_change(text, any_words) for text in texts)


def _change(text: str, any_words: bool) -> Change:
    before, colon, after = (part.strip() for part in text.partition(":"))
    key = before.lower()
    region = _ALIASES.get(key, key) if colon else ""
    region = region if region in REGIONS else ""
    reading = read(text if not region else f"{before}: {after}")
    unknown = [word for word in reading.unknown if not (region and word.text in (key, region))]
    if any_words and (reading.condition or region) and (after or not colon):
        return Change(text.strip(), reading.condition, region)
    if not reading.condition or unknown:
        what = repr((unknown[0].text if unknown else text.strip())[:40])
        near = unknown[0].nearest if unknown else ""
        hint = f"The nearest known is {near!r}" if near else 'Say it as "hair: blue", "smile" or "red eyes"'
        raise RakkanError(f"The edit {text.strip()[:40]!r} cannot be read: {what} is not known", hint)
    return Change(text.strip(), reading.condition, region if _fits(region, reading.condition) else "")


def _fits(region: str, values: Mapping[str, str]) -> bool:
    """Whether a region is where these slots are drawn: ``hair: red eyes`` is about the eyes."""
    return bool(region) and any(region in HOW[slot].parts for slot in values)


def condition_of_reading(slots: Mapping[str, tuple[str, float]]) -> dict[str, str]:
    """What was read off a figure as a condition, as far as the vocabulary knows it, without what does not go
    together: the slots are read each by itself."""
    read_off = {slot: value for slot, (value, _) in slots.items() if value in SLOT_VALUES.get(slot, ())}
    return changed(read_off, {})


def rewritten(prompt: str, asked: Iterable[Change]) -> str:
    """A checkpoint's prompt with what is asked in front, without the clauses that said otherwise.

    A clause goes when all that it says of a figure is changed; what else it holds would go with it, so a
    clause that names further things stays.
    """
    front, filled = [], set[str]()
    for change in asked:
        before, colon, after = (part.strip() for part in change.text.partition(":"))
        front.append(f"{after} {before}" if colon and after and after.lower() not in PHRASES else change.text)
        filled |= change.values.keys()
    clauses = [clause.strip() for clause in re.split(r"[,\n]", prompt) if clause.strip()]
    kept = []
    for clause in clauses:
        said = read(clause)
        if not (said.condition and said.condition.keys() <= filled and not said.unknown):
            kept.append(clause)
    return ", ".join([*front, *kept])
