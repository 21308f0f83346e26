"""The gate's own inspector and marker, which need nothing of the layers above."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rakkan.formats.unsealed import without_seal
from rakkan.records import (
    START,
    FiguresRecipe,
    LabelledSheetRecipe,
    Picture,
    Recipe,
    SheetRecipe,
    ThumbnailRecipe,
    TrainingGridRecipe,
    UpscaleRecipe,
    canonical_json,
)
from rakkan.trust.copies import COPY
from rakkan.trust.gate import Destination, Finding
from rakkan.trust.seal import operations
from rakkan.trust.seal.disclosure import LEVELS

#: Largest picture that may leave, in pixels; a contact sheet of 64 large pictures fits.
MOST_PIXELS = 64 * 1024 * 1024

#: The same of one that comes in bands: a square of 16384 a side.
MOST_BANDED_PIXELS = 4 * MOST_PIXELS

#: The text keyword of a recipe's canonical JSON.
RECIPE_KEYWORD = "rakkan"

#: The longer side of a thumbnail, in pixels, at most: larger is a picture, and has a recipe of its own.
LARGEST_THUMBNAIL = 384

#: Pixels that a labelled sheet leaves for words above all, below all, and above each row; too few to hide a
#: picture in that its recipe does not name. And how many characters they are at most.
MOST_PAPER = (480, 160, 120)
MOST_WORDS = 8000

#: What a picture file may end in, and the media type that is.
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
#: What a picture's ingredients are called in its seal.
RELATIONSHIPS = {"parent": operations.PARENT, "reference": operations.REFERENCE}
#: What a recipe of each sort can have been made by: a renderer's sheet may not pass for a model's picture.
OPERATIONS: dict[type, tuple[str, ...]] = {
    Recipe: ("create", "variation", "draft", "edit", "upscale", COPY),
    SheetRecipe: ("sheet", COPY),
    LabelledSheetRecipe: ("sheet", COPY),
    FiguresRecipe: ("figure",),
    TrainingGridRecipe: ("draft",),
    UpscaleRecipe: ("upscale", COPY),
    ThumbnailRecipe: ("thumbnail",),
}


def well_formed(picture: Picture, to: Destination) -> list[Finding]:
    """Inspector: uint8 [height, width, 3 or 4], of the size its recipe states, made by an operation that fits
    its recipe, bound for a picture file that can hold it."""
    fault = _fault_of_pixels(picture) or _fault_of_facts(picture, to)
    return [Finding(not fault, fault or "8-bit RGB of the stated size")]


def recipe_text(picture: Picture, to: Destination) -> list[Finding]:
    """Marker: the recipe's canonical JSON goes into the file, if it is told in full."""
    if to.disclosure != "full":
        return [Finding(True, "its recipe is told by the seal alone")]
    return [Finding(True, "states its recipe", {RECIPE_KEYWORD: canonical_json(picture.recipe)})]


def _fault_of_pixels(picture: Picture) -> str:
    pixels = picture.pixels
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.dtype.name != "uint8":
        return f"its pixels are {pixels.dtype} {list(pixels.shape)}, not 8-bit RGB, or 16-bit, or RGBA"
    whole, most = picture.whole, MOST_PIXELS if picture.whole is None else MOST_BANDED_PIXELS
    sides = (pixels.shape[0], pixels.shape[1]) if whole is None else (whole.height, whole.width)
    stated = (picture.recipe.height, picture.recipe.width)
    if sides != stated:
        return f"its recipe says {stated[1]}x{stated[0]}, its pixels {_size(sides)}"
    if not 0 < sides[0] * sides[1] <= most:
        return f"{_size(sides)} pixels is more than {most} in all, or none"
    return ""


def _fault_of_facts(picture: Picture, to: Destination) -> str:
    if picture.operation not in OPERATIONS[type(picture.recipe)]:
        return f"a {type(picture.recipe).__name__} is not what {picture.operation!r} leaves behind"
    if fault := _fault_of_ingredients(picture) or _fault_of_references(picture):
        return fault
    sides = max(picture.recipe.width, picture.recipe.height)
    if isinstance(picture.recipe, ThumbnailRecipe) and sides > LARGEST_THUMBNAIL:
        return f"a thumbnail has {LARGEST_THUMBNAIL} pixels a side at most, not {sides}"
    if isinstance(picture.recipe, SheetRecipe) and (fault := _fault_of_sheet(picture.recipe)):
        return fault
    if to.disclosure not in LEVELS:
        return f"a recipe is disclosed {', '.join(LEVELS)}, not {to.disclosure!r}"
    if picture.whole is not None and to.path.suffix.lower() != ".png":
        return "a picture this large is written as PNG alone"
    if "\0" in str(to.path) or not _is_encodable(to.path):
        return "its path holds what no path may"
    if to.path.suffix.lower() not in MEDIA_TYPES:
        return f"{to.path.name} does not end in {', '.join(MEDIA_TYPES)}"
    return ""


def _is_encodable(path: Path) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _fault_of_sheet(recipe: SheetRecipe) -> str:
    """A sheet that names fewer pictures than it shows would hide by which models and words they were made."""
    from rakkan.formats.sheet import sheet_size

    if not recipe.recipes or recipe.columns < 1:
        return "a sheet names the recipe of each of its pictures"
    needed = sheet_size([(one.width, one.height) for one in recipe.recipes], recipe.columns, recipe.labels)
    if isinstance(recipe, LabelledSheetRecipe):
        margins = (recipe.head, recipe.foot, recipe.band)
        if not all(0 <= one <= most for one, most in zip(margins, MOST_PAPER, strict=True)):
            return f"a labelled sheet leaves at most {', '.join(map(str, MOST_PAPER))} pixels for its words"
        if sum(map(len, recipe.words)) > MOST_WORDS:
            return f"the words on a sheet are more than {MOST_WORDS} characters"
        rows = -(-len(recipe.recipes) // recipe.columns)
        needed = (needed[0], needed[1] + recipe.head + recipe.foot + rows * recipe.band)
    if needed != (recipe.width, recipe.height):
        return f"a sheet of the pictures it names is {needed[0]}x{needed[1]}"
    return ""


def _fault_of_ingredients(picture: Picture) -> str:
    found = [RELATIONSHIPS.get(one.relationship, "") for one in picture.ingredients]
    if len(found) > operations.MOST_INGREDIENTS:
        return f"{len(found)} ingredients are more than {operations.MOST_INGREDIENTS}"
    takes = operations.OPERATIONS[picture.operation].ingredients
    for kind in {*takes, *found}:
        fewest, most = takes.get(kind, (0, 0))
        if not fewest <= (number := found.count(kind)) <= most:
            return f"{picture.operation!r} takes {fewest} to {most} ingredients {kind!r}, not {number}"
    return ""


def _fault_of_references(picture: Picture) -> str:
    """A recipe that names other pictures than the seal shows would hide what guided this one."""
    if picture.operation == COPY:  # what its recipe names, the statement about its parent names
        return ""
    recipe, found = picture.recipe, _digests_by_kind(picture)
    parents, guides = found.get(operations.PARENT, set()), found.get(operations.REFERENCE, set())
    begun = recipe.source if isinstance(recipe, UpscaleRecipe | ThumbnailRecipe) else None
    if isinstance(recipe, Recipe):
        begun = recipe.settings.get(START)
    if begun is not None and parents != {begun}:
        return "its recipe names another picture than it was made of"
    if guides != (set(recipe.references) if isinstance(recipe, Recipe) else set()):
        return "its recipe names other references than those it comes with"
    return ""


def _digests_by_kind(picture: Picture) -> dict[str, set[str]]:
    """The digests that recipes know the ingredients by, by what they are to the picture."""
    found: dict[str, set[str]] = {}
    for one in picture.ingredients:
        digest = hashlib.sha256(without_seal(one.data)).hexdigest()
        found.setdefault(RELATIONSHIPS[one.relationship], set()).add(digest)
    return found


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
