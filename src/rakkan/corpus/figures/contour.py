"""The outline of the face and the ears: the head's silhouette as an illustrator corrects it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.curves import Points, rotate, smooth
from rakkan.corpus.figures.decal import Decal, decal, profile_relief
from rakkan.corpus.figures.head import CHIN, CROWN, PIVOT, Head

_ROWS = 51
_LEVELS = np.linspace(CROWN, CHIN, _ROWS)
_CROWN_ROWS = (0, 2, 4, 7, 11, 15)
#: The far cheek in three-quarter view: forehead, dent at the eye, cheekbone, hollow, chin.
_CHEEK = np.array(
    [(-50, 0.0), (-22, 0.0), (-8, 0.6), (0, -1.4), (5, -2.6), (10, -1.6), (17, 0.5), (23, 0.6), (31, -0.4),
     (39, -0.8), (45, -0.2), (50, 0.0)]
)  # fmt: skip
#: The front view's cheeks: a little fuller at the cheekbone, hollower towards the chin.
_FRONTAL = np.array(
    [(-50, 0), (4, 0), (10, -0.4), (18, 0.5), (26, 1.6), (33, 1.9), (40, 1.1), (46, 0.3), (50, 0)],
    dtype=np.float64,
)

#: Outline of an ear in head space on the side of +x, and its hollow and fold.
_EAR = np.array(
    [(38.2, 4, 0), (39.6, -0.5, -3), (42.6, -1.6, -7.5), (45.0, 2.6, -11), (44.6, 9.0, -11.5),
     (42.4, 15.5, -9), (40.4, 21.5, -6), (38.2, 24.2, -3.4), (36.8, 22.0, -1.4), (36.8, 14, 0)]
)  # fmt: skip
_FOLD = np.array([(40, 4.6, -3.2), (42.4, 2.6, -7), (43.3, 6.2, -9), (42, 11.5, -7.6), (40.2, 16, -5.2)])
_HOLLOW = np.array([(39.8, 8.4, -3.6), (41.3, 8.0, -6.2), (40.3, 12.4, -5.6), (39.0, 15.4, -3.4)])


@lru_cache(maxsize=1)
def _corrections() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    return (
        np.interp(_LEVELS, _CHEEK[:, 0], _CHEEK[:, 1]),
        np.interp(_LEVELS, _FRONTAL[:, 0], _FRONTAL[:, 1]),
        profile_relief(_LEVELS),
    )


@lru_cache(maxsize=2)
def _kept(fine: bool) -> NDArray[np.int64]:
    """Rows worth drawing: the crown under the hair needs few, a nose in profile all of them."""
    face = range(20, _ROWS) if fine else (*range(20, _ROWS - 1, 2), _ROWS - 2, _ROWS - 1)
    return np.array([*_CROWN_ROWS, *face], dtype=np.int64)


def head_contour(head: Head) -> Points:
    """The head's outline [n, 2] with cheeks, or nose, lips and chin, closed.

    It runs down the picture's right side and up its left, as `Head.outline` does.
    """
    upright = Head(head.yaw, 0.0, head.jaw).outline(count=_ROWS)
    right, left = upright[:_ROWS], upright[_ROWS:][::-1]
    cheek, frontal, profile = _corrections()
    turn = abs(head.yaw)
    beside = float(np.clip((turn - 55) / 25, 0, 1))
    aslant = float(np.clip(turn / 34, 0, 1)) * (1 - beside)
    face_side, other_side, sign = (right, left, 1.0) if head.yaw >= 0 else (left, right, -1.0)
    straight = (1 - aslant) * (1 - beside)
    face_side[:, 0] += sign * (profile * beside + cheek * aslant + frontal * straight)
    other_side[:, 0] -= sign * frontal * straight
    beside_right, beside_left = (beside > 0 and sign > 0), (beside > 0 and sign < 0)
    outline = np.concatenate([right[_kept(beside_right)], left[_kept(beside_left)[1:]][::-1]])
    return rotate(outline, head.roll, PIVOT)


def shade_rim(head: Head, contour: Points, reach: float) -> Points:
    """A sickle along the side of the face away from the light and under its jaw, [n, 2], closed.

    ``contour`` is the head's; ``reach`` the sickle's width. The first half of the points lies on the
    contour, the second half runs back inside it.
    """
    middle = len(_kept(head.yaw > 55))
    if abs(head.yaw) < 55:
        dark = np.concatenate([contour[len(_CROWN_ROWS) : middle], contour[middle : middle + 3]])
        at, widths = [0, 0.3, 0.6, 0.85, 1], [0.0, 0.7, 1.0, 0.7, 0.0]
        towards = np.array([-reach, -reach * 0.36])
    else:
        jaw = contour[middle:] if head.yaw > 0 else contour[:middle][::-1]
        dark, at, widths = jaw[1:13], [0, 0.25, 0.55, 0.8, 1], [0.0, 0.45, 0.7, 0.9, 1.0]
        towards = np.array([0.0, -reach * 0.75])
    width = np.interp(np.linspace(0, 1, len(dark)), at, widths)[:, None]
    return np.concatenate([dark, (dark + width * towards)[::-1]])


@lru_cache(maxsize=1)
def _ear_drawing() -> tuple[Decal, Decal]:
    """Outline, hollow and fold of an ear as seen from the front, and the same as seen from the side.

    A spline's handles are sums of its knots, so drawing it in two planes gives it in space.
    """

    def flat(first: int, second: int) -> Decal:
        outline, hollow, fold = (knots[:, [first, second]] for knots in (_EAR, _HOLLOW, _FOLD))
        paths = {"outline": smooth(outline), "hollow": smooth(hollow), "fold": smooth(fold, closed=False)}
        return decal(paths)

    return flat(0, 1), flat(2, 1)


def ear(head: Head, side: int) -> dict[str, str]:
    """An ear's paths in the picture: outline, hollow and fold (open); ``side`` is +1 or -1 (of x)."""
    front, beside = _ear_drawing()
    solid = np.column_stack([front.points[:, 0] * side, front.points[:, 1], beside.points[:, 0]])
    return front.written(head.project(solid).ravel().tolist())
