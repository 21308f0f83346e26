"""Composition: nothing outside the mask changes, and nothing shows where it ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rakkan.studio.editing.composing import composed, drift
from rakkan.studio.editing.masks import grown, rectangle


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@given(st.integers(0, 999), st.integers(5, 70), st.integers(5, 70), st.integers(0, 9))
def test_outside_the_mask_every_bit_stays(seed: int, height: int, width: int, feather: int) -> None:
    random = np.random.default_rng(seed)
    mask = np.where(random.random((height, width)) < 0.3, random.random((height, width)), 0)
    mask = mask.astype(np.float32)
    mask[0, 0] = 1
    before, drawn = picture(seed, height, width), picture(seed + 1, height, width)
    after = composed(before, drawn, mask, feather)
    assert np.array_equal(after[mask == 0], before[mask == 0])


def test_inside_is_what_was_drawn_when_its_surroundings_were_kept() -> None:
    before = picture(1, 40, 60)
    drawn, mask = before.copy(), rectangle("20,10,20,20", (60, 40))
    drawn[10:30, 20:40] = 7
    after = composed(before, drawn, mask, 0)
    assert (after[10:30, 20:40] == 7).all()


def test_a_shift_of_colour_known_from_around_is_taken_off_inside() -> None:
    before = np.full((64, 64, 3), 100, np.uint8)
    drawn = np.full((64, 64, 3), (112, 90, 103), np.uint8)
    mask = rectangle("16,16,32,32", (64, 64))
    assert np.array_equal(composed(before, drawn, mask, 0), before)


def test_another_shape_beside_the_mask_is_no_shift_of_colour() -> None:
    before = np.full((64, 64, 3), 100, np.uint8)
    drawn, mask = before.copy(), rectangle("16,16,32,32", (64, 64))
    drawn[:, 48:] = 250
    assert np.abs(drift(before, drawn, mask)).max() < 1e-3


def test_a_shift_that_differs_from_side_to_side_is_carried_on_smoothly() -> None:
    slope = np.linspace(-20, 20, 64).astype(np.float32)
    before = np.full((64, 64, 3), 128, np.uint8)
    drawn = np.rint(128 - slope)[None, :, None].repeat(64, 0).repeat(3, 2).astype(np.uint8)
    mask = rectangle("12,12,40,40", (64, 64))
    found = drift(before, drawn, mask)[mask > 0].reshape(40, 40, 3)[..., 0]
    assert np.abs(found - slope[12:52]).max() < 9
    assert np.all(np.diff(found.mean(0)) >= -0.5)


def test_a_mask_without_a_border_has_no_shift() -> None:
    before, drawn = picture(3, 20, 20), picture(4, 20, 20)
    mask = np.ones((20, 20), np.float32)
    assert np.array_equal(composed(before, drawn, mask, 0), drawn)
    assert grown(mask, 3).all()
