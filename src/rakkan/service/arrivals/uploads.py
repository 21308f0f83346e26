"""Large files that come in parts: each part lies encrypted in the vault as soon as it is here, and an upload
that broke off goes on where it ended.

A part is in transit until the whole has been used, so that whatever nobody goes on with is deleted: after a
day by ``Uploads.sweep``, and should this never run, by the transit's own.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Engine, Row, delete, func, insert, select, update

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file
from rakkan.formats.checkpoints.files import PICKLE_HINT, refuse_pickle, shown
from rakkan.service.arrivals.tables import upload_parts, uploads
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.making.transit import Transit
from rakkan.service.schema import new_identifier
from rakkan.store import sealing
from rakkan.store.database import transaction

#: Bytes of a part, all but the last, and of the largest file.
PART = 8 * 1024 * 1024
LARGEST = 16 * 1024**3
#: Uploads of an account at a time.
MOST_OPEN = 4
#: Seconds that an upload waits to be gone on with; that a whole one waits for its worker, and its parts at
#: most.
KEPT, QUEUED = 24 * 3600, 7 * 24 * 3600
State = Literal["open", "queued", "done"]
_ENDING = ".safetensors"
_PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".zip")
#: Before a part, with 16 random bytes: so it is never taken for anything else of the account's.
_MARK = b"rakkan part 1\n"
_SALT = 16


@dataclass(frozen=True)
class Told:
    """What is said of a file before it comes: what it is called, what the model is to be called ("" as the
    file), the licence that it is said to have, whether all may draw with it, and any mark by which its
    sender knows it again."""

    file: str
    name: str = ""
    licence: str = ""
    shared: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Upload:
    """A file on its way: ``received`` of ``size`` bytes are here; ``until`` is in milliseconds since 1970.
    ``model`` is the digest of the model that it has become, "" before."""

    identifier: str
    told: Told
    size: int
    received: int
    state: State
    until: int
    model: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return self.received == self.size


@dataclass(frozen=True)
class Uploads:
    """The uploads of an instance. ``clock`` gives seconds since 1970; ``key`` is 32 bytes."""

    engine: Engine
    clock: Callable[[], float]
    key: bytes
    transit: Transit

    def begin(self, account: str, told: Told, size: int, room: int = LARGEST) -> Upload:
        """Begin to take a file of ``size`` bytes, or go on with the one that was told of in the same words.
        ``room`` is how many bytes the account may bring at most.

        Raises RakkanError for what is called a pickle or no safetensors file, for too large a file and for
        one for which there is no room, Conflict when too many are on their way.
        """
        check_called(told.file)
        if not 8 < size <= LARGEST:
            raise RakkanError(
                f"A model of {size:,} bytes is not taken", f"Send one of at most {LARGEST >> 30} GiB"
            )
        held = self.of(account)
        same = next((one for one in held if (one.told, one.size) == (told, size) and not one.is_whole), None)
        if same is not None:
            return same
        if len(held) >= MOST_OPEN:
            raise Conflict(f"{len(held)} files are on their way already", "Finish one of them, or give it up")
        if size + sum(one.size for one in held) > room:
            raise RakkanError(
                f"There is no room for {size:,} bytes more", "Remove a model, or ask the owner for room"
            )
        identifier, until = new_identifier(), self._now() + KEPT * 1000
        made = Upload(identifier, told, size, 0, "open", until)
        values = {"identifier": identifier, "account": account, "state": "open", "size": size}
        values |= {"received": 0, "sealed": self._sealed(made), "until": until}
        with transaction(self.engine) as connection:
            connection.execute(insert(uploads).values(**values))
        return made

    def get(self, account: str, identifier: str) -> Upload:
        """An upload of an account's. Raises NotFound."""
        wanted = select(uploads).where(uploads.c.identifier == identifier, uploads.c.account == account)
        with transaction(self.engine) as connection:
            row = connection.execute(wanted).first()
        if row is None:
            raise NotFound("There is no such upload", "It may have been given up; begin another")
        return self._read(row)

    def of(self, account: str) -> list[Upload]:
        """All that an account has on its way, the oldest first."""
        wanted = select(uploads).where(uploads.c.account == account, uploads.c.state != "done")
        wanted = wanted.order_by(uploads.c.identifier)
        with transaction(self.engine) as connection:
            return [self._read(row) for row in connection.execute(wanted).all()]

    def put(self, account: str, identifier: str, start: int, data: bytes) -> Upload:
        """Take the part that begins at the byte ``start``: ``PART`` bytes, or what is left. One that is here
        already changes nothing.

        Raises NotFound, Conflict for a part that is not the next, and RakkanError for one of another length
        and for the beginning of what is no safetensors file, which ends the upload.
        """
        found = self.get(account, identifier)
        if start + len(data) <= found.received:
            return found
        if start != found.received or found.state != "open":
            raise Conflict("This is not the next part", f"Go on from byte {found.received}")
        if len(data) != min(PART, found.size - start):
            raise RakkanError(f"A part has {PART:,} bytes, the last what is left", "Send it whole")
        if start == 0:
            try:
                check_start(data, found.told.file)
            except RakkanError:
                self.discard(account, identifier)
                raise
        (digest,) = self.transit.put(account, [_MARK + secrets.token_bytes(_SALT) + data], QUEUED)
        until = self._now() + KEPT * 1000
        mine = (uploads.c.identifier == identifier, uploads.c.account == account)
        moved = update(uploads).where(*mine, uploads.c.received == start)
        part = {"upload": identifier, "start": start, "digest": digest, "length": len(data)}
        with transaction(self.engine) as connection:
            taken = connection.execute(moved.values(received=start + len(data), until=until)).rowcount
            if taken:
                connection.execute(insert(upload_parts).values(**part))
        if not taken:  # it was sent twice at once, or given up meanwhile
            self.transit.discard(account, [digest])
            return self.get(account, identifier)
        return replace(found, received=start + len(data), until=until)

    def queue(self, account: str, identifier: str) -> Upload:
        """All of it is here and it waits for a worker from now on. Raises NotFound, Conflict when it is not
        whole or waits already."""
        found = self.get(account, identifier)
        if not found.is_whole:
            raise Conflict(
                f"{found.size - found.received:,} bytes are missing", f"Go on from byte {found.received}"
            )
        mine = (uploads.c.identifier == identifier, uploads.c.state == "open")
        values = {"state": "queued", "until": self._now() + QUEUED * 1000}
        with transaction(self.engine) as connection:
            if not connection.execute(update(uploads).where(*mine).values(**values)).rowcount:
                raise Conflict("It waits for a worker already", "See the queue")
        return replace(found, state="queued")

    def reopen(self, account: str, identifier: str) -> None:
        """It waits for no worker: it could not be queued."""
        mine = (uploads.c.identifier == identifier, uploads.c.account == account)
        with transaction(self.engine) as connection:
            connection.execute(update(uploads).where(*mine).values(state="open"))

    def pieces(self, account: str, identifier: str) -> Iterator[bytes]:
        """The file, a part at a time. Raises NotFound, RakkanError when a part is missing."""
        found = self.get(account, identifier)
        wanted = select(upload_parts).where(upload_parts.c.upload == identifier)
        with transaction(self.engine) as connection:
            parts = connection.execute(wanted.order_by(upload_parts.c.start)).all()
        at = 0
        for part in parts:
            data = self.transit.vault.read(account, part.digest)[len(_MARK) + _SALT :]
            if part.start != at or len(data) != part.length:
                break
            at += len(data)
            yield data
        if at != found.size:
            raise RakkanError("A part of the file is missing", "Send it again")

    def settle(self, account: str, identifier: str, model: str) -> None:
        """It has become a model, by its digest: its parts are deleted, and what it was is known for a day
        longer, for a worker that does this again since nobody heard of the first."""
        found = replace(self.get(account, identifier), state="done", model=model)
        self._drop(account, identifier)
        values = {"state": "done", "sealed": self._sealed(found), "until": self._now() + KEPT * 1000}
        with transaction(self.engine) as connection:
            connection.execute(update(uploads).where(uploads.c.identifier == identifier).values(**values))

    def discard(self, account: str, identifier: str) -> None:
        """Delete an upload with its parts; fine when it is gone."""
        try:
            self.get(account, identifier)
        except NotFound:
            return
        self._drop(account, identifier)
        with transaction(self.engine) as connection:
            connection.execute(delete(uploads).where(uploads.c.identifier == identifier))

    def sweep(self) -> int:
        """Delete what nobody has gone on with for a day; how many uploads."""
        due = select(uploads.c.account, uploads.c.identifier).where(uploads.c.until < self._now())
        with transaction(self.engine) as connection:
            rows = connection.execute(due.limit(100)).all()
        for account, identifier in rows:
            self.discard(account, identifier)
        return len(rows)

    def forget_account(self, account: str) -> None:
        """Delete the rows of an account, whose files are deleted with it."""
        own = select(uploads.c.identifier).where(uploads.c.account == account)
        with transaction(self.engine) as connection:
            connection.execute(delete(upload_parts).where(upload_parts.c.upload.in_(own)))
            connection.execute(delete(uploads).where(uploads.c.account == account))

    def waiting(self) -> int:
        """Bytes of all uploads that are here."""
        with transaction(self.engine) as connection:
            return int(connection.scalar(select(func.sum(uploads.c.received))) or 0)

    def _drop(self, account: str, identifier: str) -> None:
        """Delete the parts: the files first, which the transit deletes should this be cut off."""
        mine = upload_parts.c.upload == identifier
        with transaction(self.engine) as connection:
            digests = connection.scalars(select(upload_parts.c.digest).where(mine)).all()
        self.transit.discard(account, digests)
        with transaction(self.engine) as connection:
            connection.execute(delete(upload_parts).where(mine))

    def _sealed(self, upload: Upload) -> bytes:
        said = json.dumps([vars(upload.told), upload.model]).encode()
        return sealing.seal(self.key, said, upload.identifier.encode())

    def _read(self, row: Row[Any]) -> Upload:
        name = row.identifier
        said = sealing.unseal(self.key, bytes(row.sealed), name.encode(), "The row of an upload")
        told, model = json.loads(said)
        return Upload(name, Told(**told), row.size, row.received, row.state, row.until, model)

    def _now(self) -> int:
        return int(self.clock() * 1000)


def check_called(file: str) -> None:
    """Raise RakkanError, before anything is read, for what is called otherwise than a safetensors file."""
    ending = file[file.rfind(".") :].lower() if "." in file else ""
    if ending in _PICKLES:
        raise RakkanError(f"{shown(file)} is a pickle, which is not opened here", PICKLE_HINT)
    if ending != _ENDING:
        raise RakkanError(
            f"{shown(file)} is no safetensors file", "Send a model whose name ends in .safetensors"
        )


def check_start(data: bytes, file: str) -> None:
    """Raise RakkanError for the beginning of what cannot be a safetensors file."""
    refuse_pickle(io.BytesIO(data), file)
    try:
        safetensors_file.header_bytes(data[:8])
    except RakkanError as error:
        raise RakkanError(f"{shown(file)}: {error.message}", error.hint) from error
    if data[8:9] != b"{":
        raise RakkanError(f"{shown(file)} is no safetensors file", "Send the whole file, as it was published")
