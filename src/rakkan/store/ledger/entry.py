"""What stands in the log for a statement, and the body that lies in the vault.

The log holds a commitment, which tells nothing without the salt and the envelope. Those are the body:
when it is shredded, nobody can ever say again what the commitment was to.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.store.ledger import canonical
from rakkan.store.ledger.envelope import MOST_BYTES
from rakkan.store.ledger.tiles import LARGEST_ENTRY

SALT_BYTES = 32
MOST_BODY_BYTES = MOST_BYTES + 1024

_DOMAIN = b"rakkan commitment 1\n"
_BODY = b"rakkan body 1\n"
_NAME = re.compile(r"[a-z][a-z-]{0,63}")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Leaf:
    """An entry of the log: the kind of a statement, that kind's version, and the commitment (hex)."""

    kind: str
    version: int
    commitment: str

    def __bytes__(self) -> bytes:
        return canonical.encode({"commitment": self.commitment, "kind": self.kind, "version": self.version})


def parse_leaf(data: bytes) -> Leaf:
    """Read an entry. Raises RakkanError unless it is exactly the bytes of a leaf, and nothing more."""
    value = canonical.decode(data, "The log entry", LARGEST_ENTRY)
    if isinstance(value, dict) and set(value) == {"commitment", "kind", "version"}:
        leaf = Leaf(value["kind"], value["version"], value["commitment"])
        named = isinstance(leaf.kind, str) and _NAME.fullmatch(leaf.kind)
        counted = type(leaf.version) is int and leaf.version > 0
        committed = isinstance(leaf.commitment, str) and _HEX.fullmatch(leaf.commitment)
        if named and counted and committed and bytes(leaf) == data:
            return leaf
    raise RakkanError("The log entry is not of the form that Rakkan writes", "It is damaged or forged")


def commit(salt: bytes, envelope: bytes) -> str:
    """The commitment to an envelope, in hexadecimal. ``salt`` is 32 random bytes, never used again."""
    if len(salt) != SALT_BYTES:
        raise RakkanError(f"The salt has {len(salt)} bytes, not {SALT_BYTES}", "It is damaged")
    return hashlib.sha256(_DOMAIN + salt + envelope).hexdigest()


def body(salt: bytes, envelope: bytes) -> bytes:
    """The body of a statement as it lies in the vault."""
    return _BODY + salt + envelope


def parse_body(data: bytes) -> tuple[bytes, bytes]:
    """Salt and envelope of a body. Raises RakkanError for bytes that are none, or too many."""
    start = len(_BODY)
    if not data.startswith(_BODY) or not start + SALT_BYTES < len(data) <= MOST_BODY_BYTES:
        raise RakkanError("The body of a statement is damaged or of a later version", "Update Rakkan")
    return data[start : start + SALT_BYTES], data[start + SALT_BYTES :]
