"""Laying another colour over a part of a drawing, its lines and shadows kept: what a model then redraws.

A model that is to change a colour alone would have to be given so much freedom that it changes shapes too.
Told the colour beforehand, it needs little.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rakkan.features.oklab import oklab, srgb
from rakkan.studio.editing.masks import Mask, box_of, grown
from rakkan.studio.starter.hues import PALETTES

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

#: Slots whose part holds other things too: only what is near the old colour is laid over.
_AMONG_OTHERS = frozenset({"outfit_colour", "skin"})
#: How far in OKLab a colour may be from the old one to be taken for it.
_NEAR = 0.22
#: The share of a part that the old colour must have to be taken for it.
_ENOUGH = 0.3
#: How much a shadow may deepen or fade when the colour's lightness changes.
_MOST_DEEPER = 1.6
#: Pixels of a part that its main colour is taken from.
_LOOKED_AT = 20_000


def recoloured(pixels: Pixels, part: Mask, slot: str, old: str, new: str) -> Pixels:
    """The picture with the part in another colour of the slot, uint8 [height, width, 3].

    ``part`` says how far each pixel belongs to it, 0 to 1. ``old`` is the value the slot has, "" where that
    is not known: then, and where the part is of one piece, its commonest colour counts; that of irises is
    seen, as what is coloured in the eyes and not beside them. Works in OKLab
    (Ottosson 2020), where equal steps look equal.
    """
    touched = part > 0
    if not touched.any():
        return pixels
    lab = oklab(pixels[touched])
    share = part[touched].astype(np.float64)
    if slot == "eye_colour":
        share = share * _likeness(lab, _iris(lab, oklab(pixels[_beside(part)])))
    elif slot in _AMONG_OTHERS and old in PALETTES[slot]:
        near = share * _likeness(lab, oklab(_rgb(PALETTES[slot][old])))
        share = near if (near > 0.5).sum() >= _ENOUGH * (share > 0.5).sum() else share
    if not (share > 0.5).any():
        return pixels
    main, target = _main(lab[share > 0.5]), oklab(_rgb(PALETTES[slot][new]))
    moved = np.empty_like(lab)
    ratio = min(_MOST_DEEPER, target[0] / max(main[0], 1e-3))
    lighter = (1 - target[0]) / max(1 - main[0], 1e-3)
    step = lab[:, 0] - main[0]
    moved[:, 0] = target[0] + np.where(step < 0, step * ratio, step * min(lighter, _MOST_DEEPER))
    # Darker places have less colour, in the old as in the new.
    depth = np.clip(lab[:, 0] / max(main[0], 1e-3), 0, 1)[:, None]
    chroma = float(np.hypot(*target[1:])) / max(float(np.hypot(*main[1:])), 0.04)
    moved[:, 1:] = target[1:] * depth + (lab[:, 1:] - main[1:] * depth) * min(chroma, 1.0) * 0.5
    mixed = lab + share[:, None] * (moved - lab)
    result = pixels.copy()
    result[touched] = srgb(mixed)
    return result


def _main(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The colour that most pixels have, about: the median of the fullest of coarse bins."""
    sample = lab[:: max(1, len(lab) // _LOOKED_AT)]
    bins, counts = np.unique(np.floor(sample / 0.08).astype(np.int64), axis=0, return_counts=True)
    inside = (np.floor(sample / 0.08).astype(np.int64) == bins[counts.argmax()]).all(1)
    return np.asarray(np.median(sample[inside], axis=0))


def _beside(part: Mask) -> npt.NDArray[np.bool_]:
    """The surroundings of a part, about as wide as a tenth of it."""
    left, _, right, _ = box_of(part)
    return (grown((part > 0).astype(np.float32), max(2, (right - left) // 10)) > 0) & (part <= 0)


def _iris(inside: npt.NDArray[np.float64], beside: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The colour of irises among the colours of eyes: a good part of them, coloured, and rare beside them.
    Where nothing is coloured they are dark or grey."""

    def numbers(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        bins = np.floor(lab / 0.08).astype(np.int64) + 32
        codes: npt.NDArray[np.int64] = bins @ np.array([4096, 64, 1])
        return codes

    codes, around = numbers(inside), numbers(beside)
    best, most = np.median(inside, axis=0), 0.0
    for code in np.unique(codes):
        here = codes == code
        colour = np.median(inside[here], axis=0)
        rarer = here.mean() - (around == code).mean()
        if 0.18 < colour[0] < 0.93 and rarer > 0:
            told = float(rarer * (0.0004 + np.square(colour[1:]).sum()))
            if told > most:
                best, most = colour, told
    return np.asarray(best)


def _likeness(lab: npt.NDArray[np.float64], colour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 for the colour itself and its shadows, falling to 0 with the distance of hue and chroma, and of
    lightness upwards: lines are darker than any shadow."""
    depth = np.clip(lab[:, 0] / max(colour[0], 1e-3), 0.3, 1)
    aside = np.hypot(*(lab[:, 1:] - colour[1:] * depth[:, None]).T)
    above = np.maximum(lab[:, 0] - colour[0], 0)
    below = np.maximum(0.5 * colour[0] - lab[:, 0], 0)
    distance = np.sqrt(aside**2 + above**2 + below**2)
    return np.asarray(np.clip(1.5 - 1.5 * distance / _NEAR, 0, 1))


def _rgb(colour: str) -> npt.NDArray[np.uint8]:
    return np.array([int(colour[index : index + 2], 16) for index in (1, 3, 5)], np.uint8)
