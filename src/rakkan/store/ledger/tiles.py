"""A Merkle tree kept as files (c2sp.org/tlog-tiles): paths, bundles of entries, reading and extending.

A tile holds up to 256 neighbouring hashes of a level that is a multiple of 8; an entry bundle holds the
entries under a tile of level 0. Both are immutable: a tile that is not full lies beside its later self
as ``<path>.p/<width>``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle
from rakkan.store.ledger.files import Files
from rakkan.store.ledger.merkle import HASH_BYTES

#: Hashes in a full tile, entries in a full bundle.
WIDTH = 256
#: The "level" of entry bundles.
ENTRIES = -1
#: Largest entry, in bytes: its length is written as an unsigned 16-bit number.
LARGEST_ENTRY = 65_535

_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])"
    r"/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class Tile:
    """A tile or bundle: its level (``ENTRIES`` for a bundle), index in the level, and width (1 to 256)."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's folder."""
        partial = "" if self.width == WIDTH else f"{self.partials}/{self.width}"
        return partial or self._full

    @property
    def partials(self) -> str:
        """The folder of what it was before it was full."""
        return f"{self._full}.p"

    @property
    def _full(self) -> str:
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{'/'.join(groups)}"


def parse_path(path: str) -> Tile:
    """Read a path back. Raises RakkanError for one that no tile has."""
    match = _PATH.fullmatch(path)
    if match is not None:
        level = ENTRIES if match["level"] == "entries" else int(match["level"])
        index = int(match["index"].replace("x", "").replace("/", ""))
        tile = Tile(level, index, int(match["width"] or WIDTH))
        if tile.path == path:
            return tile
    raise RakkanError(f"{path[:120]!r} is not the path of a tile", "See c2sp.org/tlog-tiles")


def bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def parse_bundle(data: bytes, count: int) -> list[bytes]:
    """The ``count`` entries of a bundle. Raises RakkanError when it holds fewer, or anything more."""
    entries: list[bytes] = []
    at = 0
    for _ in range(count):
        (length,) = struct.unpack_from(">H", data, at) if at + 2 <= len(data) else (LARGEST_ENTRY,)
        if at + 2 + length > len(data):
            raise RakkanError(f"An entry bundle ends within its entry {len(entries)}", "It is damaged")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(data):
        raise RakkanError(f"An entry bundle holds more than {count} entries", "It is damaged")
    return entries


class TileReader:
    """The tree of the first ``size`` entries, read from its tiles; each tile is read at most once.

    ``files`` holds tiles that are not on the disk yet.
    """

    def __init__(self, disk: Files, size: int, files: Mapping[str, bytes] | None = None) -> None:
        self.size = size
        self._disk = disk
        self._files = files or {}
        self._read: dict[Tile, bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree (``merkle.Nodes``)."""
        height = level % 8
        first = index << height
        data = self.hashes(level // 8, first // WIDTH)
        at = first % WIDTH * HASH_BYTES
        end = at + (HASH_BYTES << height)
        return merkle.perfect_root([data[one : one + HASH_BYTES] for one in range(at, end, HASH_BYTES)])

    def root(self) -> bytes:
        """The root of the tree."""
        return merkle.root(self.size, self.node)

    def hashes(self, level: int, index: int) -> bytes:
        """The hashes of a tile, as wide as it is in a tree of this size."""
        tile = self.tile(level, index)
        data = self._get(tile)
        if len(data) < tile.width * HASH_BYTES or len(data) % HASH_BYTES:
            raise RakkanError(f"{tile.path} is damaged: it has {len(data)} bytes", "Restore it from a backup")
        return data[: tile.width * HASH_BYTES]

    def entries(self, index: int) -> list[bytes]:
        """The entries of a bundle, as many as there are in a tree of this size."""
        tile = self.tile(ENTRIES, index)
        data = self._get(tile)
        for count in (tile.width, WIDTH):  # the full bundle may stand in for a partial one that is gone
            try:
                return parse_bundle(data, count)[: tile.width]
            except RakkanError:
                continue
        raise RakkanError(f"{tile.path} is damaged", "Restore it from a backup")

    def tile(self, level: int, index: int) -> Tile:
        """A tile as it is in a tree of this size. Raises RakkanError when that has no such tile."""
        width = min(WIDTH, (self.size >> 8 * max(level, 0)) - index * WIDTH)
        if width <= 0:
            raise RakkanError(f"A log of {self.size} entries has no tile {index} of level {level}")
        return Tile(level, index, width)

    def _get(self, tile: Tile) -> bytes:
        if tile not in self._read:
            self._read[tile] = self._files.get(tile.path) or self._load(tile)
        return self._read[tile]

    def _load(self, tile: Tile) -> bytes:
        # A partial tile may go once its full one is there, which begins with the same hashes.
        for path in dict.fromkeys((tile.path, Tile(tile.level, tile.index).path)):
            try:
                return self._disk.read(path)
            except FileNotFoundError:
                continue
        raise RakkanError(f"{tile.path} is missing from the log", "Restore it from a backup")


def extend(old: TileReader, leaves: Sequence[bytes]) -> tuple[dict[str, bytes], list[str]]:
    """The tiles that entries ``leaves`` add to a tree, by path, and the folders they make superfluous.

    Nothing is written. Raises RakkanError for an entry past 65,535 bytes, and for a damaged bundle at
    the end of the old tree.
    """
    if any(len(leaf) > LARGEST_ENTRY for leaf in leaves):
        raise RakkanError(f"An entry of the log has at most {LARGEST_ENTRY} bytes", "Say less")
    files: dict[str, bytes] = {}
    superseded: list[str] = []
    full, width = divmod(old.size, WIDTH)
    entries = [*(old.entries(full) if width else ()), *leaves]
    known = [merkle.leaf_hash(entry) for entry in entries[:width]]
    if width and b"".join(known) != old.hashes(0, full):
        raise RakkanError(f"{old.tile(ENTRIES, full).path} is damaged", "Restore it from a backup")
    for at in range(0, len(entries), WIDTH):
        chunk = entries[at : at + WIDTH]
        tile = Tile(ENTRIES, full + at // WIDTH, len(chunk))
        files[tile.path] = bundle(chunk)
        if len(chunk) == WIDTH and at == 0 and width:
            superseded.append(tile.partials)
    level, row = 0, [merkle.leaf_hash(leaf) for leaf in leaves]
    while row:
        full, width = divmod(old.size >> 8 * level, WIDTH)
        data = (old.hashes(level, full) if width else b"") + b"".join(row)
        row = []
        for at in range(0, len(data), WIDTH * HASH_BYTES):
            chunk_data = data[at : at + WIDTH * HASH_BYTES]
            tile = Tile(level, full + at // (WIDTH * HASH_BYTES), len(chunk_data) // HASH_BYTES)
            files[tile.path] = chunk_data
            if tile.width == WIDTH:
                row.append(_root_of(chunk_data))
                if at == 0 and width:
                    superseded.append(tile.partials)
        level += 1
    return files, superseded


def _root_of(data: bytes) -> bytes:
    return merkle.perfect_root([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])
