"""The main colours of a figure, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rakkan.features.figures.parts import Parts

#: Longer side at which colours are taken, in pixels.
_LONGEST = 256
#: Probability from which a pixel counts, pixels that a part needs, colours that are told apart, and the share
#: of a part that a colour needs to be told.
_LEAST, _FEWEST, _COLOURS, _SHARE = 0.6, 12, 5, 0.12
#: Colours nearer than this are one (a distance in sRGB, 0 to 441).
_SAME = 36.0
_ROUNDS = 8


@dataclass(frozen=True, eq=False)
class Palette(Mapping[str, tuple[str, ...]]):
    """`main_colours` of a picture, found when the first is asked for: that takes longer than reading it."""

    pixels: NDArray[numpy.uint8]
    parts: Parts

    @cached_property
    def _found(self) -> dict[str, tuple[str, ...]]:
        return main_colours(self.pixels, self.parts)

    def __getitem__(self, part: str) -> tuple[str, ...]:
        return self._found[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def main_colours(pixels: NDArray[numpy.uint8], parts: Parts) -> dict[str, tuple[str, ...]]:
    """Up to three colours of each part that is there, as ``#rrggbb``, the largest first."""
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = numpy.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BOX))
    found = {}
    for part in parts:
        inside = small[parts.at(part, size) >= _LEAST].astype(numpy.float64)
        if len(inside) >= _FEWEST:
            found[part] = _told(inside, prefer_colour=part == "eyes")
    return found


def _told(inside: NDArray[numpy.float64], prefer_colour: bool) -> tuple[str, ...]:
    """Colours by share; of eyes by share times colourfulness, for the white and the pupil are in all."""
    middles, shares = _clusters(inside)
    if prefer_colour:
        shares = shares * (12 + numpy.ptp(middles, axis=1)) / (12 + numpy.ptp(middles, axis=1).max())
    order = numpy.argsort(-shares, kind="stable")
    kept: list[NDArray[numpy.float64]] = []
    for index in order:
        far = all(numpy.linalg.norm(middles[index] - other) > _SAME for other in kept)
        if far and (not kept or shares[index] >= _SHARE):
            kept.append(middles[index])
    return tuple("#" + "".join(f"{round(value):02x}" for value in colour) for colour in kept[:3])


def _clusters(values: NDArray[numpy.float64]) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
    """Up to five middles of colours [k, 3] and their shares [k], by Lloyd's rounds from colours that are far
    from each other: the same for the same pixels."""
    middles = [numpy.median(values, axis=0)]
    for _ in range(_COLOURS - 1):
        away = numpy.min([((values - one) ** 2).sum(1) for one in middles], axis=0)
        # Not the farthest of all, which is a speck: the one past nineteen of twenty.
        middles.append(values[numpy.argsort(away, kind="stable")[int(0.95 * (len(values) - 1))]])
    centres = numpy.array(middles)
    for _ in range(_ROUNDS):
        nearest = ((values[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        for index in numpy.unique(nearest):
            centres[index] = values[nearest == index].mean(0)
    counts = numpy.bincount(nearest, minlength=len(centres))
    held = counts > 0
    return centres[held], counts[held] / len(values)
