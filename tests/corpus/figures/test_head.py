"""The head: its surface by hand, its projection, and its outline against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures.curves import rotate
from rakkan.corpus.figures.head import CENTRE, CHIN, CROWN, EYE_LINE, PIVOT, Head

yaws, rolls, jaws = st.floats(-90, 90), st.floats(-20, 20), st.floats(0, 1)


@pytest.mark.parametrize(
    ("angle", "y", "jaw", "place"),
    [
        # The tables' own rows: half width, front and back at the levels 0, -20, 40 and 45.
        (0, 0, 0, (0, 0, 36)),
        (90, 0, 0, (39.6, 0, 0)),
        (180, 0, 0, (0, 0, -48)),
        (-90, 0, 0, (-39.6, 0, 0)),
        (0, -20, 0, (0, -20, 36)),
        (180, -20, 0, (0, -20, -46)),
        (0, 40, 0, (0, 40, 35)),
        (90, 40, 0, (17.5, 40, 16)),  # the jaw's ring has its middle 16 before the skull's
        (180, 40, 0, (0, 40, 8)),
        (90, 40, 1, (22, 40, 16)),
        (90, 40, 0.5, (19.75, 40, 16)),
        (-90, 45, 1, (-15.5, 45, 20)),
    ],
)
def test_points_of_the_surface(angle: float, y: float, jaw: float, place: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(Head(jaw=jaw).surface(angle, y), [place], atol=1e-9)


def test_between_the_sides_the_rings_are_ellipses() -> None:
    halfway = np.sqrt(0.5)
    np.testing.assert_allclose(Head().surface(45, 0), [(39.6 * halfway, 0, 36 * halfway)], atol=1e-9)
    np.testing.assert_allclose(Head().surface(135, 0), [(39.6 * halfway, 0, -48 * halfway)], atol=1e-9)


def test_angles_and_heights_are_broadcast() -> None:
    assert Head().surface([0, 90, 180], 0).shape == (3, 3)
    assert Head().surface(0, np.linspace(CROWN, CHIN, 7)).shape == (7, 3)


def test_a_shell_is_lifted_off_the_skull() -> None:
    skull, shell = Head().surface([0, 90, 180], -8), Head().surface([0, 90, 180], -8, shell=11)
    np.testing.assert_allclose(shell - CENTRE, (skull - CENTRE) * 1.25)
    assert Head().surface(0, CROWN, shell=4)[0, 1] < CROWN - 3


@given(st.floats(-180, 180), st.floats(CROWN, CHIN), jaws)
def test_both_sides_are_alike(angle: float, y: float, jaw: float) -> None:
    right, left = Head(jaw=jaw).surface([angle, -angle], y)
    np.testing.assert_allclose(left, right * (-1, 1, 1), atol=1e-9)


def test_proportions() -> None:
    assert pytest.approx((CROWN + CHIN) / 2, abs=6) == EYE_LINE  # the eyes lie at half the height
    widths = Head().surface(90, np.linspace(0, CHIN, 51))[:, 0]
    assert (np.diff(widths) <= 1e-9).all()  # the face tapers to the chin
    strong = Head(jaw=1).surface(90, [24, 32, 40, 45])[:, 0]
    assert (strong > Head().surface(90, [24, 32, 40, 45])[:, 0] + 2).all()


POINTS = np.array([(0, 0, 36), (39.6, 0, 0), (5, -20, 7)], float)


def test_a_front_view_drops_the_depth() -> None:
    np.testing.assert_allclose(Head().project(POINTS), POINTS[:, :2])
    np.testing.assert_allclose(Head().depth(POINTS), POINTS[:, 2])


def test_a_quarter_turn_swaps_the_axes() -> None:
    np.testing.assert_allclose(Head(yaw=90).project(POINTS), POINTS[:, [2, 1]], atol=1e-12)
    np.testing.assert_allclose(Head(yaw=90).depth(POINTS), -POINTS[:, 0], atol=1e-12)
    np.testing.assert_allclose(Head(yaw=-90).project(POINTS), POINTS[:, [2, 1]] * (-1, 1), atol=1e-12)
    np.testing.assert_allclose(Head(yaw=-90).depth(POINTS), POINTS[:, 0], atol=1e-12)


def test_the_face_turns_to_the_right() -> None:
    np.testing.assert_allclose(Head(yaw=30).project([(0, 0, 36)]), [(18, 0)], atol=1e-12)
    assert Head(yaw=30).facing(0) == pytest.approx(np.sqrt(3) / 2)
    assert Head(yaw=-90).facing(90) == pytest.approx(1)  # the side at +x is seen by one on the right
    assert Head(yaw=90).facing(90) == pytest.approx(-1)


def test_it_tilts_clockwise_about_the_pit_of_the_neck() -> None:
    head = Head(roll=90)
    np.testing.assert_allclose(head.project([(*PIVOT, 0)]), [PIVOT], atol=1e-9)
    np.testing.assert_allclose(head.project([(0, CROWN, 0)]), [(108, 58)], atol=1e-9)


@given(yaws, rolls, st.floats(-180, 180), st.floats(CROWN, CHIN))
def test_a_turn_keeps_lengths(yaw: float, roll: float, angle: float, y: float) -> None:
    head = Head(yaw=yaw, roll=roll)
    place = head.surface(angle, y)
    flat, depth = head.project(place) - PIVOT, head.depth(place)
    assert np.hypot(np.hypot(*flat[0]), depth[0]) == pytest.approx(np.linalg.norm(place - (*PIVOT, 0)))


def test_on_surface_is_surface_projected() -> None:
    head = Head(yaw=20, roll=5, jaw=0.3)
    np.testing.assert_allclose(head.on_surface(33, -7, 2), head.project(head.surface(33, -7, 2)))


@given(yaws, jaws)
def test_the_outline_is_where_the_surface_ends(yaw: float, jaw: float) -> None:
    """Against the extremes of points all around each ring, one for every quarter of a degree."""
    head, count = Head(yaw=yaw, jaw=jaw), 41
    level = np.linspace(CROWN, CHIN, count)
    around = np.arange(-180, 180, 0.25)
    x = head.on_surface(around[None, :], level[:, None])[:, 0].reshape(count, -1)
    outline = head.outline(count=count)
    np.testing.assert_allclose(outline[:, 1], [*level, *level[::-1]], atol=1e-9)
    # Between two samples lies at most this much of a circle as wide as the head.
    missed = 50 * (1 - np.cos(np.radians(0.125))) + 1e-9
    for exact, sampled in ((outline[:count, 0], x.max(1)), (-outline[count:][::-1, 0], -x.min(1))):
        assert (exact >= sampled - 1e-9).all()
        assert (exact <= sampled + missed).all()


@given(yaws, rolls, st.floats(0.5, 14))
def test_a_shells_outline_is_where_the_shell_ends(yaw: float, roll: float, shell: float) -> None:
    head = Head(yaw=yaw, roll=roll)
    around = np.arange(-180, 180, 0.5)
    level = np.linspace(CROWN, CHIN, 41)
    # Undo the tilt: then each ring lies level again.
    ends = rotate(head.outline(shell=shell), -roll, PIVOT)
    points = rotate(head.on_surface(around[None, :], level[:, None], shell), -roll, PIVOT)
    x = points[:, 0].reshape(41, -1)
    np.testing.assert_allclose(ends[:41, 0], x.max(1), atol=2e-3)
    np.testing.assert_allclose(ends[41:][::-1, 0], x.min(1), atol=2e-3)


@given(yaws, rolls)
def test_a_tilt_turns_the_whole_outline(yaw: float, roll: float) -> None:
    upright, tilted = Head(yaw=yaw), Head(yaw=yaw, roll=roll)
    np.testing.assert_allclose(tilted.outline(), rotate(upright.outline(), roll, PIVOT), atol=1e-9)


def test_a_part_of_the_outline_can_be_asked_for() -> None:
    part = Head().outline(top=-20, bottom=10, count=4)
    assert part[:, 1].tolist() == [-20, -10, 0, 10, 10, 0, -10, -20]
    assert part[[0, -1], 0].tolist() == pytest.approx([38.6, -38.6])
