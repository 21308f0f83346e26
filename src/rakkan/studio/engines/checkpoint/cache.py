"""Converted networks, kept encrypted in the vault.

Converting takes minutes and torch; loading what was converted takes seconds and neither. A conversion is an
entry that names its two blobs. The entry is put first and shredded last, so that nothing lies in the vault
that no entry names: what was stopped half-way is found missing, forgotten, and made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from rakkan.store.faults import Damaged, Missing
from rakkan.store.vault import INLINE, Vault
from rakkan.studio.engines.checkpoint.graphs import Graph, append, memory

#: Whose the conversions are in the vault: an owner that holds nothing else, and nothing that cannot be made
#: again.
OWNER = "conversions"
#: Bytes kept at most by default: three checkpoints of the XL family.
BUDGET = 24 * 2**30
#: Another number makes all checkpoints be converted again.
VERSION = "1"
#: Bytes moved at a time.
PIECE = 4 * 2**20


@dataclass(frozen=True)
class Wanted:
    """What a conversion is of: SHA-256 of the checkpoint, the part (``unet``, ``decoder``, ``text 1``), and
    whatever else went into its weights, each with its strength: adapters, another decoder. A conversion
    fits all sizes of picture and both precisions of arithmetic."""

    model: str
    part: str
    ingredients: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """SHA-256 of all this and of the converter's version, in hexadecimal."""
        return hashlib.sha256(json.dumps([VERSION, asdict(self)], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Conversion:
    """An entry: the digests of description and weights, how many bytes these are, and when they were last
    used (seconds since 1970)."""

    key: str
    description: str
    weights: str
    bytes: int
    used: float


class Conversions:
    """All conversions of an instance. Any number of processes may use the same ones at once."""

    def __init__(self, vault: Vault, budget: int = BUDGET, clock: Callable[[], float] = time.time) -> None:
        """Keep up to ``budget`` bytes; what was not used for longest goes first."""
        self._vault = vault
        self._budget = budget
        self._clock = clock

    def find(self, wanted: Wanted) -> Graph | None:
        """A conversion, in memory; None when there is none. What is damaged or incomplete is forgotten."""
        for entry, digest in self._entries():
            if entry.key != wanted.key:
                continue
            try:
                graph = self._load(entry)
            except (Missing, Damaged):
                self._forget(entry, digest)
                continue
            self._put_entry(replace(entry, used=self._clock()), older=digest)
            return graph
        return None

    def hold(self, wanted: Wanted, graph: Graph) -> None:
        """Store a conversion, and forget others until all fit the budget. ``graph`` stays as it was."""
        entry = Conversion(
            wanted.key,
            hashlib.sha256(graph.description).hexdigest(),
            _digest(graph),
            len(graph.description) + graph.size,
            self._clock(),
        )
        own = self._put_entry(entry)
        self._vault.put(OWNER, graph.description)
        graph.weights.seek(0)
        # The vault closes what it is given.
        with open(os.dup(graph.weights.fileno()), "rb", buffering=0) as weights:
            self._vault.put(OWNER, weights)
        for other, digest in self._entries():
            if other.key == entry.key and digest != own:
                self._forget(other, digest)
        self._evict(entry)

    def all(self) -> list[Conversion]:
        """All entries, the last used first."""
        newest: dict[str, Conversion] = {}
        for entry, _ in self._entries():
            newest.setdefault(entry.key, entry)
        return list(newest.values())

    def _evict(self, kept: Conversion) -> None:
        total = kept.bytes
        for entry, digest in self._entries():
            if entry.key == kept.key:
                continue
            total += entry.bytes
            if total > self._budget:
                self._forget(entry, digest)
                total -= entry.bytes

    def _forget(self, entry: Conversion, digest: str) -> None:
        others = [other for other, its in self._entries() if its != digest]
        needed = {one for other in others for one in (other.description, other.weights)}
        for blob in {entry.description, entry.weights} - needed:
            self._vault.shred(OWNER, blob)
        self._vault.shred(OWNER, digest)

    def _load(self, entry: Conversion) -> Graph:
        description = self._vault.read(OWNER, entry.description)
        weights = memory("weights")
        try:
            with self._vault.open(OWNER, entry.weights) as source:
                while piece := source.read(PIECE):
                    append(weights, piece)
        except BaseException:
            weights.close()
            raise
        return Graph(description, weights)

    def _put_entry(self, entry: Conversion, older: str = "") -> str:
        body = json.dumps({"conversion": 1, **asdict(entry)}, sort_keys=True).encode()
        digest = self._vault.put(OWNER, body).digest
        if older and digest != older:
            self._vault.shred(OWNER, older)
        return digest

    def _entries(self) -> Iterator[tuple[Conversion, str]]:
        """All entries, each with its own digest, the last used first. Where the vault's list of them is
        itself damaged, so that nobody can tell what lies there, all is given up."""
        found = []
        try:
            blobs = list(self._vault.list(OWNER))
        except Damaged:
            self._vault.erase(OWNER)
            return iter(())
        for blob in blobs:
            if blob.size < INLINE:
                with suppress(Missing, Damaged):
                    entry = _parsed(self._vault.read(OWNER, blob.digest))
                    if entry is not None:
                        found.append((entry, blob.digest))
        return iter(sorted(found, key=lambda pair: -pair[0].used))


def _parsed(body: bytes) -> Conversion | None:
    try:
        record = json.loads(body)
        if record.pop("conversion") != 1:
            return None
        return Conversion(**record)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _digest(graph: Graph) -> str:
    hasher = hashlib.sha256()
    graph.weights.seek(0)
    while piece := graph.weights.read(PIECE):
        hasher.update(piece)
    return hasher.hexdigest()
