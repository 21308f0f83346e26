"""A condition as the prompt that reads back as it: the inverse of ``lexicon.read``."""

from __future__ import annotations

from collections.abc import Mapping

from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE, WORDS
from rakkan.studio.starter.lexicon import SLOTS

#: Slots whose words are adjectives, and the noun that says which slot they fill.
_NOUNS = {
    "hair_colour": "hair",
    "hair_accent": "hair accents",
    "eye_colour": "eyes",
    "outfit_colour": "outfit",
    "outfit_pattern": "outfit",
    "accessory_colour": "accessories",
    "background_colour": "background",
}


def tag(slot: str, value: str) -> str:
    """The tag of one value: ``silver hair``, ``smile``, ``no glasses``."""
    if slot in ACCESSORY_SLOTS and value == BARE:
        return f"no {WORDS[slot][ACCESSORY_SLOTS[slot][0]][0]}"
    word = WORDS["hair_colour" if slot == "hair_accent" else slot][value][0]
    return f"{word} {_NOUNS[slot]}" if slot in _NOUNS else word


def tags(condition: Mapping[str, str]) -> str:
    """The tags of a condition in the order of the slots, joined by commas."""
    return ", ".join(tag(slot, condition[slot]) for slot in SLOTS if slot in condition)
