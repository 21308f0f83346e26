"""Hair: every style, fringe and tone in every view, and silhouettes that tell the styles apart."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rakkan.corpus.figures.attributes import (
    FRINGES,
    HAIR_TONES,
    HAIRSTYLES,
    STYLES,
    VIEWS,
    Attributes,
)
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.hair import draw_hair
from rakkan.corpus.figures.hair.geometry import hang
from rakkan.corpus.figures.hair.paths import brushes, loops, spline
from rakkan.corpus.figures.head import Head
from rakkan.corpus.figures.scene import Scene, build_scene
from rakkan.corpus.figures.silhouettes import compare

_NUMBER = re.compile(r"nan|inf")
_COORDINATE = re.compile(r"-?\d+\.\d\d")


def _drawn(attributes: Attributes, seed: int = 1) -> Scene:
    scene = build_scene(attributes, seed)
    draw_hair(scene)
    return scene


def _colour(region: str) -> str:
    return f'fill="#{REGIONS.index(region) * 16:02x}0000"'


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("hairstyle", HAIRSTYLES)
def test_every_style_draws_in_every_view(hairstyle: str, view: str) -> None:
    for index, fringe in enumerate(FRINGES[::4]):
        style = STYLES[index % len(STYLES)]
        scene = _drawn(Attributes(hairstyle=hairstyle, view=view, fringe=fringe, style=style), seed=index)
        svg = scene.canvas.svg(scene.frame)
        assert not _NUMBER.search(svg.replace("linearGradient", ""))
        assert max(abs(float(number)) for number in _COORDINATE.findall(svg)) < 420
        assert _colour("hair") in scene.canvas.labels(scene.frame)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("fringe", FRINGES)
def test_every_fringe_draws_in_every_view_and_style(fringe: str, view: str) -> None:
    svgs = [
        (scene := _drawn(Attributes(fringe=fringe, view=view, style=style))).canvas.svg(scene.frame)
        for style in STYLES
    ]
    assert len(set(svgs)) == len(STYLES)


@pytest.mark.parametrize("hairstyle", HAIRSTYLES)
@pytest.mark.parametrize("tone", HAIR_TONES)
def test_the_second_colour_shows_when_there_is_one(hairstyle: str, tone: str) -> None:
    for view in ("front", "three-quarter left", "profile right"):
        for fringe in ("blunt fringe", "no fringe"):
            attributes = Attributes(
                hairstyle=hairstyle, fringe=fringe, view=view, hair_tone=tone, hair_accent="pink"
            )
            scene = _drawn(attributes)
            assert (_colour("hair_accent") in scene.canvas.labels(scene.frame)) == (tone != "plain")


def test_the_same_seed_draws_the_same_hair_and_another_seed_other_hair() -> None:
    attributes = Attributes(hairstyle="messy hair", fringe="choppy fringe")
    first, again, other = ((scene := _drawn(attributes, seed)).canvas.svg(scene.frame) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_locks_hang_plumb_from_a_tilted_head() -> None:
    above, below = hang(Head(roll=14.0), np.array([[40.0, 90.0, 0.0], [40.0, 160.0, 0.0]]))
    assert abs(above[0] - below[0]) < 0.2
    upright = hang(Head(), np.array([[40.0, 160.0, 3.0]]))
    np.testing.assert_allclose(upright, [[40.0, 160.0]], atol=1e-9)


def test_paths_go_through_their_knots() -> None:
    knots = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    assert spline(knots, np.ones(3, bool)).startswith("M0.00 0.00C3.33 0.00 6.67 0.00 10.00 0.00C")
    assert loops(np.stack([knots, knots + 1])).count("Z") == 2
    assert brushes(np.empty((0, 5, 2)), np.ones(5)) == ""
    line = np.stack([np.linspace(0, 8, 5), np.zeros(5)], axis=1)
    # A straight line of width 2 is a rectangle one unit to either side.
    ends = set(re.findall(r"-?1\.00", brushes(line[None], np.full(5, 2.0))))
    assert ends == {"1.00", "-1.00"}


def test_silhouettes_tell_the_styles_apart() -> None:
    """A linear classifier knows a style by its black silhouette, whatever the fringe: at least 19 of 20.

    ``rakkan figures survey`` asks the same of more silhouettes, and of every pair.
    """
    told = compare(8, 3, views=("front", "three-quarter left", "profile right"))
    assert told.overall.share >= 0.95
    assert told.worst_pair.share >= 0.8
