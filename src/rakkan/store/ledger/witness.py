"""A witness (c2sp.org/tlog-witness): it cosigns a log only while that log keeps its word.

It remembers one checkpoint of each log and signs the next only when the log proves that it continues
that one. What shows that a log has two pasts is kept, to be shown to anyone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle, notes
from rakkan.store.ledger.checkpoint import Checkpoint, Cosigned, cosign, cosigners, number, open_checkpoint
from rakkan.store.ledger.files import Files, Folder
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.notes import SignedNote, SigningKey, VerificationKey
from rakkan.store.ledger.proof import MOST_HASHES, hash_lines, read_hashes
from rakkan.store.ledger.tiles import TileReader

#: Cap on a request.
MOST_BYTES = notes.MOST_BYTES + MOST_HASHES * 45 + 64


class Refusal(RakkanError):
    """A witness' refusal: ``status`` as the protocol numbers it (400, 403, 404, 409 or 422), and, for
    409, the ``size`` of the newest checkpoint it has cosigned."""

    def __init__(self, status: int, message: str, hint: str = "", size: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status
        self.size = size


@dataclass(frozen=True)
class Request:
    """A request to cosign: the size the witness is thought to know, what shows that the log continues
    from there, and the signed checkpoint. ``bytes()`` gives its form on the wire."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        return f"old {self.old}\n{hash_lines(self.proof)}\n".encode() + self.checkpoint


@dataclass(frozen=True)
class Fork:
    """Two checkpoints signed by one log that cannot both be true; ``str()`` is what to show.

    ``proof`` is the consistency proof that the log gave for the larger one: it leads from another root
    than ``first`` has. It is empty when both have the same size. ``shown`` is false when the log merely
    failed to prove that it continues ``first``.
    """

    first: bytes
    second: bytes
    proof: tuple[bytes, ...] = ()
    shown: bool = True

    def __str__(self) -> str:
        verdict = (
            "The log signed both of these checkpoints, and they exclude each other."
            if self.shown
            else "The log did not prove that the second of these checkpoints continues the first."
        )
        return (
            f"{verdict}\n\n{self.first.decode()}\n{self.second.decode()}\n"
            f"consistency proof given: {len(self.proof)}\n{hash_lines(self.proof)}"
        )


def parse_request(data: bytes) -> Request:
    """Read a request to cosign. Raises RakkanError for one that is not well formed."""
    if len(data) > MOST_BYTES:
        raise RakkanError(f"The request has {len(data)} bytes, more than {MOST_BYTES}", "Send one checkpoint")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise RakkanError(
            "The request is not ASCII before its checkpoint", "See c2sp.org/tlog-witness"
        ) from error
    if not blank or not first.startswith("old "):
        raise RakkanError("The request does not begin with the old size", "See c2sp.org/tlog-witness")
    return Request(number(first.removeprefix("old ")), read_hashes(lines), checkpoint)


def compare(
    first: bytes, second: bytes, keys: Sequence[VerificationKey], proof: Sequence[bytes] = ()
) -> Fork | None:
    """Whether two signed checkpoints of a log contradict each other.

    Of the same size, their roots decide. Otherwise ``proof`` must be a consistency proof from the smaller
    to the larger: None when it holds, a ``Fork`` when it shows that the log had another past. Raises
    RakkanError when one is not signed by the log, they are of different logs, or the proof shows nothing.
    """
    old, _ = open_checkpoint(first, keys)
    new, _ = open_checkpoint(second, keys)
    if old.origin != new.origin:
        raise RakkanError(
            f"These are checkpoints of two logs, {old.origin} and {new.origin}", "Give two of one"
        )
    if old.size > new.size:
        old, new, first, second = new, old, second, first
    if old.size == new.size:
        return None if old.root == new.root else Fork(first, second)
    found = merkle.proven_roots(old.size, old.root, new.size, new.root, proof)
    if found == (old.root, new.root):
        return None
    if found[1] == new.root:
        return Fork(first, second, tuple(proof))
    raise RakkanError("The consistency proof does not lead to the larger checkpoint", "Ask for another")


def collect(
    log: Log, witnesses: Sequence[Callable[[bytes], str]], keys: Sequence[VerificationKey]
) -> tuple[SignedNote, Checkpoint, tuple[Cosigned, ...]]:
    """Have a log's checkpoint cosigned; a witness is a function from a request to signature lines.

    Returns the checkpoint with the cosignatures of known ``keys``, as read, and whose those are. Raises
    RakkanError when a witness refuses, or has seen more of the log than there is.
    """
    signed = log.signed()
    checkpoint, note = open_checkpoint(signed, [log.key.verification_key()])
    for ask in witnesses:
        lines = _ask(ask, log, checkpoint, signed)
        valid = tuple(one for one, _ in notes.known(notes.signatures(lines), keys))
        note = SignedNote(note.text, note.signatures + valid)
    return note, checkpoint, cosigners(note, keys)


def _ask(ask: Callable[[bytes], str], log: Log, checkpoint: Checkpoint, signed: bytes) -> str:
    old = 0
    for _ in range(3):
        proof = tuple(log.consistency_proof(old, checkpoint.size))
        try:
            return ask(bytes(Request(old, proof, signed)))
        except Refusal as refusal:
            if refusal.size is None:
                raise
            if refusal.size > checkpoint.size:
                raise RakkanError(
                    f"A witness has seen {refusal.size} entries, the log has {checkpoint.size}",
                    "The log was rolled back: restore its newest state",
                ) from refusal
            old = refusal.size
    raise RakkanError("A witness keeps changing its mind", "Ask again later")


class Witness:
    """A witness that keeps its state in ``folder`` and trusts the ``logs``: their keys by origin."""

    def __init__(
        self,
        folder: Path,
        key: SigningKey,
        logs: Mapping[str, Sequence[VerificationKey]],
        disk: Files | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._disk = disk or Folder(folder)
        self._key = key
        self._logs = logs
        self._clock = clock

    def verification_key(self) -> VerificationKey:
        """The key that its cosignatures are checked with."""
        return self._key.verification_key(notes.COSIGNATURE)

    def add_checkpoint(self, request: bytes) -> str:
        """Cosign a checkpoint; the signature line is returned once the new state is durable.

        Raises ``Refusal``. A checkpoint that shows a fork is kept, see ``forks``.
        """
        try:
            asked = parse_request(request)
            origin = notes.parse(asked.checkpoint).text.partition("\n")[0]
        except RakkanError as error:
            raise Refusal(400, error.message, error.hint) from error
        if origin not in self._logs:
            raise Refusal(404, f"The log {origin[:80]!r} is not known to this witness", "Ask its operator")
        try:
            checkpoint, note = open_checkpoint(asked.checkpoint, self._logs[origin])
        except RakkanError as error:
            raise Refusal(403, error.message, error.hint) from error
        with self._disk.lock("lock"):
            self._check(asked, checkpoint)
            line = str(cosign(note, self._key, int(self._clock())))
            own = {(key.name, key.identifier) for key in self._logs[origin]}
            kept = "".join(str(one) for one in note.signatures if (one.name, one.identifier) in own)
            self._disk.write({_place(origin): f"{note.text}\n{kept}{line}".encode()})
        return line

    def checkpoint(self, origin: str) -> bytes | None:
        """The newest checkpoint of a log that this witness has cosigned, with its cosignature."""
        try:
            return self._disk.read(_place(origin))
        except FileNotFoundError:
            return None

    def forks(self, origin: str) -> list[str]:
        """What is kept against a log: first what proves a fork, then what only casts doubt."""
        found = []
        for name in ("fork", "doubt"):
            try:
                found.append(self._disk.read(f"{_folder(origin)}/{name}").decode())
            except FileNotFoundError:
                continue
        return found

    def _check(self, asked: Request, new: Checkpoint) -> None:
        signed = self.checkpoint(new.origin)
        old = open_checkpoint(signed, self._logs[new.origin])[0] if signed else None
        size, root = (old.size, old.root) if old else (0, merkle.EMPTY_ROOT)
        if signed and new.size == size and new.root != root:
            self._keep("fork", new.origin, Fork(signed, asked.checkpoint))
        if asked.old > new.size:
            raise Refusal(400, f"The old size {asked.old} is larger than the checkpoint's {new.size}")
        if asked.old != size:
            raise Refusal(
                409, f"This witness knows {size} entries, not {asked.old}", "Prove from there", size
            )
        if new.size == 0 and new.root != merkle.EMPTY_ROOT:
            raise Refusal(422, "The root of an empty log is not that of nothing", "The log is broken")
        if signed is None or size == 0:
            if asked.proof:
                raise Refusal(422, "The proof from an empty log is not empty", "Send none")
            return
        try:
            merkle.verify_consistency(size, root, new.size, new.root, asked.proof)
        except RakkanError as error:
            self._keep_doubt(signed, asked, new, size, root)
            raise Refusal(422, error.message, error.hint) from error

    def _keep_doubt(self, signed: bytes, asked: Request, new: Checkpoint, size: int, root: bytes) -> None:
        """Keep what a failed proof shows: a fork, when the log's own proof leads from another root."""
        if new.size == size:
            return
        try:
            found = merkle.proven_roots(size, root, new.size, new.root, asked.proof)
        except RakkanError:
            found = (root, b"")
        shown = found[1] == new.root
        self._keep(
            "fork" if shown else "doubt", new.origin, Fork(signed, asked.checkpoint, asked.proof, shown)
        )

    def _keep(self, name: str, origin: str, fork: Fork) -> None:
        # The first is kept: a log that lies may send others without end.
        if not self._disk.exists(f"{_folder(origin)}/{name}"):
            self._disk.write({f"{_folder(origin)}/{name}": str(fork).encode()})


def watch(witness: Witness, folder: Path, keys: Sequence[VerificationKey]) -> str:
    """Have a witness look at the public folder of a log and cosign it; the checkpoint, cosigned.

    The proof that the log continues what the witness knows is made from the log's own tiles. Raises
    RakkanError (``Refusal`` when the witness refuses) and, for a folder that is no log, says so.
    """
    disk = Folder(folder)
    if not folder.is_dir() or not disk.exists("checkpoint"):
        raise RakkanError(f"{folder} holds no ledger", "Name the folder with the file checkpoint")
    signed = disk.read("checkpoint")
    checkpoint, _ = open_checkpoint(signed, keys)
    known = witness.checkpoint(checkpoint.origin)
    old = open_checkpoint(known, keys)[0].size if known else 0
    proof: Sequence[bytes] = ()
    if 0 < old < checkpoint.size:
        proof = merkle.consistency_proof(old, checkpoint.size, TileReader(disk, checkpoint.size).node)
    witness.add_checkpoint(bytes(Request(old, tuple(proof), signed)))
    return (witness.checkpoint(checkpoint.origin) or b"").decode()


def _folder(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def _place(origin: str) -> str:
    return f"{_folder(origin)}/checkpoint"
