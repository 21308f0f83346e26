"""Reading a whole ledger in order, as one checkpoint commits to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rakkan.errors import RakkanError
from rakkan.store.ledger import envelope, statements
from rakkan.store.ledger.bodies import Bodies
from rakkan.store.ledger.checkpoint import Checkpoint
from rakkan.store.ledger.entry import Leaf, commit, parse_body, parse_leaf
from rakkan.store.ledger.files import Files
from rakkan.store.ledger.index import Index, Row
from rakkan.store.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from rakkan.store.ledger.statements import Statement
from rakkan.store.ledger.tiles import WIDTH, TileReader


@dataclass(frozen=True)
class Said:
    """An entry as it was read: its leaf, and its envelope and statement, b"" and None when these are gone:
    ``erased`` on their account's request, or else lost. The statement bears its account's own name."""

    leaf: Leaf
    envelope: bytes = b""
    statement: Statement | None = None
    erased: bool = False


def read_all(disk: Files, checkpoint: Checkpoint, index: Index, bodies: Bodies) -> Iterator[Said]:
    """Every entry that ``checkpoint`` commits to, in order.

    Memory stays small whatever the size. Raises RakkanError when a statement is not what the log committed
    to, and, at the end, when the entries are not those of the checkpoint.
    """
    root = GrowingRoot()
    for at in range(-(-checkpoint.size // WIDTH)):
        first = at * WIDTH
        leaves = TileReader(disk, checkpoint.size).entries(at)
        rows = {row.entry: row for row in index.between(first, first + len(leaves))}
        for number, data in enumerate(leaves, first):
            root.add(data)
            leaf = parse_leaf(data)
            found = _read(number, leaf, rows.get(number), index, bodies)
            yield found or Said(leaf, erased=index.is_erased(number))
    if root.root() != checkpoint.root:
        raise RakkanError("The log's entries are not those of its checkpoint", "Run rakkan ledger check")


class GrowingRoot:
    """The root of a tree of entries that come one by one (RFC 9162, section 2.1.2)."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, entry: bytes) -> None:
        """Take one more entry."""
        height, hashed = 0, leaf_hash(entry)
        while self._peaks and self._peaks[-1][0] == height:
            hashed = node_hash(self._peaks.pop()[1], hashed)
            height += 1
        self._peaks.append((height, hashed))

    def root(self) -> bytes:
        """The root of the entries so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *others, (_, hashed) = self._peaks
        for _, peak in reversed(others):
            hashed = node_hash(peak, hashed)
        return hashed


def _read(entry: int, leaf: Leaf, row: Row | None, index: Index, bodies: Bodies) -> Said | None:
    """What the leaf commits to, None when it is gone. Its signature need not be checked again: the
    commitment stands in the log that the same key signed."""
    if row is None:
        return None
    try:
        body = bodies.read(row.account, row.body)
    except RakkanError:
        if bodies.holds(row.account, row.body):
            raise
        return None
    salt, sealed = parse_body(body)
    if commit(salt, sealed) != leaf.commitment:
        raise RakkanError(f"The body of entry {entry} is not what the log committed to", "Rebuild the index")
    statement = statements.from_payload(envelope.read_unverified(sealed))
    if statement.account != index.pseudonym(salt, row.account):
        raise RakkanError(f"Entry {entry} is of another account", "Rebuild the index")
    return Said(leaf, sealed, replace(statement, account=row.account))
