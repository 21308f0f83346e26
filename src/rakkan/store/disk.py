"""The one place where stored bytes touch the file system; tests put a faulty disk in its stead.

Every method is one plain operation and raises ``OSError``; what order makes them safe is decided by the
callers. Files are made for their owner alone (0600), folders too (0700), whatever the umask.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Up to this many files are flushed one by one; more are flushed with all of their file system.
FEW_FILES = 8

#: A piece of this many bytes is of a long file: the disk had better begin with it at once.
LARGE = 256 * 1024
_SYNC_FILE_RANGE_WRITE = 2


@dataclass(frozen=True)
class Item:
    """One name in a folder. ``size`` is in bytes, ``modified`` in seconds since 1970."""

    name: str
    is_folder: bool
    size: int
    modified: float


class Disk:
    """The real disk. Open files are descriptors, to be given back to ``close``."""

    def create(self, path: Path) -> int:
        """Make a file that must not exist yet, open for writing."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, file: int, data: bytes) -> None:
        """Append all of ``data``."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        if len(data) >= LARGE:
            _start_flushing(file)

    def flush(self, file: int) -> None:
        """Make what was written to one open file durable, though not its name."""
        os.fsync(file)

    def flush_all(self, paths: Sequence[Path]) -> None:
        """Make the contents of many closed files on one file system durable, with one barrier if it can."""
        if len(paths) > FEW_FILES and _flush_file_system(paths[0]):
            return
        for path in paths:
            file = self.open_to_read(path)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def flush_folder(self, path: Path) -> None:
        """Make the names in a folder durable: those added, replaced and removed."""
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name. Raises FileExistsError when the name is taken."""
        os.link(source, target)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, replacing what had it."""
        os.rename(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a name. Raises FileNotFoundError when there is none."""
        os.unlink(path)

    def mkdir(self, path: Path) -> None:
        """Make one folder. Raises FileExistsError when the name is taken."""
        os.mkdir(path, 0o700)

    def rmdir(self, path: Path) -> None:
        """Remove an empty folder."""
        os.rmdir(path)

    def open_to_read(self, path: Path) -> int:
        """Open a file for reading."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, file: int, start: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``start`` on; fewer only at the end of the file."""
        data = os.pread(file, length, start)
        if len(data) in (0, length):
            return data
        parts = [data]
        while data and sum(map(len, parts)) < length:
            done = sum(map(len, parts))
            data = os.pread(file, length - done, start + done)
            parts.append(data)
        return b"".join(parts)

    def size(self, file: int) -> int:
        """The size of an open file in bytes."""
        return os.fstat(file).st_size

    def mode(self, file: int) -> int:
        """Type and permission bits of an open file."""
        return os.fstat(file).st_mode

    def close(self, file: int) -> None:
        os.close(file)

    def exists(self, path: Path) -> bool:
        """Whether a regular file lies there."""
        try:
            return stat.S_ISREG(os.stat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def scan(self, path: Path) -> Iterator[Item]:
        """What lies in a folder, in no order; names that go meanwhile may be left out, no folder is empty."""
        try:
            with os.scandir(path) as found:
                for one in found:
                    try:
                        status = one.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    folder = stat.S_ISDIR(status.st_mode)
                    yield Item(one.name, folder, status.st_size, status.st_mtime)
        except FileNotFoundError:
            return

    def lock(self, path: Path, shared: bool) -> int:
        """Wait for a lock on a file, made if need be, and hold it until the file is closed (flock(2))."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except BaseException:
            os.close(file)
            raise
        return file


class PassingDisk(Disk):
    """The real disk for what nobody misses after a power cut: nothing is flushed."""

    def flush(self, file: int) -> None:
        pass

    def flush_all(self, paths: Sequence[Path]) -> None:
        pass

    def flush_folder(self, path: Path) -> None:
        pass


def _start_flushing(file: int) -> None:
    """Have the disk write what is waiting while the next piece is made; promises nothing, cannot fail."""
    try:
        start = ctypes.CDLL(None).sync_file_range
    except (AttributeError, OSError):
        return
    start(file, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WRITE)


def _flush_file_system(path: Path) -> bool:
    """syncfs(2), which reports failed writes since Linux 5.8; False where there is none."""
    try:
        syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError):
        return False
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if syncfs(file) == 0:
            return True
        number = ctypes.get_errno()
    finally:
        os.close(file)
    if number in (errno.ENOSYS, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), str(path))
