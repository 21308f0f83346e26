"""The instance's own certificate authority: a root that never signs pictures, and a leaf that does.

The leaf satisfies the C2PA certificate profile (C2PA 2.2, section 14.5.1) with the e-mail protection
purpose, which every C2PA validator knows without being configured. There is no time-stamping server, so a
seal can be checked only as long as its leaf is valid: the leaf therefore lives for decades but *signs* for
one year, after which ``renew`` puts a new one in its place under the same root.

Nothing here touches a file: keys are PEM bytes that the caller seals and stores.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

ROOT_YEARS = 60
LEAF_YEARS = 30
SIGNING_DAYS = 365
#: A leaf is good from a little before it was made, for machines whose clocks disagree.
EARLIER = timedelta(hours=1)
#: X.520 allows 64 characters in a common name; " root" and " seal" are appended.
LONGEST_NAME = 56


@dataclass(frozen=True)
class AuthorityKeys:
    """All there is of an authority; all but ``name`` is PEM. A secret: the two keys are not encrypted."""

    name: str
    root_certificate: bytes
    root_key: bytes
    leaf_certificate: bytes
    leaf_key: bytes


@dataclass(frozen=True)
class Authority:
    """What sealing needs: the certificates, and ``sign``, which may ask a key that lies elsewhere.

    ``chain`` is PEM, leaf first and without the root (C2PA 2.2, section 14.5); ``root`` is PEM. ``sign``
    takes bytes and returns their ES256 signature as r and s, 32 bytes each (RFC 9053, section 2.1).
    """

    chain: bytes
    root: bytes
    sign: Callable[[bytes], bytes]


def make_authority(name: str, now: datetime | None = None) -> AuthorityKeys:
    """A new root and its first leaf, P-256 both, in the instance's ``name`` (1 to 56 printable characters).

    Raises RakkanError for a name a certificate cannot hold.
    """
    check_name(name)
    made = _whole_seconds(now)
    key = _new_key()
    root = _root_certificate(name, key, made)
    root_certificate, root_key = _certificate_pem(root), _key_pem(key)
    leaf_certificate, leaf_key = _new_leaf(name, root, key, made)
    return AuthorityKeys(name, root_certificate, root_key, leaf_certificate, leaf_key)


def check_name(name: str) -> None:
    """Raise RakkanError for a name that a certificate cannot hold."""
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise RakkanError(
            f"{name!r} cannot be the name of a seal", f"Use 1 to {LONGEST_NAME} printable characters"
        )


def renew(keys: AuthorityKeys, now: datetime | None = None) -> AuthorityKeys:
    """The same authority with a new leaf. Seals of the old leaf stay as good as they were.

    Raises RakkanError when the root itself has less than a year to live.
    """
    made = _whole_seconds(now)
    root = _load(keys.root_certificate)
    if root.not_valid_after_utc - made < timedelta(days=SIGNING_DAYS):
        raise RakkanError(
            f"The root of {keys.name!r} ends on {root.not_valid_after_utc:%Y-%m-%d}", "Make a new authority"
        )
    leaf_certificate, leaf_key = _new_leaf(keys.name, root, _load_key(keys.root_key), made)
    return AuthorityKeys(keys.name, keys.root_certificate, keys.root_key, leaf_certificate, leaf_key)


def needs_renewal(keys: AuthorityKeys, now: datetime | None = None) -> bool:
    """Whether the leaf has signed for a year, or has less than a year to live."""
    moment = _whole_seconds(now)
    leaf = _load(keys.leaf_certificate)
    year = timedelta(days=SIGNING_DAYS)
    return moment - leaf.not_valid_before_utc > year or leaf.not_valid_after_utc - moment < year


def authority(keys: AuthorityKeys) -> Authority:
    """An authority that signs with the leaf key at hand."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = _load_key(keys.leaf_key)

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return Authority(certificate_chain(keys), root_pem(keys), sign)


def certificate_chain(keys: AuthorityKeys) -> bytes:
    """PEM of what stands in every seal: the leaf alone, since its issuer is the root itself."""
    return keys.leaf_certificate


def root_pem(keys: AuthorityKeys) -> bytes:
    """PEM of the root certificate: public, and all a stranger needs in order to trust this instance."""
    return keys.root_certificate


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the DER form of a certificate, lower-case hexadecimal.

    Raises RakkanError when ``pem`` is not a certificate.
    """
    from cryptography.hazmat.primitives import serialization

    return hashlib.sha256(_load(pem).public_bytes(serialization.Encoding.DER)).hexdigest()


def in_groups(digest: str) -> str:
    """A fingerprint for people to compare: upper case, in groups of four."""
    return " ".join(digest[place : place + 4].upper() for place in range(0, len(digest), 4))


def pack(keys: AuthorityKeys) -> bytes:
    """The keys as one secret, for a keyring."""
    fields = {
        name: value if isinstance(value, str) else base64.b64encode(value).decode("ascii")
        for name, value in asdict(keys).items()
    }
    return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode("utf-8")


def unpack(secret: bytes) -> AuthorityKeys:
    """Read back what ``pack`` made. Raises RakkanError when it is not that."""
    try:
        fields = json.loads(secret)
        name = fields.pop("name")
        return AuthorityKeys(name, **{key: base64.b64decode(value) for key, value in fields.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RakkanError(
            "The keys of the seal are damaged", "Restore the instance's keys from a backup"
        ) from error


def _root_certificate(name: str, key: ec.EllipticCurvePrivateKey, made: datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    subject = _distinguished(name, f"{name} root")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder(subject, subject, key, made, _years_later(made, ROOT_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, hashes.SHA256())
    )


def _new_leaf(
    name: str, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, made: datetime
) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = _new_key()
    ends = min(_years_later(made, LEAF_YEARS), root.not_valid_after_utc)
    issuer = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _builder(_distinguished(name, f"{name} seal"), root.subject, key, made, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return _certificate_pem(certificate), _key_pem(key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    made: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - EARLIER)
        .not_valid_after(ends)
    )


def _distinguished(organisation: str, common: str) -> x509.Name:
    from cryptography import x509

    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Signs certificates and their revocations, or data: never both (C2PA 2.2, section 14.5.1.1)."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _certificate_pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(pem: bytes) -> x509.Certificate:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise RakkanError(
            "This is not a certificate in PEM form", "Give the root as it was exported"
        ) from error


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise RakkanError("The key of the seal is damaged", "Restore it from a backup") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise RakkanError("The key of the seal is of another kind than P-256", "Restore it from a backup")
    return key


def _whole_seconds(moment: datetime | None) -> datetime:
    return (moment or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)


def _years_later(moment: datetime, years: int) -> datetime:
    return moment + timedelta(days=365 * years)
