"""Boxes as rows of numbers: float64 [n, 5], left, top, right, bottom in pixels and a score.

Both edges belong to a box, as in the networks' training: it is ``right - left + 1`` pixels wide.
"""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

Boxes = NDArray[numpy.float64]


def sizes(boxes: Boxes) -> tuple[Boxes, Boxes]:
    """Widths and heights."""
    return boxes[:, 2] - boxes[:, 0] + 1, boxes[:, 3] - boxes[:, 1] + 1


def distinct(boxes: Boxes, most: float, of_the_smaller: bool = False) -> NDArray[numpy.intp]:
    """Non-maximum suppression: the rows to keep, best score first.

    A box goes when it shares more than ``most`` with one that is kept: of the area both cover together
    (intersection over union), or ``of_the_smaller`` of the two.
    """
    widths, heights = sizes(boxes)
    area = widths * heights
    left = numpy.argsort(-boxes[:, 4], kind="stable")
    kept: list[int] = []
    while left.size:
        best, others = left[0], left[1:]
        kept.append(int(best))
        low = numpy.maximum(boxes[best, :2], boxes[others, :2])
        high = numpy.minimum(boxes[best, 2:4], boxes[others, 2:4])
        both = numpy.prod(numpy.maximum(high - low + 1, 0), axis=1)
        if of_the_smaller:
            shared = both / numpy.minimum(area[best], area[others])
        else:
            shared = both / (area[best] + area[others] - both)
        left = others[shared <= most]
    return numpy.array(kept, numpy.intp)


def moved(boxes: Boxes, shifts: NDArray[numpy.floating], inclusive: bool = True) -> Boxes:
    """Boxes with each edge moved by ``shifts`` [n, 4] times the box's width or height.

    The first stage measures a box without its last pixel, ``inclusive`` false; the later ones with it.
    """
    widths, heights = sizes(boxes)
    less = 0 if inclusive else 1
    scale = numpy.stack([widths - less, heights - less] * 2, axis=1)
    made = boxes.copy()
    made[:, :4] += shifts * scale
    return made


def squared(boxes: Boxes) -> Boxes:
    """Boxes made square around their centres, on the longer side."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    side = numpy.maximum(width, height)
    made = boxes.copy()
    made[:, 0] += width / 2 - side / 2
    made[:, 1] += height / 2 - side / 2
    made[:, 2:4] = made[:, :2] + side[:, None]
    return made
