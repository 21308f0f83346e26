"""What enlarging does to transparent pictures: colours under what is clear, and alpha that stays whole.

A clear pixel has a colour as well, often black, and a network would mix it into the outline of what is seen:
dark fringes. So the colours at the outline are continued outwards first, as far as any network looks; what
lies farther out is made black, and with it goes whatever was hidden there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.studio.upscaling.tiles import Floats

#: So many pixels are colours continued outwards: twice through a network of margin 7, the second time at
#: double size, a pixel depends on 7 + 7 / 2 to each side.
RING = 12
#: Alpha that comes out this near to a level of 16 bits at either end is that end.
_NEAR = 0.5


def continued(pixels: npt.NDArray[Any], top: int, bottom: int, levels: Callable[[Any], Floats]) -> Floats:
    """The colours of rows ``top`` to ``bottom``, [rows, width, 3] in levels 0-255, where alpha is 0 those of
    the nearest pixels that can be seen, and black beyond ``RING`` pixels from any.

    ``pixels`` is [height, width, 4]; ``levels`` turns samples into levels.
    """
    begin, end = max(0, top - RING), min(len(pixels), bottom + RING)
    colours, seen = levels(pixels[begin:end, :, :3]), pixels[begin:end, :, 3] > 0
    if not seen.all():
        colours = np.where(seen[..., None], colours, np.float32(0))
        if seen.any():
            for _ in range(RING):
                seen = _grown(colours, seen)
    return colours[top - begin : bottom - begin]


def _grown(colours: Floats, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Give each unseen pixel beside a seen one the mean colour of those; what is seen then."""
    weights = seen.astype(np.float32)
    count = _neighbours(weights)
    edge = ~seen & (count > 0)
    if edge.any():
        for channel in range(3):
            plane = colours[..., channel]
            plane[edge] = (_neighbours(plane)[edge] / count[edge]).astype(np.float32)
    return seen | edge


def _neighbours(plane: Floats) -> Floats:
    """The sum over each pixel and its eight neighbours; unseen ones must be 0."""
    wide = np.pad(plane, 1)
    across = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    total: Floats = across[:-2] + across[1:-1] + across[2:]
    return total


def stretched(band: Floats, darkest: float, brightest: float) -> Floats:
    """Alpha [rows, width, 1] from a network's grey answer [rows, width, 3], in levels 0-255.

    ``darkest`` and ``brightest`` are what the network answers to 0 and 255: they become 0 and 255 again, so
    that what was opaque stays so, and what was clear.
    """
    alpha = (band.mean(2, keepdims=True, dtype=np.float32) - darkest) * (255 / (brightest - darkest))
    alpha = np.where(alpha < _NEAR, 0, np.where(alpha > 255 - _NEAR, 255, alpha))
    clipped: Floats = alpha.astype(np.float32)
    return clipped
