"""The parts of a picture that are judged: all of it, and, of a large one, windows that leave nothing out."""

from __future__ import annotations

import math
from collections.abc import Iterator

#: A picture with no longer side, and not thinner than half, is judged as a whole only.
LARGEST_WHOLE = 768
#: The side of a window on any other, and how far apart two of them start at most.
WINDOW = 512
STRIDE = 384
#: However thin a picture, its windows are so long, where it is.
SHORTEST = 128

#: Top, left, height and width in pixels.
Box = tuple[int, int, int, int]


def windows(height: int, width: int) -> Iterator[Box]:
    """The boxes to judge of a picture of ``height`` × ``width`` pixels, the whole picture first.

    A network sees 224 × 224 pixels of whatever it is shown, so a small thing on a large sheet would be
    shrunk to nothing: of a large picture every pixel also lies in a window of at most 512 pixels a side,
    and what is at most 128 pixels a side lies whole in one. Of a picture that is thinner than a window the
    windows are as long as twice its breadth, so that a strip is not squashed to a square.
    """
    yield 0, 0, height, width
    long, short = max(height, width), min(height, width)
    if long <= LARGEST_WHOLE and long <= 2 * short:
        return
    side = min(WINDOW, max(2 * short, SHORTEST))
    rows, columns = min(height, side), min(width, side)
    for top in _starts(height, rows):
        for left in _starts(width, columns):
            yield top, left, rows, columns


def _starts(length: int, window: int) -> list[int]:
    """Where windows start so that they cover ``length`` evenly, overlapping by a quarter or more."""
    steps = math.ceil((length - window) / max(1, window * STRIDE // WINDOW))
    return [step * (length - window) // steps for step in range(steps + 1)] if steps else [0]
