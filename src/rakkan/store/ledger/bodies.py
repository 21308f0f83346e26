"""Where the bodies of statements lie: what the ledger needs of the vault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol


class StoredBody(Protocol):
    """What the vault says of a blob: SHA-256 of its plaintext in hexadecimal, and its bytes."""

    @property
    def digest(self) -> str: ...

    @property
    def size(self) -> int: ...


class Bodies(Protocol):
    """What the ledger needs of the vault."""

    def put_many(self, owner: str, bodies: Sequence[bytes]) -> Sequence[StoredBody]: ...

    def read(self, owner: str, digest: str) -> bytes: ...

    def holds(self, owner: str, digest: str) -> bool: ...

    def list(self, owner: str) -> Iterator[StoredBody]: ...

    def erase(self, owner: str) -> None: ...
