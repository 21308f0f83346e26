"""The ledger: statements, signed, committed to in a Merkle log, their bodies in the vault.

An append writes the bodies, then the index, then the tiles, then the signed checkpoint, which is the
commit point. Stopped before it, nothing happened: the bodies are never referred to and the index's
rows past the log's size are not read and are replaced by the next append.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rakkan.errors import RakkanError
from rakkan.store.ledger import entry as entries
from rakkan.store.ledger import envelope, notes, statements, witness
from rakkan.store.ledger.bodies import Bodies
from rakkan.store.ledger.checkpoint import (
    Checkpoint,
    Cosigned,
    cosigners,
    open_checkpoint,
    parse_checkpoint,
)
from rakkan.store.ledger.entry import Leaf, parse_leaf
from rakkan.store.ledger.files import Files, Folder
from rakkan.store.ledger.index import Index, Row
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.merkle import leaf_hash
from rakkan.store.ledger.notes import SignedNote, SigningKey, VerificationKey
from rakkan.store.ledger.proof import Proof
from rakkan.store.ledger.reading import Said, read_all
from rakkan.store.ledger.rebuild import new_row, rebuild
from rakkan.store.ledger.statements import Erased, Statement, Subject, kind_of
from rakkan.store.ledger.tiles import WIDTH, TileReader
from rakkan.store.ledger.verify import Evidence

__all__ = ["Entry", "Evidence", "Inclusion", "Ledger"]

_LOCK = "lock"
_WITNESSED = "checkpoint.witnessed"
#: Entries that one ``erased`` statement lists; more of them make several statements.
_LISTED = 20_000


@dataclass(frozen=True)
class Entry:
    """A statement's place in the log, its kind and commitment, and the SHA-256 of its envelope."""

    index: int
    kind: str
    commitment: str
    statement_digest: str


@dataclass(frozen=True)
class Inclusion:
    """An entry's bytes and the proof that it stands in the log; there also when its body is erased."""

    leaf: bytes
    proof: str


@dataclass(frozen=True)
class _Sealed:
    statement: Statement
    envelope: bytes
    body: bytes
    leaf: Leaf


class Ledger:
    """The ledger in ``folder``, signing with ``key``, whose name is the log's origin.

    ``instance`` is the account that speaks for the instance itself and cannot be erased. Any number of
    processes and threads may use the same folder. Raises RakkanError when the folder holds a log of
    another key, or one that has lost its checkpoint.
    """

    def __init__(
        self,
        folder: Path,
        bodies: Bodies,
        key: SigningKey,
        index: Index,
        instance: str = "instance",
        disk: Files | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._disk = disk or Folder(folder)
        self._bodies = bodies
        self._key = key
        self._keys = (key.verification_key(),)
        self._index = index
        self._instance = instance
        self._clock = clock
        self._log = Log(self._disk, key)
        with self._disk.lock(_LOCK):
            self._log.create()
        self._log.checkpoint()

    def append(self, said: Sequence[Statement]) -> list[Entry]:
        """Record statements in order; they are durable when this returns.

        Raises RakkanError, with nothing recorded, for a statement that cannot be read back, a log that
        does not match its checkpoint, and a log that is shorter than it was.
        """
        sealed = [self._seal(one) for one in said]
        if not sealed:
            return []
        with self._disk.lock(_LOCK):
            return self._append(sealed)

    def checkpoint(self) -> bytes:
        """The signed checkpoint as it stands (c2sp.org/tlog-checkpoint)."""
        return self._log.signed()

    def size(self) -> int:
        """How many entries the log has."""
        return self._log.checkpoint().size

    def evidence(self, index: int) -> Evidence:
        """All that a stranger needs to check the statement of an entry (see ``verify_evidence``).

        The proof is to the newest checkpoint that witnesses have cosigned, if the entry is in it.
        Raises RakkanError when there is no such entry, or its body is erased or lost.
        """
        inclusion = self.inclusion(index)
        row = self._index.row(index)
        salt, sealed = self._open(index, parse_leaf(inclusion.leaf), row, self._state(index, row))
        return Evidence(sealed, salt, inclusion.leaf, inclusion.proof, str(self._keys[0]))

    def inclusion(self, index: int) -> Inclusion:
        """An entry and the proof that it stands in the log, whatever became of its body."""
        signed = self._log.signed()
        size = open_checkpoint(signed, self._keys)[0].size
        leaf = self._log.entry(index, size)
        if self._disk.exists(_WITNESSED):
            witnessed = self._disk.read(_WITNESSED)
            seen = open_checkpoint(witnessed, self._keys)[0].size
            if seen > index:
                signed, size = witnessed, seen
        proof = Proof(index, tuple(self._log.inclusion_proof(index, size)), signed)
        return Inclusion(leaf, str(proof))

    def leaf(self, index: int) -> bytes:
        """The bytes of an entry. Raises RakkanError when there is none of this index."""
        return self._log.entry(index, self.size())

    def remembered(self) -> list[bytes]:
        """The signed checkpoints that the log must continue: that of the append before, and the witnessed."""
        found = [self._index.remembered()]
        if self._disk.exists(_WITNESSED):
            found.append(self._disk.read(_WITNESSED))
        return [signed for signed in found if signed is not None]

    def prove_consistency(self, old_size: int) -> list[bytes]:
        """The hashes that show that the log as it stands only adds to its first ``old_size`` entries."""
        return self._log.consistency_proof(old_size, self.size())

    def state(self, index: int) -> Literal["present", "erased", "lost"]:
        """What became of an entry's body. Raises RakkanError when there is no such entry."""
        self._log.entry(index, self.size())
        return self._state(index, self._index.row(index))

    def _state(self, index: int, row: Row | None) -> Literal["present", "erased", "lost"]:
        if row is not None and self._bodies.holds(row.account, row.body):
            return "present"
        return "erased" if self._index.is_erased(index) else "lost"

    def about(self, digest: str, without: Container[str] = ()) -> list[tuple[Entry, Statement]]:
        """The statements that have a subject with this digest (hex), oldest first, without erased ones and
        those of the kinds ``without``, which are not opened.

        Raises RakkanError when one of them is lost: a decision must not rest on part of what was said.
        """
        size = self.size()
        found = []
        for row in self._index.about(digest):
            if row.entry >= size:
                continue
            leaf = parse_leaf(self._log.entry(row.entry, size))
            if leaf.kind in without:
                continue
            state = self._state(row.entry, row)
            if state != "erased":
                found.append(self._read(row.entry, leaf, row, state))
        return found

    def each(self, signed: bytes) -> Iterator[Said]:
        """Every entry that a signed checkpoint of this log commits to (``reading.read_all``)."""
        checkpoint = open_checkpoint(signed, self._keys)[0]
        return read_all(self._disk, checkpoint, self._index, self._bodies)

    def since(self, first: int, kinds: Container[str]) -> Iterator[tuple[int, Statement | None]]:
        """The statements of these kinds from entry ``first`` on, oldest first, without erased ones; None
        for one that is lost. What is appended meanwhile is left out."""
        size = self.size()
        reader = TileReader(self._disk, size)
        for bundle in range(first // WIDTH, -(-size // WIDTH)):
            for offset, data in enumerate(reader.entries(bundle)):
                index = bundle * WIDTH + offset
                if index < first or (leaf := parse_leaf(data)).kind not in kinds:
                    continue
                row = self._index.row(index)
                state = self._state(index, row)
                if state == "present":
                    yield index, self._read(index, leaf, row, state)[1]
                elif state == "lost":
                    yield index, None

    def erase_account(self, account: str) -> Entry:
        """Shred everything the vault holds of an account, its statements too, and state that it was done.

        The commitments stay and say nothing. Safe to repeat after an interruption; returns the entry of
        the (last) ``erased`` statement. Raises RakkanError for the instance's own account.
        """
        if account == self._instance:
            raise RakkanError("The instance's own account cannot be erased", "Name another account")
        with self._disk.lock(_LOCK):
            self._bodies.erase(account)
            size = self.size()
            erased = [index for index in self._index.entries_of(account) if index < size]
            said = [
                self._seal(self._erasure(erased[at : at + _LISTED]))
                for at in range(0, max(len(erased), 1), _LISTED)
            ]
            last = self._append(said)[-1]
            self._index.forget(account, erased)
            return last

    def rebuild_index(self, accounts: Iterable[str]) -> int:
        """Make the index again from the log and the bodies of these accounts; returns how many it found.

        The instance's own account is always among them. Entries of accounts not named become "lost".
        """
        with self._disk.lock(_LOCK):
            return rebuild(self._index, self._log, self._bodies, (self._instance, *accounts), self._instance)

    def submit(
        self,
        witnesses: Sequence[Callable[[bytes], str]],
        keys: Sequence[VerificationKey],
        quorum: int = 1,
    ) -> tuple[Cosigned, ...]:
        """Have the checkpoint cosigned; a witness is a function from a request to cosignature lines.

        Evidence given from now on proves against that checkpoint where it can. Raises RakkanError when
        fewer than ``quorum`` of the ``keys`` cosigned, or a witness has seen more of the log than there is.
        """
        note, checkpoint, found = witness.collect(self._log, witnesses, keys)
        if len(found) < quorum:
            raise RakkanError(
                f"{len(found)} known witnesses have cosigned, not {quorum}", "Ask more, or for less"
            )
        with self._disk.lock(_LOCK):
            self._keep_witnessed(note, checkpoint)
        return found

    def keep_cosigned(self, signed: bytes, keys: Sequence[VerificationKey]) -> tuple[Cosigned, ...]:
        """Keep a checkpoint of this log, the newest or an earlier one, that witnesses have cosigned.

        Evidence given from now on proves against it where it can. Raises RakkanError when it is not of this
        log, none of the ``keys`` has cosigned it, or the log as it stands does not continue it.
        """
        checkpoint, note = open_checkpoint(signed, self._keys)
        found = cosigners(note, keys)
        if not found:
            raise RakkanError("None of these witnesses has cosigned the checkpoint", "Give its witness' key")
        known = tuple(one for one, _ in notes.known(note.signatures, (*self._keys, *keys)))
        with self._disk.lock(_LOCK):
            gone = checkpoint.size > self.size()
            if gone or TileReader(self._disk, checkpoint.size).root() != checkpoint.root:
                raise RakkanError(
                    f"The witness saw {checkpoint.size} entries that this log does not continue",
                    "It was rolled back or forked: restore its newest state",
                )
            self._keep_witnessed(SignedNote(note.text, known), checkpoint)
        return found

    def _keep_witnessed(self, note: SignedNote, checkpoint: Checkpoint) -> None:
        """Keep a cosigned checkpoint unless a newer one is kept; of the same, all cosignatures."""
        if self._disk.exists(_WITNESSED):
            kept, other = open_checkpoint(self._disk.read(_WITNESSED), self._keys)
            if kept.size > checkpoint.size:
                return
            if other.text == note.text:
                note = SignedNote(note.text, tuple(dict.fromkeys((*other.signatures, *note.signatures))))
        self._disk.write({_WITNESSED: bytes(note)})

    def _seal(self, statement: Statement) -> _Sealed:
        salt = secrets.token_bytes(entries.SALT_BYTES)
        # Envelopes travel, in pictures; who made them is for the vault to know.
        public = replace(statement, account=self._index.pseudonym(salt, statement.account))
        sealed = envelope.seal(statements.to_payload(public), self._key)
        kind = kind_of(statement.predicate)
        leaf = Leaf(kind.name, kind.version, entries.commit(salt, sealed))
        return _Sealed(statement, sealed, entries.body(salt, sealed), leaf)

    def _append(self, said: Sequence[_Sealed]) -> list[Entry]:
        """Append under the lock: bodies, index, tiles, checkpoint, in this order."""
        old = self._log.checkpoint()
        self._refuse_another_past(old)
        digests = self._put(said)
        rows = [new_row(old.size + at, one.statement, digests[at]) for at, one in enumerate(said)]
        self._index.record(old.size, rows, self._log.signed())
        self._log.append([bytes(one.leaf) for one in said])
        return [_entry(old.size + at, one.leaf, one.envelope) for at, one in enumerate(said)]

    def _put(self, said: Sequence[_Sealed]) -> list[str]:
        """Put the bodies, each account's together; their digests in the order of ``said``."""
        digests = [hashlib.sha256(one.body).hexdigest() for one in said]
        places: dict[str, list[int]] = {}
        for at, one in enumerate(said):
            places.setdefault(one.statement.account, []).append(at)
        for account, own in places.items():
            put = self._bodies.put_many(account, [said[at].body for at in own])
            if [one.digest for one in put] != [digests[at] for at in own]:
                raise RakkanError("The vault stored other bodies than it was given", "Check the vault")
        return digests

    def _refuse_another_past(self, checkpoint: Checkpoint) -> None:
        """Raise RakkanError unless the log continues what it was at the append before: never sign a fork."""
        remembered = self._index.remembered()
        if remembered is None:
            return
        before = parse_checkpoint(notes.parse(remembered).text)
        ours = before.origin == checkpoint.origin and before.size <= checkpoint.size
        if not ours or TileReader(self._disk, before.size).root() != before.root:
            raise RakkanError(
                f"The log had {before.size} entries and is now another, of {checkpoint.size}",
                "Restore its newest state; if it is right as it is, rebuild the index",
            )

    def _open(self, index: int, leaf: Leaf, row: Row | None, state: str) -> tuple[bytes, bytes]:
        """Salt and envelope of an entry in that state, checked against its commitment."""
        if state == "erased":
            raise RakkanError(
                f"The statement of entry {index} was erased on its account's request",
                "Its place in the log can still be proven",
            )
        if state == "lost" or row is None:
            raise RakkanError(
                f"The statement of entry {index} is lost",
                "Finish an interrupted erasure, rebuild the index or restore the vault",
            )
        salt, sealed = entries.parse_body(self._bodies.read(row.account, row.body))
        if entries.commit(salt, sealed) != leaf.commitment:
            raise RakkanError(
                f"The body of entry {index} is not what the log committed to", "Rebuild the index"
            )
        return salt, sealed

    def _read(self, index: int, leaf: Leaf, row: Row | None, state: str) -> tuple[Entry, Statement]:
        """An entry in that state and its statement, with its account's own name. Raises RakkanError."""
        salt, sealed = self._open(index, leaf, row, state)
        statement = statements.from_payload(envelope.open_envelope(sealed, self._keys))
        account = row.account if row else ""
        if statement.account != self._index.pseudonym(salt, account):
            raise RakkanError(f"Entry {index} is of another account", "Rebuild the index")
        return _entry(index, leaf, sealed), replace(statement, account=account)

    def _erasure(self, erased: Sequence[int]) -> Statement:
        size = self.size()
        hashes = b"".join(leaf_hash(self._log.entry(index, size)) for index in erased)
        subject = Subject("entries", {"sha256": hashlib.sha256(hashes).hexdigest()})
        return Statement(Erased(tuple(erased)), (subject,), self._instance, int(self._clock()))


def _entry(index: int, leaf: Leaf, sealed: bytes) -> Entry:
    return Entry(index, leaf.kind, leaf.commitment, hashlib.sha256(sealed).hexdigest())
