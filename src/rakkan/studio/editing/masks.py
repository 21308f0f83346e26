"""Masks: float32 [height, width], 0 what stays to 1 what is drawn anew; from a file, a rectangle, parts."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float32]

#: Pixels by which a mask may be grown or feathered.
MOST_GROWTH, MOST_FEATHER = 512, 256
#: What is less than this of a mask counts as none: half a level of eight bits.
LEAST = 0.5 / 255

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*(%|px)?\s*"
_RECTANGLE = re.compile(",".join([_NUMBER] * 4))


def mask_of(pixels: Pixels, size: tuple[int, int], name: str) -> Mask:
    """The mask that a picture shows, for one of ``size`` (width, height): white is drawn anew, black stays.
    Where the picture has transparency its transparent places are drawn anew instead, as if cut out.

    ``pixels`` is uint8 [height, width, 3], or 4 with alpha. Raises RakkanError, with the file's ``name``,
    for another size.
    """
    height, width = pixels.shape[:2]
    if (width, height) != size:
        raise RakkanError(
            f"The mask {name} is {width}x{height}, the picture {size[0]}x{size[1]}",
            f"Give a mask of {size[0]}x{size[1]} pixels",
        )
    if pixels.shape[2] == 4 and pixels[..., 3].min() < 255:
        cut: Mask = (1 - pixels[..., 3] / np.float32(255)).astype(np.float32)
        return cut
    grey = pixels[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(np.clip(grey / np.float32(255), 0, 1), np.float32)


def is_rectangle(text: str) -> bool:
    """Whether it reads ``x,y,width,height``, each in pixels or per cent."""
    return _RECTANGLE.fullmatch(text) is not None


def rectangle(text: str, size: tuple[int, int]) -> Mask:
    """The mask of ``x,y,width,height``, in pixels or per cent of the picture of ``size`` (width, height).

    What lies outside the picture is cut off. Raises RakkanError for a rectangle that does not touch it.
    """
    found = _RECTANGLE.fullmatch(text)
    assert found is not None
    values = [
        length(f"{found[2 * index + 1]}{found[2 * index + 2] or ''}", size[index % 2]) for index in range(4)
    ]
    left, top, wide, high = values
    mask = np.zeros((size[1], size[0]), np.float32)
    mask[max(0, top) : max(0, top + high), max(0, left) : max(0, left + wide)] = 1
    if wide <= 0 or high <= 0 or not mask.any():
        raise RakkanError(
            f"The rectangle {text!r} covers nothing of a picture of {size[0]}x{size[1]}",
            "Give x,y,width,height in pixels or per cent, such as 100,80,200,120 or 25%,10%,50%,40%",
        )
    return mask


def length(text: str, whole: int) -> int:
    """Pixels of ``12``, ``12px`` or ``5%`` of ``whole`` pixels."""
    number = float(text.removesuffix("%").removesuffix("px"))
    return round(number * whole / 100 if text.endswith("%") else number)


def grown(mask: Mask, pixels: int) -> Mask:
    """The mask reaching so many pixels further on all sides, about round; shrunk for a negative number.

    Raises RakkanError past ``MOST_GROWTH``.
    """
    if abs(pixels) > MOST_GROWTH:
        raise RakkanError(f"A mask cannot grow by {pixels} pixels", f"Give -{MOST_GROWTH} to {MOST_GROWTH}")
    if pixels < 0:
        return inverted(grown(inverted(mask), -pixels))
    for step in range(pixels):
        mask = _spread(mask, with_corners=step % 2 == 1)
    return mask


def feathered(mask: Mask, pixels: int) -> Mask:
    """The mask fading from nothing at its edge to itself so many pixels inside: it reaches no further.

    Edges of the picture are no edges of the mask. Raises RakkanError past ``MOST_FEATHER``.
    """
    if not 0 <= pixels <= MOST_FEATHER:
        raise RakkanError(f"A mask cannot be feathered by {pixels} pixels", f"Give 0 to {MOST_FEATHER}")
    total, left = np.zeros_like(mask), inverted(mask)
    for step in range(pixels + 1):
        total += 1 - left
        if step < pixels:
            left = _spread(left, with_corners=step % 2 == 1)
    return np.asarray(total / np.float32(pixels + 1), np.float32)


def inverted(mask: Mask) -> Mask:
    """What was to stay is drawn, and the other way round."""
    return np.asarray(np.float32(1) - mask)


def united(*masks: Mask) -> Mask:
    """What any of them draws."""
    return np.asarray(np.maximum.reduce(masks), np.float32)


def check_mask(mask: Mask, called: str, may_cover_all: bool = False) -> Mask:
    """The mask with next to nothing taken for nothing.

    Raises RakkanError for one that covers nothing, and for one that leaves nothing, unless that is meant.
    """
    mask = np.where(mask < LEAST, np.float32(0), mask)
    if not mask.any():
        raise RakkanError(
            f"The mask {called} is empty: nothing would be drawn", "Mark what is to change in white"
        )
    if not may_cover_all and (mask > 1 - LEAST).all():
        raise RakkanError(
            f"The mask {called} covers the whole picture: nothing would stay",
            "Leave it out to draw over the whole picture",
        )
    return mask


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """left, top, right and bottom of what a mask touches (right and bottom exclusive); it is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _spread(mask: Mask, with_corners: bool) -> Mask:
    """Each pixel the most of itself and its four neighbours, or of its eight."""
    rows = mask.copy()
    np.maximum(rows[1:], mask[:-1], out=rows[1:])
    np.maximum(rows[:-1], mask[1:], out=rows[:-1])
    source = rows if with_corners else mask
    wide = rows.copy()
    np.maximum(wide[:, 1:], source[:, :-1], out=wide[:, 1:])
    np.maximum(wide[:, :-1], source[:, 1:], out=wide[:, :-1])
    return wide
