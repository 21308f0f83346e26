"""Putting a finished file in its place: whole or not at all, and never over another."""

from __future__ import annotations

import errno
import os
import secrets
from itertools import count
from pathlib import Path

from rakkan.errors import RakkanError


def place(data: bytes, destination: Path) -> Path:
    """Write ``data`` and return the path it took.

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
