"""A dozen safe pictures, the same to the bit everywhere: gradients, noise, shapes, a face of circles."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]


def _grid(height: int, width: int) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    rows, columns = numpy.mgrid[0:height, 0:width]
    return rows.astype(numpy.int64), columns.astype(numpy.int64)


def _colours(red: NDArray[numpy.int64], green: NDArray[numpy.int64], blue: NDArray[numpy.int64]) -> Pixels:
    return numpy.stack([red % 256, green % 256, blue % 256], 2).astype(numpy.uint8)


def _noise(height: int, width: int, seed: int) -> Pixels:
    """Numerical Recipes' linear congruential generator, by position, so that it needs no state."""
    rows, columns = _grid(height, width)
    state = (rows * width + columns + seed * 7919) & 0xFFFFFFFF
    for _ in range(4):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
    return _colours(state >> 8, state >> 16, state >> 24)


def _disc(pixels: Pixels, row: int, column: int, radius: int, colour: tuple[int, int, int]) -> None:
    rows, columns = _grid(*pixels.shape[:2])
    pixels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = colour


def _face(height: int, width: int, hair: tuple[int, int, int], eyes: tuple[int, int, int]) -> Pixels:
    pixels = numpy.full((height, width, 3), (205, 226, 240), numpy.uint8)
    middle, size = width // 2, min(height, width)
    _disc(pixels, height * 45 // 100, middle, size * 36 // 100, hair)
    _disc(pixels, height * 52 // 100, middle, size * 28 // 100, (252, 226, 205))
    for side in (-1, 1):
        _disc(pixels, height // 2, middle + side * size * 12 // 100, size * 6 // 100, (255, 255, 255))
        _disc(pixels, height // 2, middle + side * size * 12 // 100, size * 4 // 100, eyes)
    _disc(pixels, height * 66 // 100, middle, size * 3 // 100, (190, 70, 80))
    pixels[height * 84 // 100 :, width // 4 : width * 3 // 4] = (70, 90, 150)
    return pixels


def pictures() -> dict[str, Pixels]:
    """The pictures by name, uint8 [height, width, 3], all smaller than 448 pixels a side."""
    rows, columns = _grid(224, 224)
    wide_rows, wide_columns = _grid(150, 400)
    tall_rows, tall_columns = _grid(440, 97)
    scene = _colours(120 + rows // 4, 180 - rows // 6, 240 - rows // 2)
    _disc(scene, 60, 170, 25, (255, 230, 120))
    scene[150:, :] = (60, 140, 70)
    scene[110:190, 40:100] = (170, 90, 60)
    return {
        "black": numpy.zeros((224, 224, 3), numpy.uint8),
        "white": numpy.full((300, 200, 3), 255, numpy.uint8),
        "gradient": _colours(rows, columns, 255 - (rows + columns) // 2),
        "waves": _colours(wide_rows * wide_rows // 60, wide_columns * 3, wide_rows * wide_columns // 90),
        "chessboard": _colours(*[(rows // 28 + columns // 28) % 2 * 255] * 3),
        "stripes": _colours(tall_rows * 16, tall_columns * 9, tall_rows * 0 + 90),
        "noise": _noise(224, 224, 1),
        "small noise": _noise(31, 53, 2),
        "one pixel": numpy.full((1, 1, 3), (200, 90, 40), numpy.uint8),
        "face": _face(224, 224, (60, 60, 120), (40, 120, 60)),
        "large face": _face(447, 401, (220, 190, 90), (60, 60, 200)),
        "house": scene,
    }
