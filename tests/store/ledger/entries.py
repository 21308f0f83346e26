"""Entries of a log that commit to nothing in particular."""

from __future__ import annotations

import hashlib

from rakkan.store.ledger.entry import Leaf


def leaf(number: int) -> bytes:
    """An entry unlike that of any other number."""
    return bytes(Leaf("generated", 1, hashlib.sha256(b"%d" % number).hexdigest()))
