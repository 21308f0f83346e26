"""Contact sheets: several pictures on one, with labels beside them or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError

#: Paper between and around the pictures: its width in pixels and its colour (sRGB).
MARGIN = 8
PAPER = (250, 248, 244)
INK = (40, 38, 36)
#: The height of a label's letters is this share of the smallest picture's side, 12 pixels at least; what it
#: takes beside and above the pictures, in letters.
_LETTERS, _SMALLEST = 20, 12
_BESIDE, _ABOVE, _LINE = 7, 3, 1.35
_TITLE_LINES = 2


def contact_sheet(
    pictures: Sequence[NDArray[numpy.uint8]], columns: int, labels: Mapping[str, str] = {}
) -> NDArray[numpy.uint8]:
    """Pictures (uint8 [height, width, 3]) in reading order, ``columns`` to a row, on paper.

    A column is as wide as its widest picture and a row as high as its highest; pictures stand on the
    bottom of their row. ``labels`` are ``title``, ``column N`` and ``row N``, counted from 1; a long one is
    broken into lines and cut off. Raises RakkanError when there are no pictures or ``columns`` is below 1.
    """
    if not pictures or columns < 1:
        raise RakkanError("A contact sheet needs at least one picture and one column")
    used = min(columns, len(pictures))
    rows = [pictures[start : start + used] for start in range(0, len(pictures), used)]
    sizes = [(picture.shape[1], picture.shape[0]) for picture in pictures]
    widths, heights = _cells(sizes, columns)
    width, height = sheet_size(sizes, columns, labels)
    room = _room(sizes, labels)
    sheet = numpy.empty((height, width, 3), numpy.uint8)
    sheet[:] = PAPER
    top = MARGIN + room.top
    for row, height in zip(rows, heights, strict=True):
        left = MARGIN + room.left
        for picture, width in zip(row, widths, strict=False):
            start = top + height - picture.shape[0]
            sheet[start : top + height, left : left + picture.shape[1]] = picture
            left += width + MARGIN
        top += height + MARGIN
    return _labelled(sheet, labels, room, widths, heights) if labels else sheet


def sheet_size(
    sizes: Sequence[tuple[int, int]], columns: int, labels: Mapping[str, str] = {}
) -> tuple[int, int]:
    """Width and height of the sheet of pictures of these sizes (width, height), at least one of them."""
    widths, heights = _cells(sizes, columns)
    room = _room(sizes, labels)
    width = room.left + sum(widths) + MARGIN * (len(widths) + 1)
    return width, room.top + sum(heights) + MARGIN * (len(heights) + 1)


@dataclass(frozen=True)
class _Room:
    """What labels take: pixels at the left of the pictures, of the title and in all above them, and the
    height of a letter."""

    left: int
    title: int
    top: int
    letter: int


def _room(sizes: Sequence[tuple[int, int]], labels: Mapping[str, str]) -> _Room:
    letter = max(_SMALLEST, min(min(size) for size in sizes) // _LETTERS)
    left = _BESIDE * letter if any(key.startswith("row ") for key in labels) else 0
    above = _ABOVE * letter if any(key.startswith("column ") for key in labels) else 0
    title = MARGIN + round(_TITLE_LINES * _LINE * letter) if "title" in labels else 0
    return _Room(left, title, above + title, letter)


def _labelled(
    sheet: NDArray[numpy.uint8],
    labels: Mapping[str, str],
    room: _Room,
    widths: Sequence[int],
    heights: Sequence[int],
) -> NDArray[numpy.uint8]:
    """The sheet with its labels: of columns above their middle, of rows beside theirs."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(sheet)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(room.letter)

    def write(text: str, box: tuple[int, int, int, int], lines: int, middle: bool) -> None:
        shown = _broken(text, box[2], lines, lambda one: float(font.getlength(one)))
        top = box[1] + (box[3] - round(len(shown) * _LINE * room.letter)) // 2
        for number, line in enumerate(shown):
            left = box[0] + (round(box[2] - font.getlength(line)) // 2 if middle else 0)
            draw.text((left, top + round(number * _LINE * room.letter)), line, INK, font)

    width = image.width - 2 * MARGIN
    write(labels.get("title", ""), (MARGIN, MARGIN, width, room.title - MARGIN), _TITLE_LINES, False)
    left, top = MARGIN + room.left, MARGIN + room.top
    for number, one in enumerate(widths, 1):
        box = (left, room.title + MARGIN // 2, one, room.top - room.title)
        write(labels.get(f"column {number}", ""), box, 2, True)
        left += one + MARGIN
    for number, one in enumerate(heights, 1):
        box = (MARGIN, top, room.left - MARGIN, one)
        write(labels.get(f"row {number}", ""), box, max(1, round(one / _LINE / room.letter) - 1), False)
        top += one + MARGIN
    return numpy.array(image)


def _broken(text: str, width: int, lines: int, length: Callable[[str], float]) -> list[str]:
    """The text in at most so many lines, broken between words, or within one that fits no line."""
    found: list[str] = []
    rest = " ".join(text.split())
    while rest and len(found) < lines:
        end = len(rest)
        while end > 1 and length(rest[:end]) > width:
            end = rest.rfind(" ", 0, end) if " " in rest[:end].strip() else end - 1
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    if rest and found:
        last = found[-1]
        while last and length(last + "…") > width:
            last = last[:-1]
        found[-1] = last.rstrip(" ,") + "…"
    return found


def _cells(sizes: Sequence[tuple[int, int]], columns: int) -> tuple[list[int], list[int]]:
    """The widths of the columns and the heights of the rows."""
    used = min(columns, len(sizes))
    widths = [max(width for width, _ in sizes[column::used]) for column in range(used)]
    rows = range(0, len(sizes), used)
    return widths, [max(height for _, height in sizes[start : start + used]) for start in rows]
