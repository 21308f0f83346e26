"""Which pictures somebody means by files, folders and patterns, and where each goes."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.trust.checks import MEDIA_TYPES

_MOST_WORKS = 100_000


@dataclass(frozen=True)
class Work:
    """A picture to enlarge, and what the result is to be called: a path below the folder it goes to."""

    path: Path
    name: Path


def works(given: Sequence[str], out: Path, suffix: str, recursive: bool = False) -> list[Work]:
    """The pictures that files, folders and patterns (``*``, ``?``, ``[…]``) name, each once, in order.

    Of a folder those in it, with ``recursive`` those below it as well, but no hidden ones and none in
    ``out``. Names are kept but for the ending, which becomes ``suffix``. Raises RakkanError when a pattern or
    a folder names nothing, and when a folder is ``out`` itself; that a file is not there is found out when it
    is its turn.
    """
    found: dict[Path, Work] = {}
    for text in given:
        path = Path(text)
        is_pattern = glob.has_magic(text) and not path.exists()
        named = sorted(Path(one) for one in glob.glob(text, recursive=True)) if is_pattern else [path]
        if is_pattern and not named:
            raise RakkanError(f"Nothing is called {text}", "Check the pattern")
        before = len(found)
        for one in named:
            pictures = _below(one, out, recursive) if one.is_dir() else [(one, Path(one.name))]
            for picture, name in pictures:
                found.setdefault(picture.resolve(), Work(picture, name.with_suffix(suffix)))
        if len(found) == before and path.is_dir():
            more = "" if recursive else ", or add --recursive"
            raise RakkanError(f"There are no pictures in {path}", f"Put PNG, JPEG or WebP files there{more}")
        if len(found) > _MOST_WORKS:
            raise RakkanError(
                f"These are more than {_MOST_WORKS} pictures", "Enlarge them a folder at a time"
            )
    return list(found.values())


def _below(folder: Path, out: Path, recursive: bool) -> Iterator[tuple[Path, Path]]:
    if out.resolve() == folder.resolve():
        raise RakkanError(
            f"What is made of the pictures in {folder} cannot go to the same folder",
            "Name another with --out, or the pictures one by one",
        )
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        name = path.relative_to(folder)
        if path.suffix.lower() not in MEDIA_TYPES or not path.is_file() or path.is_symlink():
            continue
        if any(part.startswith(".") for part in name.parts):
            continue
        if path.resolve().is_relative_to(out.resolve()):
            continue
        yield path, name


def taken(place: Path) -> Iterator[Path]:
    """The files at ``place`` and, under numbers, beside it, where the gate puts what has its name."""
    for number in count(1):
        path = place if number == 1 else place.with_name(f"{place.stem}-{number}{place.suffix}")
        if not path.is_file():
            return
        yield path
