"""Every face can be drawn, holds what it should, and differs from every other."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from rakkan.corpus.figures import attributes
from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.contour import head_contour
from rakkan.corpus.figures.decal import Face, Placement, decal
from rakkan.corpus.figures.eyes import EYE_X, LOOKS, eye_position
from rakkan.corpus.figures.face import draw_face
from rakkan.corpus.figures.head import EYE_LINE, Head
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import Scene, build_scene

_FRAME = (-62.0, -62.0, 124.0, 124.0)
_CLOSED = {"laughing", "closed eyes"}


def _drawn(seed: int = 3, **values: str) -> Scene:
    scene = build_scene(Attributes(**values), seed)  # type: ignore[arg-type]
    draw_face(scene)
    return scene


def _regions(scene: Scene) -> set[str]:
    colours = set(re.findall(r'fill="#([0-9a-f]{2})0000"', scene.canvas.labels(_FRAME)))
    return {REGIONS[int(colour, 16) // 16] for colour in colours}


def _pixels(scene: Scene, size: int = 96) -> np.ndarray:
    return rasterise(scene.canvas.svg(_FRAME), size, size).astype(np.int16)


@pytest.mark.parametrize("view", attributes.VIEWS)
@pytest.mark.parametrize("expression", attributes.EXPRESSIONS)
def test_every_expression_in_every_view(view: str, expression: str) -> None:
    """All regions of a face are there and every number is finite and near the head."""
    for number, presentation in enumerate(attributes.PRESENTATIONS):
        shape = attributes.EYE_SHAPES[(number * 3 + len(expression)) % len(attributes.EYE_SHAPES)]
        style = attributes.STYLES[(number + len(expression)) % len(attributes.STYLES)]
        values = {"presentation": presentation, "eye_shape": shape, "style": style}
        scene = _drawn(number, view=view, expression=expression, **values)
        regions = _regions(scene)
        assert {"skin", "brow", "mouth"} <= regions
        closed = expression in _CLOSED or (expression == "wink" and view.startswith("profile"))
        assert ({"iris", "eye_white"} <= regions) != closed
        paths = re.findall(r' d="([^"]+)"', scene.canvas.svg(_FRAME))
        numbers = np.array([float(n) for path in paths for n in re.findall(r"-?\d+\.?\d*|nan|inf", path)])
        assert np.isfinite(numbers).all()
        assert np.abs(numbers).max() < 90


@pytest.mark.parametrize("view", attributes.VIEWS)
@pytest.mark.parametrize("shape", attributes.EYE_SHAPES)
def test_every_eye_shape_in_every_view(view: str, shape: str) -> None:
    """An eye shows its iris as a fair share of the picture, in every style."""
    for style in attributes.STYLES:
        scene = _drawn(view=view, eye_shape=shape, expression="neutral", style=style)
        labels = rasterise(scene.canvas.labels(_FRAME), 124, 124)[:, :, 0]
        assert (labels == REGIONS.index("iris") * 16).sum() > (12 if view.startswith("profile") else 45)


def test_the_same_seed_draws_the_same_face() -> None:
    first, again, other = (_drawn(seed).canvas.svg(_FRAME) for seed in (5, 5, 6))
    assert first == again
    assert first != other


@pytest.mark.parametrize("view", ("front", "three-quarter left"))
def test_expressions_differ(view: str) -> None:
    """No two expressions look alike: many pixels of the face differ."""
    pictures = {name: _pixels(_drawn(view=view, expression=name)) for name in attributes.EXPRESSIONS}
    names = sorted(pictures)
    for at, name in enumerate(names):
        for other in names[at + 1 :]:
            changed = (np.abs(pictures[name] - pictures[other]).max(axis=2) > 40).sum()
            assert changed > 60, (name, other, changed)


def test_eye_shapes_differ() -> None:
    pictures = {name: _pixels(_drawn(eye_shape=name, expression="neutral")) for name in attributes.EYE_SHAPES}
    names = sorted(pictures)
    for at, name in enumerate(names):
        for other in names[at + 1 :]:
            changed = (np.abs(pictures[name] - pictures[other]).max(axis=2) > 40).sum()
            assert changed > 60, (name, other, changed)


def test_a_wink_closes_the_eye_on_the_pictures_right() -> None:
    scene = _drawn(expression="wink")
    labels = rasterise(scene.canvas.labels(_FRAME), 124, 124)[:, :, 0]
    columns = np.nonzero(labels == REGIONS.index("iris") * 16)[1]
    assert len(columns) > 0
    assert np.percentile(columns, 98) < 62


def test_every_look_is_defined() -> None:
    assert set(LOOKS) == set(attributes.EXPRESSIONS)


def test_a_decal_keeps_its_place_on_a_straight_face() -> None:
    """On a head that looks straight ahead, paper and picture are the same."""
    drawing = decal({"tick": "M1.00 2.00L-3.50 4.25Z"})
    pasted = Face(Head()).paste(Placement(drawing, at=(10.0, 5.0)))[0]["tick"]
    assert pasted == "M11.00 7.00L6.50 9.25Z"
    assert np.allclose(eye_position(Face(Head()), 1), [[EYE_X, EYE_LINE]])


def test_the_contour_turns_with_the_head() -> None:
    """In profile the nose is the foremost point; turned the other way the outline is mirrored."""
    right, left = head_contour(Head(yaw=88)), head_contour(Head(yaw=-88))
    nose = right[np.argmax(right[:, 0])]
    assert 15 < nose[1] < 23
    assert np.isclose(right[:, 0].max(), -left[:, 0].min())
    heights = head_contour(Head())[:20, 1]
    assert all(upper < lower for upper, lower in pairwise(heights))


def test_random_faces_are_cheap() -> None:
    """A face is a few dozen paths: the picture's budget of time depends on it."""
    chance = Random(8)
    for seed in range(40):
        scene = build_scene(attributes.sample(chance), seed)
        draw_face(scene)
        assert scene.canvas.svg(_FRAME).count("<path") <= 45
