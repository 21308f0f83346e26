"""Plane geometry for drawing: smooth curves, tapering strokes and ribbons as SVG path data.

Points are numpy arrays of shape [n, 2] in figure units (the head is 100 units tall, x to the right,
y down).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def points(values: ArrayLike) -> Points:
    """An [n, 2] array of points."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 2)


def polygon(corners: ArrayLike, *, closed: bool = True) -> str:
    """Path data of straight lines through the corners."""
    body = "L".join(f"{x:.2f} {y:.2f}" for x, y in points(corners).tolist())
    return f"M{body}Z" if closed else f"M{body}"


def smooth(
    knots: ArrayLike, *, closed: bool = True, tension: float = 1.0, corners: Sequence[int] = ()
) -> str:
    """Path data of a smooth curve through the knots (Catmull-Rom splines as cubic Béziers).

    ``corners`` are indices of knots where the curve may break sharply; ``tension`` scales the
    tangents (0 gives straight lines, 1 the usual spline).
    """
    knot = points(knots)
    count = len(knot)
    if count < 3:
        return polygon(knot, closed=closed)
    if closed:
        tangent = (np.roll(knot, -1, axis=0) - np.roll(knot, 1, axis=0)) * (tension / 6)
    else:
        tangent = np.empty_like(knot)
        tangent[1:-1] = (knot[2:] - knot[:-2]) * (tension / 6)
        tangent[0] = (knot[1] - knot[0]) * (tension / 3)
        tangent[-1] = (knot[-1] - knot[-2]) * (tension / 3)
    leaving, arriving = tangent.copy(), tangent.copy()
    for index in corners:
        after, before = knot[(index + 1) % count], knot[index - 1]
        leaving[index] = (after - knot[index]) * (tension / 3)
        arriving[index] = (knot[index] - before) * (tension / 3)
    last = count if closed else count - 1
    following = np.roll(knot, -1, axis=0)[:last]
    first_handle = knot[:last] + leaving[:last]
    second_handle = following - np.roll(arriving, -1, axis=0)[:last]
    segments = np.concatenate([first_handle, second_handle, following], axis=1).tolist()
    body = "".join(f"C{a:.2f} {b:.2f} {c:.2f} {d:.2f} {e:.2f} {f:.2f}" for a, b, c, d, e, f in segments)
    return f"M{knot[0, 0]:.2f} {knot[0, 1]:.2f}{body}{'Z' if closed else ''}"


def sample_curve(knots: ArrayLike, count: int, *, closed: bool = False) -> Points:
    """``count`` points along the Catmull-Rom curve through the knots, evenly spaced in its parameter."""
    knot = points(knots)
    if closed:
        knot = np.concatenate([knot, knot[:1]])
    extended = np.concatenate([[2 * knot[0] - knot[1]], knot, [2 * knot[-1] - knot[-2]]])
    if closed:
        extended[0], extended[-1] = knot[-2], knot[1]
    place = np.linspace(0, len(knot) - 1, count)
    index = np.minimum(place.astype(int), len(knot) - 2)
    t = (place - index)[:, None]
    p0, p1, p2, p3 = (extended[index + offset] for offset in range(4))
    return np.asarray(
        0.5
        * (
            2 * p1
            + (p2 - p0) * t
            + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
            + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        )
    )


def normals(line: ArrayLike) -> Points:
    """Unit normals (to the left of the direction of travel, y down) at the points of an open line."""
    direction = np.gradient(points(line), axis=0)
    length = np.hypot(direction[:, 0], direction[:, 1])[:, None]
    direction = direction / np.where(length < 1e-9, 1.0, length)
    return np.stack([direction[:, 1], -direction[:, 0]], axis=1)


def ribbon_points(line: ArrayLike, widths: ArrayLike) -> Points:
    """The outline of a band around an open line; ``widths`` are full widths at its points."""
    centre = points(line)
    offset = normals(centre) * (np.broadcast_to(np.asarray(widths, float), (len(centre),))[:, None] / 2)
    return np.concatenate([centre + offset, (centre - offset)[::-1]])


def ribbon(line: ArrayLike, widths: ArrayLike, *, round_tip: bool = False) -> str:
    """Path data of a smooth band around an open line, sharp at both ends unless ``round_tip``."""
    outline = ribbon_points(line, widths)
    half = len(outline) // 2
    corners = () if round_tip else (0, half - 1, half, len(outline) - 1)
    return smooth(outline, corners=corners)


def stroke(
    knots: ArrayLike, width: float, *, count: int = 9, heaviest: float = 0.4, least: float = 0.12
) -> str:
    """Path data of a brush stroke through the knots that swells at ``heaviest`` (0-1) and tapers off.

    ``least`` is the share of ``width`` left at the two ends.
    """
    line = sample_curve(knots, count) if len(points(knots)) > 2 else _straight(points(knots), count)
    place = np.linspace(0, 1, count)
    rise = np.clip(place / max(heaviest, 1e-6), 0, 1)
    fall = np.clip((1 - place) / max(1 - heaviest, 1e-6), 0, 1)
    swell = np.sin(np.minimum(rise, fall) * np.pi / 2)
    return ribbon(line, width * (least + (1 - least) * swell))


def blade(knots: ArrayLike, width: float) -> str:
    """Path data of a slender shape through three points, sharp at both ends, ``width`` in its middle.

    A cheap `stroke`, for where there are many.
    """
    (x0, y0), (x1, y1), (x2, y2) = points(knots).tolist()
    chord = ((x2 - x0) ** 2 + (y2 - y0) ** 2) ** 0.5 or 1.0
    off_x, off_y = (y2 - y0) / chord * width, (x0 - x2) / chord * width
    # Control points that let the curves' middles pass half a width to either side of the point.
    x, y = 2 * x1 - (x0 + x2) / 2, 2 * y1 - (y0 + y2) / 2
    return (
        f"M{x0:.2f} {y0:.2f}Q{x + off_x:.2f} {y + off_y:.2f} {x2:.2f} {y2:.2f}"
        f"Q{x - off_x:.2f} {y - off_y:.2f} {x0:.2f} {y0:.2f}Z"
    )


def _straight(ends: Points, count: int) -> Points:
    place = np.linspace(0, 1, count)[:, None]
    return np.asarray(ends[0] * (1 - place) + ends[-1] * place)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> str:
    """Path data of an ellipse about (x, y)."""
    return (
        f"M{x - radius_x:.2f} {y:.2f}a{radius_x:.2f} {radius_y:.2f} 0 1 0 {2 * radius_x:.2f} 0"
        f"a{radius_x:.2f} {radius_y:.2f} 0 1 0 {-2 * radius_x:.2f} 0Z"
    )


def rotate(values: ArrayLike, degrees: float, about: tuple[float, float] = (0.0, 0.0)) -> Points:
    """Points turned clockwise (as seen, y down) by ``degrees`` about a point."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray((points(values) - about) @ np.array([[cosine, sine], [-sine, cosine]]) + about)


def mirror(values: ArrayLike) -> Points:
    """Points reflected in the vertical axis, in reversed order so that an outline keeps its sense."""
    return (points(values) * (-1, 1))[::-1]
