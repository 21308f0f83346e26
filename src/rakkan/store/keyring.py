"""Named secrets of an instance (signing keys, salts), each made once and sealed by the master key."""

from __future__ import annotations

import re
from collections.abc import Callable

from rakkan.errors import RakkanError
from rakkan.store import sealing
from rakkan.store.keys import MasterKey
from rakkan.store.storage import Storage

FOLDER = "keyring"
#: Shared by whoever seals something new with the master key, held alone by who changes the master key.
MASTER_LOCK = "master"


class Keyring:
    """The secrets in ``storage``, under ``keyring/``. Threads and processes may use one at once."""

    def __init__(self, storage: Storage, master: MasterKey) -> None:
        self._storage = storage
        self._masters = [master]

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret called ``name`` (lower-case letters, digits and hyphens), made at first use.

        Of several processes that make one at the same time, all get the one that came first. Raises
        RakkanError for another sort of name, WrongKey under another master key, Damaged for a record that
        was altered.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
            raise RakkanError(f"{name!r} cannot name a secret", "Use lower-case letters, digits and hyphens")
        path = f"{FOLDER}/{name}"
        record = self._storage.get(path)
        if record is None:
            with self._storage.lock(MASTER_LOCK, shared=True):
                self.confirm()
                made = sealing.wrap(self._masters, make(), _context(path))
                self._storage.put(path, made)
            record = self._storage.get(path) or made
        # Whatever is encrypted with it would be lost with it.
        self._storage.settle(path)
        return sealing.unwrap(record, self._masters, _context(path), f"The secret {name!r}")

    def confirm(self) -> None:
        """Raise WrongKey when the secrets there are are no longer, or were never, sealed by this master key.

        To be called, under ``MASTER_LOCK``, before anything new is sealed by it.
        """
        for one in self._storage.list(FOLDER):
            record = self._storage.get(one.name)
            if record is not None:
                sealing.unwrap(record, self._masters, _context(one.name), "The keyring")
                return

    def rotate_master(self, new: MasterKey) -> int:
        """Seal all secrets by ``new`` from now on; how many there are.

        Stopped half-way it can be run again; until it has finished the old key opens every secret, or the
        new one does.
        """
        with self._storage.lock(MASTER_LOCK):
            masters = self.accept(new)
            self.rewrap(masters)
            return self.rewrap([new])

    def accept(self, new: MasterKey) -> list[MasterKey]:
        """Open secrets by ``new`` too from now on, and seal new ones by it as well; all keys in use."""
        self._masters = [new, *(one for one in self._masters if one.identifier != new.identifier)]
        return self._masters

    def rewrap(self, keep: list[MasterKey]) -> int:
        """Have every secret sealed by all of ``keep`` and nothing else; how many there are."""
        paths = [one.name for one in self._storage.list(FOLDER)]
        for path in paths:
            what = f"The secret {path.removeprefix(FOLDER + '/')!r}"
            record = self._storage.get(path)
            changed = record and sealing.rewrap(record, self._masters, keep, _context(path), what)
            if changed:
                self._storage.put(path, changed, replace=True)
        self._masters = keep
        return len(paths)


def _context(path: str) -> bytes:
    return b"rakkan keyring 1\0" + path.encode()
