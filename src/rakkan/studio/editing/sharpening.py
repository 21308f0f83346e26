"""Parts as sharp as the picture, out of a reading that is coarser: colours say where one ends.

Of each coarse colour it is counted how often it lies surely inside the part and how often surely outside,
near by; what a pixel's place says and what its colour says are multiplied (Bayes). Drawings are flat enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rakkan.features.figures.framing import Box
from rakkan.features.oklab import oklab
from rakkan.studio.editing.masks import Mask, box_of, grown
from rakkan.studio.editing.regions import FigureReading

Pixels = npt.NDArray[np.uint8]

#: Sides of the bins of colours, in OKLab.
_BIN = 0.05
#: What a reading is sure of, and where it is asked no more.
_SURE, _NEVER = 0.8, 0.02
#: Pixels counted as seen of every colour in both places, as a share of those counted.
_DOUBT = 0.0005
#: How much colours may say: a bin is at most so many times likelier in one of the two places.
_MOST = 40.0
#: Where a reading is less certain than this, and so many units beside it, colours are asked.
_CERTAIN, _BESIDE = 0.9, 5
#: Once for so many pixels of the shorter side is smoothed what colours say, so that there are no specks.
_UNIT = 256


@dataclass(frozen=True, eq=False)
class SharpParts(Mapping[str, Mask]):
    """The parts of a reading, each sharpened when it is first asked for."""

    coarse: Mapping[str, Mask]
    pixels: Pixels
    _made: dict[str, Mask] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Mask:
        if name not in self._made:
            self._made[name] = sharpened(self.coarse[name], self.pixels)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.coarse)

    def __len__(self) -> int:
        return len(self.coarse)


@dataclass(frozen=True, eq=False)
class SharpReading:
    """A reading whose parts end where the picture's do."""

    parts: Mapping[str, Mask]
    slots: Mapping[str, tuple[str, float]]
    bust: Box | None = None


def sharp(reading: FigureReading, pixels: Pixels) -> SharpReading:
    """The reading of these pixels with its parts sharpened."""
    return SharpReading(SharpParts(reading.parts, pixels), reading.slots, reading.bust)


def sharpened(part: Mask, pixels: Pixels) -> Mask:
    """How far each pixel belongs to a part, 0 to 1, float32 [height, width], by its place and its colour.

    ``part`` is what was read, ``pixels`` uint8 [height, width, 3]. A part that is nowhere sure stays so.
    """
    inside = part >= _SURE
    if not inside.any() or not (part <= 1 - _SURE).any():
        return part
    left, top, right, bottom = box_of((part > _NEVER).astype(np.float32))
    reach = max(8, (right - left) // 4, (bottom - top) // 4)
    near = (slice(max(0, top - reach), bottom + reach), slice(max(0, left - reach), right + reach))
    prior = np.clip(part[near], _NEVER / 4, 1 - _NEVER / 4)
    codes = _codes(pixels[near])
    within, outside = part[near] >= _SURE, part[near] <= 1 - _SURE
    size = int(codes.max()) + 1
    there = np.bincount(codes[within], minlength=size) / within.sum() + _DOUBT
    elsewhere = np.bincount(codes[outside], minlength=size) / max(1, outside.sum()) + _DOUBT
    unit = max(1, min(pixels.shape[:2]) // _UNIT)
    told = np.log(np.clip(there / elsewhere, 1 / _MOST, _MOST)).astype(np.float32)[codes]
    # Deep inside and far outside the reading is right; there a colour of both places makes but specks.
    told *= grown(((prior > 1 - _CERTAIN) & (prior < _CERTAIN)).astype(np.float32), _BESIDE * unit)
    odds = prior / (1 - prior) * np.exp(_smoothed(told, unit))
    result = np.zeros_like(part)
    result[near] = _smoothed((odds / (1 + odds)).astype(np.float32), 1)
    return np.where(part > _NEVER, result, np.float32(0))


def _codes(pixels: Pixels) -> npt.NDArray[np.int64]:
    """A number for each pixel's bin."""
    levels, places = np.unique(pixels.reshape(-1, 3) >> 2, axis=0, return_inverse=True)
    bins = np.floor(oklab(levels.astype(np.uint8) * 4 + 2) / _BIN).astype(np.int64)
    _, numbers = np.unique(bins, axis=0, return_inverse=True)
    codes: npt.NDArray[np.int64] = numbers.reshape(-1)[places.reshape(-1)].reshape(pixels.shape[:2])
    return codes


def _smoothed(mask: Mask, times: int) -> Mask:
    for _ in range(times):
        wide = np.pad(mask, 1, mode="edge")
        rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
        mask = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16)
    return mask
