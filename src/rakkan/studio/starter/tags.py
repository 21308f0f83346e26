"""Conditions in words, and with other values: the other way round from reading a prompt."""

from __future__ import annotations

from collections.abc import Mapping

from rakkan.corpus.figures.attributes import COLOURED_BACKGROUNDS
from rakkan.corpus.figures.words import BARE, WORDS
from rakkan.studio.starter.lexicon import SLOTS

#: Slots whose value is an adjective, with the noun it stands before.
_NOUNS = {
    "hair_colour": "hair",
    "hair_accent": "hair accents",
    "eye_colour": "eyes",
    "outfit_colour": "outfit",
    "outfit_pattern": "outfit",
    "accessory_colour": "accessories",
    "background_colour": "background",
}
#: Values that are whole phrases already, to which their region's name adds nothing.
PHRASES: frozenset[str] = frozenset(
    phrase
    for slot in ("hairstyle", "fringe", "eye_shape", "expression", "outfit", "background", "skin")
    for phrases in WORDS[slot].values()
    for phrase in phrases
)


def changed(condition: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The condition with other values, and without what no longer goes with them."""
    made = {**condition, **values}
    if made.get("hair_tone") == "plain" or made.get("hair_accent") == made.get("hair_colour"):
        made.pop("hair_accent", None)
        if "hair_tone" in made:
            made["hair_tone"] = "plain"
    if "hair_accent" in values and made.get("hair_tone", "plain") == "plain":
        made["hair_tone"] = "dipped tips"
        made["hair_accent"] = values["hair_accent"]
    if "background_colour" in values and made.get("background") not in COLOURED_BACKGROUNDS:
        made["background"] = "plain background"
    if made.get("background") not in (None, *COLOURED_BACKGROUNDS):
        made.pop("background_colour", None)
    if made.get("expression") in ("closed eyes", "laughing") and "expression" in values:
        for slot in ("eye_colour", "eye_shape"):
            made.pop(slot, None)
    return made


def description(condition: Mapping[str, str]) -> str:
    """A condition in tags, one a slot, that read back as the condition; bare places are left out."""
    parts = []
    for slot in SLOTS:
        value = condition.get(slot)
        if value is None or value == BARE or slot in ("outfit_colour", "outfit_pattern"):
            continue
        word = WORDS[_vocabulary(slot)][value][0]
        if slot == "outfit":
            adjectives = [
                WORDS[one][condition[one]][0]
                for one in ("outfit_colour", "outfit_pattern")
                if one in condition
            ]
            word = " ".join([*adjectives, word])
        parts.append(f"{word} {_NOUNS[slot]}" if slot in _NOUNS else word)
    if "outfit" not in condition:
        parts += [
            f"{WORDS[slot][condition[slot]][0]} outfit"
            for slot in ("outfit_colour", "outfit_pattern")
            if slot in condition
        ]
    return ", ".join(parts)


def _vocabulary(slot: str) -> str:
    return "hair_colour" if slot == "hair_accent" else slot
