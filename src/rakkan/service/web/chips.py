"""Chips that write prompts for people who know no tags: the starter model's words, by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.corpus.figures import palette
from rakkan.corpus.figures.words import BARE, WORDS

#: Groups in the order of their tabs, each with its slots.
GROUPS: dict[str, tuple[str, ...]] = {
    "person": ("presentation", "skin", "framing"),
    "hair": ("hairstyle", "hair_colour", "fringe"),
    "eyes": ("eye_colour", "eye_shape"),
    "expression": ("expression",),
    "outfit": ("outfit", "outfit_colour", "outfit_pattern"),
    "extras": (
        "accessory head",
        "accessory hair",
        "accessory face",
        "accessory ears",
        "accessory neck",
        "accessory_colour",
    ),
    "pose": ("pose",),
    "background": ("background", "background_colour"),
    "style": ("style",),
}
#: The colours of slots that are chosen by colour; the others have a pictogram for each value.
SWATCHES: dict[str, Mapping[str, str]] = {
    "hair_colour": palette.HAIR,
    "eye_colour": palette.EYES,
    "skin": palette.SKIN,
    "outfit_colour": palette.OUTFIT,
    "accessory_colour": palette.ACCESSORY,
    "background_colour": palette.BACKGROUND,
}
#: The symbol of each group's tab.
_TABS = {
    "person": "woman",
    "hair": "twin-tails",
    "eyes": "almond-eyes",
    "expression": "smile",
    "outfit": "hoodie",
    "extras": "beret",
    "pose": "waving",
    "background": "mountains",
    "style": "cel",
}


@dataclass(frozen=True)
class Chip:
    """A value of a slot: with a ``symbol`` of the sprite, or a ``colour`` (#rrggbb)."""

    slot: str
    value: str
    symbol: str = ""
    colour: str = ""


@dataclass(frozen=True)
class ChipRow:
    """The chips of one slot; of them one at most is lit."""

    slot: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True)
class ChipGroup:
    """A tab of chips."""

    name: str
    symbol: str
    rows: tuple[ChipRow, ...]


def chip_groups() -> tuple[ChipGroup, ...]:
    """All that the starter model knows, as chips."""
    return tuple(
        ChipGroup(name, _TABS[name], tuple(_row(slot) for slot in slots)) for name, slots in GROUPS.items()
    )


def phrase_table() -> dict[str, dict[str, tuple[str, ...]]]:
    """Slot -> value -> the phrases that mean it, the one that a chip writes first."""
    return {
        slot: {value: phrases for value, phrases in WORDS[slot].items() if value != BARE}
        for slots in GROUPS.values()
        for slot in slots
    }


def _row(slot: str) -> ChipRow:
    colours = SWATCHES.get(slot)
    values = [value for value in WORDS[slot] if value != BARE]
    if colours:
        return ChipRow(slot, tuple(Chip(slot, value, colour=colours[value]) for value in values))
    return ChipRow(slot, tuple(Chip(slot, value, symbol=value.replace(" ", "-")) for value in values))
