"""Path data for many curves at once: hair is hundreds of small curves, so whole batches are written in one go."""

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


def spline(knots: Points, corners: NDArray[np.bool_] | None = None, *, closed: bool = False) -> str:
    """Path data of the Catmull-Rom curve through ``knots`` [n, 2].

    ``corners`` [n] marks knots where the curve may break. An open path is filled as if it were
    closed but outlined only where it was drawn, which leaves a root without a line.
    """
    if closed:
        before, after = np.roll(knots, 1, axis=0), np.roll(knots, -1, axis=0)
    else:
        before = np.concatenate([2 * knots[:1] - knots[1:2], knots[:-1]])
        after = np.concatenate([knots[1:], 2 * knots[-1:] - knots[-2:-1]])
    leaving = (after - before) / 6
    arriving = leaving
    if corners is not None:
        sharp = corners[:, None]
        leaving, arriving = np.where(sharp, (after - knots) / 3, leaving), np.where(sharp, (knots - before) / 3, leaving)
    first, second = knots + leaving, knots - arriving
    if closed:
        segments = np.concatenate([first, np.roll(second, -1, axis=0), after], axis=1)
    else:
        segments = np.concatenate([first[:-1], second[1:], knots[1:]], axis=1)
    return _template(len(segments), closed) % (*knots[0].tolist(), *segments.ravel().tolist())


def loops(knots: Batch) -> str:
    """Path data of a batch [m, n, 2] of closed smooth curves, as one path."""
    if not len(knots):
        return ""
    after = np.roll(knots, -1, axis=1)
    tangent = (after - np.roll(knots, 1, axis=1)) / 6
    return _closed(knots, knots + tangent, np.roll(knots - tangent, -1, axis=1), after)


def brushes(lines: Batch, widths: NDArray[np.float64]) -> str:
    """Path data of a batch of tapering brush strokes: lines [m, n, 2], full widths [n] or [m, n]."""
    if not len(lines):
        return ""
    direction = np.gradient(lines, axis=1)
    length = np.hypot(direction[..., 0], direction[..., 1])[..., None]
    direction = direction / np.maximum(length, 1e-6)
    offset = np.stack([direction[..., 1], -direction[..., 0]], axis=-1) * (np.asarray(widths)[..., None] / 2)
    outline = np.concatenate([lines + offset, (lines - offset)[:, ::-1]], axis=1)
    count = lines.shape[1]
    after = np.roll(outline, -1, axis=1)
    before = np.roll(outline, 1, axis=1)
    tangent = (after - before) / 6
    # The two ends are sharp: their tangents follow the sides instead of turning around the tip.
    for at, side in ((0, after), (count, after), (count - 1, before), (2 * count - 1, before)):
        tangent[:, at] = (side[:, at] - outline[:, at]) * (1 if side is after else -1) / 3
    return _closed(outline, outline + tangent, np.roll(outline - tangent, -1, axis=1), after)


def _closed(knots: Batch, first: Batch, second: Batch, after: Batch) -> str:
    segments = np.concatenate([first, second, after], axis=2).reshape(len(knots), -1)
    rows = np.concatenate([knots[:, 0], segments], axis=1)
    return _template(knots.shape[1], True, len(knots)) % tuple(rows.ravel().tolist())
