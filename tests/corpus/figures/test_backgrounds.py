"""Every background fills every framing, stays the same for the same seed and can be told apart."""

from __future__ import annotations

import itertools
import re
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from rakkan.corpus.figures import attributes
from rakkan.corpus.figures.backgrounds import draw_background
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import Scene, build_scene

MAX_PATHS = 60


def _scene(background: str, *, seed: int = 3, **fixed: str | tuple[str, ...]) -> Scene:
    drawn = build_scene(attributes.sample(Random(seed), background=background, **fixed), seed)
    draw_background(drawn)
    return drawn


def _pixels(
    background: str, *, size: int = 32, seed: int = 3, **fixed: str | tuple[str, ...]
) -> NDArray[np.uint8]:
    drawn = _scene(background, seed=seed, framing="bust", **fixed)
    return rasterise(drawn.canvas.svg(drawn.frame), size, size)


@pytest.mark.parametrize("background", attributes.BACKGROUNDS)
def test_it_covers_the_frame_in_every_framing_and_style(background: str) -> None:
    for at, (framing, style) in enumerate(itertools.product(attributes.FRAMINGS, attributes.STYLES)):
        drawn = _scene(background, seed=at, framing=framing, style=style)
        labels = drawn.canvas.labels(drawn.frame)
        pixels = rasterise(labels, 24, 36 if framing == "full body" else 24)
        assert ((pixels[..., 0] + 8) // 16 == 1).all(), f"{background} leaves a hole in {framing}, {style}"
        svg = drawn.canvas.svg(drawn.frame)
        assert svg.count("<path") <= MAX_PATHS
        assert not re.search(r"nan|inf\b", svg)


@pytest.mark.parametrize("background", attributes.BACKGROUNDS)
def test_it_depends_on_nothing_but_the_seed(background: str) -> None:
    first, again, other = (_scene(background, seed=seed) for seed in (5, 5, 6))
    assert first.canvas.svg(first.frame) == again.canvas.svg(again.frame)
    assert first.canvas.svg(first.frame) != other.canvas.svg(other.frame)


def test_any_two_backgrounds_look_different() -> None:
    fixed = {"style": "cel", "background_colour": "blue", "view": "front"}
    pictures = {name: _pixels(name, **fixed).astype(float) for name in attributes.BACKGROUNDS}
    for one, other in itertools.combinations(attributes.BACKGROUNDS, 2):
        apart = np.abs(pictures[one] - pictures[other]).mean()
        assert apart > 7, f"{one} and {other} differ by {apart:.1f} of 255 only"


@pytest.mark.parametrize("background", attributes.COLOURED_BACKGROUNDS)
def test_any_two_colours_look_different(background: str) -> None:
    means = {
        colour: _pixels(background, style="cel", background_colour=colour).mean(axis=(0, 1))
        for colour in attributes.BACKGROUND_COLOURS
    }
    for one, other in itertools.combinations(attributes.BACKGROUND_COLOURS, 2):
        assert np.abs(means[one] - means[other]).max() > 8, f"{one} and {other} look alike"
