"""Which part of a picture a model is shown, at which size, and the way there and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from rakkan.studio.editing.masks import Mask, box_of
from rakkan.studio.ranges import CELL, LONGEST, SHORTEST

Pixels = npt.NDArray[np.uint8]

#: Around what is drawn a checkpoint sees at least this share of its own resolution, on each side.
_MARGIN = 1 / 8
#: Around what is drawn the starter model sees so many of its pixels, where there are any.
_BESIDE = 32
#: A picture of up to this many times a checkpoint's own number of pixels is drawn as large as it is.
_MOST_AT_ONCE = 2.25
#: A picture this many times as high as wide is drawn on the starter model's tall canvas.
_TALL = 1.25


@dataclass(frozen=True)
class Window:
    """A rectangle of a picture, in its pixels, and the ``drawn`` size (width, height) that a model draws it
    at. It may reach past the picture, by less than its own size."""

    left: int
    top: int
    width: int
    height: int
    drawn: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of the picture to one of the drawing."""
        return self.width / self.drawn[0]


#: Chooses the window for a picture of a size (width, height) and what is to be drawn in it.
Choose = Callable[[tuple[int, int], Mask], Window]


def starter_window(size: tuple[int, int], mask: Mask, framing: str = "") -> Window:
    """The starter model knows whole figures alone: as much of the picture as fits its canvas.

    That is a square of 256 pixels, or 256x384 for a full body and a tall picture. The window is as large as
    the picture is short, or as what is drawn, and lies in the picture where it can.
    """
    tall = framing == "full body" or (not framing and size[1] >= _TALL * size[0])
    drawn = (256, 384) if tall and size[1] > size[0] else (256, 256)
    left, top, right, bottom = box_of(mask)
    unit = min(size[0] / drawn[0], size[1] / drawn[1])
    reach = math.ceil(_BESIDE * unit)
    left, top = max(0, left - reach), max(0, top - reach)
    right, bottom = min(size[0], right + reach), min(size[1], bottom + reach)
    unit = max(unit, (right - left) / drawn[0], (bottom - top) / drawn[1])
    width, height = (math.ceil(unit * side) for side in drawn)
    return Window(
        _placed(left, right, width, size[0]), _placed(top, bottom, height, size[1]), width, height, drawn
    )


def checkpoint_window(size: tuple[int, int], mask: Mask, resolution: int) -> Window:
    """A checkpoint draws any size: the picture as it is where that is near its own resolution, else what is
    to be drawn with its surroundings, at about that resolution."""
    if size[0] * size[1] <= _MOST_AT_ONCE * resolution**2 and _is_drawable(size):
        return Window(0, 0, *size, size)
    left, top, right, bottom = box_of(mask)
    margin = 2 * round(_MARGIN * resolution)
    width = min(size[0], max(right - left + margin, resolution))
    height = min(size[1], max(bottom - top + margin, resolution))
    scale = math.sqrt(resolution**2 / (width * height))
    drawn = [max(SHORTEST, min(LONGEST, round(side * scale / CELL) * CELL)) for side in (width, height)]
    return Window(
        _placed(left, right, width, size[0]),
        _placed(top, bottom, height, size[1]),
        width,
        height,
        (drawn[0], drawn[1]),
    )


def shown(pixels: Pixels, window: Window) -> Pixels:
    """What a model is shown, uint8 [drawn height, drawn width, 3]; past its edges the picture goes on as it
    ends."""
    cut = np.ascontiguousarray(_cut(pixels, window, "edge"))
    if (window.width, window.height) == window.drawn:
        return cut
    return np.asarray(Image.fromarray(cut).resize(window.drawn, Image.Resampling.LANCZOS))


def shown_mask(mask: Mask, window: Window) -> Mask:
    """The mask as a model is told it, at the drawing's size: what a pixel of it covers in part is drawn, if
    only in part."""
    cut = np.ascontiguousarray(_cut(mask, window, "constant"))
    if (window.width, window.height) == window.drawn:
        return cut
    scaled = np.asarray(Image.fromarray(cut).resize(window.drawn, Image.Resampling.BOX))
    return np.asarray(np.clip(scaled, 0, 1), np.float32)


def placed(
    drawn: Pixels, window: Window, enlarge: Callable[[Pixels], Pixels], size: tuple[int, int]
) -> tuple[Pixels, tuple[slice, slice]]:
    """What was drawn at the picture's own scale, and the rows and columns of the picture it belongs to.

    ``enlarge`` doubles a picture's sides and is asked as often as it takes; the rest is resampled.
    """
    large = drawn
    while large.shape[1] < window.width:
        large = enlarge(large)
    if large.shape[:2] != (window.height, window.width):
        fitted = Image.fromarray(large).resize((window.width, window.height), Image.Resampling.LANCZOS)
        large = np.asarray(fitted)
    top, left = max(0, window.top), max(0, window.left)
    bottom, right = min(size[1], window.top + window.height), min(size[0], window.left + window.width)
    inside = large[top - window.top : bottom - window.top, left - window.left : right - window.left]
    return inside, (slice(top, bottom), slice(left, right))


def _placed(start: int, end: int, length: int, whole: int) -> int:
    """Where a window of this length begins: around what lies from start to end, in the whole if it fits."""
    if length >= whole:
        return (whole - length) // 2
    return min(max((start + end - length) // 2, 0), whole - length)


def _cut(array: npt.NDArray[np.generic], window: Window, mode: str) -> npt.NDArray[np.generic]:
    height, width = array.shape[:2]
    before = (max(0, -window.top), max(0, -window.left))
    after = (
        max(0, window.top + window.height - height),
        max(0, window.left + window.width - width),
    )
    inside = array[
        max(0, window.top) : window.top + window.height, max(0, window.left) : window.left + window.width
    ]
    around = [(before[0], after[0]), (before[1], after[1]), *[(0, 0)] * (array.ndim - 2)]
    return np.pad(inside, around, mode=mode)  # type: ignore[call-overload,no-any-return]


def _is_drawable(size: tuple[int, int]) -> bool:
    return all(SHORTEST <= side <= LONGEST and side % CELL == 0 for side in size)
