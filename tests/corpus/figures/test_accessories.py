"""Every accessory in every view: drawn, finite, on the canvas, the same again, and unlike the others."""

from __future__ import annotations

import itertools
import re
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from rakkan.corpus.figures import attributes
from rakkan.corpus.figures.accessories import draw_accessories
from rakkan.corpus.figures.accessories.kit import hoops
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.head import Head
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import Scene, build_scene

MAX_PATHS, MAX_CLIPS = 60, 3


def _scene(name: str, *, seed: int = 3, **fixed: str | tuple[str, ...]) -> Scene:
    fixed = {"hairstyle": "bob cut", "fringe": "blunt fringe", **fixed}
    drawn = build_scene(attributes.sample(Random(seed), accessories=(name,), **fixed), seed)
    draw_accessories(drawn)
    return drawn


def _labels(drawn: Scene, size: int = 128) -> NDArray[np.int64]:
    pixels = rasterise(drawn.canvas.labels(drawn.frame), size, size * (2 if drawn.frame[3] > 700 else 1))
    return (pixels[..., 0].astype(int) + 8) // 16


@pytest.mark.parametrize("name", attributes.ACCESSORIES)
def test_it_is_drawn_in_every_view_and_style(name: str) -> None:
    for seed, (view, style) in enumerate(itertools.product(attributes.VIEWS, attributes.STYLES)):
        drawn = _scene(name, seed=seed, view=view, style=style, framing="bust")
        if name not in drawn.attributes.accessories:
            continue
        svg = drawn.canvas.svg(drawn.frame)
        assert not re.search(r"nan|inf\b", svg)
        assert svg.count("<path") <= MAX_PATHS
        assert svg.count("<clipPath") <= MAX_CLIPS
        if seed % 4 == 0:
            share = float((_labels(drawn) == REGIONS.index("accessory")).mean())
            assert 0.0005 < share < 0.35, f"{name} covers {share:.4f} of the picture in {view}"


@pytest.mark.parametrize("name", attributes.ACCESSORIES)
def test_it_depends_on_nothing_but_the_seed(name: str) -> None:
    first, again = _scene(name, view="front"), _scene(name, view="front")
    assert first.canvas.svg(first.frame) == again.canvas.svg(again.frame)


@pytest.mark.parametrize("name", attributes.ACCESSORY_PLACES["head"])
def test_headgear_stays_within_a_bust(name: str) -> None:
    for seed in range(6):
        drawn = _scene(name, seed=seed, view="front", framing="bust")
        edge = _labels(drawn, 96)[0]
        assert not (edge == REGIONS.index("accessory")).any(), f"{name} is cut by the top of the frame"


def test_things_for_the_same_place_have_different_shapes() -> None:
    for names in attributes.ACCESSORY_PLACES.values():
        shapes = {name: _labels(_scene(name, view="front", framing="bust")) == 11 for name in names}
        for one, other in itertools.combinations(names, 2):
            apart = (shapes[one] ^ shapes[other]).sum() / (shapes[one] | shapes[other]).sum()
            assert apart > 0.15, f"{one} and {other} overlap but for {apart:.2f}"


def test_colour_is_taken_by_those_that_promise_it() -> None:
    for name in attributes.ACCESSORIES:
        red, blue = (
            _scene(name, view="front", accessory_colour=colour).canvas.svg((0, 0, 1, 1))
            for colour in ("red", "blue")
        )
        assert (red != blue) == (name in attributes.COLOURED_ACCESSORIES), name


def test_hoops_lie_on_a_circle_and_run_from_left_to_right() -> None:
    for yaw in (-88.0, -34.0, 0.0, 34.0, 88.0):
        front, back = hoops(Head(yaw=yaw), [(-30, 40, 40, 0, 0)], dip=0.0, count=9)
        assert np.allclose(front[0, :, 1], -30)
        for arc in (front[0], back[0]):
            assert np.allclose(arc[[0, -1], 0], (-40, 40), atol=1e-6)
            assert (np.diff(arc[:, 0]) > 0).all()
