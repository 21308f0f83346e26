"""Checking, offline and without the vault, that a statement stands in a log: for strangers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle
from rakkan.store.ledger.checkpoint import Cosigned, cosigners, open_checkpoint
from rakkan.store.ledger.entry import Leaf, commit, parse_leaf
from rakkan.store.ledger.envelope import open_envelope
from rakkan.store.ledger.notes import VerificationKey
from rakkan.store.ledger.proof import parse_proof
from rakkan.store.ledger.statements import Statement, from_payload, kind_of


@dataclass(frozen=True)
class Evidence:
    """All that a stranger needs to check one statement; every part can be embedded in a file.

    ``envelope`` is the DSSE JSON, ``salt`` 32 bytes, ``leaf`` the bytes of the log entry, ``proof`` a
    C2SP tlog-proof: index, hashes, signed checkpoint; ``key`` the log's verification key as text, worth
    as much as whatever vouches for it.
    """

    envelope: bytes
    salt: bytes
    leaf: bytes
    proof: str
    key: str = ""


@dataclass(frozen=True)
class Verified:
    """A statement that was signed by a known key and is entry ``index`` of the log ``origin``, which had
    ``size`` entries; ``witnesses`` saw that log in that state, and when."""

    statement: Statement
    index: int
    size: int
    origin: str
    witnesses: tuple[Cosigned, ...]


def verify_evidence(
    evidence: Evidence,
    keys: Sequence[VerificationKey],
    witness_keys: Sequence[VerificationKey] = (),
    quorum: int = 0,
) -> Verified:
    """Check evidence against the ``keys`` of the log and at least ``quorum`` of the witnesses.

    Raises RakkanError saying which step fails: the statement's signature, the commitment, the log
    entry, the checkpoint, the witnesses or the inclusion proof.
    """
    statement = from_payload(open_envelope(evidence.envelope, keys))
    kind = kind_of(statement.predicate)
    leaf = parse_leaf(evidence.leaf)
    if commit(evidence.salt, evidence.envelope) != leaf.commitment:
        raise RakkanError(
            "The commitment in the log entry is not to this statement", "Salt, envelope or entry was changed"
        )
    if leaf != Leaf(kind.name, kind.version, leaf.commitment):
        raise RakkanError(
            f"The log entry says {leaf.kind!r} {leaf.version}, the statement is {kind.name!r} {kind.version}",
            "The entry is forged",
        )
    index, size, origin, witnesses = verify_inclusion(
        evidence.leaf, evidence.proof, keys, witness_keys, quorum
    )
    return Verified(statement, index, size, origin, witnesses)


def verify_inclusion(
    leaf: bytes,
    proof: str,
    keys: Sequence[VerificationKey],
    witness_keys: Sequence[VerificationKey] = (),
    quorum: int = 0,
) -> tuple[int, int, str, tuple[Cosigned, ...]]:
    """Check that a log entry stands in the log, whatever it commits to, even an erased statement.

    Returns its index, the size and the origin of the log, and who witnessed it. Raises RakkanError.
    """
    read = parse_proof(proof)
    checkpoint, note = open_checkpoint(read.checkpoint, keys)
    witnesses = cosigners(note, witness_keys)
    if len(witnesses) < quorum:
        raise RakkanError(
            f"The checkpoint has {len(witnesses)} known witnesses, not {quorum}",
            "Ask for evidence against a checkpoint that more witnesses have cosigned",
        )
    merkle.verify_inclusion(merkle.leaf_hash(leaf), read.index, checkpoint.size, read.hashes, checkpoint.root)
    return read.index, checkpoint.size, checkpoint.origin, witnesses
