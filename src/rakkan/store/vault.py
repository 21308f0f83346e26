"""The vault: bytes under their SHA-256, encrypted at rest, each owner's under that owner's keys.

Owner by owner: the same bytes put by two owners are two blobs that share nothing. A blob is an entry and,
past 16 KiB, a body under a random identifier. The body is made durable first; the entry, put only if there
is none of its name, is what makes the blob exist. Deleting the entry shreds the blob, deleting an owner's
keys all blobs of that owner (``docs/decisions/0009-vault.md``).
"""

from __future__ import annotations

import builtins
import hashlib
import io
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from rakkan.errors import RakkanError
from rakkan.store import entries, streaming, upkeep
from rakkan.store.entries import Content
from rakkan.store.faults import Damaged, Missing
from rakkan.store.hashing import Hasher, HashingReader
from rakkan.store.keys import MasterKey
from rakkan.store.owners import OwnerKeys, Owners, lock_name
from rakkan.store.shelves import Shelves, body_path, entry_path, last_part
from rakkan.store.storage import Storage

#: Blobs of up to this many bytes lie in their entry: one file to write, one to delete.
INLINE = 16 * 1024


@dataclass(frozen=True)
class Blob:
    """``digest`` is the SHA-256 of the plaintext in lower-case hexadecimal, ``size`` its bytes."""

    digest: str
    size: int


class Vault:
    """All blobs in one storage, whose keys are wrapped by ``master``.

    Any number of threads and processes may use the vault in one folder at once, and so they may on S3 when
    they share a folder of locks. Without one any number may put and read there; ``rotate_owner``,
    ``rotate_master``, ``shred``, ``erase`` and ``sweep`` are for one process at a time, while no other puts.
    Every method raises RakkanError when the storage fails or the master key is
    not the right one (``WrongKey``), and Damaged for what is not as it was stored; it never gives out bytes
    that are not those that were put.
    """

    def __init__(self, storage: Storage, master: MasterKey) -> None:
        self._storage = storage
        self._owners = Owners(storage, master)
        self._shelves = Shelves(storage, self._owners)

    def put(self, owner: str, source: bytes | IO[bytes]) -> Blob:
        """Store bytes, or a stream from where it stands to its end, in one pass; durable on return.

        Needs a few MiB of memory for any size. Putting what is there already changes nothing, and mends
        it when its entry is damaged or its body missing.
        """
        stream = HashingReader(io.BytesIO(source) if isinstance(source, bytes) else source)
        try:
            head = streaming.read_fully(stream, INLINE + 1)
            if len(head) <= INLINE:
                return self.put_many(owner, [head])[0]
            keys = self._owners.find_or_make(self._owners.tag(owner))
            bare = Content(secrets.token_bytes(32), "", 0, streaming.SEGMENT, secrets.token_hex(16))
            context = bare.body_context(keys.tag)
            pieces = streaming.encrypt(bare.key, _Joined(head, stream), context, bare.segment)
            self._storage.stream(body_path(keys, bare.body), pieces)
            blob = Blob(stream.hexdigest(), stream.size)
        finally:
            stream.close()
        content = Content(bare.key, blob.digest, blob.size, bare.segment, bare.body)
        path = body_path(keys, bare.body)
        try:
            if not self._commit(keys, [content])[0]:
                self._storage.delete([path])
        except RakkanError:
            if not self._shelves.leads_to(keys, content):
                with suppress(RakkanError):  # sweep() finds it
                    self._storage.delete([path])
            raise
        return blob

    def put_many(self, owner: str, bodies: Sequence[bytes]) -> builtins.list[Blob]:
        """Store many blobs; those of up to 16 KiB are made durable together, which takes as long as one."""
        keys = self._owners.find_or_make(self._owners.tag(owner))
        blobs = [Blob(hashlib.sha256(body).hexdigest(), len(body)) for body in bodies]
        small: dict[str, Content] = {}
        for blob, body in zip(blobs, bodies, strict=True):
            if len(body) > INLINE:
                self.put(owner, body)
            elif blob.digest not in small:
                small[blob.digest] = entries.new_content(keys.tag, body, blob.digest)
        self._commit(keys, list(small.values()))
        return blobs

    def open(self, owner: str, digest: str) -> BinaryIO:
        """A blob as a seekable file; raises Missing when it is not held.

        Each segment of a MiB is authenticated before any byte of it is given, and that none is missing
        when the file is opened.
        """
        return cast(BinaryIO, self._reader(owner, digest))

    def read(self, owner: str, digest: str) -> bytes:
        """A whole blob, checked against its digest; raises Missing when it is not held."""
        return b"".join(self._checked(owner, digest))

    def read_start(self, owner: str, digest: str, size: int) -> bytes:
        """The first ``size`` bytes of a blob, or all of a smaller one; raises Missing when it is not held."""
        with self._reader(owner, digest) as blob:
            return blob.read(size)

    def verify(self, owner: str, digest: str) -> None:
        """Read all of a blob, in little memory; raises Missing or Damaged when it is not all there."""
        for _ in self._checked(owner, digest):
            pass

    def holds(self, owner: str, digest: str) -> bool:
        """Whether the owner has put this blob and not shredded it since."""
        digest = _checked_digest(digest)
        keys = self._owners.find(self._owners.tag(owner))
        return keys is not None and self._storage.exists(entry_path(keys, digest))

    def list(self, owner: str) -> Iterator[Blob]:
        """The blobs of an owner, in no order."""
        keys = self._owners.find(self._owners.tag(owner))
        if keys is not None:
            for content in self._shelves.contents(keys):
                yield Blob(content.digest, content.size)

    def check(self, owner: str) -> Iterator[Blob | Damaged]:
        """Read all that an owner holds: each blob that is whole, and what is wrong with each that is not."""
        keys = self._owners.find(self._owners.tag(owner))
        for content in self._shelves.each(keys) if keys is not None else ():
            if isinstance(content, Damaged):
                yield content
                continue
            try:
                self.verify(owner, content.digest)
                yield Blob(content.digest, content.size)
            except Missing:
                continue  # shredded meanwhile
            except Damaged as damage:
                yield damage

    def rotate_owner(self, owner: str) -> int:
        """Give an owner a new wrapping key and re-wrap all data keys by it; how many there are.

        Bodies are not touched. Stopped half-way everything stays readable, and running it again completes
        it; when it returns the older keys are gone. A damaged entry stops it before that.
        """
        return upkeep.rotate_owner(self._shelves, self._owners.tag(owner))

    def rotate_master(self, new: MasterKey) -> int:
        """Wrap all owners' keys by another master key, this vault's from now on; how many there are.

        Stopped half-way, either key alone still opens everything, and running it again with both
        completes it. Other processes that use the vault must be given the new key then.
        """
        return self._owners.rotate_master(new)

    def shred(self, owner: str, digest: str) -> None:
        """Delete a blob's wrapped key, make that durable, and delete the rest. Fine when it is not held."""
        digest = _checked_digest(digest)
        tag = self._owners.tag(owner)
        with self._exclusive(tag):
            keys = self._owners.find(tag)
            if keys is None:
                return
            try:
                content = self._shelves.content(keys, digest)
            except (Missing, Damaged):
                content = None  # if there is a body, sweep() finds it
            self._storage.delete([entry_path(keys, digest)])
        if content is not None and content.inline is None:
            self._storage.delete([body_path(keys, content.body)])

    def erase(self, owner: str) -> None:
        """Delete an owner's keys, make that durable, and delete all that owner ever put."""
        tag = self._owners.tag(owner)
        with self._exclusive(tag):
            # Listed before the keys go: an owner who comes back at once has another folder.
            lives = self._shelves.lives(tag)
            self._owners.forget(tag)
            for life in lives:
                self._storage.delete_under(life)

    def sweep(self, older_than: float = upkeep.DAY) -> int:
        """Remove what interrupted puts, shreds and erasures left; how many objects that was.

        Bodies without an entry and unfinished files go when they are ``older_than`` seconds; what erased
        owners left goes at once. A put that is under way and loses its body to this raises RakkanError.
        Owners with a damaged entry keep their bodies: which is whose is not known.
        """
        return upkeep.sweep(self._shelves, older_than)

    def _commit(self, keys: OwnerKeys, contents: Sequence[Content]) -> builtins.list[bool]:
        """Put entries, which makes the blobs exist; for each, whether it is now the one that counts."""
        with self._storage.lock(lock_name(keys.tag), shared=True):
            keys = self._current(keys)
            objects = []
            for content in contents:
                if content.inline is None and not self._storage.exists(body_path(keys, content.body)):
                    raise RakkanError("What was put took too long and was swept away", "Put it again")
                path = entry_path(keys, content.digest)
                objects.append((path, entries.encode(content, keys, last_part(path))))
            added = list(self._storage.put_many(objects))
        taken = [place for place, new in enumerate(added) if not new]
        if any(not self._shelves.is_sound(keys, contents[place].digest) for place in taken):
            with self._exclusive(keys.tag):
                keys = self._current(keys)
                for place in taken:
                    added[place] = self._mend(keys, contents[place])
        return added

    def _mend(self, keys: OwnerKeys, content: Content) -> bool:
        """Replace a damaged entry, whose owner's lock is held; False when it is no longer damaged."""
        if self._shelves.is_sound(keys, content.digest):
            return False
        path = entry_path(keys, content.digest)
        return self._storage.put(path, entries.encode(content, keys, last_part(path)), replace=True)

    def _current(self, keys: OwnerKeys) -> OwnerKeys:
        """The owner's keys as they are now that the lock is held."""
        current = self._owners.find(keys.tag)
        if current is None or current.naming != keys.naming:
            raise RakkanError("The owner was erased while this was put", "Put it again if it is wanted still")
        return current

    def _decryptor(self, owner: str, digest: str) -> streaming.Decryptor:
        digest = _checked_digest(digest)
        keys = self._owners.find(self._owners.tag(owner))
        if keys is None:
            raise Missing(f"The vault does not hold blob {digest[:12]}… for this owner")
        content = self._shelves.content(keys, digest)
        try:
            source = self._shelves.body(keys, content)
        except Damaged:
            self._shelves.content(keys, digest)  # Missing when it was shredded meanwhile
            raise
        what = f"Blob {digest[:12]}…"
        context = content.body_context(keys.tag)
        try:
            return streaming.Decryptor(content.key, source, context, what, content.size, content.segment)
        except BaseException:
            source.close()
            raise

    def _reader(self, owner: str, digest: str) -> io.BufferedReader:
        return io.BufferedReader(streaming.Plaintext(self._decryptor(owner, digest)))

    def _checked(self, owner: str, digest: str) -> Iterator[bytes]:
        decryptor = self._decryptor(owner, digest)
        with Hasher() as hasher:
            try:
                for segment in decryptor:
                    hasher.update(segment)
                    yield segment
            finally:
                decryptor.close()
            if hasher.hexdigest() != digest:
                raise Damaged(f"Blob {digest[:12]}… is not what its digest says")

    def _exclusive(self, tag: str) -> AbstractContextManager[None]:
        return self._storage.lock(lock_name(tag))


class _Joined:
    """Bytes read already, then the rest of a stream."""

    def __init__(self, head: bytes, rest: HashingReader) -> None:
        self._head = head
        self._rest = rest

    def read(self, length: int, /) -> bytes:
        if not self._head:
            return self._rest.read(length)
        piece, self._head = self._head[:length], self._head[length:]
        return piece


def _checked_digest(digest: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise RakkanError(f"{digest[:80]!r} is no digest", "Give a SHA-256 in lower-case hexadecimal")
    return digest
