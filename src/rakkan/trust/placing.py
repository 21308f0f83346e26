"""Putting a finished file in its place: whole or not at all, and never over another."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import IO

from rakkan.errors import RakkanError


def place(pieces: Iterable[bytes], destination: Path) -> Path:
    """Write a file of these pieces, one after another, and return the path it took.

    That path is ``destination``, or, since nothing is ever overwritten, the first free of
    ``name-2.png``, ``name-3.png``, … beside it. The file appears under its name whole or not at
    all: it is written and flushed under a hidden name in the same folder first.

    Raises RakkanError, with nothing written, when the folder cannot be written to or is full.
    """
    folder = destination.parent
    hidden = folder / f".{secrets.token_hex(8)}.part"
    try:
        if destination.is_dir() or not destination.name:
            raise RakkanError(f"{destination} is a folder", "Name a file in it, such as picture.png")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write(pieces, hidden)
            path = _link(hidden, destination)
        finally:
            hidden.unlink(missing_ok=True)
        _flush_folder(folder)
    except OSError as error:
        raise _refusal(error, destination) from error
    return path


def place_folder(files: Mapping[str, Callable[[], Iterable[bytes]]], destination: Path) -> Path:
    """Write a folder of files, by their paths in it, and return the path it took: as ``place`` does.

    Raises RakkanError as ``place`` does, and for a path that leads out of the folder.
    """
    hidden = destination.parent / f".{secrets.token_hex(8)}.part"
    try:
        if not destination.name or destination.is_file():
            raise RakkanError(
                f"{destination} is no place for a folder", "Name a folder that is not there yet"
            )
        try:
            for name, pieces in files.items():
                file = hidden / name
                if not file.resolve().is_relative_to(hidden.resolve()):
                    raise RakkanError(f"{name!r} leads out of the folder", "Add the model again")
                file.parent.mkdir(parents=True, exist_ok=True)
                _write(pieces(), file)
                _flush_folder(file.parent)
            path = _move(hidden, destination)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
        _flush_folder(destination.parent)
    except OSError as error:
        raise _refusal(error, destination) from error
    return path


@contextmanager
def nameless(destination: Path, number: int) -> Iterator[list[IO[bytes]]]:
    """So many empty files beside ``destination`` that have no name and are gone when this is left, however
    that happens. Raises RakkanError as ``place`` does, also for what the caller writes into them."""
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield [stack.enter_context(tempfile.TemporaryFile(dir=destination.parent)) for _ in range(number)]
    except OSError as error:
        raise _refusal(error, destination) from error


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """All of a file from its start, a mebibyte at a time."""
    file.seek(0)
    while piece := file.read(1024 * 1024):
        yield piece


def no_picture(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a file, unless it begins as a picture does: pictures leave sealed."""
    from rakkan.formats.inspect import is_picture

    start = b""
    for piece in pieces:
        start = start if len(start) >= 16 else start + piece[:16]
        if is_picture(start):
            raise RakkanError("The model was not handed out: it is a picture", "See rakkan vault verify")
        yield piece


def _write(pieces: Iterable[bytes], path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with open(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
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


def _move(hidden: Path, destination: Path) -> Path:
    for number in count(1):
        path = destination if number == 1 else destination.with_name(f"{destination.name}-{number}")
        try:
            os.mkdir(path)  # a folder is moved over an empty one, and over no other
        except FileExistsError:
            continue
        try:
            os.rename(hidden, path)
        except BaseException:
            os.rmdir(path)
            raise
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
