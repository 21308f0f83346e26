"""What a model is shown of a picture, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.studio.editing.masks import rectangle
from rakkan.studio.editing.windows import (
    Window,
    checkpoint_window,
    placed,
    shown,
    shown_mask,
    starter_window,
)

sizes = st.tuples(st.integers(20, 900), st.integers(20, 900))


def part(size: tuple[int, int], seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    left, top = (int(random.integers(0, side)) for side in size)
    return rectangle(f"{left},{top},{random.integers(1, 99)},{random.integers(1, 99)}", size)


@given(sizes, st.integers(0, 999))
def test_a_window_holds_all_that_is_drawn_at_the_model_s_proportions(
    size: tuple[int, int], seed: int
) -> None:
    mask = part(size, seed)
    rows, columns = np.nonzero(mask)
    for window in (starter_window(size, mask), checkpoint_window(size, mask, 256)):
        assert window.left <= columns.min() and columns.max() < window.left + window.width
        assert window.top <= rows.min() and rows.max() < window.top + window.height
        wide, high = window.drawn
        assert abs(window.width / window.height - wide / high) <= 0.25 * wide / high
        assert all(side % 8 == 0 and side >= 64 for side in window.drawn)


@given(sizes, st.integers(0, 999))
def test_what_comes_back_lies_where_it_was(size: tuple[int, int], seed: int) -> None:
    mask = part(size, seed)
    window = starter_window(size, mask)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    told = shown_mask(mask, window)
    assert shown(pixels, window).shape == (window.drawn[1], window.drawn[0], 3)
    assert told.shape == (window.drawn[1], window.drawn[0]) and told.max() > 0
    inside, place = placed(shown(pixels, window), window, doubled, size)
    assert inside.shape == pixels[place].shape
    assert mask[place].sum() == mask.sum()


def doubled(pixels: np.ndarray) -> np.ndarray:
    return pixels.repeat(2, 0).repeat(2, 1)


def test_the_usual_picture_is_shown_whole() -> None:
    window = starter_window((512, 512), rectangle("200,200,40,40", (512, 512)))
    assert (window.left, window.top, window.width, window.height, window.drawn) == (
        0,
        0,
        512,
        512,
        (256, 256),
    )


def test_a_tall_picture_gets_the_tall_canvas() -> None:
    assert starter_window((512, 768), np.ones((768, 512), np.float32)).drawn == (256, 384)
    assert starter_window((512, 768), np.ones((768, 512), np.float32), "bust").drawn == (256, 256)


def test_a_wide_picture_is_shown_around_the_mask() -> None:
    window = starter_window((1000, 400), rectangle("900,100,50,50", (1000, 400)))
    assert (window.left, window.top, window.width, window.height) == (600, 0, 400, 400)


def test_a_checkpoint_draws_a_picture_of_its_size_as_it_is() -> None:
    window = checkpoint_window((640, 448), rectangle("0,0,8,8", (640, 448)), 512)
    assert window == Window(0, 0, 640, 448, (640, 448))
    pixels = np.random.default_rng(0).integers(0, 256, (448, 640, 3), np.uint8)
    assert np.array_equal(shown(pixels, window), pixels)


def test_a_checkpoint_sees_a_large_picture_around_the_mask_at_its_own_scale() -> None:
    window = checkpoint_window((2048, 2048), rectangle("1000,1000,100,80", (2048, 2048)), 512)
    assert (window.width, window.height, window.drawn) == (512, 512, (512, 512))
    assert window.left <= 1000 and window.left + window.width >= 1100


def test_past_the_edges_a_picture_goes_on_and_the_mask_does_not() -> None:
    window = Window(-2, -1, 8, 8, (8, 8))
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    cut = shown(pixels, window)
    assert np.array_equal(cut[1:5, 2:7], pixels)
    assert np.array_equal(cut[0, 0], pixels[0, 0]) and np.array_equal(cut[7, 7], pixels[3, 4])
    told = shown_mask(np.ones((4, 5), np.float32), window)
    assert told.sum() == 20 and told[1:5, 2:7].all()


@pytest.mark.parametrize("size", [(2048, 2048), (333, 517), (1000, 70)])
def test_the_whole_of_any_picture_can_be_shown(size: tuple[int, int]) -> None:
    mask = np.ones(size[::-1], np.float32)
    for window in (starter_window(size, mask), checkpoint_window(size, mask, 512)):
        inside, _ = placed(np.zeros((*window.drawn[::-1], 3), np.uint8), window, doubled, size)
        assert inside.shape == (size[1], size[0], 3)
