"""Sheets laid out: a title, colours and labels on light paper around the pictures of a contact sheet."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rakkan.errors import RakkanError
from rakkan.formats.sheet import MARGIN, PAPER, contact_sheet
from rakkan.records import LabelledSheetRecipe, Picture, Recipe

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Pixels = NDArray[numpy.uint8]
Colour = tuple[int, int, int]

INK: Colour = (43, 41, 48)
PALE: Colour = (128, 122, 118)
LINE: Colour = (222, 216, 208)
SEAL: Colour = (178, 42, 36)
#: From which score on a cell is good, and from which it is fair; the dots beside the scores.
GOOD, FAIR = 95.0, 80.0
_DOTS: tuple[tuple[float, Colour], ...] = (
    (GOOD, (62, 142, 84)),
    (FAIR, (214, 158, 46)),
    (0.0, (196, 62, 52)),
)


@dataclass(frozen=True)
class Label:
    """What stands above a picture: words, and of a scored one the percentage, else None. ``is_pale`` for what
    was asked for and cannot be seen."""

    text: str
    score: float | None = None
    is_pale: bool = False


@dataclass(frozen=True)
class Title:
    """What stands above all: a name, a line beside it, a paragraph, colours as ``#rrggbb``; and below all."""

    name: str
    beside: str = ""
    paragraph: str = ""
    palette: tuple[str, ...] = ()
    below: str = ""


def laid_out(
    title: Title, drawn: Sequence[Picture], rows: Sequence[str], labels: Sequence[Label], columns: int
) -> tuple[Pixels, LabelledSheetRecipe]:
    """A sheet, uint8 [height, width, 3], and its recipe. ``rows`` names each row ("" for no name), ``labels``
    goes with the pictures, which are equally wide. Raises RakkanError for a picture that is a sheet."""
    recipes = [_recipe_of(one) for one in drawn]
    sheet = contact_sheet([one.pixels for one in drawn], columns)
    height, width = sheet.shape[:2]
    side = drawn[0].pixels.shape[1]
    unit = min(26, max(10, round(side / 20)))
    words: list[str] = []
    page = _Page(unit, width, words)
    head = page.head(title)
    band = unit * (4 if any(rows) else 2)
    foot = unit * 3 if title.below else unit
    count = -(-len(drawn) // columns)
    image = Image.new("RGB", (width, height + head + foot + count * band), PAPER)
    image.paste(page.image.crop((0, 0, width, head)), (0, 0))
    page.onto(image)
    top, start = head + MARGIN, MARGIN
    for row in range(count):
        tall = max(one.pixels.shape[0] for one in drawn[row * columns : (row + 1) * columns])
        page.row(rows[row] if row < len(rows) else "", top, band)
        image.paste(Image.fromarray(sheet[start : start + tall]), (0, top + band))
        for column in range(min(columns, len(drawn) - row * columns)):
            left = MARGIN + column * (side + MARGIN)
            page.label(labels[row * columns + column], left, top + band - unit // 2, side)
        top += band + tall + MARGIN
        start += tall + MARGIN
    page.below(title.below, image.height)
    recipe = LabelledSheetRecipe(
        columns,
        image.width,
        image.height,
        tuple(recipes),
        head=head,
        foot=foot,
        band=band,
        words=tuple(words),
    )
    return numpy.asarray(image), recipe


def _recipe_of(picture: Picture) -> Recipe:
    if not isinstance(picture.recipe, Recipe):
        raise RakkanError("A sheet is made of single pictures", "Draw its cells one by one")
    return picture.recipe


class _Page:
    """Writes on paper, and remembers every word of it."""

    def __init__(self, unit: int, width: int, words: list[str]) -> None:
        self.unit, self.width, self.words = unit, width, words
        self.margin = MARGIN + unit // 4
        self.image = Image.new("RGB", (width, unit * 20), PAPER)
        self.pen = ImageDraw.Draw(self.image)

    def onto(self, image: Image.Image) -> None:
        """Write on this image from now on."""
        self.image, self.pen = image, ImageDraw.Draw(image)

    def head(self, title: Title) -> int:
        """The title block; its height in pixels."""
        unit, left = self.unit, self.margin
        seal = unit * 2
        self.pen.rounded_rectangle((left, unit, left + seal, unit + seal), unit // 3, fill=SEAL)
        initial = title.name[:1].upper()
        self.pen.text(
            (left + seal / 2, unit + seal / 2),
            initial,
            fill=PAPER,
            font=_font(round(unit * 1.4)),
            anchor="mm",
        )
        self.write(title.name, left + seal + unit, unit + seal / 2, 2.2, INK, "lm", 0.5)
        self.write(title.beside, self.width - self.margin, unit + seal / 2, 0.9, PALE, "rm", 0.4)
        top = unit + seal + unit
        room = max(20, int((self.width - 2 * self.margin) / (unit * 0.55)))
        for line in textwrap.wrap(title.paragraph, room)[:3]:
            self.write(line, left, top, 1.0, INK, "la", 1.0)
            top += round(unit * 1.5)
        if title.palette:
            top += unit // 2
            self.swatches(title.palette, top)
            top += unit * 4
        top += unit // 2
        self.pen.line((left, top, self.width - self.margin, top), fill=LINE, width=max(1, unit // 12))
        return top + unit // 2

    def swatches(self, palette: Sequence[str], top: int) -> None:
        unit = self.unit
        wide = min(unit * 5, (self.width - 2 * self.margin) // len(palette) - unit // 2)
        for number, colour in enumerate(palette):
            left = self.margin + number * (wide + unit // 2)
            box = (left, top, left + wide, top + unit * 2)
            self.pen.rounded_rectangle(box, unit // 3, fill=colour, outline=LINE, width=max(1, unit // 12))
            self.write(colour.upper(), left + wide / 2, top + unit * 2.9, 0.8, PALE, "mm", 1.0)

    def row(self, name: str, top: int, band: int) -> None:
        if name:
            self.write(name.upper(), self.margin, top + self.unit * 1.2, 0.95, PALE, "lm", 0.5)

    def label(self, label: Label, left: int, middle: float, side: int) -> None:
        """The words above a picture, and the score with its dot at the right."""
        unit = self.unit
        middle -= unit * 0.6
        room = 0.62 if label.score is not None else 0.96
        ink = PALE if label.is_pale else INK
        self.write(label.text, left + unit // 4, middle, 0.9, ink, "lm", room, side)
        if label.score is None:
            return
        colour = next(colour for least, colour in _DOTS if label.score >= least)
        text = percent(label.score)
        right = left + side - unit // 4
        self.write(text, right, middle, 0.9, INK, "rm", 0.4, side)
        dot = right - self.pen.textlength(text, font=_font(round(unit * 0.9))) - unit * 0.8
        radius = unit * 0.28
        self.pen.ellipse((dot - radius, middle - radius, dot + radius, middle + radius), fill=colour)

    def below(self, text: str, bottom: int) -> None:
        self.write(text, self.margin, bottom - self.unit * 1.5, 0.8, PALE, "lm", 1.0)

    def write(
        self,
        text: str,
        left: float,
        top: float,
        size: float,
        colour: Colour,
        anchor: str,
        room: float,
        side: int = 0,
    ) -> float:
        """Write a line at most ``room`` of the width (or of ``side``) long; how long it is in pixels."""
        if not text:
            return 0.0
        most = room * (side or self.width - 2 * self.margin)
        font = _font(round(self.unit * size))
        shown = text
        while len(shown) > 1 and self.pen.textlength(shown, font=font) > most:
            shown = shown[:-2].rstrip() + "…"
        self.pen.text((left, top), shown, fill=colour, font=font, anchor=anchor)
        self.words.append(shown)
        return float(self.pen.textlength(shown, font=font))


def percent(score: float) -> str:
    """A share as it is told: whole, and never more than it is."""
    return f"{int(score)} %"


def _font(size: int) -> FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))
