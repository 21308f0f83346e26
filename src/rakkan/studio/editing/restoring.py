"""What hides a part of a drawing: stickers, bars and scratches, found by their flatness, and taken out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.editing.composing import carried_on
from rakkan.studio.editing.masks import Mask, grown

Pixels = npt.NDArray[np.uint8]

#: Shares of the picture that one thing may cover.
_LEAST, _MOST = 0.001, 0.4
#: How much of the box around it a bar or sticker fills.
_FULL = 0.9
#: Scratches are this many pixels wide at most, and so many times as long.
_SCRATCH, _LONG = 5, 8
_REACH = 3


def found(pixels: Pixels) -> Mask:
    """The mask of what seems to lie over the drawing: rectangles of exactly one colour with straight edges,
    and thin lines of one colour that no line of the drawing goes on from.

    Raises RakkanError when nothing does.
    """
    mask = np.zeros(pixels.shape[:2], np.float32)
    codes = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, counts = np.unique(codes, return_counts=True)
    total = codes.size
    for colour in colours[counts >= _LEAST * total][::1]:
        for box in _boxes(codes == colour):
            if _is_bar(codes, colour, box):
                top, bottom, left, right = box
                mask[top:bottom, left:right] = 1
    if not mask.any():
        raise RakkanError(
            "Nothing is found that hides a part of the picture",
            "Mark it with --mask FILE or x,y,width,height",
        )
    return grown(mask, _REACH)


def filled(pixels: Pixels, mask: Mask) -> Pixels:
    """The picture with what lies under the mask replaced by what is around it, smoothly: nothing of the
    sticker's colour is left for the model to go by."""
    known = (mask <= 0).astype(np.float32)[..., None]
    smooth = carried_on(pixels.astype(np.float32) * known, known)
    mixed = pixels + mask[..., None] * (smooth - pixels)
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)


def _boxes(flat: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Boxes (top, bottom, left, right) of connected places, by runs of rows joined from above to below."""
    boxes: list[tuple[int, int, int, int]] = []
    parent: list[int] = []
    areas: list[int] = []
    before: list[tuple[int, int, int]] = []

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for row, line in enumerate(flat):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.view(np.int8), [0]])))
        now: list[tuple[int, int, int]] = []
        for left, right in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            index = len(parent)
            parent.append(index)
            areas.append(right - left)
            boxes.append((row, row + 1, left, right))
            for start, end, other in before:
                if start < right and end > left:
                    index = _joined(root(other), index, parent, boxes, areas)
            now.append((left, right, index))
        before = [(left, right, root(index)) for left, right, index in now]
    whole = flat.size
    return [
        boxes[index]
        for index in range(len(parent))
        if parent[index] == index
        and _LEAST * whole <= areas[index] <= _MOST * whole
        and areas[index] >= _FULL * _area(boxes[index])
    ]


def _joined(
    one: int, other: int, parent: list[int], boxes: list[tuple[int, int, int, int]], areas: list[int]
) -> int:
    if one == other:
        return one
    parent[other] = one
    areas[one] += areas[other]
    a, b = boxes[one], boxes[other]
    boxes[one] = (min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3]))
    return one


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[1] - box[0]) * (box[3] - box[2])


def _is_bar(codes: npt.NDArray[np.uint32], colour: int, box: tuple[int, int, int, int]) -> bool:
    """Whether its four edges are straight: just outside the box hardly anything has its colour, and it does
    not reach from edge to edge of the picture on more than two sides."""
    top, bottom, left, right = box
    height, width = codes.shape
    outside = []
    if top > 0:
        outside.append(codes[top - 1, left:right])
    if bottom < height:
        outside.append(codes[bottom, left:right])
    if left > 0:
        outside.append(codes[top:bottom, left - 1])
    if right < width:
        outside.append(codes[top:bottom, right])
    if len(outside) < 2:
        return False
    around = np.concatenate(outside)
    return bool((around == colour).mean() < 1 - _FULL)
