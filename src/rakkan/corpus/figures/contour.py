"""The outline of the face and the ears: the head's silhouette as an illustrator corrects it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.curves import Points, rotate
from rakkan.corpus.figures.decal import profile_relief
from rakkan.corpus.figures.head import CHIN, CROWN, PIVOT, Head

_ROWS = 51
_LEVELS = np.linspace(CROWN, CHIN, _ROWS)
_CROWN_ROWS = (1, 3, 5, 8, 12, 16)
#: The far cheek in three-quarter view: forehead, dent at the eye, cheekbone, hollow, chin.
_CHEEK = np.array(
    [(-50, 0.0), (-22, 0.0), (-8, 0.6), (0, -1.4), (5, -2.6), (10, -1.6), (17, 0.5), (23, 0.4), (31, -1.8),
     (39, -2.2), (45, -0.6), (50, 0.0)]
)  # fmt: skip
#: The front view's cheeks: a little fuller at the cheekbone, hollower towards the chin.
_FRONTAL = np.array([(-50, 0.0), (4, 0.0), (10, -0.3), (20, 0.5), (28, 0.4), (36, -0.6), (44, -0.4), (50, 0)])

#: Outline of an ear in head space on the side of +x, and its inner fold.
_EAR = np.array(
    [(38.2, 4, 0), (39.6, -0.5, -3), (42.6, -1.6, -7.5), (45.0, 2.6, -11), (44.6, 9.0, -11.5),
     (42.4, 15.5, -9), (40.4, 21.5, -6), (38.2, 24.2, -3.4), (36.8, 22.0, -1.4), (36.8, 14, 0)]
)  # fmt: skip
_FOLD = np.array([(40, 4.6, -3.2), (42.4, 2.6, -7), (43.3, 6.2, -9), (42, 11.5, -7.6), (40.2, 16, -5.2)])
_INNER_FOLD = np.array([(39.8, 8.4, -3.6), (41.3, 8.0, -6.2), (40.3, 12.4, -5.6), (39.0, 15.4, -3.4)])


@lru_cache(maxsize=1)
def _corrections() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    return (
        np.interp(_LEVELS, _CHEEK[:, 0], _CHEEK[:, 1]),
        np.interp(_LEVELS, _FRONTAL[:, 0], _FRONTAL[:, 1]),
        profile_relief(_LEVELS),
    )


@lru_cache(maxsize=1)
def _kept() -> NDArray[np.int64]:
    """Rows worth drawing: the crown under the hair needs few."""
    return np.array([row for row in range(_ROWS) if row >= 20 or row in _CROWN_ROWS], dtype=np.int64)


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
    kept = _kept()
    return rotate(np.concatenate([right[kept], left[kept][::-1]]), head.roll, PIVOT)


def ear(head: Head, side: int) -> tuple[Points, Points, Points]:
    """An ear's outline and its two inner folds [n, 2] in the picture; ``side`` is +1 or -1 (of x)."""
    mirrored = np.array([side, 1, 1])
    flat = head.project(np.concatenate([_EAR, _FOLD, _INNER_FOLD]) * mirrored)
    first, second = len(_EAR), len(_EAR) + len(_FOLD)
    return flat[:first], flat[first:second], flat[second:]
