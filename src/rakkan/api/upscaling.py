"""Enlarging a single picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rakkan import assemble
from rakkan.api import equipment
from rakkan.api.behalf import SELF, Behalf
from rakkan.api.creating import place_and_disclosure
from rakkan.api.listening import SILENT, Listener
from rakkan.api.pictures import SealedPicture
from rakkan.errors import RakkanError
from rakkan.studio.upscaling import upscale as enlarging

#: Where enlarged pictures go, by their own names, when nothing else is said.
FOLDER = Path("enlarged")


@dataclass(frozen=True)
class UpscaleOptions:
    """``scale`` is 1, 2 or 4 and ``denoise`` -1 (none) to 3. ``out`` is a .png, .webp or .jpg file, or a
    folder; None is ``FOLDER``."""

    file: Path
    scale: int = 2
    denoise: int = 0
    out: Path | None = None
    disclosure: str | None = None


def upscale(options: UpscaleOptions, listener: Listener = SILENT, behalf: Behalf = SELF) -> SealedPicture:
    """Enlarge a picture, or remove its noise. Raises RakkanError."""
    from rakkan.studio.requests import check_place

    out, told = place_and_disclosure(options.out or FOLDER, options.disclosure)
    ending = out.suffix.lower().replace(".jpeg", ".jpg")
    names = {suffix: name for name, suffix in enlarging.FORMATS.items()}
    is_file = ending in names and not out.is_dir()
    check_place(out, 1)
    place = out if is_file else out / f"{options.file.stem}.png"
    request = enlarging.UpscaleRequest(options.scale, options.denoise, names[ending] if is_file else "png")
    if behalf.find is not None:
        return _enlarged(options.file, place, request, told, listener, behalf)
    doors = equipment.doors(told, behalf.account)
    made = enlarging.upscale(options.file, place, request, doors, listener.drawing, behalf.account)
    if made.path is None or made.recipe is None:
        raise RakkanError(f"{options.file.name} was not enlarged: {made.note}")
    if made.note:
        listener.say(made.note)
    return SealedPicture(made.path, made.recipe, made.seconds)


def _enlarged(
    file: Path, place: Path, request: enlarging.UpscaleRequest, told: str, listener: Listener, behalf: Behalf
) -> SealedPicture:
    """One that has passed the gate before, held whole."""
    started, given = time.perf_counter(), behalf.let_in(file)
    picture = enlarging.enlarged(given.data, given.media_type, request, listener.drawing)
    path = assemble.release(told, behalf.account)(picture, place)
    return SealedPicture(path, picture.recipe, time.perf_counter() - started)
