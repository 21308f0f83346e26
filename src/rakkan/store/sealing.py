"""Short secrets under a key: AES-256-GCM-SIV (RFC 8452) with random nonces, and the form that is stored.

SIV because these keys live long and are used by many processes at once: should a nonce ever repeat (a
machine restored from a snapshot repeats its randomness), nothing is given away but that two plaintexts
are equal, where plain GCM would lose its key for authentication.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rakkan.store.faults import Damaged, WrongKey

if TYPE_CHECKING:
    from rakkan.store.keys import MasterKey

KEY = 32
_NONCE = 12
#: Bytes a sealed text is longer than its plaintext.
OVERHEAD = _NONCE + 16
_FORMAT = "rakkan wrapped 1"


def seal(key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    """Nonce (12 bytes), ciphertext and tag (16). ``key`` is 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCMSIV(key).encrypt(nonce, plaintext, associated_data)


def unseal(key: bytes, sealed: bytes, associated_data: bytes, what: str) -> bytes:
    """The plaintext. Raises Damaged, naming ``what``, for anything but what ``seal`` gave."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    try:
        return AESGCMSIV(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], associated_data)
    except (InvalidTag, ValueError) as error:
        raise Damaged(f"{what} is damaged") from error


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869, without salt)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY, None, purpose.encode()).derive(key)


def wrap(masters: Sequence[MasterKey], plaintext: bytes, associated_data: bytes) -> bytes:
    """A record of ``plaintext`` wrapped by each of the master keys; any one of them opens it."""
    return _encode({one.identifier: one.wrap(plaintext, associated_data) for one in masters})


def unwrap(record: bytes, masters: Sequence[MasterKey], associated_data: bytes, what: str) -> bytes:
    """The plaintext of a record. Raises WrongKey when none of ``masters`` wrapped it, or Damaged."""
    wrapped = _decode(record, what)
    for one in masters:
        if one.identifier in wrapped:
            return one.unwrap(wrapped[one.identifier], associated_data)
    names = " or ".join(repr(name) for name in sorted(wrapped))
    given = masters[0].identifier
    raise WrongKey(
        f"{what} is sealed by the master key {names}, not by {given!r}", "Give the key it was sealed by"
    )


def rewrap(
    record: bytes, masters: Sequence[MasterKey], keep: Sequence[MasterKey], associated_data: bytes, what: str
) -> bytes | None:
    """The record wrapped by all of ``keep`` and nothing else; None when it is already."""
    if set(_decode(record, what)) == {one.identifier for one in keep}:
        return None
    return wrap(keep, unwrap(record, masters, associated_data, what), associated_data)


def _encode(wrapped: dict[str, bytes]) -> bytes:
    keys = {name: sealed.hex() for name, sealed in sorted(wrapped.items())}
    return json.dumps({"format": _FORMAT, "keys": keys}, separators=(",", ":")).encode()


def _decode(record: bytes, what: str) -> dict[str, bytes]:
    try:
        wrapped = {str(name): bytes.fromhex(text) for name, text in json.loads(record)["keys"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{what} is damaged") from error
    # One spelling only, so that no bit of a record can be changed unnoticed.
    if not wrapped or _encode(wrapped) != record:
        raise Damaged(f"{what} is damaged")
    return wrapped
