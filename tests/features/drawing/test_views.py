"""What of a picture is judged: what is seen and what is hidden, in a frame and in parts."""

from __future__ import annotations

import numpy
from hypothesis import given
from hypothesis import strategies as st

from rakkan.features.drawing.views import SMALLEST_PART, framed, hidden, parts, shown


def test_an_opaque_picture_is_seen_as_it_is_and_hides_nothing() -> None:
    pixels = numpy.random.default_rng(0).integers(0, 256, (5, 7, 3), numpy.uint8)
    assert shown(pixels) is pixels
    assert hidden(pixels) is None


def test_a_transparent_picture_is_seen_on_white() -> None:
    pixels = numpy.array([[[0, 100, 200, 255], [0, 100, 200, 51], [0, 100, 200, 0]]], numpy.uint8)
    assert shown(pixels).tolist() == [[[0, 100, 200], [204, 224, 244], [255, 255, 255]]]


def test_what_stands_under_the_transparency_is_found_without_what_is_seen() -> None:
    pixels = numpy.random.default_rng(0).integers(0, 256, (20, 20, 4), numpy.uint8)
    pixels[..., 3] = 255
    pixels[:10, :, 3] = 0
    under = hidden(pixels)
    assert under is not None
    assert (under[:10] == pixels[:10, :, :3]).all()
    assert len(numpy.unique(under[10:].reshape(-1, 3), axis=0)) == 1


def test_a_flat_filling_under_the_transparency_is_nothing_hidden() -> None:
    pixels = numpy.zeros((20, 20, 4), numpy.uint8)
    pixels[..., :3] = (255, 0, 255)
    assert hidden(pixels) is None


@given(st.integers(1, 700), st.integers(1, 700))
def test_parts_leave_no_pixel_out_and_lie_inside(height: int, width: int) -> None:
    boxes = list(parts(height, width))
    if max(height, width) <= SMALLEST_PART:
        assert boxes == []
        return
    covered = numpy.zeros((height, width), bool)
    for rows, columns in boxes:
        assert 0 <= rows.start < rows.stop <= height
        assert 0 <= columns.start < columns.stop <= width
        covered[rows, columns] = True
    assert covered.all()
    assert len(boxes) <= 9 + 2 * max(height, width) / min(height, width, SMALLEST_PART)


def test_a_square_picture_has_nine_parts_of_half_its_side() -> None:
    boxes = [(rows.start, rows.stop, columns.start, columns.stop) for rows, columns in parts(400, 400)]
    assert len(boxes) == 9
    assert boxes[0] == (0, 200, 0, 200)
    assert boxes[4] == (100, 300, 100, 300)
    assert boxes[8] == (200, 400, 200, 400)


def test_a_flat_frame_is_taken_off() -> None:
    pixels = numpy.full((200, 300, 3), 250, numpy.uint8)
    pixels[40:150, 60:260] = numpy.random.default_rng(0).integers(0, 200, (110, 200, 3), numpy.uint8)
    pixels[0, 5] = 240  # as compression leaves it
    assert framed(pixels) == (slice(40, 150), slice(60, 260))


def test_without_a_frame_nothing_is_taken_off() -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (200, 300, 3), numpy.uint8)
    assert framed(noise) is None
    assert framed(numpy.zeros((200, 300, 3), numpy.uint8)) is None
    dot = numpy.zeros((200, 300, 3), numpy.uint8)
    dot[90:110, 140:160] = 255
    assert framed(dot) is None, "too small to be judged"
