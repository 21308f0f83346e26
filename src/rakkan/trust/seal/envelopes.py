"""Statements that travel by themselves: DSSE envelopes signed with the key that pictures are sealed with.

Beside the envelope go the certificate and its root, so that anyone can check, offline, who signed; whether
that is someone to trust is told by the roots one trusts.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.store.ledger import canonical
from rakkan.store.ledger.envelope import MOST_BYTES, PAYLOAD_TYPE, open_envelope, pre_authentication
from rakkan.trust.seal.authority import Authority, fingerprint

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

#: Bytes of a certificate in PEM that are read.
LARGEST_CERTIFICATE = 16 * 1024


@dataclass(frozen=True)
class Signer:
    """Who signed: the name in the certificate, the fingerprint of its root (SHA-256, hexadecimal), and
    whether that root is trusted here."""

    name: str
    root: str
    trusted: bool


def sign(statement: Any, authority: Authority) -> bytes:
    """The envelope of an in-toto statement, a JSON value, signed with ES256."""
    payload = canonical.encode(statement)
    signature = authority.sign(pre_authentication(PAYLOAD_TYPE, payload))
    return canonical.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": fingerprint(authority.chain), "sig": base64.b64encode(signature).decode()}
            ],
        }
    )


def check(
    envelope: bytes, certificate: bytes, root: bytes, trusted: Sequence[bytes], now: datetime | None = None
) -> tuple[Any, Signer]:
    """The statement in an envelope and who signed it. ``certificate`` and ``root`` are PEM that came along,
    ``trusted`` the roots that are trusted here.

    Raises RakkanError for what is no such envelope, a certificate that its root did not issue, one that is
    out of date or not for signing, and a signature that does not hold.
    """
    leaf, issuer = _load(certificate), _load(root)
    _check_chain(leaf, issuer, now or datetime.now(UTC))
    key = _Certified(leaf)
    payload = open_envelope(envelope, [key])
    digest = fingerprint(root)
    known = digest in {fingerprint(one) for one in trusted}
    return canonical.decode(payload, "The statement", MOST_BYTES), Signer(key.name, digest, known)


class _Certified:
    """The key in a certificate, as envelopes ask for keys."""

    def __init__(self, certificate: x509.Certificate) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise _unfit("its key is of another kind than P-256")
        self._key: ec.EllipticCurvePublicKey = key
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        said = str(names[0].value) if names else "someone unnamed"
        self.name = "".join(sign if sign.isprintable() else "�" for sign in said)[:64]

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` (r and s, 32 bytes each) is this key's on ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        if len(signature) != 64:
            return False
        numbers = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def _check_chain(leaf: x509.Certificate, root: x509.Certificate, now: datetime) -> None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        root.verify_directly_issued_by(root)
        leaf.verify_directly_issued_by(root)
        authority = root.extensions.get_extension_for_class(x509.BasicConstraints).value
        limits = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except (
        ValueError,
        TypeError,
        InvalidSignature,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
    ) as error:
        raise _unfit("its root did not issue it") from error
    if not authority.ca or limits.ca or not usage.digital_signature:
        raise _unfit("it is not for signing")
    for one in (leaf, root):
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            raise _unfit("it is out of date")


def _load(pem: bytes) -> x509.Certificate:
    from cryptography import x509

    if len(pem) > LARGEST_CERTIFICATE:
        raise _unfit("it is too large")
    try:
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, TypeError) as error:
        raise _unfit("it cannot be read") from error


def _unfit(reason: str) -> RakkanError:
    return RakkanError(f"The certificate that signed it does not hold: {reason}", "It is damaged or forged")
