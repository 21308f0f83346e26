"""The sheet of a character: the same figure turned, feeling, and dressed otherwise, each with a score.

Plain steps: which cells, draw them, score them, lay them out. What draws and the way out are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import LabelledSheetRecipe, Picture
from rakkan.studio.characters import consistency
from rakkan.studio.characters.consistency import Score
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.records import MOST_COLOURS, Character
from rakkan.studio.requests import Progress, Release
from rakkan.studio.starter.lexicon import read

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]

#: Draws the character with a prompt: by the prompt.
Draw = Callable[[str], Picture]

COLUMNS = 5
ANGLES = (
    ("front", "front view"),
    ("three-quarter left", "three-quarter left"),
    ("three-quarter right", "three-quarter right"),
    ("profile left", "profile left"),
    ("profile right", "profile right"),
)
EXPRESSIONS = ("smile", "laughing", "surprised", "sad", "angry")
OUTFITS = ("kimono", "suit", "dress", "leather jacket", "wizard robe")
#: What every cell says unless its row does: the same light behind them all.
_PLAIN = "white plain background"


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet: its row's name, what stands below it, and what is drawn."""

    row: str
    label: str
    prompt: str


@dataclass(frozen=True)
class Sheet:
    """A sheet that was released: where, how it was made, and each cell with its score."""

    path: Path
    recipe: LabelledSheetRecipe
    cells: tuple[tuple[Cell, Score], ...]


def cells(expressions: Sequence[str] = (), outfits: Sequence[str] = ()) -> list[Cell]:
    """The cells in reading order: angles, expressions, outfits, five of each. What is asked for comes first,
    and usual ones after it. Raises RakkanError for more than five."""
    angles = [Cell("angles", label, f"{prompt}, neutral, {_PLAIN}") for label, prompt in ANGLES]
    feelings = [
        Cell("expressions", one, f"front view, {one}, {_PLAIN}")
        for one in _filled(expressions, EXPRESSIONS, "expressions")
    ]
    clothes = [
        Cell("outfits", one, f"front view, smile, {one}, {_PLAIN}")
        for one in _filled(outfits, OUTFITS, "outfits")
    ]
    return angles + feelings + clothes


def draw(
    wanted: Sequence[Cell], drawing: Draw, progress: Progress = lambda done, total: None
) -> list[Picture]:
    """Draw the cells one by one. Raises RakkanError as the drawing does."""
    made = []
    for number, cell in enumerate(wanted):
        progress(number, len(wanted))
        made.append(drawing(cell.prompt))
    progress(len(wanted), len(wanted))
    return made


def release_sheet(
    kept: Kept[Character],
    wanted: Sequence[Cell],
    drawn: Sequence[Picture],
    references: Sequence[Pixels],
    out: Path,
    release: Release,
) -> Sheet:
    """Score the cells, lay them out and release the sheet. ``references`` are the character's own pictures,
    uint8 [height, width, 3]; without any, the first cell is what the others are compared with."""
    from rakkan.studio.characters.layout import Label, Title, laid_out

    found = consistency.scores([one.pixels for one in drawn], references)
    one = kept.version
    compared = "the character's own pictures" if references else "the first drawing"
    title = Title(
        one.name,
        f"version {one.number}  {kept.digest[:8]}",
        one.description or one.tags,
        one.palette or colours_of(drawn[0].pixels),
        f"Percentages: how many of 100 other characters are less like {compared} than this drawing is.",
    )
    labels = [
        Label(
            cell.label if shows(cell, score) else f"{cell.label} (not seen)",
            score.percent,
            not shows(cell, score),
        )
        for cell, score in zip(wanted, found, strict=True)
    ]
    rows = [cell.row for cell in wanted[::COLUMNS]]
    pixels, recipe = laid_out(title, drawn, rows, labels, COLUMNS)
    path = release(Picture(pixels, recipe, "sheet"), out)
    return Sheet(path, recipe, tuple(zip(wanted, found, strict=True)))


def shows(cell: Cell, score: Score) -> bool:
    """Whether the reader sees in a cell what its label asks for; True for what no lexicon knows."""
    asked = read(cell.label).condition
    return all(score.slots.get(slot, value) == value for slot, value in asked.items())


def colours_of(pixels: Pixels) -> tuple[str, ...]:
    """The colours of a figure, uint8 [height, width, 3], as ``#rrggbb``: hair, eyes, skin, outfit."""
    from rakkan.features.figures import reading

    palette = reading.read(pixels).palette
    parts = ("hair", "eyes", "skin", "outfit", "accessories")
    return tuple(dict.fromkeys(colour for part in parts for colour in palette.get(part, ())[:2]))[
        :MOST_COLOURS
    ]


def _filled(asked: Sequence[str], usual: Sequence[str], what: str) -> list[str]:
    if len(asked) > COLUMNS:
        raise RakkanError(f"{len(asked)} {what} are too many for a sheet", f"Give {COLUMNS} at most")
    return [*asked, *(one for one in usual if one not in asked)][:COLUMNS]
