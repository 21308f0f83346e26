"""Thumbnails: small copies that lists show, sealed by the gate like every picture that leaves.

What lets them out is handed in; nothing here encodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import __version__
from rakkan.formats.inspect import inspect_picture
from rakkan.records import Ingredient, Picture, ThumbnailRecipe
from rakkan.trust.checks import LARGEST_THUMBNAIL
from rakkan.trust.gate import Destination
from rakkan.trust.provenance import digest_of_file

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MEDIA_TYPE = "image/webp"


def thumbnail(data: bytes, media_type: str) -> Picture:
    """A sealed picture file as a thumbnail, not yet released: 384 pixels on its longer side at most, a
    smaller one as large as it is. Raises RakkanError for a file that is no sound picture."""
    found, pixels = inspect_picture(data)
    width, height = sides(found.width, found.height)
    small = _reduced(pixels, width, height)
    recipe = ThumbnailRecipe(digest_of_file(data), width, height, {"rakkan": __version__})
    return Picture(small, recipe, "thumbnail", (Ingredient("parent", media_type, data),))


def sealed_thumbnail(
    data: bytes,
    media_type: str,
    account: str,
    folder: Path,
    release: Callable[[Picture, Destination], Path],
) -> bytes:
    """The file of a thumbnail, WebP, released by the gate (``release``) into a private ``folder`` and taken
    from there; its recipe is told as a digest alone. Raises RakkanError as the gate does."""
    place = Destination(folder / "thumbnail.webp", account, disclosure="digest")
    path = release(thumbnail(data, media_type), place)
    try:
        return path.read_bytes()
    finally:
        path.unlink()


def sides(width: int, height: int) -> tuple[int, int]:
    """Width and height of the thumbnail of a picture, in pixels."""
    scale = min(1.0, LARGEST_THUMBNAIL / max(width, height))
    return max(1, math.floor(width * scale + 0.5)), max(1, math.floor(height * scale + 0.5))


def _reduced(pixels: NDArray[numpy.uint8], width: int, height: int) -> NDArray[numpy.uint8]:
    """uint8 [height, width, 3]; what was transparent lies on white."""
    import numpy
    from PIL import Image

    picture = Image.fromarray(pixels)
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return numpy.asarray(picture)
