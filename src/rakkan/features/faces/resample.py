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
    down = _mixed(pixels.reshape(height, -1).astype(numpy.float32), rows)
    turned = numpy.ascontiguousarray(down.reshape(rows, width, 3).transpose(1, 0, 2))
    across = _mixed(turned.reshape(width, -1), columns)
    made: Values = across.reshape(columns, rows, 3).transpose(1, 0, 2)
    return made


def _mixed(values: Values, wanted: int) -> Values:
    """[wanted, m] of [n, m]: adds up what each new row takes of its first old one, of its next, and so on.

    That is as fast as a product of matrices, and needs none of its threads, which wait by spinning.
    """
    rows, shares = _taken(len(values), wanted)
    made: Values = values[rows[0]] * shares[0][:, None]
    for row, share in zip(rows[1:], shares[1:], strict=True):
        made += values[row] * share[:, None]
    return made


@lru_cache(maxsize=256)
def _taken(length: int, wanted: int) -> tuple[NDArray[numpy.intp], Values]:
    """[k, wanted]: which old pixels each new one is made of, at most k, and how much of each."""
    shares = _shares(length, wanted)
    most = int((shares > 0).sum(1).max())
    places = (shares > 0).argmax(1) + numpy.arange(most)[:, None]
    within = numpy.minimum(places, length - 1)
    taken = numpy.where(places < length, shares[numpy.arange(wanted), within], 0)
    return within, taken.astype(numpy.float32)


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
