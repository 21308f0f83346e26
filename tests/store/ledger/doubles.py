"""What stands in for the rest of Rakkan in the tests of the ledger."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError
from rakkan.store.ledger.files import Files
from rakkan.store.ledger.statements import Generated, Statement, Subject


@dataclass(frozen=True)
class PlainBlob:
    digest: str
    size: int


class PlainBodies:
    """The edge of the vault: bodies in plain files, so that whatever is not shredded can be seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put_many(self, owner: str, bodies: Sequence[bytes]) -> list[PlainBlob]:
        place = self._place(owner)
        place.mkdir(parents=True, exist_ok=True)
        for body in bodies:
            (place / hashlib.sha256(body).hexdigest()).write_bytes(body)
        return [PlainBlob(hashlib.sha256(body).hexdigest(), len(body)) for body in bodies]

    def read(self, owner: str, digest: str) -> bytes:
        try:
            return (self._place(owner) / digest).read_bytes()
        except FileNotFoundError as error:
            raise RakkanError("The vault does not hold it") from error

    def holds(self, owner: str, digest: str) -> bool:
        return (self._place(owner) / digest).exists()

    def list(self, owner: str) -> Iterator[PlainBlob]:
        if self._place(owner).exists():
            yield from (PlainBlob(path.name, path.stat().st_size) for path in self._place(owner).iterdir())

    def shred(self, owner: str, digest: str) -> None:
        (self._place(owner) / digest).unlink()

    def erase(self, owner: str) -> None:
        shutil.rmtree(self._place(owner), ignore_errors=True)

    def _place(self, owner: str) -> Path:
        return self.folder / hashlib.sha256(owner.encode()).hexdigest()


def generated(number: int = 0, account: str = "mika") -> Statement:
    """A statement like any other, about a picture with the digest ``digest_of(number)``."""
    predicate = Generated("create", "a" * 64, "full", "starter", "b" * 64)
    return Statement(predicate, (Subject("picture", {"sha256": digest_of(number)}),), account, 1_700_000_000)


def digest_of(number: int) -> str:
    return hashlib.sha256(f"picture {number}".encode()).hexdigest()


class Counting:
    """A disk that counts how often it is read."""

    def __init__(self, disk: Files) -> None:
        self.disk = disk
        self.reads = 0

    def read(self, name: str) -> bytes:
        self.reads += 1
        return self.disk.read(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.disk, name)
