"""Path data for many curves at once: hair is hundreds of small curves, written in whole batches."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.curves import Points

Batch = NDArray[np.float64]


@lru_cache(maxsize=512)
def _template(segments: int, closed: bool, copies: int = 1) -> str:
    one = "M%.2f %.2f" + "C%.2f %.2f %.2f %.2f %.2f %.2f" * segments + ("Z" if closed else "")
    return one * copies


@lru_cache(maxsize=256)
def ramp(count: int, first: float = 0.0, last: float = 1.0) -> NDArray[np.float64]:
    """``count`` even steps from ``first`` to ``last``; shared, so not to be written to."""
    steps = np.linspace(first, last, count)
    steps.flags.writeable = False
    return steps


@lru_cache(maxsize=256)
def _turned(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The indices of the knots after and before each knot of a closed curve."""
    return np.roll(np.arange(count), -1), np.roll(np.arange(count), 1)


def spline(knots: Points, corners: NDArray[np.bool_] | None = None, *, closed: bool = False) -> str:
    """Path data of the Catmull-Rom curve through ``knots`` [n, 2].

    ``corners`` [n] marks knots where the curve may break. An open path is filled as if it were
    closed but outlined only where it was drawn, which leaves a root without a line.
    """
    count = len(knots)
    following, preceding = _turned(count)
    after, before = knots[following], knots[preceding]
    if not closed:
        after[-1] = 2 * knots[-1] - knots[-2]
        before[0] = 2 * knots[0] - knots[1]
    leaving = (after - before) / 6
    first, second = knots + leaving, knots - leaving
    if corners is not None:
        at = np.flatnonzero(corners)
        first[at] = knots[at] + (after[at] - knots[at]) / 3
        second[at] = knots[at] - (knots[at] - before[at]) / 3
    segments = np.empty((count, 6))
    segments[:, :2], segments[:, 2:4], segments[:, 4:] = first, second[following], after
    if not closed:
        segments = segments[:-1]
    return _template(len(segments), closed) % (*knots[0].tolist(), *segments.ravel().tolist())


def loops(knots: Batch) -> str:
    """Path data of a batch [m, n, 2] of closed smooth curves, as one path."""
    if not len(knots):
        return ""
    following, preceding = _turned(knots.shape[1])
    after = knots[:, following]
    tangent = (after - knots[:, preceding]) / 6
    return _closed(knots, knots + tangent, (knots - tangent)[:, following], after)


def brushes(lines: Batch, widths: NDArray[np.float64]) -> str:
    """Path data of a batch of tapering brush strokes: lines [m, n, 2], full widths [n] or [m, n]."""
    if not len(lines):
        return ""
    direction = np.empty_like(lines)
    direction[:, 1:-1] = lines[:, 2:] - lines[:, :-2]
    direction[:, 0], direction[:, -1] = lines[:, 1] - lines[:, 0], lines[:, -1] - lines[:, -2]
    scale = np.asarray(widths) / (2 * np.maximum(np.hypot(direction[..., 0], direction[..., 1]), 1e-6))
    count = lines.shape[1]
    outline = np.empty((len(lines), 2 * count, 2))
    across = direction[..., ::-1] * scale[..., None] * (1, -1)
    outline[:, :count] = lines + across
    outline[:, count:] = (lines - across)[:, ::-1]
    following, preceding = _turned(2 * count)
    after, before = outline[:, following], outline[:, preceding]
    tangent = (after - before) / 6
    # The two ends are sharp: their tangents follow the sides instead of turning around the tip.
    tangent[:, [0, count]] = (after - outline)[:, [0, count]] / 3
    tangent[:, [count - 1, -1]] = (outline - before)[:, [count - 1, -1]] / 3
    return _closed(outline, outline + tangent, (outline - tangent)[:, following], after)


def _closed(knots: Batch, first: Batch, second: Batch, after: Batch) -> str:
    batch, count = knots.shape[:2]
    rows = np.empty((batch, 2 + 6 * count))
    rows[:, :2] = knots[:, 0]
    cells = rows[:, 2:].reshape(batch, count, 6)
    cells[..., :2], cells[..., 2:4], cells[..., 4:] = first, second, after
    rows[:, 2:] = cells.reshape(batch, -1)
    return _template(count, True, batch) % tuple(rows.ravel().tolist())
