"""The scene: the frame holds the figure, chance is seeded by part, and angles follow the view."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures import attributes as space
from rakkan.corpus.figures import palette
from rakkan.corpus.figures.attributes import Attributes, consistent, sample
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.drawing import NATIVE_SIZES, label_map
from rakkan.corpus.figures.scene import FRAMES, HEADROOM, JAW, TOPS, YAW, build_scene

seeds = st.integers(0, 2**32 - 1)


def test_the_tables_cover_the_space() -> None:
    assert set(YAW) == set(space.VIEWS)
    assert set(JAW) == set(space.PRESENTATIONS)
    assert set(FRAMES) == set(space.FRAMINGS)
    assert set(TOPS) <= set(space.HAIRSTYLES) | set(space.ACCESSORIES)


def test_left_and_right_are_each_others_mirror() -> None:
    for name, yaw in YAW.items():
        if name.endswith(" left"):
            assert yaw == -YAW[name.replace("left", "right")] < 0


@given(seeds)
def test_the_highest_point_is_inside_the_frame_with_room(seed: int) -> None:
    attributes = sample(Random(seed))
    top = build_scene(attributes, seed).frame[1]
    highest = min(TOPS.get(name, -74.0) for name in (attributes.hairstyle, *attributes.accessories))
    assert top <= highest - HEADROOM + 1e-9


@pytest.mark.parametrize("framing", space.FRAMINGS)
@pytest.mark.parametrize("name", TOPS)
def test_tall_things_are_not_cut_off(name: str, framing: str) -> None:
    worn = name in space.ACCESSORIES
    values = {"accessories": (name,)} if worn else {"hairstyle": name}
    wanted = consistent(Attributes(framing=framing, **values))  # type: ignore[arg-type]
    assert (wanted.accessories == (name,)) == worn
    for seed in range(2):
        row = label_map(wanted, seed)[0]
        assert set(np.unique(row).tolist()) <= {REGIONS.index("background"), REGIONS.index("line")}


@given(seeds)
def test_the_frame_has_the_pictures_proportions_and_holds_most_of_its_place(seed: int) -> None:
    attributes = sample(Random(seed))
    left, top, width, height = build_scene(attributes, seed).frame
    pixels = NATIVE_SIZES[attributes.framing]
    assert width / height == pytest.approx(pixels[0] / pixels[1])
    usual = FRAMES[attributes.framing]
    assert abs(left + width / 2 - (usual[0] + usual[2] / 2)) <= 4
    assert abs(top + height - (usual[1] + usual[3])) <= 3
    assert 0.97 <= width / usual[2] <= 1.25


@given(seeds, st.sampled_from(space.VIEWS))
def test_the_head_turns_and_tilts_as_the_view_says(seed: int, view: str) -> None:
    scene = build_scene(Attributes(view=view), seed)
    if view.startswith("profile"):
        assert scene.head.yaw == YAW[view]
    else:
        assert abs(scene.head.yaw - YAW[view]) <= 4
    tilt = abs(scene.head.roll)
    assert 11 <= tilt <= 16 if view == "head tilt" else tilt <= 16 / 7
    assert abs(scene.body_yaw) <= abs(scene.head.yaw)  # the body turns less than the head
    assert scene.body_yaw * scene.head.yaw >= 0


def test_heads_tilt_to_either_side() -> None:
    tilts = [build_scene(Attributes(view="head tilt"), seed).head.roll > 0 for seed in range(40)]
    assert 8 < sum(tilts) < 32


@given(seeds)
def test_jaws_go_from_fine_to_strong(seed: int) -> None:
    fine, middle, strong = (
        build_scene(Attributes(presentation=name), seed).head.jaw for name in ("woman", "androgynous", "man")
    )
    assert fine < middle < strong <= 0.96


@given(seeds)
def test_the_same_seed_sets_the_same_scene(seed: int) -> None:
    attributes = sample(Random(seed))
    first, again = (build_scene(attributes, seed) for _ in range(2))
    assert (first.head, first.frame, first.body_yaw) == (again.head, again.frame, again.body_yaw)
    assert build_scene(attributes, seed + 1).frame != first.frame


def test_each_part_has_a_chance_of_its_own() -> None:
    scene = build_scene(Attributes(), 3)
    hair = [scene.random("hair").random() for _ in range(3)]
    assert len(set(hair)) == 1  # however often it is asked for
    assert scene.random("hair").random() != scene.random("face").random()
    assert build_scene(Attributes(), 4).random("hair").random() != hair[0]


def test_colours_are_those_of_the_attributes_as_the_style_paints_them() -> None:
    attributes = Attributes(
        hair_colour="red", hair_accent="teal", skin="tan", outfit_colour="green", accessory_colour="pink"
    )
    scene = build_scene(attributes, 1)
    assert (scene.hair, scene.hair_accent) == (palette.HAIR["red"], palette.HAIR["teal"])
    assert scene.skin == palette.SKIN["tan"]
    assert scene.outfit == palette.OUTFIT["green"]
    assert scene.accessory == palette.ACCESSORY["pink"]
    pastel = build_scene(Attributes(style="pastel", hair_colour="red"), 1)
    assert pastel.hair == pastel.style.colour(palette.HAIR["red"]) != palette.HAIR["red"]
