"""The windows: whatever the size, no pixel goes unjudged, and none is judged from too far away."""

from __future__ import annotations

import numpy
from hypothesis import given
from hypothesis import strategies as st

from rakkan.features.content.windows import LARGEST_WHOLE, SHORTEST, STRIDE, WINDOW, windows
from rakkan.formats.caps import LARGEST_SIDE, MOST_PIXELS

SIDES = st.integers(1, 3000)


@given(SIDES, SIDES)
def test_windows_lie_in_the_picture_and_leave_nothing_out(height: int, width: int) -> None:
    first, *others = windows(height, width)
    assert first == (0, 0, height, width)
    if not others:
        assert max(height, width) <= LARGEST_WHOLE
        return
    seen = numpy.zeros((height, width), bool)
    for top, left, rows, columns in others:
        assert 0 <= top <= top + rows <= height and 0 <= left <= left + columns <= width
        assert rows > 0 and columns > 0 and max(rows, columns) <= WINDOW
        seen[top : top + rows, left : left + columns] = True
    assert seen.all()


@given(st.integers(512, 3000), st.integers(769, 3000), st.data())
def test_a_small_thing_lies_whole_in_a_window(height: int, width: int, data: st.DataObject) -> None:
    side = WINDOW - STRIDE
    top = data.draw(st.integers(0, height - side))
    left = data.draw(st.integers(0, width - side))
    _, *others = windows(height, width)
    assert any(
        row <= top and column <= left and top + side <= row + rows and left + side <= column + columns
        for row, column, rows, columns in others
    )


@given(st.integers(1, 20), st.integers(100, 3000))
def test_a_strip_is_not_squashed(height: int, width: int) -> None:
    _, *others = windows(height, width)
    assert all(columns <= max(2 * height, SHORTEST) for _, _, _, columns in others)
    assert others or width <= 2 * height


def test_the_largest_pictures_let_in_are_judged_in_finite_time() -> None:
    for height, width in [
        (8192, MOST_PIXELS // 8192),
        (LARGEST_SIDE, MOST_PIXELS // LARGEST_SIDE),
        (LARGEST_SIDE, 1),
    ]:
        assert len(list(windows(height, width))) <= 500


def test_the_usual_sizes_are_judged_whole() -> None:
    for size in ((512, 512), (768, 512), (768, 768), (256, 384)):
        assert len(list(windows(*size))) == 1
