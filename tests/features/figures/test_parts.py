"""Fitting pictures, laying looks over each other, frames around heads and main colours, all by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rakkan.features.figures.framing import BUST_ABOVE, BUST_SIDE, Box, bust_of
from rakkan.features.figures.palette import main_colours
from rakkan.features.figures.parts import PARTS, SIDE, Look, Parts, fitted

OWN = ("background", "skin", "face", "hair", "eyes", "mouth", "outfit", "accessories")


def maps(size: int = 64, **given: np.ndarray) -> dict[str, np.ndarray]:
    """Exact maps of the network's own parts: what no other part claims is background."""
    made = {part: np.zeros((size, size), np.float32) for part in OWN} | given
    made["background"] = 1 - np.sum([made[part] for part in OWN[1:]], axis=0, dtype=np.float32)
    return made


def area(top: int, bottom: int, left: int, right: int, size: int = 64) -> np.ndarray:
    made = np.zeros((size, size), np.float32)
    made[top:bottom, left:right] = 1
    return made


@pytest.mark.parametrize("size", [(256, 256), (100, 40), (40, 100), (1, 700), (700, 1), (900, 500)])
def test_a_picture_is_fitted_whole_into_the_middle(size: tuple[int, int]) -> None:
    height, width = size
    pixels = np.full((height, width, 3), 100, np.uint8)
    pixels[:, : width // 2] = 200
    value = fitted(pixels, Box(0, 0, width, height))
    assert value.shape == (1, 3, SIDE, SIDE) and value.dtype == np.float32
    if width > 1:  # the left half is brighter, and past the edges they go on
        assert np.allclose(value[0, :, :, : SIDE // 2 - 8], 200 / 255, atol=0.02)
    assert np.allclose(value[0, :, :, SIDE // 2 + 8 :], 100 / 255, atol=0.02)


def test_what_lies_past_the_picture_repeats_its_edge() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[32:] = 255
    value = fitted(pixels, Box(-32, 0, 64, 64))
    assert np.allclose(value[0, 0, : SIDE // 2 - 4], 0) and np.allclose(value[0, 0, SIDE // 2 + 4 :], 1)


def test_parts_are_as_large_as_the_picture_and_lie_where_they_were_seen() -> None:
    # A picture of 60 × 120 stands in the middle half of the square: columns 16 to 48 of 64.
    seen = maps(hair=area(0, 32, 16, 48), outfit=area(32, 64, 16, 32))
    parts = Parts((120, 60), (Look(Box(0, 0, 60, 120), seen),))
    hair, outfit = parts["hair"], parts["outfit"]
    assert hair.shape == (120, 60) and hair.dtype == np.float32
    assert hair[:55, 2:-2].min() > 0.99 and hair[65:].max() < 0.01
    assert outfit[65:, 2:27].min() > 0.99 and outfit[65:, 33:].max() < 0.01
    total = sum(
        parts[name] for name in ("background", "skin", "hair", "eyes", "mouth", "outfit", "accessories")
    )
    assert np.allclose(total, 1, atol=1e-3)


def test_a_face_holds_its_eyes_and_mouth() -> None:
    seen = maps(face=area(20, 40, 20, 40), eyes=area(25, 28, 22, 30))
    seen["face"] = seen["face"] - seen["eyes"]
    parts = Parts((64, 64), (Look(Box(0, 0, 64, 64), seen),))
    assert parts["face"][30, 30] == 1 and parts["face"][26, 26] == 1
    assert parts["skin"][26, 26] == 0 and set(parts) == set(PARTS)


def test_a_closer_look_wins_where_it_looked() -> None:
    far = Look(Box(0, 0, 200, 200), maps(hair=np.ones((64, 64), np.float32)))
    near = Look(Box(50, -20, 100, 100), maps())
    hair = Parts((200, 200), (far, near))["hair"]
    assert hair[40, 100] == 0
    assert hair[150, 100] == 1 and hair[40, 20] == 1


def test_a_bust_is_framed_by_chin_and_eyes() -> None:
    face = maps(256, face=area(100, 180, 90, 170, 256), eyes=area(138, 143, 100, 160, 256))
    bust = bust_of(Parts((256, 256), (Look(Box(0, 0, 256, 256), face),)))
    assert bust is not None
    unit = 180 - 140
    assert bust.width == pytest.approx(BUST_SIDE * unit, rel=0.05)
    assert bust.left + bust.width / 2 == pytest.approx(130, abs=2)
    assert bust.top + bust.height / 2 == pytest.approx(180 - BUST_ABOVE * unit, abs=4)


def test_of_two_faces_the_larger_is_framed_and_of_none_none() -> None:
    faces = area(20, 30, 20, 30, 256) + area(100, 180, 90, 170, 256)
    bust = bust_of(Parts((512, 512), (Look(Box(0, 0, 512, 512), maps(256, face=faces)),)))
    assert bust is not None and bust.left + bust.width / 2 == pytest.approx(260, abs=4)
    assert bust_of(Parts((512, 512), (Look(Box(0, 0, 512, 512), maps(256)),))) is None


def test_a_face_with_eyes_is_framed_before_a_larger_area_without() -> None:
    faces = area(30, 70, 30, 70, 256) + area(100, 220, 90, 220, 256)
    seen = maps(256, face=faces, eyes=area(45, 49, 35, 65, 256))
    bust = bust_of(Parts((256, 256), (Look(Box(0, 0, 256, 256), seen),)))
    assert bust is not None and bust.left + bust.width / 2 == pytest.approx(50, abs=3)


def test_a_stray_place_of_eyes_makes_an_arm_no_face() -> None:
    faces = area(30, 70, 30, 70, 256) + area(100, 220, 90, 220, 256)
    eyes = area(45, 49, 35, 65, 256) + area(150, 152, 100, 104, 256)
    bust = bust_of(Parts((256, 256), (Look(Box(0, 0, 256, 256), maps(256, face=faces, eyes=eyes)),)))
    assert bust is not None and bust.left + bust.width / 2 == pytest.approx(50, abs=3)


def test_main_colours_come_in_the_order_of_their_areas() -> None:
    pixels = np.zeros((128, 128, 3), np.uint8)
    pixels[:, :] = (10, 20, 200)
    pixels[64:, :90] = (200, 30, 40)
    pixels[64:, 90:] = (240, 240, 60)
    parts = Parts(
        (128, 128), (Look(Box(0, 0, 128, 128), maps(hair=area(0, 32, 0, 64), outfit=area(32, 64, 0, 64))),)
    )
    found = main_colours(pixels, parts)
    assert found == {"hair": ("#0a14c8",), "outfit": ("#c81e28", "#f0f03c")}


def test_an_eye_has_the_colour_of_its_iris_first() -> None:
    pixels = np.full((64, 64, 3), 250, np.uint8)
    pixels[20:30, 20:30] = (20, 120, 60)
    parts = Parts((64, 64), (Look(Box(0, 0, 64, 64), maps(eyes=area(16, 34, 16, 34))),))
    assert main_colours(pixels, parts)["eyes"][0] == "#14783c"
