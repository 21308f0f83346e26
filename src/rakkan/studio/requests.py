"""What all drawing has in common: numbers in range, a place to write to, names of files, contact sheets."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER, Ingredient, Picture, Recipe, SheetRecipe
from rakkan.studio.ranges import check_ranges
from rakkan.studio.starter.lexicon import read
from rakkan.trust.checks import MEDIA_TYPES

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]

MOST_PICTURES = 64
_SHEET_COLUMNS = 6
#: What only looks like the ending of a picture file.
_OTHER_FORMATS = frozenset({".gif", ".bmp", ".tif", ".tiff", ".svg", ".avif", ".jxl"})
_CLAUSES_FOR_A_NAME = 16
#: Slots that say little about one picture, so they make no file name.
_DULL_SLOTS = frozenset({"presentation", "framing", "view", "style"})

#: (steps done, steps in all) over all the pictures of a request.
Progress = Callable[[int, int], object]
#: The gate: refuses a prompt and its negative prompt that nothing may be drawn from.
Consider = Callable[[str, str], None]
#: The gate: writes a picture at a path or beside it, and says where.
Release = Callable[[Picture, Path], Path]
#: Draws a picture and says how, by its number from 0.
Draw = Callable[[int], "tuple[Pixels, Recipe]"]


@dataclass(frozen=True)
class Created:
    """One file that was written, how it was made, and the seconds that took (wall time)."""

    path: Path
    recipe: Recipe | SheetRecipe
    seconds: float


def draw_all(
    count: int,
    draw: Draw,
    out: Path,
    prompt: str,
    telling: bool,
    release: Release,
    ingredients: tuple[Ingredient, ...] = (),
    operation: str = "create",
) -> list[Created]:
    """Draw pictures one by one, each released as soon as it is finished. ``ingredients`` went into each.

    Several are followed by a contact sheet, the last of the list. Raises RakkanError; pictures released
    before it stay.
    """
    made: list[Created] = []
    drawn: list[Pixels] = []
    recipes: list[Recipe] = []
    for index in range(count):
        started = time.perf_counter()
        pixels, recipe = draw(index)
        picture = Picture(pixels, recipe, operation, ingredients)
        named = prompt if operation == "edit" else recipe.prompt or prompt
        path = release(picture, destination(out, named, str(recipe.seed), telling))
        made.append(Created(path, recipe, time.perf_counter() - started))
        drawn.append(pixels)
        recipes.append(recipe)
    if count > 1:
        started = time.perf_counter()
        columns = min(_SHEET_COLUMNS, math.ceil(math.sqrt(count)))
        place = destination(out, prompt, f"{recipes[0].seed}-sheet", telling)
        path, sheet = release_sheet(drawn, recipes, columns, place, release)
        made.append(Created(path, sheet, time.perf_counter() - started))
    return made


def release_sheet(
    drawn: Sequence[Pixels], recipes: Sequence[Recipe], columns: int, place: Path, release: Release
) -> tuple[Path, SheetRecipe]:
    """Release pictures together on a contact sheet; where it was written, and its recipe."""
    from rakkan.formats.sheet import contact_sheet

    pixels = contact_sheet(drawn, columns)
    recipe = SheetRecipe(columns, int(pixels.shape[1]), int(pixels.shape[0]), tuple(recipes))
    return release(Picture(pixels, recipe, "sheet"), place), recipe


def part_of(progress: Progress, index: int, count: int) -> Progress:
    """The progress of one of ``count`` pictures, each of as many steps, as progress of them all."""
    return lambda done, total: progress(index * total + done, count * total)


def check_numbers(count: int, steps: int, guidance: float, seed: int | None) -> None:
    """Raise RakkanError for a number that no model draws with."""
    if not 1 <= count <= MOST_PICTURES:
        raise RakkanError(f"Cannot draw {count} pictures", f"Ask for 1 to {MOST_PICTURES}")
    check_ranges(0, steps, guidance)
    if seed is not None and not 0 <= seed <= LARGEST_INTEGER - MOST_PICTURES:
        raise RakkanError(
            f"The seed {seed} is out of range",
            f"Give a whole number from 0 to {LARGEST_INTEGER - MOST_PICTURES}",
        )


def check_place(out: Path, count: int) -> None:
    """Find out before drawing what would stop the gate from writing."""
    suffix = out.suffix.lower()
    is_folder = out.is_dir()
    if suffix in _OTHER_FORMATS and not is_folder:
        raise RakkanError(
            f"Pictures are written as PNG, JPEG or WebP, not {suffix[1:]}", f"Name it {out.stem}.png"
        )
    if suffix in MEDIA_TYPES and not is_folder and count > 1:
        raise RakkanError(f"{count} pictures do not fit into one file, {out.name}", "Name a folder instead")
    folder = out.parent if suffix in MEDIA_TYPES and not is_folder else out
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise RakkanError(f"{existing} is a file, not a folder", "Name another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise RakkanError(f"The folder {existing} may not be written to", "Name another folder")


def destination(out: Path, prompt: str, middle: str, telling: bool) -> Path:
    """The file asked for, or ``0001-<seed>-silver-twin-tails.png`` with the folder's next number;
    ``0001.png`` when the name is to tell nothing."""
    if out.suffix.lower() in MEDIA_TYPES and not out.is_dir():
        return out
    numbers = [0]
    if out.is_dir():
        found = (re.match(r"(\d{4,9})[-.]", path.name) for path in out.iterdir())
        numbers.extend(int(match.group(1)) for match in found if match)
    ending = f"-{middle}-{slug(prompt)}" if telling else ""
    return out / f"{max(numbers) + 1:04d}{ending}.png"


def slug(prompt: str) -> str:
    """Up to forty characters (a-z, 0-9 and hyphens) from the first telling clause of a prompt."""
    # A name takes the first few words that tell something; a long prompt is not read through for it.
    clauses = re.split(r"[,.;\n\u3001\u3002\uff0c]", prompt)[:_CLAUSES_FOR_A_NAME]
    telling = next((clause for clause in clauses if read(clause).condition.keys() - _DULL_SLOTS), clauses[0])
    words = re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|:[\d.]+", " ", telling.lower()))
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > 40:
            break
        name += f"-{word}" if name else word
    return name or "figure"
