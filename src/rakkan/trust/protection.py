"""An artist's own works: sealed copies that say what is reserved, and the files to publish beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.trust.arrivals import picture_bytes
from rakkan.trust.checks import MEDIA_TYPES
from rakkan.trust.examination import examine
from rakkan.trust.gate import Destination, Gate, Source
from rakkan.trust.preferences import Preferences, files
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import VALID

#: The folder among the sealed copies that holds what is to be published with them.
PUBLISH = "publish"


@dataclass(frozen=True)
class Outcome:
    """What became of one work: ``copy`` is the sealed file, None for none, and ``note`` says why."""

    work: Path
    copy: Path | None
    note: str


def works(folder: Path, out: Path) -> list[Path]:
    """The pictures in a folder and those below it, by their endings, without hidden ones and ``out``.

    Raises RakkanError when it is no folder, or holds none.
    """
    if not folder.is_dir():
        raise RakkanError(f"There is no folder {folder}", "Name the folder with your pictures")
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in MEDIA_TYPES
        and path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not path.resolve().is_relative_to(out.resolve())
    ]
    if not found:
        raise RakkanError(f"There are no pictures in {folder}", "Put PNG, JPEG or WebP files there")
    return found


def protect(
    found: Sequence[Path],
    folder: Path,
    out: Path,
    preferences: Preferences,
    maker: str,
    gate: Gate,
    roots: Sequence[bytes],
) -> Iterator[Outcome]:
    """Seal copies of the works ``found`` in ``folder`` into ``out``, in folders of the same names.

    A work whose copy there already says the same is left as it is, so that a run that was stopped goes on.
    A file that cannot be sealed is an outcome too, and the others go on.
    """
    for work in found:
        place = out / work.relative_to(folder)
        try:
            done = _copy_that_says(work, place, preferences, maker, roots)
            if done is not None:
                yield Outcome(work, done, "sealed before")
                continue
            to = Destination(place, uses=preferences.uses, constraint=preferences.constraints, maker=maker)
            yield Outcome(work, gate.protect(Source(work), to), "sealed")
        except RakkanError as error:
            yield Outcome(work, None, str(error))


def publish(out: Path, preferences: Preferences) -> list[Path]:
    """Write the files to publish into ``out/publish`` and return them; one that was changed is kept."""
    folder = out / PUBLISH
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(preferences).items():
        path, number = folder / name, 1
        while path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
            number += 1
            path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _copy_that_says(
    work: Path, place: Path, preferences: Preferences, maker: str, roots: Sequence[bytes]
) -> Path | None:
    """The sealed copy of a work at ``place``, or beside it under a number, that says all of this."""
    copy = place
    for number in count(2):
        if not copy.exists() or _says(copy, work, preferences, maker, roots):
            break
        copy = place.with_name(f"{place.stem}-{number}{place.suffix}")
    return copy if copy.exists() else None


def _says(copy: Path, work: Path, preferences: Preferences, maker: str, roots: Sequence[bytes]) -> bool:
    try:
        verification = examine(copy, roots)
    except RakkanError:
        return False  # something else lies there
    report = verification.report
    if verification.state != VALID or report is None:
        return False
    said = {use: (one.permission, one.constraint) for use, one in report.uses.items()}
    wanted = {
        use: (choice, preferences.constraints if choice == "constrained" else "")
        for use, choice in preferences.uses.items()
    }
    parents = {one.digest for one in report.ingredients if one.relationship == "parentOf"}
    return said == wanted and report.maker == maker and parents == {digest_of_file(picture_bytes(work))}
