"""Distances against closed forms, and against what must not change them."""

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.starter.evaluation.colours import lab
from rakkan.studio.starter.evaluation.distances import frechet_distance, kernel_distance, nearest


def test_frechet_of_one_dimension_is_the_closed_form() -> None:
    # (m1 - m2)^2 + (s1 - s2)^2 for normal distributions on a line.
    first = np.array([[0.0], [2.0]], np.float32)  # mean 1, variance 2
    second = np.array([[0.0], [8.0]], np.float32)  # mean 4, variance 32
    expected = (1 - 4) ** 2 + (np.sqrt(2) - np.sqrt(32)) ** 2
    assert frechet_distance(first, second) == pytest.approx(expected)


def test_frechet_of_commuting_covariances_is_the_sum_over_axes() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=(4000, 3)).astype(np.float32)
    second = first * np.array([1, 2, 3], np.float32) + np.array([0, 0, 5], np.float32)
    spread = first.std(0, ddof=1)
    # The sample's small correlations leave a remainder of a few per mille.
    assert frechet_distance(first, second) == pytest.approx(
        25 + (spread[1]) ** 2 + (2 * spread[2]) ** 2, rel=0.02
    )


def test_a_set_is_at_no_distance_from_itself() -> None:
    features = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_by_hand() -> None:
    # Two points each in one dimension: k(x, y) = (xy + 1)^3.
    first, second = np.array([[0.0], [1.0]], np.float32), np.array([[2.0], [3.0]], np.float32)
    within_first = (0 * 1 + 1) ** 3
    within_second = (2 * 3 + 1) ** 3
    across = np.mean([1, 1, (2 + 1) ** 3, (3 + 1) ** 3])
    assert kernel_distance(first, second) == pytest.approx(within_first + within_second - 2 * across)


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(RakkanError):
        frechet_distance(np.zeros((1, 4), np.float32), np.zeros((5, 4), np.float32))


def test_the_nearest_neighbour_of_a_copy_is_the_original() -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    index, similarity = nearest(pictures[3:5], pictures)
    assert index.tolist() == [3, 4] and similarity == pytest.approx([1, 1], abs=1e-5)


def test_lab_of_published_colours() -> None:
    # White, and sRGB red (CIE Lab D65: 53.24, 80.09, 67.20).
    assert lab(np.array([255.0, 255, 255])) == pytest.approx([100, 0, 0], abs=0.02)
    assert lab(np.array([255.0, 0, 0])) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
