"""What is counted on pixels, on pictures small enough to count by hand."""

from __future__ import annotations

import numpy
import pytest

from rakkan.features.drawing.statistics import COUNT, statistics


def flat(red: int, green: int, blue: int) -> numpy.ndarray:
    return numpy.full((32, 32, 3), (red, green, blue), numpy.uint8)


def test_there_are_as_many_numbers_as_the_network_reads() -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (224, 224, 3), numpy.uint8)
    for pixels in (noise, flat(1, 2, 3), noise[:9, :7]):
        found = statistics(pixels)
        assert found.shape == (COUNT,) and found.dtype == numpy.float32
        assert numpy.isfinite(found).all()


def test_a_flat_picture_has_one_colour_no_step_and_no_detail() -> None:
    found = statistics(flat(255, 255, 255))
    assert found[:14].tolist() == [1] * 14  # every step and every spread is below every limit
    assert found[14:21].tolist() == [1] * 7  # its most frequent colour takes all of it
    assert found[21] == pytest.approx(numpy.log1p(1) / 10)
    assert found[23:38].tolist() == [0] * 15  # no residual, nothing at any scale, no saturation but its share
    assert found[42] == 1  # all of it is white


def test_steps_are_counted_by_their_height() -> None:
    pixels = flat(0, 0, 0)
    pixels[:, 16:] = 10  # one step of 10 levels in each of 31 rows of 31
    found = statistics(pixels)
    assert found[4] == pytest.approx(30 / 31)  # steps of at most 7
    assert found[5] == 1  # of at most 12
    assert found[12] == pytest.approx(28 / 30)  # spreads of at most 5: two columns of 30 see the step
    assert found[13] == 1  # of at most 10


def test_colours_are_ranked_by_their_share() -> None:
    pixels = flat(0, 0, 0)
    pixels[:8] = 255
    found = statistics(pixels)
    assert found[14] == pytest.approx(0.75)
    assert found[15] == 1
    assert found[22] == pytest.approx(-(0.75 * numpy.log(0.75) + 0.25 * numpy.log(0.25)) / 10)


def test_noise_in_each_channel_is_told_from_ink_through_all() -> None:
    source = numpy.random.default_rng(0)
    apart = source.integers(0, 256, (64, 64, 3), numpy.uint8)
    through = source.integers(0, 256, (64, 64, 1), numpy.uint8).repeat(3, 2)
    assert abs(statistics(apart)[-2:]).max() < 0.1
    assert statistics(through)[-2:].min() > 0.99
