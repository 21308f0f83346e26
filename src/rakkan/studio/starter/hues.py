"""The colours behind the words: what the figures that the model has seen are painted with."""

from __future__ import annotations

from rakkan.corpus.figures import palette

#: Slot -> its colours by value, ``#rrggbb``.
PALETTES: dict[str, dict[str, str]] = {
    "hair_colour": palette.HAIR,
    "eye_colour": palette.EYES,
    "skin": palette.SKIN,
    "outfit_colour": palette.OUTFIT,
    "accessory_colour": palette.ACCESSORY,
    "background_colour": palette.BACKGROUND,
}
