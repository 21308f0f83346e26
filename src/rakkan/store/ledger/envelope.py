"""Signed envelopes: DSSE 1.0.2 around an in-toto statement, as canonical JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Protocol

from rakkan.errors import RakkanError
from rakkan.store.ledger import canonical
from rakkan.store.ledger.notes import SigningKey, VerificationKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
#: Caps on what is read: a payload of 1 MiB in base64 with its surroundings, and its signatures.
MOST_BYTES = 1_500_000
MOST_SIGNATURES = 16


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """What a DSSE signature is over: the PAE of the DSSE protocol."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: SigningKey) -> bytes:
    """The envelope of a payload, signed with ``key``."""
    public = key.verification_key()
    signature = key.sign(pre_authentication(PAYLOAD_TYPE, payload))
    return canonical.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": key_hint(public), "sig": base64.b64encode(signature).decode()},
            ],
        }
    )


class Verifier(Protocol):
    """A key that envelopes may be signed with, of whatever kind."""

    @property
    def name(self) -> str:
        """Whose it is, for errors."""
        ...

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's on ``message``."""
        ...


def open_envelope(envelope: bytes, keys: Sequence[Verifier]) -> bytes:
    """The payload of an envelope that one of the ``keys`` has signed.

    Fields that DSSE does not name are ignored, as it demands. Raises RakkanError when the envelope is
    not well formed, too large, of another payload type, or signed by none of the keys.
    """
    payload, signatures = _parse(envelope)
    message = pre_authentication(PAYLOAD_TYPE, payload)
    if not any(key.accepts(signature, message) for signature in signatures for key in keys):
        names = ", ".join(sorted({key.name for key in keys})) or "any known key"
        raise RakkanError(
            f"The signature of the statement is not one of {names}", "It was changed, or is another's"
        )
    return payload


def read_unverified(envelope: bytes) -> bytes:
    """The payload of an envelope whose signature does not matter, or has been checked before."""
    return _parse(envelope)[0]


def key_hint(key: VerificationKey) -> str:
    """The ``keyid`` of the envelope: a hint at which key to try, and nothing more."""
    return f"{key.name}+{key.identifier.hex()}"


def _parse(envelope: bytes) -> tuple[bytes, list[bytes]]:
    value = canonical.decode(envelope, "The envelope", MOST_BYTES)
    listed = value.get("signatures") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SIGNATURES:
        raise RakkanError(
            f"The envelope has not 1 to {MOST_SIGNATURES} signatures", "It is damaged or forged"
        )
    if value.get("payloadType") != PAYLOAD_TYPE:
        raise RakkanError(f"The envelope's payload is not {PAYLOAD_TYPE}", "It was not made by Rakkan")
    signatures = []
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("keyid", ""), str):
            raise RakkanError("A signature of the envelope is malformed", "It is damaged or forged")
        signatures.append(_base64(one.get("sig"), "A signature of the envelope"))
    return _base64(value.get("payload"), "The envelope's payload"), signatures


def _base64(value: Any, what: str) -> bytes:
    # DSSE allows both alphabets and a reader must take either.
    try:
        if isinstance(value, str):
            return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise RakkanError(f"{what} is not base64", "It is damaged or forged")
