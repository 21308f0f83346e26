"""What of a picture is judged: all of it, what stands in a frame, its parts, what a transparent one hides."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]
#: A part is at least this many pixels a side; smaller pictures are judged as a whole only.
SMALLEST_PART = 96
#: Hidden pixels count when they vary by this many levels or more: a photograph does, a flat filling does not.
HIDDEN_VARIES = 12.0
#: A frame is flat when it is within so many levels of the picture's first pixel.
FRAME_VARIES = 24


def shown(pixels: Pixels) -> Pixels:
    """A picture, uint8 [height, width, 3 or 4], as it is seen on white, [height, width, 3]."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(numpy.float32) / 255
    made: Pixels = (pixels[..., :3] * alpha + 255 * (1 - alpha) + 0.5).astype(numpy.uint8)
    return made


def hidden(pixels: Pixels) -> Pixels | None:
    """What stands under the transparency of a picture and another program may show, [height, width, 3]; what
    is seen is filled with its mean. None when nothing does."""
    if pixels.shape[2] == 3:
        return None
    clear = pixels[..., 3] < 128
    under = pixels[..., :3][clear]
    if not under.size or float(under.std(0).mean()) < HIDDEN_VARIES:
        return None
    made = pixels[..., :3].copy()
    made[~clear] = under.mean(0)
    return made


def parts(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the parts: about half as long and half as broad as the picture, square in one that
    is long and thin, each overlapping the next by half, so that what is pasted in fills much of one."""
    side = max(SMALLEST_PART, min(min(height, width), math.ceil(max(height, width) / 2)))
    if max(height, width) <= SMALLEST_PART:
        return
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield slice(top, min(height, top + side)), slice(left, min(width, left + side))


def framed(pixels: Pixels) -> tuple[slice, slice] | None:
    """Rows and columns of what stands in a flat frame, uint8 [height, width, 3]; None when there is no frame
    of a tenth of the area or more, or nothing in it. Edges may vary as a compressed flat colour does."""
    differs = numpy.abs(pixels.astype(numpy.int16) - pixels[0, 0]).max(2) > FRAME_VARIES
    rows, columns = numpy.flatnonzero(differs.any(1)), numpy.flatnonzero(differs.any(0))
    if not rows.size:
        return None
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    if height * width > 0.9 * differs.size or min(height, width) < SMALLEST_PART // 2:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _starts(length: int, side: int) -> list[int]:
    steps = math.ceil(max(0, length - side) / (side / 2))
    return [step * (length - side) // steps for step in range(steps + 1)] if steps else [0]
