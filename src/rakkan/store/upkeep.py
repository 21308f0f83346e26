"""Upkeep of a vault: giving an owner a new wrapping key, and clearing away what interruptions left."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rakkan.store import entries
from rakkan.store.faults import Damaged
from rakkan.store.owners import OwnerKeys, lock_name
from rakkan.store.shelves import Shelves, body_path, last_part

DAY = 24 * 60 * 60
#: Entries that are read, re-wrapped and made durable together, while puts of the owner wait.
_BATCH = 256


def rotate_owner(shelves: Shelves, tag: str) -> int:
    """``Vault.rotate_owner``.

    The new key is stored beside the old ones first, and the old ones are dropped, under the lock that
    puts share, once no entry needs them: so at every moment the stored keys open every entry.
    """
    owners, storage = shelves.owners, shelves.storage
    with storage.lock(lock_name(tag)):
        keys = owners.find(tag)
        if keys is None:
            return 0
        wrapping = {**keys.wrapping, keys.newest + 1: secrets.token_bytes(32)}
        owners.replace(OwnerKeys(tag, keys.naming, wrapping))
    listed = (one.name for one in storage.list(f"{keys.folder}/entries"))
    while batch := list(islice(listed, _BATCH)):
        with storage.lock(lock_name(tag)):
            current = owners.find(tag)
            if current is None or current.folder != keys.folder:
                return 0  # erased meanwhile
            _rewrap(shelves, current, batch)
    with storage.lock(lock_name(tag)):
        current = owners.find(tag)
        if current is None or current.folder != keys.folder:
            return 0
        names = [one.name for one in storage.list(f"{current.folder}/entries")]
        for start in range(0, len(names), _BATCH):
            _rewrap(shelves, current, names[start : start + _BATCH])
        newest = {current.newest: current.wrapping[current.newest]}
        owners.replace(OwnerKeys(tag, current.naming, newest))
    return len(names)


def _rewrap(shelves: Shelves, keys: OwnerKeys, paths: Sequence[str]) -> None:
    """Wrap entries by the newest key of their owner, whose lock is held."""
    changed = []
    for path in paths:
        what = f"The entry {last_part(path)[:12]}…"
        entry = shelves.storage.get(path)
        if entry is not None and entries.version(entry, what) != keys.newest:
            changed.append((path, entries.rewrap(entry, keys, last_part(path), what)))
    shelves.storage.put_many(changed, replace=True)


@dataclass(frozen=True)
class _Leftovers:
    """Folders of erased owners, bodies that no entry leads to, and how many objects all that is."""

    lives: Sequence[str]
    bodies: Sequence[str]
    count: int


def sweep(shelves: Shelves, older_than: float) -> int:
    """``Vault.sweep``: looks first, and looks again under the lock before anything is removed."""
    total = 0
    for tag in shelves.owners.tags():
        if not _leftovers(shelves, tag, older_than).count:
            continue
        with shelves.storage.lock(lock_name(tag)):
            found = _leftovers(shelves, tag, older_than)
            shelves.storage.delete(found.bodies)
            for life in found.lives:
                shelves.storage.delete_under(life)
        total += found.count
    return total + shelves.storage.clean(older_than)


def _leftovers(shelves: Shelves, tag: str, older_than: float) -> _Leftovers:
    # In this order: a body is never there before its owner's keys, nor an entry before its body.
    lives = shelves.lives(tag)
    objects = {life: list(shelves.storage.list(life)) for life in lives}
    keys = shelves.owners.find(tag)
    dead = [life for life in lives if keys is None or life != keys.folder]
    count = sum(len(objects[life]) for life in dead)
    bodies: set[str] = set()
    if keys is not None:
        now = time.time()
        inside = f"{keys.folder}/bodies/"
        stored = (one for one in objects.get(keys.folder, ()) if one.name.startswith(inside))
        bodies = {one.name for one in stored if now - one.modified >= older_than}
        try:
            for content in shelves.contents(keys) if bodies else ():
                bodies.discard(body_path(keys, content.body))
        except Damaged:
            bodies = set()
    return _Leftovers(dead, sorted(bodies), count + len(bodies))
