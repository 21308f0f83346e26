"""Masks: what they cover, how they grow and fade, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.editing.masks import (
    box_of,
    check_mask,
    feathered,
    grown,
    inverted,
    mask_of,
    rectangle,
)


def dot(size: int, row: int, column: int) -> np.ndarray:
    mask = np.zeros((size, size), np.float32)
    mask[row, column] = 1
    return mask


def test_a_rectangle_in_pixels_and_per_cent() -> None:
    mask = rectangle("10,20,30,5", (100, 50))
    assert (box_of(mask), mask.sum()) == ((10, 20, 40, 25), 150)
    assert np.array_equal(rectangle("10%,40%,30%,10%", (100, 50)), mask)
    assert np.array_equal(rectangle(" 10px, 20, 30 , 10%", (100, 50)), mask)


def test_a_rectangle_is_cut_at_the_edges() -> None:
    assert box_of(rectangle("-5,40,10,100", (100, 50))) == (0, 40, 5, 50)


@pytest.mark.parametrize("text", ["200,0,10,10", "0,0,0,5", "-10,0,5,5", "0,0,5,-5"])
def test_a_rectangle_that_covers_nothing_is_refused(text: str) -> None:
    with pytest.raises(RakkanError, match="covers nothing of a picture of 100x50"):
        rectangle(text, (100, 50))


def test_white_is_drawn_and_grey_in_part() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 1], pixels[1, 0] = 255, 51
    assert mask_of(pixels, (2, 2), "m").tolist() == pytest.approx(np.array([[0, 1], [0.2, 0]]))


def test_where_there_is_transparency_it_is_what_is_drawn() -> None:
    pixels = np.full((1, 3, 4), 255, np.uint8)
    pixels[0, :, 3] = (0, 255, 204)
    assert mask_of(pixels, (3, 1), "m")[0].tolist() == pytest.approx([1, 0, 0.2])
    pixels[..., 3] = 255
    assert mask_of(pixels, (3, 1), "m").tolist() == [[1, 1, 1]]


def test_another_size_is_refused_with_both() -> None:
    with pytest.raises(RakkanError, match=r"m\.png is 3x2, the picture 4x2") as caught:
        mask_of(np.zeros((2, 3, 3), np.uint8), (4, 2), "m.png")
    assert "4x2" in caught.value.hint


def test_growth_is_about_round() -> None:
    mask = grown(dot(21, 10, 10), 6)
    assert box_of(mask) == (4, 4, 17, 17)
    assert mask[4, 4] == 0 and mask[7, 7] == 1
    # An octagon between the diamond and the square.
    assert 85 < mask.sum() < 169


@given(st.integers(0, 5))
def test_shrinking_undoes_growing_of_a_block(pixels: int) -> None:
    mask = np.zeros((30, 30), np.float32)
    mask[10:20, 8:22] = 1
    assert np.array_equal(grown(grown(mask, pixels), -pixels), mask)


def test_a_feather_stays_inside_and_rises_to_the_mask() -> None:
    mask = np.zeros((1, 12), np.float32)
    mask[0, 4:] = 1
    soft = feathered(mask, 3)
    assert soft[0].tolist() == pytest.approx([0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    assert np.array_equal(feathered(mask, 0), mask)


def test_an_empty_and_an_all_covering_mask_are_refused() -> None:
    nothing = np.zeros((4, 4), np.float32)
    with pytest.raises(RakkanError, match="is empty"):
        check_mask(nothing + np.float32(0.001), "m")
    with pytest.raises(RakkanError, match="covers the whole picture"):
        check_mask(inverted(nothing), "m")
    assert check_mask(inverted(nothing), "m", may_cover_all=True).all()


@pytest.mark.parametrize(("make", "pixels"), [(grown, 513), (grown, -513), (feathered, -1), (feathered, 257)])
def test_growth_and_feather_have_limits(make, pixels: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RakkanError, match="cannot"):
        make(dot(4, 1, 1), pixels)
