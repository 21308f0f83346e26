"""Exact averages over areas, which the face networks learned from: every pixel counts by what it covers."""

from __future__ import annotations

from functools import lru_cache

import numpy
from numpy.typing import NDArray

Values = NDArray[numpy.float32]


def resized(pixels: NDArray[numpy.uint8], rows: int, columns: int) -> Values:
    """``pixels``, uint8 [height, width, 3], as float32 [rows, columns, 3], 0-255.

    Shrinking averages areas, with fractions of pixels at their edges; enlarging mixes neighbours.
    """
    height, width = pixels.shape[:2]
    down = _shares(height, rows) @ pixels.reshape(height, -1).astype(numpy.float32)
    across = down.reshape(rows, width, 3).transpose(0, 2, 1).reshape(-1, width) @ _shares(width, columns).T
    made: Values = across.reshape(rows, 3, columns).transpose(0, 2, 1)
    return made


@lru_cache(maxsize=256)
def _shares(length: int, wanted: int) -> Values:
    """[wanted, length]: how much of each new pixel is each old one."""
    edges = numpy.arange(wanted + 1) * (length / wanted)
    old = numpy.arange(length)
    if wanted <= length:
        shared = numpy.minimum(edges[1:, None], old + 1) - numpy.maximum(edges[:-1, None], old)
    else:
        centres = numpy.clip((edges[1:] + edges[:-1]) / 2 - 0.5, 0, length - 1)
        shared = 1 - numpy.abs(centres[:, None] - old)
    shared = numpy.maximum(shared, 0)
    made: Values = (shared / shared.sum(1, keepdims=True)).astype(numpy.float32)
    return made
