"""Keeping what was drawn: the sealed file and its thumbnail in the vault, the rest in the catalogue."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from rakkan.records import AnyRecipe
from rakkan.service.making.transit import PICTURE, Transit
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import NewPicture
from rakkan.service.pictures.thumbnails import sealed_thumbnail
from rakkan.service.schema import identifier_of

if TYPE_CHECKING:
    from rakkan.records import Picture
    from rakkan.trust.gate import Destination

_TYPES = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}


@dataclass(frozen=True)
class Delivery:
    """What a job's pictures are kept by. ``secret`` is 32 bytes; ``is_reserved`` says of an identifier that
    only a canary may have it. ``near`` is "" but for canaries: they get reserved identifiers of its time."""

    transit: Transit
    catalogue: Catalogue
    release: Callable[[Picture, Destination], Path]
    secret: bytes
    is_reserved: Callable[[str], bool] = lambda identifier: False
    near: str = ""

    def identifier(self, job: str, index: int) -> str:
        """The identifier of a job's picture, by its number from 0: the same each time, so that a job that is
        done twice keeps one, and nobody else can tell it."""
        for number in itertools.count():
            told = f"{job} {index} {number}".encode()
            made = identifier_of(self.near or job, hmac.digest(self.secret, told, hashlib.sha256))
            if self.is_reserved(made) == bool(self.near):
                return made
        raise AssertionError("unreachable")

    def stage(
        self,
        path: Path,
        recipe: AnyRecipe,
        operation: str,
        account: str,
        job: str,
        index: int,
        disclosure: str,
        character: tuple[str, str] = ("", ""),
        parent: str = "",
    ) -> NewPicture:
        """Take the sealed file at ``path`` in; nobody is told of it before ``arrive``. The file is gone
        afterwards. ``character`` is what the catalogue calls who was drawn, and people."""
        data = path.read_bytes()
        identifier = self.identifier(job, index)
        media_type = _TYPES[path.suffix]
        new = self._taken(
            data,
            media_type,
            recipe,
            operation,
            account,
            identifier,
            path.parent,
            disclosure,
            character,
            parent,
        )
        path.unlink()
        return new

    def arrive(self, connection: Connection, staged: Sequence[NewPicture]) -> None:
        """Tell the catalogue of what was staged, in somebody's transaction: all of it, or nothing. Raises
        RakkanError when that took so long that files were swept."""
        for new in staged:
            if self.catalogue.add_within(connection, new):
                self.transit.arrived(connection, new.account, files_of(new))

    def undo(self, staged: Sequence[NewPicture]) -> None:
        """Delete the files of what was staged and has not arrived."""
        for new in staged:
            self.transit.discard(new.account, files_of(new))

    def take(
        self,
        data: bytes,
        media_type: str,
        recipe: AnyRecipe,
        operation: str,
        account: str,
        identifier: str,
        folder: Path,
        disclosure: str,
        still: Callable[[Connection], None],
    ) -> None:
        """Take a picture file in that has passed the gate by itself, and tell the catalogue at once; its
        thumbnail is made in a private ``folder``. ``still`` raises when it is not wanted any more."""
        new = self._taken(data, media_type, recipe, operation, account, identifier, folder, disclosure)

        def also(connection: Connection) -> None:
            still(connection)
            self.transit.arrived(connection, account, files_of(new))

        try:
            added = self.catalogue.add(new, also)
        except BaseException:
            self.undo([new])
            raise
        if not added:  # a worker that was taken for dead has had it in
            self.undo([new])

    def _taken(
        self,
        data: bytes,
        media_type: str,
        recipe: AnyRecipe,
        operation: str,
        account: str,
        identifier: str,
        folder: Path,
        disclosure: str,
        character: tuple[str, str] = ("", ""),
        parent: str = "",
    ) -> NewPicture:
        """A picture whose file and thumbnail the vault has, for as long as what is on its way is kept."""
        from rakkan.formats.inspect import inspect_picture
        from rakkan.service.pictures.nearness import embedding
        from rakkan.trust.provenance import digest_of_file

        small = sealed_thumbnail(data, media_type, account, folder, self.release)
        file, thumbnail = self.transit.put(account, [data, small], PICTURE)
        _, pixels = inspect_picture(data)
        return NewPicture(
            identifier,
            account,
            file,
            digest_of_file(data),
            thumbnail,
            media_type,
            operation,
            recipe,
            character=character[0],
            character_name=character[1],
            parent=parent,
            disclosure=disclosure,
            embedding=embedding(pixels[..., :3]),
        )


def files_of(new: NewPicture) -> list[str]:
    """What the vault knows a picture's files by."""
    return list(filter(None, (new.file, new.thumbnail)))
