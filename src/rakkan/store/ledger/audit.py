"""Reading a whole log again: every tile and root is computed anew and compared with what lies there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle
from rakkan.store.ledger.checkpoint import Checkpoint, open_checkpoint
from rakkan.store.ledger.entry import parse_leaf
from rakkan.store.ledger.files import Files, Folder
from rakkan.store.ledger.merkle import HASH_BYTES
from rakkan.store.ledger.notes import VerificationKey
from rakkan.store.ledger.tiles import ENTRIES, WIDTH, Tile, parse_bundle

#: Faults after which a check gives up: the log is broken, and the list would be as long as the log.
MOST_FAULTS = 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with a log, and in which file."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check(
    folder: Path, keys: Sequence[VerificationKey], remembered: Sequence[bytes] = (), disk: Files | None = None
) -> list[Fault]:
    """Everything that is wrong with the log in ``folder``, none when it is whole.

    ``keys`` are the log's; ``remembered`` are signed checkpoints of the log that someone else has kept (a
    witness, the index, a friend): the log must continue each. Memory stays bounded; the time is that of
    hashing every entry twice. Nothing is written.
    """
    disk = disk or Folder(folder)
    try:
        checkpoint, _ = open_checkpoint(disk.read("checkpoint"), keys)
    except FileNotFoundError:
        return [Fault("checkpoint", "is missing")]
    except RakkanError as error:
        return [Fault("checkpoint", error.message)]
    older = []
    faults = []
    for signed in remembered:
        try:
            older.append(open_checkpoint(signed, keys)[0])
        except RakkanError as error:
            faults.append(Fault("a remembered checkpoint", error.message))
    return faults + _Audit(disk, checkpoint, older).run()


class _Audit:
    def __init__(self, disk: Files, checkpoint: Checkpoint, older: Sequence[Checkpoint]) -> None:
        self.disk = disk
        self.checkpoint = checkpoint
        self.older = older
        self.faults: list[Fault] = []
        self.rows: list[list[bytes]] = []  # of each level, the hashes of the tile that is being filled
        self.tiles: list[int] = []  # of each level, the tiles that are already full
        self.expected: dict[int, set[bytes]] = {}
        for old in older:
            self.expected.setdefault(old.size, set()).add(old.root)

    def run(self) -> list[Fault]:
        size = self.checkpoint.size
        for old in self.older:
            if old.size > size:
                self._fault(
                    "checkpoint", f"has {size} entries; the log has had {old.size}: it was rolled back"
                )
        self._compare(0)
        for at, entry in enumerate(self._entries(), 1):
            self._add(0, merkle.leaf_hash(entry))
            self._compare(at)
            if len(self.faults) >= MOST_FAULTS:
                return [*self.faults, Fault("audit", f"stopped after {MOST_FAULTS} faults")]
        for level in range(len(self.rows)):
            self._end(level)
        if self._root() != self.checkpoint.root:
            self._fault("checkpoint", "its root is not that of the entries")
        return self.faults

    def _entries(self) -> Iterator[bytes]:
        """Every entry of the log; those of a bundle that cannot be read are empty."""
        size = self.checkpoint.size
        for index in range(-(-size // WIDTH)):
            tile = Tile(ENTRIES, index, min(WIDTH, size - index * WIDTH))
            found: list[bytes] = []
            read = self._read(tile)
            if read is not None:
                try:
                    found = parse_bundle(read[0], read[1])[: tile.width]
                except RakkanError as error:
                    self._fault(tile.path, error.message)
            for entry in found:
                try:
                    parse_leaf(entry)
                except RakkanError as error:
                    self._fault(tile.path, error.message)
                    break
            yield from found or [b""] * tile.width

    def _add(self, level: int, value: bytes) -> None:
        if level == len(self.rows):
            self.rows.append([])
            self.tiles.append(0)
        self.rows[level].append(value)
        if len(self.rows[level]) == WIDTH:
            root = merkle.perfect_root(self.rows[level])
            self._end(level)
            self._add(level + 1, root)

    def _end(self, level: int) -> None:
        """Compare the tile that has been computed with the one that lies there, and begin the next."""
        row = self.rows[level]
        if not row:
            return
        tile = Tile(level, self.tiles[level], len(row))
        data, width = self._read(tile) or (b"".join(row), tile.width)
        if len(data) != width * HASH_BYTES or data[: len(row) * HASH_BYTES] != b"".join(row):
            wrong = next(
                (at for at, one in enumerate(row) if data[at * HASH_BYTES : (at + 1) * HASH_BYTES] != one),
                len(row),
            )
            self._fault(tile.path, f"its hash {wrong} is not that of the entries below it")
        if tile.width == WIDTH:
            self.rows[level] = []
            self.tiles[level] += 1

    def _compare(self, size: int) -> None:
        if size in self.expected and self.expected[size] != {self._root()}:
            self._fault("checkpoint", f"the first {size} entries are not those of a remembered checkpoint")

    def _root(self) -> bytes:
        """The root of the entries so far, from the hashes that are not in a full tile yet."""
        found: bytes | None = None
        for row in self.rows:
            # From the right: what a level holds stands left of all that the levels below hold.
            at = len(row)
            while at:
                width = at & -at
                peak = merkle.perfect_root(row[at - width : at])
                found = peak if found is None else merkle.node_hash(peak, found)
                at -= width
        return merkle.EMPTY_ROOT if found is None else found

    def _read(self, tile: Tile) -> tuple[bytes, int] | None:
        """A tile and its width, which is full when an append has replaced the partial one meanwhile."""
        for one in dict.fromkeys((tile, Tile(tile.level, tile.index))):
            try:
                return self.disk.read(one.path), one.width
            except FileNotFoundError:
                continue
        self._fault(tile.path, "is missing")
        return None

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(Fault(where, what))
