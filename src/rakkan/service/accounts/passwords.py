"""Passwords: argon2id (RFC 9106) at the parameters of OWASP's password storage cheat sheet."""

from __future__ import annotations

import base64
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rakkan.errors import RakkanError
from rakkan.service.errors import Busy

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
_LEAST_DIFFERENT = 4
_DIGEST, _SALT = 32, 16
#: Hashes at a time, so that many who sign in at once cannot use up the memory; and seconds to wait for one.
_AT_ONCE = 4
_PATIENCE = 10.0

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Passwords:
    """``memory`` in KiB, ``passes`` over it, ``lanes`` at a time. Hashes of other parameters still match."""

    memory: int = 19 * 1024
    passes: int = 2
    lanes: int = 1
    _turns: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE), repr=False, compare=False
    )

    def encode(self, password: str) -> str:
        """The hash of a password, with its salt and parameters. Raises RakkanError for a password that is
        too short, too long or too plain, and Busy."""
        return self.encode_known(check(password))

    def encode_known(self, password: str) -> str:
        """The hash of a password that was taken before, under whatever rules then held. Raises Busy."""
        spelt = _spelling(password)
        return self.work(lambda: self._hasher.hash(spelt))

    def matches(self, encoded: str | None, password: str) -> bool:
        """Whether a password is the one of a hash. It costs one hash whatever is given: None, for somebody
        who has no password or is not there, costs what somebody costs. Raises Busy."""
        spelt = _spelling(password)
        right = self.work(lambda: self._verify(encoded or self._nobody, spelt))
        return right and encoded is not None and len(password) <= MOST_CHARACTERS

    def outdated(self, encoded: str) -> bool:
        """Whether a hash was made with other parameters than these."""
        return self._hasher.check_needs_rehash(encoded)

    def work(self, hashing: Callable[[], _Result]) -> _Result:
        """Do something that hashes, when it is its turn."""
        if not self._turns.acquire(timeout=_PATIENCE):
            raise Busy("Too many people sign in at once", "Try again in a moment", retry_after=_PATIENCE)
        try:
            return hashing()
        finally:
            self._turns.release()

    def _verify(self, encoded: str, spelt: bytes) -> bool:
        try:
            return self._hasher.verify(encoded, spelt)
        except (VerificationError, InvalidHashError):
            return False

    @cached_property
    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(self.passes, self.memory, self.lanes, _DIGEST, _SALT)

    @cached_property
    def _nobody(self) -> str:
        """A hash in form, which costs as much to compare with as any and matches nothing anyone knows."""
        salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (_SALT, _DIGEST))
        return f"$argon2id$v=19$m={self.memory},t={self.passes},p={self.lanes}${salt}${digest}"


def check(password: str) -> str:
    """The password, if it will do. Raises RakkanError.

    Length is what counts (NIST SP 800-63B, section 3.1.1); rules about kinds of characters make people
    write worse ones.
    """
    if len(password) < LEAST_CHARACTERS:
        raise RakkanError("The password is too short", f"Take at least {LEAST_CHARACTERS} characters")
    if len(password) > MOST_CHARACTERS:
        raise RakkanError("The password is too long", f"Take at most {MOST_CHARACTERS} characters")
    if len(set(password)) < _LEAST_DIFFERENT:
        raise RakkanError("The password is few characters over and over", "Take a phrase of some words")
    return password


def _spelling(password: str) -> bytes:
    """One spelling of what looks the same on different keyboards (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password[:MOST_CHARACTERS]).encode("utf-8", "surrogatepass")
