"""What the log and its witnesses need of a disk: whole files by name, and a lock between processes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from rakkan.store.disk import Disk
from rakkan.store.folder import FolderStorage


class Files(Protocol):
    """Whole files. Names are relative, with ``/`` between parts."""

    def read(self, name: str) -> bytes:
        """A whole file. Raises FileNotFoundError when there is none."""

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write or replace whole files, given by name: all durable when this returns, in no order.

        Raises RakkanError when that fails; each file is then the old or the new one, never a mixture.
        """

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name, or a folder with files in it."""

    def discard(self, name: str) -> None:
        """Remove a folder with the files in it; one that is missing is fine."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep every other process and thread out while the context is open."""


class Folder:
    """``Files`` in a folder of the local file system, made when it is first written to."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self._storage = FolderStorage(path, disk)

    def read(self, name: str) -> bytes:
        data = self._storage.get(name)
        if data is None:
            raise FileNotFoundError(name)
        return data

    def write(self, contents: Mapping[str, bytes]) -> None:
        self._storage.put_many(list(contents.items()), replace=True)

    def exists(self, name: str) -> bool:
        return self._storage.exists(name) or next(self._storage.list(name), None) is not None

    def discard(self, name: str) -> None:
        self._storage.delete_under(name)

    def lock(self, name: str) -> AbstractContextManager[None]:
        return self._storage.lock(name)
