"""What all of accounts stands on: the database, the time, and what is made of the service's secret."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from rakkan.errors import RakkanError
from rakkan.store import sealing

#: Bytes of the service's secret.
SECRET = 32
#: Milliseconds.
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
#: Credentials are marked as used at most this often, in milliseconds, so that reading seldom writes.
SEEN_EVERY = 5 * MINUTE
_MOST_CHARACTERS = 512

#: What is told of each change that matters to security: what was done (``key made``), by which account
#: ("" by nobody who is signed in), and the identifier of what it was done to. It runs after the commit.
Audit = Callable[[str, str, str], object]


def silent(action: str, account: str, about: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Visit:
    """Where a request came from: its user agent, and its network address."""

    agent: str = ""
    address: str = ""


@dataclass(frozen=True)
class Ground:
    """``clock`` gives seconds since 1970, ``secret`` is 32 bytes. Raises RakkanError for another length."""

    engine: Engine
    clock: Callable[[], float]
    secret: bytes
    audit: Audit = silent

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET:
            raise RakkanError("The service's secret is not 32 bytes long", "Make a new one")

    def __repr__(self) -> str:
        return f"Ground({self.engine!r})"

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock() * 1000)

    def keyed(self, purpose: str, text: str) -> bytes:
        """32 bytes that tell nothing of ``text`` to who has not the secret."""
        return hmac.new(self._digests, f"{purpose}\0".encode() + encoded(text), hashlib.sha256).digest()

    def network(self, visit: Visit) -> bytes:
        """The keyed digest of a visit's network: an address of IPv4, the first 64 bits of one of IPv6."""
        return self.keyed("network", network_of(visit.address))

    def seal(self, text: str, identifier: str) -> bytes:
        """What a person wrote, encrypted and bound to its row."""
        return sealing.seal(self._labels, encoded(text), identifier.encode())

    def unseal(self, sealed: bytes, identifier: str) -> str:
        """What was sealed. Raises Damaged for anything else."""
        plain = sealing.unseal(self._labels, bytes(sealed), identifier.encode(), "A label of an account")
        return plain.decode("utf-8", "surrogatepass")

    @cached_property
    def _digests(self) -> bytes:
        return sealing.derive(self.secret, "rakkan accounts digests 1")

    @cached_property
    def _labels(self) -> bytes:
        return sealing.derive(self.secret, "rakkan accounts labels 1")


def encoded(text: str) -> bytes:
    """The UTF-8 of any text at all, since what comes in over HTTP may be none."""
    return text.encode("utf-8", "surrogatepass")


def token_digest(token: str) -> bytes:
    """SHA-256 of a token. A token has 256 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(encoded(token[:_MOST_CHARACTERS])).digest()


def network_of(address: str) -> str:
    """The network that one subscriber usually has. What is no address is taken as it stands."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)
