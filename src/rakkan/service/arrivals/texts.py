"""Wildcards and prompts that accounts keep: sealed in the database, handed to whoever draws for them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.arrivals.tables import kept_texts
from rakkan.service.errors import NotFound
from rakkan.service.schema import new_identifier
from rakkan.store import sealing
from rakkan.store.database import transaction

Kind = Literal["wildcard", "prompt"]
#: Of an account: texts of each kind, bytes of a wildcard and of all together, signs of a prompt.
MOST: dict[Kind, int] = {"wildcard": 300, "prompt": 500}
LARGEST_WILDCARD = 256 * 1024
ROOM = 4 * 1024 * 1024
LONGEST_PROMPT = 4000
#: What a wildcard may be called between its underlines.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}(?:/[A-Za-z0-9][A-Za-z0-9_-]{0,59}){0,3}")


@dataclass(frozen=True)
class Text:
    """A wildcard's lines under its name, or a prompt, whose ``name`` it is itself."""

    identifier: str
    kind: Kind
    name: str
    text: str

    @property
    def lines(self) -> int:
        """Lines that something is drawn from."""
        return sum(bool(one.strip()) and not one.lstrip().startswith("#") for one in self.text.splitlines())


@dataclass(frozen=True)
class Texts:
    """The texts of an instance. ``clock`` gives seconds since 1970; ``key`` is 32 bytes."""

    engine: Engine
    clock: Callable[[], float]
    key: bytes

    def save_text(self, account: str, kind: Kind, name: str, text: str) -> None:
        """Keep a text; a wildcard of that name is replaced, a prompt that is here stays. Raises RakkanError
        for a name that no template can say, for too much and for too many."""
        name = _wildcard_name(name) if kind == "wildcard" else text[:LONGEST_PROMPT]
        size = len(text.encode())
        if kind == "wildcard" and size > LARGEST_WILDCARD:
            raise RakkanError(f"It is larger than {LARGEST_WILDCARD >> 10} KiB", "Split it")
        named = hmac.digest(self.key, f"{account}\0{kind}\0{name}".encode(), hashlib.sha256)
        identifier = new_identifier()
        with transaction(self.engine) as connection:
            held = connection.scalar(select(kept_texts.c.identifier).where(kept_texts.c.named == named))
            self._check_room(connection, account, kind, size, held or "")
            values = {"size": size, "sealed": self._sealed(held or identifier, name, text)}
            if held:
                one = update(kept_texts).where(kept_texts.c.identifier == held)
                connection.execute(one.values(**values))
                return
            values |= {"identifier": identifier, "account": account, "kind": kind, "named": named}
            connection.execute(insert(kept_texts).values(**values, created=int(self.clock() * 1000)))

    def of(self, account: str, kind: Kind) -> list[Text]:
        """All of a kind: wildcards by their names, prompts the newest first."""
        wanted = select(kept_texts).where(kept_texts.c.account == account, kept_texts.c.kind == kind)
        with transaction(self.engine) as connection:
            rows = connection.execute(wanted.order_by(kept_texts.c.identifier.desc())).all()
        found = [Text(one.identifier, kind, *self._opened(one.identifier, one.sealed)) for one in rows]
        return sorted(found, key=lambda one: one.name) if kind == "wildcard" else found

    def remove(self, account: str, identifier: str) -> None:
        """Delete one of an account's. Raises NotFound."""
        one = delete(kept_texts).where(kept_texts.c.identifier == identifier, kept_texts.c.account == account)
        with transaction(self.engine) as connection:
            if not connection.execute(one).rowcount:
                raise NotFound("There is no such text", "It may have been removed already")

    def forget_account(self, account: str) -> None:
        """Delete all of an account's."""
        with transaction(self.engine) as connection:
            connection.execute(delete(kept_texts).where(kept_texts.c.account == account))

    def lay_out(self, account: str, folder: Path, beside: Path | None = None) -> Path | None:
        """A folder for ``studio.wildcards``, below ``folder``, which is the caller's alone: the wildcards of
        an account, and those ``beside`` whose names it does not have itself. ``beside`` where it has none."""
        own = self.of(account, "wildcard")
        if not own:
            return beside
        place = folder / "wildcards"
        for name, text in {**dict(_texts_in(beside)), **{one.name: one.text for one in own}}.items():
            path = place / f"{name}.txt"
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return place

    def _check_room(self, connection: Connection, account: str, kind: Kind, size: int, instead: str) -> None:
        own = (kept_texts.c.account == account, kept_texts.c.identifier != instead)
        of_kind = select(func.count()).select_from(kept_texts).where(*own, kept_texts.c.kind == kind)
        if (connection.scalar(of_kind) or 0) >= MOST[kind]:
            raise RakkanError(f"{MOST[kind]} of them are kept already", "Remove some first")
        if int(connection.scalar(select(func.sum(kept_texts.c.size)).where(*own)) or 0) + size > ROOM:
            raise RakkanError(f"More than {ROOM >> 20} MiB of texts are not kept", "Remove some first")

    def _sealed(self, identifier: str, name: str, text: str) -> bytes:
        return sealing.seal(self.key, json.dumps([name, text]).encode(), identifier.encode())

    def _opened(self, identifier: str, sealed: bytes) -> tuple[str, str]:
        told = sealing.unseal(self.key, bytes(sealed), identifier.encode(), "A kept text")
        name, text = json.loads(told)
        return name, text


def _texts_in(folder: Path | None) -> Iterator[tuple[str, str]]:
    """The files of the instance's own wildcards."""
    from rakkan.studio import wildcards

    if folder is not None and folder.is_dir():
        for path in wildcards.text_files(folder):
            yield str(path.relative_to(folder).with_suffix("")), path.read_text("utf-8-sig", "replace")


def _wildcard_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_/-]+", "-", name).strip("-_/")
    if not _NAME.fullmatch(plain) or "__" in plain:
        raise RakkanError(
            f"No template can say __{plain[:40]}__", "Call the file by letters, digits, - and single _"
        )
    return plain
