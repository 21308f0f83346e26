"""The body: every outfit, pose, view and style draws, with finite numbers and the regions it shows."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from rakkan.corpus.figures import attributes as space
from rakkan.corpus.figures.attributes import Attributes, consistent
from rakkan.corpus.figures.body import OUTFITS, draw_body
from rakkan.corpus.figures.body.garments import CUTS, build_wear
from rakkan.corpus.figures.body.pen import Pen, curve, joined
from rakkan.corpus.figures.body.poses import plan_arms
from rakkan.corpus.figures.body.skeleton import neck, torso
from rakkan.corpus.figures.body.tube import Tube
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import FRAMES, Scene, build_scene


def drawn(seed: int = 1, **values: str) -> Scene:
    scene = build_scene(consistent(Attributes(**values)), seed)  # type: ignore[arg-type]
    draw_body(scene)
    return scene


def regions(scene: Scene, width: int = 96, height: int = 96) -> set[str]:
    pixels = rasterise(scene.canvas.labels(scene.frame), width, height)[..., 0]
    return {REGIONS[value // 16] for value in np.unique(pixels) if value % 16 == 0}


def test_every_outfit_of_the_space_has_a_cut_and_a_drawing() -> None:
    assert set(OUTFITS) == set(CUTS) == set(space.OUTFITS)


@pytest.mark.parametrize("outfit", space.OUTFITS)
def test_every_outfit_draws_in_every_view_style_and_framing(outfit: str) -> None:
    styles, presentations, patterns = space.STYLES, space.PRESENTATIONS, space.OUTFIT_PATTERNS
    for number, (view, framing) in enumerate(product(space.VIEWS, space.FRAMINGS)):
        scene = drawn(
            number,
            outfit=outfit,
            view=view,
            framing=framing,
            style=styles[number % 4],
            presentation=presentations[number % 3],
            outfit_pattern=patterns[number % 5],
            pose=space.POSES[number % 8],
        )
        svg = scene.canvas.svg(scene.frame)
        assert "nan" not in svg
        assert "inf" not in svg
        numbers = [abs(float(text)) for text in re.findall(r"-?\d+\.\d+", svg)]
        assert max(numbers) < 2000


@pytest.mark.parametrize("pose", space.POSES)
@pytest.mark.parametrize("view", space.VIEWS)
def test_every_pose_shows_skin_and_cloth(pose: str, view: str) -> None:
    scene = drawn(3, pose=pose, view=view, framing="full body", outfit="t-shirt")
    assert {"skin", "outfit"} <= regions(scene, 96, 144)


@pytest.mark.parametrize("outfit", space.OUTFITS)
def test_necklines_differ_in_the_bust(outfit: str) -> None:
    picture = _bust(outfit)
    for other in space.OUTFITS:
        if other != outfit:
            assert np.abs(picture - _bust(other)).mean() > 0.25, other


_BUSTS: dict[str, np.ndarray] = {}


def _bust(outfit: str) -> np.ndarray:
    if outfit not in _BUSTS:
        scene = drawn(5, outfit=outfit, outfit_colour="blue")
        _BUSTS[outfit] = rasterise(scene.canvas.svg(scene.frame), 128, 128).astype(float)
    return _BUSTS[outfit]


@pytest.mark.parametrize("pose", ["waving", "peace sign", "hand on chin"])
@pytest.mark.parametrize("view", space.VIEWS)
def test_raised_hands_are_within_the_bust(pose: str, view: str) -> None:
    for seed in range(4):
        scene = build_scene(Attributes(pose=pose, view=view, framing="bust"), seed)
        raised = [arm for arm in plan_arms(build_wear(Pen(scene))) if arm.lower == "arms_front"]
        assert len(raised) == 1
        left, top, width, height = FRAMES["bust"]
        x, y = raised[0].wrist
        assert left + 10 < x < left + width - 10
        assert 60 < y < top + height + 6


def test_hands_behind_the_back_are_not_drawn() -> None:
    scene = drawn(2, pose="arms behind back", framing="half body", outfit="turtleneck", accessories=())
    wear = build_wear(Pen(scene))
    assert all(not arm.gesture for arm in plan_arms(wear))


def test_the_same_seed_draws_the_same_body() -> None:
    for framing in space.FRAMINGS:
        first, second = (drawn(11, framing=framing, outfit="suit", pose="waving") for _ in range(2))
        assert first.canvas.svg(first.frame) == second.canvas.svg(second.frame)


def test_a_pattern_changes_only_patterned_outfits() -> None:
    for pattern in space.OUTFIT_PATTERNS[1:]:
        plain, patterned = (
            drawn(4, outfit="t-shirt", outfit_pattern=name, framing="half body")
            for name in ("plain", pattern)
        )
        assert plain.canvas.svg(plain.frame) != patterned.canvas.svg(patterned.frame)


def test_the_tube_is_as_wide_as_its_ring_from_the_front_and_as_deep_from_the_side() -> None:
    rings = ((0.0, 40.0, 10.0, 20.0), (100.0, 40.0, 10.0, 20.0))
    assert Tube(rings, 0.0).edge(1, 50)[0] == pytest.approx(40)
    assert Tube(rings, 90.0).edge(1, 50)[0] == pytest.approx(10)
    assert Tube(rings, 90.0).edge(-1, 50)[0] == pytest.approx(-20)
    assert Tube(rings, 0.0).front(12, 50) == pytest.approx((12, 50))
    turned = Tube(rings, 30.0)
    # Beyond the horizon a point stays upon the silhouette.
    assert turned.front(40, 50)[0] == pytest.approx(turned.edge(1, 50)[0], abs=1e-6)


def test_the_neck_joins_head_and_chest() -> None:
    for view in space.VIEWS:
        scene = build_scene(Attributes(view=view), 8)
        place = neck(scene)
        assert 35 < place.top[1] < 50 < place.base[1] < 80
        front, back = place.ring(0.3, 2.0)
        assert front.shape == back.shape == (9, 2)
        assert front[0, 0] < front[-1, 0]
        assert back[0, 0] < back[-1, 0]
        assert front[:, 1].mean() > back[:, 1].mean()
        assert abs(torso(scene).front(0, 100)[0]) < 40


def test_paths_pass_through_their_points() -> None:
    assert curve([(0, 0), (10, 0), (20, 10)]).endswith("20.0 10.0")
    assert joined([(0, 0), (10, 0)], [(10, 0), (10, 10)]) == "M0.0 0.0L10.0 0.0L10.0 10.0Z"
