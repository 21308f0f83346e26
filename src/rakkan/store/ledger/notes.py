"""Signed notes and their Ed25519 keys, as in c2sp.org/signed-note."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Signature types of the specification: a log's own signature, and a witness' dated cosignature.
SIGNATURE, COSIGNATURE = 0x01, 0x04
#: Caps on what is read: a note with its signatures, and how many of those.
MOST_BYTES = 65_536
MOST_SIGNATURES = 64

_DASH = "— "


@dataclass(frozen=True)
class VerificationKey:
    """A public key under a name; ``str()`` gives the text form that others are told.

    ``kind`` is ``SIGNATURE`` or ``COSIGNATURE``, ``public`` the 32 bytes of RFC 8032.
    """

    name: str
    public: bytes
    kind: int = SIGNATURE

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32 or self.kind not in (SIGNATURE, COSIGNATURE):
            raise RakkanError(f"The key {self.name} is no Ed25519 key", "Give a key of type 1 or 4")

    @cached_property
    def identifier(self) -> bytes:
        """The 4 bytes that go before each of the key's signatures."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:4]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.identifier.hex()}+{material}"

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` (64 bytes) is this key's on ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A private key under the name it signs as; ``seed`` is the 32 secret bytes of RFC 8032."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != 32:
            raise RakkanError(f"The signing key {self.name} has {len(self.seed)} bytes", "Give 32")

    def verification_key(self, kind: int = SIGNATURE) -> VerificationKey:
        """The public half, for the given type of signature."""
        return VerificationKey(self.name, self._public, kind)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the Ed25519 signature of ``message``."""
        return self._private.sign(message)

    @cached_property
    def _public(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True)
class Signature:
    """One signature line: who signed, the key's identifier (4 bytes), and what follows it."""

    name: str
    identifier: bytes
    data: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.identifier + self.data).decode()}\n"


@dataclass(frozen=True)
class SignedNote:
    """A text (it ends with a newline) and the signatures under it, none of them checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()


def parse_key(text: str) -> VerificationKey:
    """Read a verification key's text form. Raises RakkanError for one that is damaged."""
    name, _, rest = text.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    try:
        material = decode_base64(encoded)
        key = VerificationKey(name, material[1:], material[0] if material else 0)
    except RakkanError as error:
        raise RakkanError(f"{text.strip()[:80]!r} is no verification key", "Copy it whole") from error
    if key.identifier.hex() != identifier:
        raise RakkanError(f"The verification key of {name} is damaged", "Copy it again, whole")
    return key


def sign(text: str, key: SigningKey) -> SignedNote:
    """A note with one signature. ``text`` ends with a newline and holds no other control characters."""
    _check_text(text)
    data = key.sign(text.encode())
    return SignedNote(text, (Signature(key.name, key.verification_key().identifier, data),))


def parse(data: bytes) -> SignedNote:
    """Read a signed note without believing it. Raises RakkanError for one that is not well formed."""
    if len(data) > MOST_BYTES:
        raise _malformed(f"it has {len(data)} bytes, more than {MOST_BYTES}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("it is not UTF-8") from error
    text, blank, lines = whole.rpartition("\n\n")
    text += "\n"
    if not blank or not lines.endswith("\n"):
        raise _malformed("it has no signature")
    _check_text(text)
    signatures = [_signature(line) for line in lines[:-1].split("\n", MOST_SIGNATURES)]
    return SignedNote(text, tuple(signatures))


def signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines that stand alone, as a witness returns them. Raises RakkanError."""
    return parse(b"x\n\n" + lines.encode()).signatures


def verify(note: SignedNote, keys: Sequence[VerificationKey]) -> list[VerificationKey]:
    """Which of the ``keys`` have signed; at least one. Signatures of unknown keys are ignored.

    Raises RakkanError when a known key's signature is wrong, or none of them has signed.
    """
    signed = []
    for signature, key in known(note.signatures, keys):
        if not key.accepts(signature.data, note.text.encode()):
            raise RakkanError(f"The signature of {key.name} is wrong", "The text was changed after signing")
        signed.append(key)
    if not signed:
        names = ", ".join(sorted({key.name for key in keys})) or "any known key"
        raise RakkanError(
            f"This is not signed by {names}", "It is of another log, or the wrong key was given"
        )
    return signed


def known(
    found: Iterable[Signature], keys: Sequence[VerificationKey]
) -> list[tuple[Signature, VerificationKey]]:
    """The signatures whose name and identifier are those of one of the ``keys``."""
    by_name = {(key.name, key.identifier): key for key in keys}
    return [
        (one, by_name[one.name, one.identifier]) for one in found if (one.name, one.identifier) in by_name
    ]


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its one spelling. Raises RakkanError for any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RakkanError(f"{text[:60]!r} is not base64", "It is damaged") from error
    if base64.b64encode(data).decode() != text:
        raise RakkanError(f"{text[:60]!r} is not the usual spelling of base64", "It is damaged")
    return data


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise _malformed(f"{line[:60]!r} is no signature, or there are more than {MOST_SIGNATURES}")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    _check_name(name)
    data = decode_base64(encoded)
    if len(data) < 5:
        raise _malformed(f"the signature of {name} is too short")
    return Signature(name, data[:4], data[4:])


def _check_name(name: str) -> None:
    if not name or any(letter.isspace() or letter == "+" or letter < " " for letter in name):
        raise RakkanError(f"{name[:60]!r} cannot name a key", "Use a name without spaces or plus signs")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise RakkanError(f"{name[:60]!r} cannot name a key", "Use valid Unicode") from error


def _check_text(text: str) -> None:
    if len(text) < 2 or not text.endswith("\n") or any(one < " " and one != "\n" for one in text):
        raise _malformed("its text is empty, holds control characters or does not end its last line")


def _malformed(why: str) -> RakkanError:
    return RakkanError(f"This is no signed note: {why}", "It is damaged or something else")
