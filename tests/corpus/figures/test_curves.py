"""Plane geometry: against answers worked by hand, and two ways of computing one curve."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures import curves

coordinates = st.floats(-200, 200).map(lambda value: round(value, 2))
knots = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=8)


def beziers(path: str) -> np.ndarray:
    """The cubic Béziers of path data: [segments, 4, 2]."""
    head, *rest = path.rstrip("Z").split("C")
    at = np.array([float(number) for number in head[1:].split()])
    segments = []
    for text in rest:
        handles = np.array([float(number) for number in text.split()]).reshape(3, 2)
        segments.append(np.vstack([at, handles]))
        at = handles[-1]
    return np.array(segments)


def evaluate(bezier: np.ndarray, t: float) -> np.ndarray:
    """A Bézier's point at ``t`` by de Casteljau's construction."""
    while len(bezier) > 1:
        bezier = bezier[:-1] * (1 - t) + bezier[1:] * t
    return np.asarray(bezier[0])


def test_points_come_in_any_form() -> None:
    assert curves.points([1, 2, 3, 4]).tolist() == [[1, 2], [3, 4]]
    assert curves.points([(1, 2)]).shape == (1, 2)


def test_a_polygon_is_written_out() -> None:
    assert curves.polygon([(0, 0), (1.5, 0), (1.5, -2.25)]) == "M0.00 0.00L1.50 0.00L1.50 -2.25Z"
    assert curves.polygon([(0, 0), (1, 1)], closed=False) == "M0.00 0.00L1.00 1.00"


def test_an_open_spline_by_hand() -> None:
    # Tangents: (6, 0) at the first knot, half of (6, 6) at the second, (0, 6) at the last; a third each.
    path = curves.smooth([(0, 0), (6, 0), (6, 6)], closed=False)
    assert path == "M0.00 0.00C2.00 0.00 5.00 -1.00 6.00 0.00C7.00 1.00 6.00 4.00 6.00 6.00"


def test_a_closed_spline_by_hand() -> None:
    # A square of side 6: at (0, 0) the tangent is half of (6, 0) - (0, 6), and so on around.
    path = curves.smooth([(0, 0), (6, 0), (6, 6), (0, 6)])
    assert path.startswith("M0.00 0.00C1.00 -1.00 5.00 -1.00 6.00 0.00C7.00 1.00 7.00 5.00 6.00 6.00C")
    assert path.endswith("C-1.00 5.00 -1.00 1.00 0.00 0.00Z")


def test_fewer_than_three_knots_are_joined_by_lines() -> None:
    assert curves.smooth([(0, 0), (1, 1)], closed=False) == "M0.00 0.00L1.00 1.00"


def test_without_tension_the_curve_is_straight() -> None:
    for bezier in beziers(curves.smooth([(0, 0), (6, 0), (6, 6), (0, 6)], tension=0)):
        for t in (0.25, 0.5, 0.75):
            way, gone = bezier[3] - bezier[0], evaluate(bezier, t) - bezier[0]
            assert way[0] * gone[1] == pytest.approx(way[1] * gone[0], abs=1e-9)


def test_a_corner_leaves_and_arrives_straight() -> None:
    square = np.array([(0, 0), (6, 0), (6, 6), (0, 6)], float)
    segments = beziers(curves.smooth(square, corners=[1]))
    arriving, leaving = segments[0], segments[1]
    assert arriving[2].tolist() == [4, 0]  # a third of the way back to the knot before
    assert leaving[1].tolist() == [6, 2]  # a third of the way to the knot after
    assert segments[2][1].tolist() == [5, 7]  # the next knot is smooth as ever


@given(knots, st.booleans())
def test_the_spline_passes_through_its_knots(values: list[tuple[float, float]], closed: bool) -> None:
    segments = beziers(curves.smooth(values, closed=closed))
    assert len(segments) == len(values) - (not closed)
    np.testing.assert_allclose(segments[:, 0], values[: len(segments)], atol=0.005)
    np.testing.assert_allclose(segments[-1, 3], values[0] if closed else values[-1], atol=0.005)
    samples = curves.sample_curve(values, len(values) + closed, closed=closed)
    np.testing.assert_allclose(samples[: len(values)], values, atol=1e-9)


@given(knots, st.booleans())
def test_the_written_curve_is_the_sampled_one(values: list[tuple[float, float]], closed: bool) -> None:
    """Béziers evaluated by de Casteljau, against the Catmull-Rom polynomial."""
    segments = beziers(curves.smooth(values, closed=closed))
    steps = 4
    samples = curves.sample_curve(values, len(segments) * steps + 1, closed=closed)
    drawn = [evaluate(bezier, step / steps) for bezier in segments for step in range(steps)]
    np.testing.assert_allclose(samples[:-1], drawn, atol=0.02)


def test_a_parabola_is_its_own_spline() -> None:
    at = np.arange(6.0)
    samples = curves.sample_curve(np.stack([at, at**2], axis=1), 51)
    inner = samples[(samples[:, 0] >= 1) & (samples[:, 0] <= 4)]
    assert len(inner) > 25
    np.testing.assert_allclose(inner[:, 1], inner[:, 0] ** 2, atol=1e-9)


def test_normals_point_left_of_the_way() -> None:
    np.testing.assert_allclose(curves.normals([(0, 0), (1, 0), (2, 0)]), [(0, -1)] * 3)
    np.testing.assert_allclose(curves.normals([(0, 0), (0, 5)]), [(1, 0)] * 2)
    np.testing.assert_allclose(curves.normals([(1, 1), (1, 1)]), 0)  # no way, no normal


def test_a_ribbon_is_as_wide_as_asked() -> None:
    outline = curves.ribbon_points([(0, 0), (5, 0), (10, 0)], [2, 4, 1])
    assert outline.tolist() == [[0, -1], [5, -2], [10, -0.5], [10, 0.5], [5, 2], [0, 1]]
    even = curves.ribbon_points([(0, 0), (0, 8)], 3)
    assert sorted(even[:, 0].tolist()) == [-1.5, -1.5, 1.5, 1.5]


@given(knots, st.floats(0.1, 20))
def test_a_ribbon_keeps_its_width_around_any_line(values: list[tuple[float, float]], width: float) -> None:
    line = curves.sample_curve(values, 9)
    outline = curves.ribbon_points(line, width)
    moved = np.hypot(*np.gradient(line, axis=0).T) > 1e-6
    across = np.hypot(*(outline[:9] - outline[9:][::-1]).T)
    np.testing.assert_allclose(across[moved], width, rtol=1e-6)
    np.testing.assert_allclose((outline[:9] + outline[9:][::-1]) / 2, line, atol=1e-9)


def test_a_ribbon_is_sharp_at_its_ends_unless_rounded() -> None:
    line = [(0, 0), (5, 0), (10, 0)]
    end = beziers(curves.ribbon(line, 2))[2]
    assert (end[:, 0] == 10).all()  # straight across
    rounded = beziers(curves.ribbon(line, 2, round_tip=True))[2]
    assert rounded[1:3, 0].min() > 10  # bulges


def _widths(path: str, count: int) -> np.ndarray:
    outline = beziers(path)[:, 0]
    return np.asarray(np.hypot(*(outline[:count] - outline[count:][::-1]).T))


def test_a_stroke_swells_and_tapers() -> None:
    widths = _widths(curves.stroke([(0, 0), (80, 0)], 10, count=11, heaviest=0.4, least=0.2), 11)
    assert widths[[0, -1]] == pytest.approx([2, 2], abs=0.02)
    assert widths[4] == pytest.approx(10, abs=0.02)  # at 0.4 of the way
    assert (np.diff(widths[:5]) > 0).all()
    assert (np.diff(widths[4:]) < 0).all()
    # Half way up the swell: a sine of 45 degrees of what lies above the least.
    assert widths[2] == pytest.approx(2 + 8 * np.sqrt(0.5), abs=0.02)


@given(knots, st.floats(0.5, 12), st.floats(0.1, 0.9), st.floats(0.05, 0.5))
def test_a_stroke_is_never_wider_than_asked(
    values: list[tuple[float, float]], width: float, heaviest: float, least: float
) -> None:
    widths = _widths(curves.stroke(values, width, heaviest=heaviest, least=least), 9)
    assert widths.max() <= width + 0.03
    assert "nan" not in curves.stroke(values, width)


def test_a_stroke_can_start_at_its_heaviest() -> None:
    widths = _widths(curves.stroke([(0, 0), (10, 0)], 4, count=5, heaviest=0.0, least=0.5), 5)
    # With no way up there is nothing to rise along: the brush is set down at its least.
    assert widths[0] == pytest.approx(2, abs=0.02)
    assert widths[1] == widths.max()


@given(knots.filter(lambda values: np.hypot(*np.subtract(values[2], values[0])) > 1), st.floats(0.5, 20))
def test_a_blade_is_sharp_and_has_its_width_in_the_middle(
    values: list[tuple[float, float]], width: float
) -> None:
    start, middle, end = np.array(values[:3])
    found = [float(number) for number in re.findall(r"-?\d+\.\d+", curves.blade(values[:3], width))]
    numbers = np.array(found).reshape(-1, 2)
    np.testing.assert_allclose(numbers[[0, 2, 4]], [start, end, start], atol=0.006)
    near, far = (start / 4 + handle / 2 + end / 4 for handle in numbers[[1, 3]])  # the curves at one half
    np.testing.assert_allclose((near + far) / 2, middle, atol=0.02)
    assert np.hypot(*(near - far)) == pytest.approx(width, abs=0.03)
    assert abs(np.dot(near - far, end - start)) <= 0.05 * np.hypot(*(end - start))


def test_an_ellipse_is_two_arcs() -> None:
    path = curves.ellipse(10, 20, 3, 4)
    assert path == "M7.00 20.00a3.00 4.00 0 1 0 6.00 0a3.00 4.00 0 1 0 -6.00 0Z"


def test_a_quarter_turn_is_clockwise_as_seen() -> None:
    np.testing.assert_allclose(curves.rotate([(1, 0)], 90), [(0, 1)], atol=1e-12)  # right goes down
    np.testing.assert_allclose(curves.rotate([(3, 2)], 90, about=(2, 2)), [(2, 3)], atol=1e-12)


@given(knots, st.floats(-360, 360), st.tuples(coordinates, coordinates))
def test_a_turn_keeps_distances_and_can_be_undone(
    values: list[tuple[float, float]], degrees: float, about: tuple[float, float]
) -> None:
    turned = curves.rotate(values, degrees, about)
    np.testing.assert_allclose(
        np.hypot(*(turned - about).T), np.hypot(*(np.array(values) - about).T), atol=1e-9
    )
    np.testing.assert_allclose(curves.rotate(turned, -degrees, about), values, atol=1e-9)


def test_a_mirrored_outline_keeps_its_sense() -> None:
    outline = np.array([(1, 0), (3, 0), (3, 2)], float)
    mirrored = curves.mirror(outline)
    assert mirrored.tolist() == [[-3, 2], [-3, 0], [-1, 0]]
    assert _area(mirrored) == _area(outline) == 2


def _area(outline: np.ndarray) -> float:
    following = np.roll(outline, -1, axis=0)
    return float((outline[:, 0] * following[:, 1] - outline[:, 1] * following[:, 0]).sum() / 2)
