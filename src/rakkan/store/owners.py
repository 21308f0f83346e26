"""The keys of owners. Whoever has no key record has nothing: deleting it shreds all an owner ever put.

A record is ``owners/TAG/key``: a *naming key*, which is never changed and names entries, and *wrapping
keys*, numbered and rotatable, which wrap data keys; all of it wrapped by the master key. TAG is an HMAC of
the owner's name under a secret of the keyring, so that no name of an account lies on a disk.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rakkan.errors import RakkanError
from rakkan.store import sealing
from rakkan.store.faults import Damaged
from rakkan.store.keyring import MASTER_LOCK, Keyring
from rakkan.store.keys import MasterKey
from rakkan.store.storage import Storage

FOLDER = "owners"
_TAGS_SECRET = "owner-tags"
#: Owners whose opened keys are kept in memory; the stored record is compared at every use all the same.
_MOST_CACHED = 1024


@dataclass(frozen=True)
class OwnerKeys:
    """The keys of one owner. ``wrapping`` maps a version, from 1, to its key; the highest is in use."""

    tag: str
    naming: bytes
    wrapping: Mapping[int, bytes]

    @property
    def newest(self) -> int:
        return max(self.wrapping)

    @cached_property
    def folder(self) -> str:
        """Where this owner's objects lie. An owner who is erased and comes back gets another."""
        return f"{FOLDER}/{self.tag}/{sealing.derive(self.naming, 'rakkan owner folder 1').hex()[:32]}"

    def entry_name(self, digest: str) -> str:
        """The name of the entry of the blob with this SHA-256: it does not tell the digest."""
        return hmac.new(self.naming, bytes.fromhex(digest), hashlib.sha256).hexdigest()


class Owners:
    """All owners' keys in one storage."""

    def __init__(self, storage: Storage, master: MasterKey) -> None:
        self._storage = storage
        self._masters = [master]
        self._keyring = Keyring(storage, master)
        self._tags_key: bytes | None = None
        self._opened: dict[str, tuple[bytes, OwnerKeys]] = {}

    def tag(self, owner: str) -> str:
        if not owner:
            raise RakkanError("The owner has no name", "Name an account")
        if self._tags_key is None:
            self._tags_key = self._keyring.secret(_TAGS_SECRET, lambda: secrets.token_bytes(32))
        try:
            return hmac.new(self._tags_key, owner.encode(), hashlib.sha256).hexdigest()
        except UnicodeEncodeError as error:
            raise RakkanError(f"{owner!r} is not valid Unicode", "Name another account") from error

    def tags(self) -> Sequence[str]:
        """The tags of all owners with a record, and of those erased of whom something is left."""
        return self._storage.folders(FOLDER)

    def find(self, tag: str) -> OwnerKeys | None:
        """The keys of an owner, None for one who has put nothing or was erased."""
        record = self._storage.get(self.path(tag))
        if record is None:
            self._opened.pop(tag, None)
            return None
        cached = self._opened.get(tag)
        if cached is not None and cached[0] == record:
            return cached[1]
        keys = _decode(tag, sealing.unwrap(record, self._masters, _context(tag), _what(tag)))
        # Another process may have made or changed it and not have got round to this.
        self._storage.settle(self.path(tag))
        self._remember(tag, record, keys)
        return keys

    def find_or_make(self, tag: str) -> OwnerKeys:
        keys = self.find(tag)
        while keys is None:
            with self._storage.lock(MASTER_LOCK, shared=True):
                self._keyring.confirm()
                made = OwnerKeys(tag, secrets.token_bytes(sealing.KEY), {1: secrets.token_bytes(sealing.KEY)})
                self._storage.put(self.path(tag), self._record(made))
            keys = self.find(tag)
        return keys

    def replace(self, keys: OwnerKeys) -> None:
        """Store changed keys of an owner, whose lock the caller holds alone."""
        self._storage.put(self.path(keys.tag), self._record(keys), replace=True)

    def forget(self, tag: str) -> None:
        """Delete an owner's keys, which shreds everything they wrap or name."""
        self._opened.pop(tag, None)
        self._storage.delete([self.path(tag)])

    def rotate_master(self, new: MasterKey) -> int:
        """Wrap all owners' keys and the keyring by ``new``; how many records there are.

        First every record is wrapped by the old and the new key, then by the new one alone, so that until
        it has finished one of the two opens all of them.
        """
        with self._storage.lock(MASTER_LOCK):
            both = self._masters = self._keyring.accept(new)
            tags = self.tags()
            self._keyring.rewrap(both)
            for tag in tags:
                self._rewrap(tag, both)
            count = sum(self._rewrap(tag, [new]) for tag in tags) + self._keyring.rewrap([new])
            self._masters = [new]
        return count

    def _rewrap(self, tag: str, keep: list[MasterKey]) -> int:
        with self._storage.lock(lock_name(tag)):
            record = self._storage.get(self.path(tag))
            if record is None:
                return 0
            changed = sealing.rewrap(record, self._masters, keep, _context(tag), _what(tag))
            if changed:
                self._storage.put(self.path(tag), changed, replace=True)
            return 1

    def path(self, tag: str) -> str:
        return f"{FOLDER}/{tag}/key"

    def _record(self, keys: OwnerKeys) -> bytes:
        plaintext = keys.naming + b"".join(
            version.to_bytes(4, "big") + key for version, key in sorted(keys.wrapping.items())
        )
        return sealing.wrap(self._masters, plaintext, _context(keys.tag))

    def _remember(self, tag: str, record: bytes, keys: OwnerKeys) -> None:
        if len(self._opened) >= _MOST_CACHED:
            self._opened = {}
        self._opened[tag] = (record, keys)


def lock_name(tag: str) -> str:
    """The lock of an owner. A fixed set of them is shared, so that locks outlive no owner."""
    return f"owner-{tag[:2]}"


def _decode(tag: str, plaintext: bytes) -> OwnerKeys:
    step = 4 + sealing.KEY
    rest = plaintext[sealing.KEY :]
    if len(plaintext) <= sealing.KEY or len(rest) % step:
        raise Damaged(f"{_what(tag)} is damaged")
    parts = [rest[start : start + step] for start in range(0, len(rest), step)]
    wrapping = {int.from_bytes(part[:4], "big"): part[4:] for part in parts}
    return OwnerKeys(tag, plaintext[: sealing.KEY], wrapping)


def _what(tag: str) -> str:
    return f"The key record of owner {tag[:12]}…"


def _context(tag: str) -> bytes:
    return b"rakkan owner 1\0" + tag.encode()
