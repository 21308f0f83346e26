"""Named objects of bytes: what the vault asks of the place it lies in.

Names are parts joined by ``/``, made by Rakkan alone, never by a user. An object appears under its name
whole or not at all, and what a call has put or deleted is durable when the call returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Stored:
    """One object: its name, its size in bytes, and when it was put (seconds since 1970)."""

    name: str
    size: int
    modified: float


class Source(Protocol):
    """An object opened for reading anywhere."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``start`` on; fewer only at the end."""
        ...

    def close(self) -> None: ...


class Storage(Protocol):
    """Where objects lie. Every method raises RakkanError when the place refuses or fails."""

    def put(self, name: str, data: bytes, *, replace: bool = False) -> bool:
        """Put a small object; False, with nothing changed, when the name is taken and not to be replaced."""
        ...

    def put_many(self, objects: Sequence[tuple[str, bytes]], *, replace: bool = False) -> Sequence[bool]:
        """``put`` for many small objects, made durable together."""
        ...

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        """Put an object of any size, in little memory, under a name that is not taken."""
        ...

    def get(self, name: str) -> bytes | None:
        """A whole small object, None when there is none."""
        ...

    def source(self, name: str) -> Source | None:
        """An object for reading anywhere, None when there is none."""
        ...

    def exists(self, name: str) -> bool: ...

    def settle(self, name: str) -> None:
        """Make an object that can be seen durable: another process may not have finished putting it."""
        ...

    def list(self, prefix: str) -> Iterator[Stored]:
        """The objects whose names begin with ``prefix`` and a ``/``, in no order."""
        ...

    def folders(self, prefix: str) -> Sequence[str]:
        """The next parts of the names that begin with ``prefix`` and a ``/`` and have more than one."""
        ...

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; those that are not there already are fine."""
        ...

    def delete_under(self, prefix: str) -> None:
        """Remove the objects whose names begin with ``prefix`` and a ``/`` that are there when it starts."""
        ...

    def clean(self, older_than: float) -> int:
        """Remove what interrupted puts left that is older than so many seconds; how many there were."""
        ...

    def lock(self, name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        """Hold a lock, alone or with other sharers. It ends with the block and with the process."""
        ...
