"""Where things are in a picture of a figure, by name, and what an edit of each slot touches and how hard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.features.figures.framing import Box
from rakkan.studio.editing.masks import Mask, grown, united

Pixels = npt.NDArray[np.uint8]

#: Regions that can be named.
REGIONS = ("hair", "eyes", "mouth", "face", "skin", "outfit", "accessories", "background")
#: A pixel belongs to a part from this probability on.
_LIKELY = 0.5


class FigureReading(Protocol):
    """What a figure was read as: where its ``parts`` are, float32 [height, width] from 0 to 1 by region, and
    for each slot the likeliest value with its probability; ``bust`` is head and shoulders, if found."""

    @property
    def parts(self) -> Mapping[str, Mask]: ...

    @property
    def slots(self) -> Mapping[str, tuple[str, float]]: ...

    @property
    def bust(self) -> Box | None: ...


#: Reads a picture, uint8 [height, width, 3].
Read = Callable[[Pixels], FigureReading]


@dataclass(frozen=True)
class How:
    """How a slot is edited: in which ``parts``, reaching ``grow`` pixels of the drawing further, with what
    ``strength``. ``spared`` parts stay whatever the growth reaches. Where it ``recolours``, the new colour is
    laid over the part first, so that a smaller strength does. ``instead`` are the parts to take where one is
    not found. No parts: the whole picture is drawn over."""

    parts: tuple[str, ...]
    strength: float
    grow: int = 3
    spared: tuple[str, ...] = ()
    recolours: bool = False
    instead: tuple[str, ...] = ()


_FEATURES = ("eyes", "mouth")

#: Slot -> how it is edited. A strength below 1 keeps what is coarse; what is to have another shape needs 1.
HOW: dict[str, How] = {
    "hair_colour": How(("hair",), 0.4, 2, _FEATURES, recolours=True),
    "hair_accent": How(("hair",), 0.9, 2, _FEATURES),
    "hair_tone": How(("hair",), 0.9, 2, _FEATURES),
    "hairstyle": How(("hair",), 1.0, 28, _FEATURES),
    "fringe": How(("hair",), 0.9, 14),
    "eye_colour": How(("eyes",), 0.6, 2, recolours=True),
    "eye_shape": How(("eyes",), 1.0, 6, instead=("face",)),
    "expression": How(("eyes", "mouth"), 1.0, 8, instead=("face",)),
    "skin": How(("skin",), 0.4, 2, recolours=True),
    "outfit": How(("outfit",), 1.0, 6),
    "outfit_colour": How(("outfit",), 0.4, 2, recolours=True),
    "outfit_pattern": How(("outfit",), 0.9, 2),
    "pose": How(("outfit", "background"), 1.0, 12, ("hair", "face")),
    "accessory head": How(("hair",), 1.0, 40, _FEATURES),
    "accessory hair": How(("hair",), 0.9, 8, _FEATURES),
    "accessory face": How(("eyes",), 1.0, 14, instead=("face",)),
    "accessory ears": How(("hair",), 0.9, 10, _FEATURES),
    "accessory neck": How(("outfit",), 1.0, 24, _FEATURES),
    "accessory_colour": How(("accessories",), 0.4, 2, recolours=True),
    "background": How(("background",), 1.0, 2),
    "background_colour": How(("background",), 0.4, 2, recolours=True),
    "presentation": How((), 0.8),
    "framing": How((), 0.9),
    "view": How((), 0.9),
    "style": How((), 0.6),
}


def named(reading: FigureReading, names: Iterable[str], grow: int, spared: Iterable[str] = ()) -> Mask:
    """The mask of the parts of these names, reaching so many pixels further, but not into what is spared.

    Raises RakkanError for a part that is not found in the picture.
    """
    parts = []
    for name in names:
        if not has(reading, name):
            raise RakkanError(
                f"No {name} is found in the picture", "Mark the place with --mask FILE or x,y,width,height"
            )
        parts.append((reading.parts[name] >= _LIKELY).astype(np.float32))
    mask = grown(united(*parts), grow)
    for name in spared:
        kept = reading.parts.get(name)
        if kept is not None:
            mask = np.where(kept >= _LIKELY, np.float32(0), mask)
    return mask


def has(reading: FigureReading, name: str) -> bool:
    """Whether a part is found in the picture."""
    part = reading.parts.get(name)
    return part is not None and bool((part >= _LIKELY).any())


def is_region(text: str) -> bool:
    """Whether regions are named: one, or several joined by ``+``."""
    return all(one.strip() in REGIONS for one in text.split("+"))


def names_of(text: str) -> tuple[str, ...]:
    """The regions of ``hair+eyes``."""
    return tuple(one.strip() for one in text.split("+"))
