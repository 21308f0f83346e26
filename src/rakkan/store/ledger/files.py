"""Files of a folder, each written durably and whole or not at all, and a lock between processes."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from rakkan.errors import RakkanError


class Disk(Protocol):
    """What the log and its witnesses need of a disk. Names are relative, with ``/`` between parts."""

    def read(self, name: str) -> bytes:
        """A whole file. Raises FileNotFoundError when there is none."""

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write or replace whole files, given by name: all durable when this returns, in no order.

        Raises RakkanError when that fails; each file is then the old or the new one, never a mixture.
        """

    def exists(self, name: str) -> bool:
        """Whether there is a file or folder of this name."""

    def discard(self, name: str) -> None:
        """Remove a folder with the files in it; one that is missing is fine."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep every other process and thread out while the context is open."""


class Folder:
    """A ``Disk`` in a folder of the local file system, made when it is first written to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._durable: set[Path] = set()  # folders whose own entry is known to be on the disk

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def exists(self, name: str) -> bool:
        return (self.path / name).exists()

    def write(self, contents: Mapping[str, bytes]) -> None:
        waiting: dict[Path, Path] = {}
        try:
            for name, data in contents.items():
                path = self.path / name
                waiting[path] = _temporary(path, data)
            for path, temporary in waiting.items():
                os.replace(temporary, path)
            for folder in dict.fromkeys(path.parent for path in waiting):
                _flush(folder)
                self._anchor(folder)
        except OSError as error:
            raise RakkanError(
                f"{self.path} could not be written to: {error.strerror}", "Make room, or see to the disk"
            ) from error
        finally:
            for temporary in waiting.values():
                temporary.unlink(missing_ok=True)

    def discard(self, name: str) -> None:
        shutil.rmtree(self.path / name, ignore_errors=True)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        self.path.mkdir(parents=True, exist_ok=True)
        # A descriptor of its own for each holder: flock keeps threads apart only then.
        descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _anchor(self, folder: Path) -> None:
        """Make the entries of ``folder`` and of the folders it lies in durable, each once.

        Also of those that exist already: who made them may have been stopped before flushing.
        """
        while folder not in self._durable and folder != folder.parent:
            _flush(folder.parent)
            self._durable.add(folder)
            if folder == self.path:
                break
            folder = folder.parent


def _temporary(path: Path, data: bytes) -> Path:
    """Write ``data`` durably beside ``path``, under a name of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
