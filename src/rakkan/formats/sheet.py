"""Contact sheets: several pictures on one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError

#: Paper between and around the pictures: its width in pixels and its colour (sRGB).
MARGIN = 8
PAPER = (250, 248, 244)


def contact_sheet(pictures: Sequence[NDArray[numpy.uint8]], columns: int) -> NDArray[numpy.uint8]:
    """Pictures (uint8 [height, width, 3]) in reading order, ``columns`` to a row, on paper.

    A column is as wide as its widest picture and a row as high as its highest; pictures stand on the
    bottom of their row. Raises RakkanError when there are none or ``columns`` is below 1.
    """
    if not pictures or columns < 1:
        raise RakkanError("A contact sheet needs at least one picture and one column")
    used = min(columns, len(pictures))
    rows = [pictures[start : start + used] for start in range(0, len(pictures), used)]
    sizes = [(picture.shape[1], picture.shape[0]) for picture in pictures]
    widths, heights = _cells(sizes, columns)
    width, height = sheet_size(sizes, columns)
    sheet = numpy.empty((height, width, 3), numpy.uint8)
    sheet[:] = PAPER
    top = MARGIN
    for row, height in zip(rows, heights, strict=True):
        left = MARGIN
        for picture, width in zip(row, widths, strict=False):
            start = top + height - picture.shape[0]
            sheet[start : top + height, left : left + picture.shape[1]] = picture
            left += width + MARGIN
        top += height + MARGIN
    return sheet


def sheet_size(sizes: Sequence[tuple[int, int]], columns: int) -> tuple[int, int]:
    """Width and height of the sheet of pictures of these sizes (width, height), at least one of them."""
    widths, heights = _cells(sizes, columns)
    return sum(widths) + MARGIN * (len(widths) + 1), sum(heights) + MARGIN * (len(heights) + 1)


def _cells(sizes: Sequence[tuple[int, int]], columns: int) -> tuple[list[int], list[int]]:
    """The widths of the columns and the heights of the rows."""
    used = min(columns, len(sizes))
    widths = [max(width for width, _ in sizes[column::used]) for column in range(used)]
    rows = range(0, len(sizes), used)
    return widths, [max(height for _, height in sizes[start : start + used]) for start in rows]
