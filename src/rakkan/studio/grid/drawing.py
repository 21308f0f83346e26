"""Drawing a plot: its cells one after the other, those that are there already taken over, then its sheets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_SIDE
from rakkan.formats.sheet import contact_sheet, sheet_size
from rakkan.records import Ingredient, Picture, Recipe, SheetRecipe
from rakkan.studio.grid.axes import Axis, Cell
from rakkan.studio.requests import Created, Progress, Release, part_of
from rakkan.trust.checks import MOST_PIXELS

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class Plot:
    """What is to be drawn: the axes, y and z perhaps None, the cells in order, and what the title says."""

    x: Axis
    y: Axis | None
    z: Axis | None
    cells: Sequence[Cell]
    title: str

    def labels(self, page: int) -> dict[str, str]:
        """What stands on the sheet of a page."""
        found = {"title": self.title + (f" ({self.z.label(page)})" if self.z else "")}
        found |= {f"column {number + 1}": self.x.label(number) for number in range(len(self.x.values))}
        if self.y:
            found |= {f"row {number + 1}": self.y.label(number) for number in range(len(self.y.values))}
        return found


#: Draws a cell: pixels uint8 [height, width, 3], how, and out of what.
Draw = Callable[[Cell, Progress], "tuple[Pixels, Recipe, tuple[Ingredient, ...]]"]
#: A cell's picture from a run before, where its file is there and proven to be that: pixels and recipe.
Found = Callable[[Cell, Path], "tuple[Pixels, Recipe] | None"]


def check_size(plot: Plot, sizes: Sequence[tuple[int, int]]) -> None:
    """Raise RakkanError for a page larger than a file may be. ``sizes`` are the cells' in pixels."""
    columns = len(plot.x.values)
    a_page = columns * (len(plot.y.values) if plot.y else 1)
    for page in range(len(plot.z.values) if plot.z else 1):
        shown = sizes[page * a_page : (page + 1) * a_page]
        width, height = sheet_size(shown, columns, plot.labels(page))
        if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
            raise RakkanError(
                f"A sheet of {width}x{height} pixels is too large",
                f"Give fewer values; {LARGEST_SIDE} a side and {MOST_PIXELS // 2**20} Mi pixels are the most",
            )


def draw_plot(
    plot: Plot,
    draw: Draw,
    out: Path,
    singles: Path | None,
    release: Release,
    found: Found = lambda cell, path: None,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Draw the cells and release each page as a labelled sheet at ``out`` (a second page as ``NAME-2.png``).

    With ``singles``, a folder, every cell is released there, too, as soon as it is drawn, and a cell that is
    there from a run before is taken over: so a plot that was stopped goes on. Raises RakkanError; what was
    released before it stays.
    """
    made: list[Created] = []
    columns, count = len(plot.x.values), len(plot.cells)
    a_page = columns * (len(plot.y.values) if plot.y else 1)
    for start in range(0, count, a_page):
        pixels, recipes = [], []
        for index, cell in enumerate(plot.cells[start : start + a_page], start):
            started = time.perf_counter()
            place = singles / _name(cell) if singles else None
            before = found(cell, place) if place else None
            if before is None:
                drawn, recipe, ingredients = draw(cell, part_of(progress, index, count))
                if place:
                    path = release(Picture(drawn, recipe, ingredients=ingredients), place)
                    made.append(Created(path, recipe, time.perf_counter() - started))
                before = drawn, recipe
            pixels.append(before[0])
            recipes.append(before[1])
        page, started = start // a_page, time.perf_counter()
        labels = plot.labels(page)
        sheet = contact_sheet(pixels, columns, labels)
        told = SheetRecipe(columns, int(sheet.shape[1]), int(sheet.shape[0]), tuple(recipes), labels)
        place = out if page == 0 else out.with_name(f"{out.stem}-{page + 1}{out.suffix}")
        made.append(
            Created(release(Picture(sheet, told, "sheet"), place), told, time.perf_counter() - started)
        )
    return made


def _name(cell: Cell) -> str:
    return f"z{cell.page + 1:02d}-y{cell.row + 1:02d}-x{cell.column + 1:02d}.png"
