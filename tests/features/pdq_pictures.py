"""Deterministic pictures, and their PDQ hashes by the foreign implementation ``pdqhash`` 0.2.8.

``python -m tests.features.pdq_pictures`` (with that package installed) writes ``pdq.json`` anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy
from numpy.typing import NDArray

HASHES = Path(__file__).with_name("pdq.json")

SIZES = (
    (64, 64),
    (65, 64),
    (100, 160),
    (128, 128),
    (129, 257),
    (255, 384),
    (512, 512),
    (517, 771),
    (900, 640),
)


def pictures() -> Iterator[tuple[str, NDArray[numpy.uint8]]]:
    """Noise, ramps, waves and flat shapes of all these sizes, uint8 [height, width, 3]."""
    random = numpy.random.default_rng(5)
    for height, width in SIZES:
        y, x = numpy.mgrid[0:height, 0:width]
        yield f"noise {height}x{width}", random.integers(0, 256, (height, width, 3), numpy.uint8)
        ramp = numpy.stack([x * 255 // width, y * 255 // height, (x + 2 * y) * 85 // (height + width)], 2)
        yield f"ramp {height}x{width}", ramp.astype(numpy.uint8)
        triangle = [numpy.abs((x * a + y * b) % 200 - 100) * 2 for a, b in ((1, 3), (2, -1), (5, 2))]
        yield f"waves {height}x{width}", numpy.stack(triangle, 2).astype(numpy.uint8)
        shapes = numpy.full((height, width, 3), 235, numpy.uint8)
        for number in range(12):
            top, left = (int(side * random.random() * 0.8) for side in (height, width))
            colour = random.integers(0, 256, 3)
            shapes[top : top + height // (2 + number), left : left + width // (2 + number)] = colour
        yield f"shapes {height}x{width}", shapes


def orientations(pixels: NDArray[numpy.uint8]) -> Iterator[NDArray[numpy.uint8]]:
    """The picture as it stands, mirrored, upside down, both; then all of it transposed."""
    for turned in (pixels, pixels.swapaxes(0, 1)):
        for down in (1, -1):
            for across in (1, -1):
                yield numpy.ascontiguousarray(turned[::down, ::across])


def main() -> None:
    import pdqhash

    found = {}
    for name, pixels in pictures():
        turned = [pdqhash.compute(one) for one in orientations(pixels)]
        hashes = [numpy.packbits(bits.astype(numpy.uint8)).tobytes().hex() for bits, _ in turned]
        found[name] = {"quality": int(turned[0][1]), "hashes": hashes}
    HASHES.write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
