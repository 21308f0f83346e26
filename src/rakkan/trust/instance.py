"""Who this instance is: its name, the root and the certificate it seals with, the key its ledger signs with.

All private keys lie in the keyring, sealed by the master key; nothing here writes a file.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.keyring import Keyring
from rakkan.store.ledger.notes import SigningKey
from rakkan.trust.seal import authority
from rakkan.trust.seal.authority import Authority, AuthorityKeys

#: Bytes of a file with a root certificate that are read.
LARGEST_ROOT = 64 * 1024
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")

#: The account that speaks for the instance itself in the ledger.
INSTANCE = "instance"


@dataclass(frozen=True)
class Instance:
    """The public face of an instance and what it signs with.

    ``ledger_key`` signs statements and checkpoints; its name is the origin of the ledger. ``root`` is PEM.
    """

    name: str
    root: bytes
    authority: Authority
    ledger_key: SigningKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root certificate, lower-case hexadecimal."""
        return authority.fingerprint(self.root)


def read_root(path: Path) -> bytes:
    """The root certificate (PEM) in a file, without what stands around it.

    Raises RakkanError for a file that does not hold exactly one: each is trusted by itself and by name.
    """
    try:
        with path.open("rb") as file:
            found = _CERTIFICATE.findall(file.read(LARGEST_ROOT))
        if len(found) == 1:
            authority.fingerprint(found[0])
            return bytes(found[0]) + b"\n"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RakkanError(f"{path} cannot be read: {reason}", "Check its name") from error
    except RakkanError as error:
        raise RakkanError(f"{path} holds no certificate that can be read", error.hint) from error
    raise RakkanError(
        f"{path} holds {len(found)} certificates in PEM form, not one", "Give the root.pem of an instance"
    )


def witness_key(keyring: Keyring) -> SigningKey:
    """The key this instance cosigns other ledgers with; made at first use."""
    return key_named("rakkan/witness", keyring.secret("witness", lambda: secrets.token_bytes(32)))


def key_named(kind: str, seed: bytes) -> SigningKey:
    """An Ed25519 key that bears its own fingerprint in its name, so that no two have the same."""
    public = SigningKey(kind, seed).verification_key().public
    return SigningKey(f"{kind}/{hashlib.sha256(public).hexdigest()[:16]}", seed)


def load(keyring: Keyring) -> Instance:
    """This instance, made under a name drawn at random when there is none yet.

    A certificate that has signed for a year is followed by a new one under the same root. Raises
    RakkanError when the keyring cannot be opened.
    """
    number, keys = _latest(keyring)
    if authority.needs_renewal(keys):
        keys = _followed(keyring, number, authority.renew(keys))
    return _instance(keyring, keys)


def rename(keyring: Keyring, name: str) -> Instance:
    """The same instance under another name: a new certificate under the root it has.

    Raises RakkanError for a name that no certificate can hold.
    """
    number, keys = _latest(keyring, name)
    if keys.name != name:
        authority.check_name(name)
        keys = _followed(keyring, number, authority.renew(replace(keys, name=name)))
    return _instance(keyring, keys)


def _latest(keyring: Keyring, name: str = "") -> tuple[int, AuthorityKeys]:
    """The last of the secrets ``seal-1``, ``seal-2``, …, and its number."""
    usual = name or f"Rakkan {secrets.token_hex(4)}"
    number = 1
    kept = keyring.secret("seal-1", lambda: authority.pack(authority.make_authority(usual)))
    while following := _existing(keyring, f"seal-{number + 1}"):
        number, kept = number + 1, following
    return number, authority.unpack(kept)


def _existing(keyring: Keyring, name: str) -> bytes | None:
    try:
        return keyring.secret(name, _nothing)
    except LookupError:
        return None


def _nothing() -> bytes:
    raise LookupError


def _followed(keyring: Keyring, number: int, keys: AuthorityKeys) -> AuthorityKeys:
    return authority.unpack(keyring.secret(f"seal-{number + 1}", lambda: authority.pack(keys)))


def _instance(keyring: Keyring, keys: AuthorityKeys) -> Instance:
    seed = keyring.secret("ledger", lambda: secrets.token_bytes(32))
    return Instance(keys.name, authority.root_pem(keys), authority.authority(keys), key_named("rakkan", seed))
