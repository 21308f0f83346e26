"""Putting what was drawn into the picture, so that nobody sees where, and nothing outside the mask changes.

What a model gives back differs a little from what it was shown even where nothing was asked of it: by the
autoencoder, and by enlarging. That difference is known around the mask and taken off inside it, faded from
the border on: the smooth part of Poisson blending (Pérez et al. 2003), which keeps what was drawn as it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rakkan.studio.editing.masks import Mask, box_of, feathered, grown

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

#: Levels of 255: a larger difference beside the mask is another line or shape, not drift.
_LARGEST_DRIFT = 24.0
#: Pixels around the mask whose difference is looked at.
_AROUND = 6


def composed(picture: Pixels, drawn: Pixels, mask: Mask, feather: int) -> Pixels:
    """The picture with what was drawn where the mask says so, uint8 [height, width, 3] all three.

    It fades in over ``feather`` pixels inside the mask's edge. Where the mask is 0 the picture is the same to
    the last bit; where it is 1, further inside than that, it is what was drawn but for the drift of colour.
    """
    left, top, right, bottom = box_of(mask)
    near = (
        slice(max(0, top - _AROUND), bottom + _AROUND),
        slice(max(0, left - _AROUND), right + _AROUND),
    )
    here, made, part = picture[near], drawn[near], mask[near]
    share = feathered(part, feather)[..., None]
    moved = made.astype(np.float32) + drift(here, made, part)
    mixed = np.rint(np.clip(here + share * (moved - here), 0, 255)).astype(np.uint8)
    result = picture.copy()
    result[near] = np.where(part[..., None] > 0, mixed, here)
    return result


def drift(picture: Pixels, drawn: Pixels, mask: Mask) -> Floats:
    """How the picture's colours differ from the drawn ones around the mask, carried on smoothly to all of it:
    float32 [height, width, 3]; nothing where the mask has no border."""
    beside = (grown(mask, _AROUND) > 0) & (mask <= 0)
    difference = picture.astype(np.float32) - drawn
    trusted = beside & (np.abs(difference).max(2) <= _LARGEST_DRIFT)
    weight = trusted.astype(np.float32)[..., None]
    return carried_on(difference * weight, weight)


def carried_on(values: Floats, weight: Floats) -> Floats:
    """Values where there is weight, and from coarser and coarser means where there is none (pull and push,
    Gortler et al. 1996, section 3.3): float32 [height, width, n], ``values`` being multiplied by the
    ``weight`` [height, width, 1] already."""
    height, width = weight.shape[:2]
    if min(height, width) <= 2 or not weight.any():
        total = float(weight.sum())
        mean = values.sum((0, 1)) / total if total else np.zeros(values.shape[2], np.float32)
        return np.broadcast_to(mean.astype(np.float32), values.shape)
    below = carried_on(_halved(values), _halved(weight))
    rows, columns = _between(height), _between(width)
    smooth = below[rows[0]] * (1 - rows[2])[:, None, None] + below[rows[1]] * rows[2][:, None, None]
    smooth = smooth[:, columns[0]] * (1 - columns[2])[:, None] + smooth[:, columns[1]] * columns[2][:, None]
    sure = np.minimum(weight, 1)
    own = np.divide(values, weight, out=np.zeros_like(values), where=weight > 0)
    filled: Floats = (own * sure + smooth * (1 - sure)).astype(np.float32)
    return filled


def _halved(values: Floats) -> Floats:
    height, width, depth = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    halved: Floats = even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, depth).sum((1, 3))
    return halved


def _between(length: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """For each of ``length`` places the two halved ones beside it, and the share of the second."""
    at = np.clip((np.arange(length) + 0.5) / 2 - 0.5, 0, (length + 1) // 2 - 1)
    first = np.floor(at).astype(np.int64)
    second = np.minimum(first + 1, (length + 1) // 2 - 1)
    return first, second, (at - first).astype(np.float32)
