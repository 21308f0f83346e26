"""A folder as storage: objects are files that appear whole, durably, under their names."""

from __future__ import annotations

import errno
import os
import secrets
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.disk import Disk
from rakkan.store.storage import Source, Stored

TEMPORARY = "temporary"
LOCKS = "locks"
#: How often a name is tried whose folder other processes keep removing, each time when it is empty.
ATTEMPTS = 20


class FolderStorage:
    """A folder as storage. Any number of threads and processes may use it at once.

    An object is written under a name in ``temporary/``, flushed, given its own name with one link or
    rename, and the folder of that name is flushed. A reader therefore sees all of an object or nothing,
    after a crash and after power loss too. Needs hard links and flock(2).
    """

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder.absolute()
        self._disk = disk or Disk()
        #: Folders whose own names this process knows to be durable.
        self._durable: set[Path] = set()

    def put(self, name: str, data: bytes, *, replace: bool = False) -> bool:
        with self._faults("written to"):
            temporary = self._write([data], flush=True)
            try:
                added = self._place(temporary, name, replace)
            finally:
                self._discard(temporary)
            self._flush_folders([name])
            return added

    def put_many(self, objects: Sequence[tuple[str, bytes]], *, replace: bool = False) -> Sequence[bool]:
        if not objects:
            return []
        temporaries: list[Path] = []
        with self._faults("written to"):
            try:
                for _, data in objects:
                    temporaries.append(self._write([data], flush=False))
                # No name may lead to bytes that power loss could still take.
                self._disk.flush_all(temporaries)
                names = [name for name, _ in objects]
                pairs = zip(temporaries, names, strict=True)
                added = [self._place(temporary, name, replace) for temporary, name in pairs]
            finally:
                for temporary in temporaries:
                    self._discard(temporary)
            self._flush_folders(names)
            return added

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        temporary = self._write(chunks, flush=True)
        with self._faults("written to"):
            try:
                self._place(temporary, name, replace=True)
            finally:
                self._discard(temporary)
            self._flush_folders([name])

    def get(self, name: str) -> bytes | None:
        source = self.source(name)
        if source is None:
            return None
        try:
            return source.read(0, source.size)
        finally:
            source.close()

    def source(self, name: str) -> Source | None:
        with self._faults("read"):
            try:
                return _File(self, self._disk, self._disk.open_to_read(self._path(name)))
            except FileNotFoundError:
                return None

    def exists(self, name: str) -> bool:
        with self._faults("read"):
            return self._disk.exists(self._path(name))

    def settle(self, name: str) -> None:
        # The folder, or one above it, may have been removed meanwhile, with what is to be settled.
        with self._faults("written to"), suppress(FileNotFoundError):
            folder = self._path(name).parent
            self._prepare(folder)
            self._disk.flush_folder(folder)

    def list(self, prefix: str) -> Iterator[Stored]:
        with self._faults("read"):
            items = list(self._disk.scan(self._path(prefix)))
        for item in items:
            name = f"{prefix}/{item.name}"
            if item.is_folder:
                yield from self.list(name)
            else:
                yield Stored(name, item.size, item.modified)

    def folders(self, prefix: str) -> Sequence[str]:
        with self._faults("read"):
            return [item.name for item in self._disk.scan(self._path(prefix)) if item.is_folder]

    def delete(self, names: Sequence[str]) -> None:
        with self._faults("written to"):
            for name in names:
                with suppress(FileNotFoundError):
                    self._disk.unlink(self._path(name))
            self._flush_folders(names)

    def delete_under(self, prefix: str) -> None:
        folder = self._path(prefix)
        with self._faults("written to"):
            self._remove(folder)
            with suppress(FileNotFoundError):
                self._disk.flush_folder(folder.parent)
            self._remove_empty(folder.parent)

    def clean(self, older_than: float) -> int:
        old = [one.name for one in self.list(TEMPORARY) if time.time() - one.modified >= older_than]
        if old:
            self.delete(old)
        return len(old)

    @contextmanager
    def lock(self, name: str, *, shared: bool = False) -> Iterator[None]:
        with self._faults("locked"):
            self._prepare(self.folder / LOCKS)
            file = self._disk.lock(self.folder / LOCKS / name, shared)
        try:
            yield
        finally:
            self._disk.close(file)

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _write(self, chunks: Iterable[bytes], flush: bool) -> Path:
        path = self.folder / TEMPORARY / secrets.token_hex(16)
        with self._faults("written to"):
            self._prepare(path.parent)
            file = self._disk.create(path)
        try:
            try:
                for chunk in chunks:
                    with self._faults("written to"):
                        self._disk.write(file, chunk)
                if flush:
                    with self._faults("written to"):
                        self._disk.flush(file)
            finally:
                self._disk.close(file)
        except BaseException:
            self._discard(path)
            raise
        return path

    def _place(self, temporary: Path, name: str, replace: bool) -> bool:
        """Give a written file its name. The name itself is durable only when its folder is flushed."""
        target = self._path(name)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._prepare(target.parent)
                if replace:
                    self._disk.rename(temporary, target)
                else:
                    self._disk.link(temporary, target)
                return True
            except FileExistsError:
                return False
            except FileNotFoundError:
                # Its folder was removed, empty, by an erasing process since it was prepared.
                if attempt == ATTEMPTS:
                    raise
                self._durable.clear()
        raise AssertionError("the last attempt returns or raises")

    def _discard(self, temporary: Path) -> None:
        with suppress(OSError):  # what stays is removed by clean()
            self._disk.unlink(temporary)

    def _prepare(self, folder: Path) -> None:
        """Make a folder and all above it, each name durable: another process may not have got so far."""
        if folder in self._durable:
            return
        if self.folder in folder.parents or not folder.parent.is_dir():
            self._prepare(folder.parent)
        try:
            self._disk.mkdir(folder)
        except FileExistsError:
            if not folder.is_dir():
                raise
        self._disk.flush_folder(folder.parent)
        self._durable.add(folder)

    def _flush_folders(self, names: Sequence[str]) -> None:
        """Make names durable; where the folder is gone, an erasing process has removed what had the name."""
        for folder in {self._path(name).parent for name in names}:
            with suppress(FileNotFoundError):
                self._disk.flush_folder(folder)

    def _remove(self, folder: Path) -> None:
        for item in list(self._disk.scan(folder)):
            if item.is_folder:
                self._remove(folder / item.name)
            else:
                with suppress(FileNotFoundError):
                    self._disk.unlink(folder / item.name)
        self._remove_empty(folder)

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder unless something lies in it, such as what a put that is under way has made."""
        self._durable.discard(folder)
        try:
            self._disk.rmdir(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                raise

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise refusal(error, f"The folder {self.folder} could not be {doing}") from error


class _File:
    """A file opened for reading."""

    def __init__(self, storage: FolderStorage, disk: Disk, file: int) -> None:
        self._storage = storage
        self._disk = disk
        self._file = file
        # For whoever forgets to close it. Not __del__: a Ctrl-C that falls into one is lost.
        self._close = weakref.finalize(self, disk.close, file)
        self._close.atexit = False
        with storage._faults("read"):
            self.size = disk.size(file)

    def read(self, start: int, length: int) -> bytes:
        if not self._close.alive:
            raise ValueError("the file is closed")
        with self._storage._faults("read"):
            return self._disk.read(self._file, start, length)

    def close(self) -> None:
        self._close()


def refusal(error: OSError, what: str) -> RakkanError:
    """The error to raise for what the file system refused: ``what`` and its reason, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return RakkanError(f"{what}: the disk is full", "Free some space and try again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RakkanError(f"{what}: it is not allowed", "Check who owns the folder and what it lies on")
    if error.errno == errno.EIO:
        return RakkanError(f"{what}: the disk failed", "Check the disk, then try again")
    if error.errno in (errno.ENOTSUP, errno.EMLINK, errno.ENOLCK):
        return RakkanError(
            f"{what}: its file system lacks hard links or locks", "Use a local Linux file system"
        )
    reason = (error.strerror or os.strerror(error.errno or 0)).lower()
    return RakkanError(f"{what}: {reason}", "Check the folder and what it lies on")
