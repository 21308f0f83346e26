"""The files of a gallery beside its pictures: what is shown, and the page that shows it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError
from rakkan.studio.gallery.page import ASSETS, asset, page

#: What is shown, as a script: a page that is opened as a file can load scripts, and nothing else.
SHOWN = "pictures.js"
_BEFORE, _AFTER = "rakkanGallery(", ");\n"
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Shown:
    """A picture on the page: its file's name, its size in pixels, its creativity, and its words and seed,
    "" and None where they are not told."""

    file: str
    width: int
    height: int
    creativity: float
    words: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class Kept:
    """A gallery: the seed it began with (None where that is not told), how many were drawn, refused ones too,
    and what is shown."""

    seed: int | None
    drawn: int
    shown: tuple[Shown, ...]


def kept_in(folder: Path) -> Kept | None:
    """The gallery in a folder; None where there is none. Raises RakkanError for one that is damaged."""
    path = folder / SHOWN
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError
        told = json.loads(path.read_text(encoding="utf-8").removeprefix(_BEFORE).removesuffix(_AFTER))
        seed = None if told["seed"] is None else _whole(told["seed"])
        return Kept(seed, _whole(told["drawn"]), tuple(_shown(one) for one in told["shown"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RakkanError(f"{path} is damaged", "Remove it, or name another folder") from error
    except OSError as error:
        raise RakkanError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error


def keep(folder: Path, gallery: Kept) -> None:
    """Write what is shown and the page; each file is there whole or as it was. Raises RakkanError."""
    told = {"seed": gallery.seed, "drawn": gallery.drawn, "shown": [asdict(one) for one in gallery.shown]}
    try:
        for name in ASSETS:
            if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != asset(name):
                _replace(folder / name, asset(name))
        _replace(folder / SHOWN, _BEFORE + json.dumps(told, ensure_ascii=False) + _AFTER)
        _replace(folder / "index.html", page(gallery.shown))
    except OSError as error:
        raise RakkanError(
            f"{folder} cannot be written to: {(error.strerror or str(error)).lower()}",
            "Free some space or check its permissions",
        ) from error


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def _shown(value: Any) -> Shown:
    one = Shown(**value)
    sizes = (one.width, one.height, one.file, one.words)
    if not all(isinstance(part, kind) for part, kind in zip(sizes, (int, int, str, str), strict=True)):
        raise TypeError(value)
    if "/" in one.file or not isinstance(one.creativity, int | float):
        raise ValueError(value)
    return one


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value
