"""Where an owner's blobs lie, and reading what lies there: ``owners/TAG/LIFE/entries`` and ``…/bodies``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rakkan.errors import RakkanError
from rakkan.store import entries, streaming
from rakkan.store.entries import Content
from rakkan.store.faults import Damaged, Missing
from rakkan.store.owners import FOLDER, OwnerKeys, Owners
from rakkan.store.storage import Source, Storage


class Shelves:
    """All owners' entries and bodies in one storage."""

    def __init__(self, storage: Storage, owners: Owners) -> None:
        self.storage = storage
        self.owners = owners

    def content(self, keys: OwnerKeys, digest: str) -> Content:
        """What the entry of a blob says. Raises Missing or Damaged."""
        what = f"The entry of blob {digest[:12]}…"
        content = self._read(keys, entry_path(keys, digest), what)
        if content.digest != digest:
            raise Damaged(f"{what} is of another blob")
        return content

    def contents(self, keys: OwnerKeys) -> Iterator[Content]:
        """What all entries of an owner say, in no order. Raises Damaged at the first that cannot be read."""
        for found in self.each(keys):
            if isinstance(found, Damaged):
                raise found
            yield found

    def each(self, keys: OwnerKeys) -> Iterator[Content | Damaged]:
        """What each entry of an owner says, or that it cannot be read, in no order."""
        for one in self.storage.list(f"{keys.folder}/entries"):
            try:
                yield self._read(keys, one.name, f"The entry {last_part(one.name)[:12]}…")
            except Missing:
                continue  # shredded meanwhile
            except Damaged as damage:
                yield damage

    def body(self, keys: OwnerKeys, content: Content) -> Source:
        """The ciphertext of a blob's body. Raises Damaged when it is missing or not of its size."""
        if content.inline is not None:
            return _Memory(content.inline)
        what = f"The body of blob {content.digest[:12]}…"
        source = self.storage.source(body_path(keys, content.body))
        if source is None:
            raise Damaged(f"{what} is missing")
        if source.size != streaming.ciphertext_size(content.size, content.segment):
            source.close()
            raise Damaged(f"{what} is cut short or too long")
        return source

    def is_sound(self, keys: OwnerKeys, digest: str) -> bool:
        """Whether a blob's entry can be read and leads to a body of its size."""
        try:
            self.body(keys, self.content(keys, digest)).close()
        except (Damaged, Missing):
            return False
        return True

    def leads_to(self, keys: OwnerKeys, content: Content) -> bool:
        """Whether the entry of a blob leads to this very body; yes when that cannot be told."""
        try:
            return self.content(keys, content.digest).body == content.body
        except Missing:
            return False
        except RakkanError:
            return True

    def lives(self, tag: str) -> Sequence[str]:
        """The folders an owner has objects in: one, and those that erasing did not get to remove."""
        return [f"{FOLDER}/{tag}/{life}" for life in self.storage.folders(f"{FOLDER}/{tag}")]

    def _read(self, keys: OwnerKeys, path: str, what: str) -> Content:
        entry = self.storage.get(path)
        if entry is None:
            raise Missing("The vault does not hold this blob for this owner")
        if entries.version(entry, what) not in keys.wrapping:
            # The entry, the keys or both are of before a rotation that another process has run.
            keys = self.owners.find(keys.tag) or keys
            entry = self.storage.get(path) or entry
        return entries.decode(entry, keys, last_part(path), what)


def entry_path(keys: OwnerKeys, digest: str) -> str:
    return f"{keys.folder}/entries/{keys.entry_name(digest)}"


def body_path(keys: OwnerKeys, body: str) -> str:
    return f"{keys.folder}/bodies/{body}"


def last_part(path: str) -> str:
    return path.rpartition("/")[2]


class _Memory:
    """Bytes in memory as a source."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length]

    def close(self) -> None:
        pass
