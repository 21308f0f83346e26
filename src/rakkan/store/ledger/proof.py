"""Proofs that travel (c2sp.org/tlog-proof): an entry's index, its path and a signed checkpoint, as text."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.store.ledger import notes
from rakkan.store.ledger.checkpoint import number
from rakkan.store.ledger.merkle import HASH_BYTES

_FIRST = "c2sp.org/tlog-proof@v1"
#: No path in a tree of less than 2⁶³ leaves is longer.
MOST_HASHES = 63
MOST_BYTES = notes.MOST_BYTES + MOST_HASHES * 45 + 8192


@dataclass(frozen=True)
class Proof:
    """That the entry at ``index`` is in the log of a signed checkpoint. ``extra`` proves nothing."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        return f"{_FIRST}\n{extra}index {self.index}\n{hash_lines(self.hashes)}\n{self.checkpoint.decode()}"


def parse_proof(text: str) -> Proof:
    """Read a proof without believing it. Raises RakkanError for one that is not well formed."""
    if len(text) > MOST_BYTES:
        raise RakkanError(f"The proof has more than {MOST_BYTES} bytes", "It is forged")
    head, blank, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != _FIRST or not blank:
        raise RakkanError(f"This is no proof of inclusion: it does not begin with {_FIRST}", "It is damaged")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = notes.decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise RakkanError("The proof of inclusion does not say which entry it is for", "It is damaged")
    index = number(lines.pop(0).removeprefix("index "))
    try:
        note = checkpoint.encode()
    except UnicodeEncodeError as error:
        raise RakkanError("The proof of inclusion is not valid Unicode", "It is damaged") from error
    return Proof(index, read_hashes(lines), note, extra)


def hash_lines(hashes: tuple[bytes, ...]) -> str:
    """Hashes in base64, one to a line."""
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)


def read_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """Read lines of hashes. Raises RakkanError for more than 63, or any that is not 32 bytes."""
    if len(lines) > MOST_HASHES:
        raise RakkanError(f"The proof has more than {MOST_HASHES} hashes", "It is forged")
    hashes = tuple(notes.decode_base64(line) for line in lines)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise RakkanError("A hash of the proof has not 32 bytes", "It is damaged")
    return hashes
