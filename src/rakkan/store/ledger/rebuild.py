"""Making the index of the ledger again from the log and the vault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rakkan.errors import RakkanError
from rakkan.store.ledger import envelope, statements
from rakkan.store.ledger.bodies import Bodies
from rakkan.store.ledger.entry import MOST_BODY_BYTES, commit, parse_body, parse_leaf
from rakkan.store.ledger.index import Index, NewRow
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.statements import Erased, Statement
from rakkan.store.ledger.tiles import WIDTH, TileReader


def rebuild(index: Index, log: Log, bodies: Bodies, accounts: Iterable[str], instance: str) -> int:
    """Fill the index anew with the bodies of the ``accounts`` that the log commits to.

    ``instance`` is the account whose ``erased`` statements count. Returns how many entries were found.
    The caller holds the ledger's lock.
    """
    index.clear()
    size = log.checkpoint().size
    places = _places(log, size)
    found = 0
    for account in dict.fromkeys(accounts):
        rows: list[NewRow] = []
        for blob in bodies.list(account):
            if blob.size > MOST_BODY_BYTES:
                continue
            read = _read(bodies.read(account, blob.digest), log, index, account)
            if read is None or read[0] not in places:
                continue
            commitment, statement = read
            rows.append(new_row(places[commitment], statement, blob.digest))
            if isinstance(statement.predicate, Erased) and account == instance:
                index.note_erased(statement.predicate.entries)
        index.record(size, rows, log.signed())
        found += len(rows)
    return found


def new_row(entry: int, statement: Statement, body: str) -> NewRow:
    """The row of a statement whose body has the digest ``body`` (hex)."""
    digests = tuple(value for part in statement.subjects for value in part.digests.values())
    return NewRow(entry, statement.account, body, digests)


def _places(log: Log, size: int) -> dict[str, int]:
    """The index of every entry of the log by its commitment."""
    reader = TileReader(log.disk, size)
    return {
        parse_leaf(data).commitment: at * WIDTH + offset
        for at in range(-(-size // WIDTH))
        for offset, data in enumerate(reader.entries(at))
    }


def _read(data: bytes, log: Log, index: Index, account: str) -> tuple[str, Statement] | None:
    """Commitment and statement of a body; None for a blob of the account that is none."""
    try:
        salt, sealed = parse_body(data)
        payload = envelope.open_envelope(sealed, [log.key.verification_key()])
        statement = statements.from_payload(payload)
    except RakkanError:
        return None
    if statement.account != index.pseudonym(salt, account):
        return None
    return commit(salt, sealed), replace(statement, account=account)
