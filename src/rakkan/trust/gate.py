"""The way out. ``Gate.release`` is the only function of Rakkan that writes a picture file.

The gate knows nothing of the layers above it. It is built, in ``rakkan.assemble`` alone, with
*inspectors*, which look and may refuse, and *markers*, which add text to the file; both are plain
functions ``(subject, context) -> list[Finding]``. One that is required and missing means denied.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.records import Picture

#: What no picture leaves without, by the names ``rakkan.assemble`` wires them under.
REQUIRED_INSPECTORS = frozenset({"well formed"})
REQUIRED_MARKERS = frozenset({"recipe"})


@dataclass(frozen=True)
class Finding:
    """What one inspector or marker has to say: whether the subject may pass, why, and text to add."""

    allowed: bool
    reason: str
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What is being done with the subject: for now always a release to ``destination``."""

    destination: Path


Check = Callable[[Picture, Context], list[Finding]]


@dataclass(frozen=True)
class Gate:
    """The gate with what it asks, by name; ``released`` lists the files this gate has written."""

    inspectors: Mapping[str, Check]
    markers: Mapping[str, Check]
    required_inspectors: frozenset[str] = REQUIRED_INSPECTORS
    required_markers: frozenset[str] = REQUIRED_MARKERS
    released: list[Path] = field(default_factory=list)

    def release(self, picture: Picture, destination: Path) -> Path:
        """Write ``picture`` as a PNG and return the path it took.

        That path is ``destination``, or, since nothing is ever overwritten, the first free of
        ``name-2.png``, ``name-3.png``, … beside it. The file appears under its name whole or not at
        all: it is written and flushed under a hidden name in the same folder first.

        Raises RakkanError, with nothing written, when an inspector refuses, a required inspector or
        marker is missing, or the folder cannot be written to or is full.
        """
        context = Context(destination)
        _ask(picture, context, "inspector", self.inspectors, self.required_inspectors)
        text = dict(picture.text)
        for finding in _ask(picture, context, "marker", self.markers, self.required_markers):
            text.update(finding.text)
        path = _place(png.encode(picture.pixels, text), destination)
        self.released.append(path)
        return path


def _ask(
    picture: Picture, context: Context, role: str, checks: Mapping[str, Check], required: frozenset[str]
) -> list[Finding]:
    missing = sorted(required - set(checks))
    if missing:
        raise RakkanError(
            f"The picture was not released: the {role} {missing[0]!r} is missing", "Wire it in assemble.py"
        )
    findings: list[Finding] = []
    for name, check in checks.items():
        answers = check(picture, context)
        if name in required and not answers:
            raise RakkanError(f"The picture was not released: the {role} {name!r} gave no answer")
        for finding in answers:
            if not finding.allowed:
                raise RakkanError(f"The picture was not released ({name}): {finding.reason}")
        findings.extend(answers)
    return findings


def _place(data: bytes, destination: Path) -> Path:
    folder = destination.parent
    hidden = folder / f".{secrets.token_hex(8)}.part"
    try:
        if destination.is_dir() or not destination.name:
            raise RakkanError(f"{destination} is a folder", "Name a file in it, such as picture.png")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write(data, hidden)
            path = _link(hidden, destination)
        finally:
            hidden.unlink(missing_ok=True)
        _flush_folder(folder)
    except OSError as error:
        raise _refusal(error, destination) from error
    return path


def _write(data: bytes, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _link(hidden: Path, destination: Path) -> Path:
    for number in count(1):
        path = destination
        if number > 1:
            path = destination.with_name(f"{destination.stem}-{number}{destination.suffix}")
        try:
            os.link(hidden, path)
            return path
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
                raise
        # A file system without hard links (FAT): rename would overwrite, so look first.
        if not os.path.lexists(path):
            os.rename(hidden, path)
            return path
    raise AssertionError("count() does not end")


def _flush_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # some folders cannot be opened for reading; the picture is in place all the same
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _refusal(error: OSError, destination: Path) -> RakkanError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return RakkanError(
            f"{destination} was not written: the disk is full", "Free some space or name another folder"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RakkanError(
            f"{destination} was not written: this folder may not be written to", "Name another folder"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return RakkanError(
            f"{destination} was not written: part of its path is a file, not a folder", "Name another folder"
        )
    reason = (error.strerror or str(error)).lower()
    return RakkanError(f"{destination} was not written: {reason}", "Name another file or folder")
