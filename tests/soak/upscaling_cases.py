"""Enlarged pictures: the same however they come in and are cut, and nothing left far under what is clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from cases import Case, check

from rakkan.studio.upscaling import enlarge, tiles, transparency
from rakkan.studio.upscaling.networks import passes


def an_enlarged_picture_is_the_same_however_it_is_cut(random: Random, folder: Path) -> None:
    size = random.randint(1, 300), random.randint(1, 300)
    made = np.random.default_rng(random.randrange(2**32))
    pixels = made.integers(0, 256, (*size, random.choice((3, 4))), np.uint8)
    pixels[: random.randrange(size[0] + 1), : random.randrange(size[1] + 1), :3] = 77
    pixels[0, 0, :3] = 1, 2, 3  # not grey
    if pixels.shape[2] == 4:
        pixels[random.randrange(size[0]) :, :, 3] = 0
    scale, denoise = random.choice([(1, 0), (1, 3), (2, -1), (2, 2), (4, 1)])
    whole = enlarge(pixels, scale, denoise, precision="f32")
    check(whole.shape == (scale * size[0], scale * size[1], pixels.shape[2]), "another size")
    rows = _cut(_levels(pixels), random)
    for network in passes(scale, denoise):
        again = np.concatenate(list(tiles.passed(rows, size, network, "f32")))
        size = size[0] * network.scale, size[1] * network.scale
        rows = _cut(again, random)
    check(np.array_equal(np.rint(again).astype(np.uint8), whole[..., :3]), "other pixels")


def _levels(pixels: Any) -> Any:
    if pixels.shape[2] == 3:
        return pixels.astype(np.float32)
    return transparency.continued(pixels, 0, len(pixels), lambda part: part.astype(np.float32))


def _cut(levels: Any, random: Random) -> Iterator[Any]:
    rows = random.randint(1, len(levels))
    return (levels[top : top + rows] for top in range(0, len(levels), rows))


CASES = (
    Case(
        "an_enlarged_picture_is_the_same_however_it_is_cut",
        0.5,
        an_enlarged_picture_is_the_same_however_it_is_cut,
    ),
)
