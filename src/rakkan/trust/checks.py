"""The gate's own inspector and marker, which need nothing of the layers above."""

from __future__ import annotations

from rakkan.records import Picture, canonical_json
from rakkan.trust.gate import Context, Finding

#: Largest picture that may leave, in pixels; a contact sheet of 64 large pictures fits.
MOST_PIXELS = 64 * 1024 * 1024

#: The PNG keyword of a recipe's canonical JSON.
RECIPE_KEYWORD = "rakkan"


def well_formed(picture: Picture, context: Context) -> list[Finding]:
    """Inspector: uint8 [height, width, 3], of the size its recipe states, bound for a ``.png``."""
    pixels = picture.pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.name != "uint8":
        return [Finding(False, f"its pixels are {pixels.dtype} {list(pixels.shape)}, not 8-bit RGB")]
    stated = (picture.recipe.height, picture.recipe.width)
    if tuple(pixels.shape[:2]) != stated:
        return [Finding(False, f"its recipe says {stated[1]}x{stated[0]}, its pixels {_size(pixels.shape)}")]
    if not 0 < pixels.shape[0] * pixels.shape[1] <= MOST_PIXELS:
        return [Finding(False, f"{_size(pixels.shape)} pixels is more than {MOST_PIXELS} in all, or none")]
    if context.destination.suffix.lower() != ".png":
        return [Finding(False, f"{context.destination.name} does not end in .png")]
    return [Finding(True, "8-bit RGB of the stated size")]


def recipe_text(picture: Picture, context: Context) -> list[Finding]:
    """Marker: the recipe's canonical JSON goes into the file."""
    return [Finding(True, "states its recipe", {RECIPE_KEYWORD: canonical_json(picture.recipe)})]


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
