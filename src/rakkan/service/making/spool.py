"""A private folder for each worker process, and what killed ones left behind removed.

A folder belongs to a process for as long as that holds the lock on the empty file beside it: the kernel lets
go of it however the process ends, on this host or (over NFSv4) another that shares the place.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from rakkan.service.making.passing import swept

_ENDING = ".lock"


class Spool:
    """A folder of this process's own below ``place``, until the process ends. Raises OSError."""

    def __init__(self, place: Path) -> None:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(place)
        while True:
            name = secrets.token_hex(8)
            file = os.open(place / f"{name}{_ENDING}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink:
                break
            os.close(file)  # a sweep came in between making and locking it
        self._lock = file
        self.folder = place / name
        self.folder.mkdir(mode=0o700)


def sweep(place: Path) -> int:
    """Remove the folders of processes that have ended; how many there were."""
    gone = 0
    for lock in place.glob(f"*{_ENDING}"):
        try:
            file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # another sweep has had it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # its process is alive
        else:
            swept(lock.with_suffix(""))
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
            gone += 1
        finally:
            os.close(file)
    return gone
