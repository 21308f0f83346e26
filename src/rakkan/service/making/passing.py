"""A folder for drafts on their way from the gate to the vault: in memory, where flushing costs nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path

_MEMORY = Path("/dev/shm")


def in_memory(spool: Path, memory: Path = _MEMORY) -> Path:
    """The folder in memory that belongs to a spool, made for its owner alone; the spool itself where there is
    no memory for files, or where somebody else has put something under that name."""
    folder = memory / _name(spool)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return spool
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if private else spool


def swept(spool: Path, memory: Path = _MEMORY) -> None:
    """Remove what a worker left there that was killed."""
    folder = memory / _name(spool)
    if not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _name(spool: Path) -> str:
    told = f"{os.getuid()} {spool.absolute()}".encode()
    return f"rakkan-{hashlib.sha256(told).hexdigest()[:24]}"
