"""Checkpoints of a log (c2sp.org/tlog-checkpoint) and witnesses' cosignatures (c2sp.org/tlog-cosignature)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rakkan.errors import RakkanError
from rakkan.store.ledger import notes
from rakkan.store.ledger.merkle import HASH_BYTES
from rakkan.store.ledger.notes import COSIGNATURE, Signature, SignedNote, SigningKey, VerificationKey

#: Largest size of a tree and largest time of a cosignature.
LARGEST = 2**63 - 1

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """A log at one moment: its origin (its name), how many entries it has and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Cosigned:
    """That the witness ``name`` had seen a checkpoint by ``time``, seconds since 1970 (UTC)."""

    name: str
    time: int


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text. Raises RakkanError for one that is not well formed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise RakkanError("This is no checkpoint: it has not three lines", "It is damaged")
    root = notes.decode_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise RakkanError(f"The checkpoint's root has {len(root)} bytes, not 32", "It is damaged")
    return Checkpoint(lines[0], number(lines[1]), root, tuple(lines[3:]))


def open_checkpoint(data: bytes, keys: Sequence[VerificationKey]) -> tuple[Checkpoint, SignedNote]:
    """Read a signed checkpoint and check that the log itself signed it.

    Only a key named like the checkpoint's origin counts. Raises RakkanError.
    """
    return _opened(bytes(data), tuple(keys))


@lru_cache(maxsize=64)
def _opened(data: bytes, keys: tuple[VerificationKey, ...]) -> tuple[Checkpoint, SignedNote]:
    """``open_checkpoint``, whose answer depends on nothing else: a log is asked for its newest checkpoint
    many times before there is another. What is refused is not kept."""
    note = notes.parse(data)
    checkpoint = parse_checkpoint(note.text)
    of_the_log = [key for key in keys if key.name == checkpoint.origin]
    if not of_the_log:
        raise RakkanError(
            f"The checkpoint is of the log {checkpoint.origin[:80]!r}, whose key is not known",
            "Give that log's verification key",
        )
    notes.verify(note, of_the_log)
    return checkpoint, note


def cosign(note: SignedNote, key: SigningKey, time: int) -> Signature:
    """A witness' signature of a checkpoint it has seen at ``time`` (seconds since 1970, over 0)."""
    data = time.to_bytes(8, "big") + key.sign(_cosigned(note.text, time))
    return Signature(key.name, key.verification_key(COSIGNATURE).identifier, data)


def cosigners(note: SignedNote, keys: Sequence[VerificationKey]) -> tuple[Cosigned, ...]:
    """Which of the witnesses with these ``keys`` have cosigned, each public key counted once.

    Raises RakkanError when a known witness' cosignature is wrong.
    """
    found: dict[bytes, Cosigned] = {}
    wanted = [key for key in keys if key.kind == COSIGNATURE]
    for signature, key in notes.known(note.signatures, wanted):
        time = int.from_bytes(signature.data[:8], "big")
        right = len(signature.data) == 72 and 0 < time <= LARGEST
        if not right or not key.accepts(signature.data[8:], _cosigned(note.text, time)):
            raise RakkanError(
                f"The cosignature of the witness {key.name} is wrong", "It is forged or damaged"
            )
        found.setdefault(key.public, Cosigned(key.name, time))
    return tuple(found.values())


def number(text: str) -> int:
    """Read a count written in decimal without leading zeros, up to 2⁶³-1. Raises RakkanError."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise RakkanError(f"{text[:40]!r} is no count", "Write digits, without leading zeros")
    return int(text)


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
