"""Everything of an account as one archive, written while it is sent: nothing lies anywhere meanwhile.

Pictures are the sealed files as the gate released them, characters go through the gate once more. Nothing
that lets anybody in is in it.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from rakkan import assemble, config
from rakkan.errors import RakkanError
from rakkan.records import canonical_json
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.pictures.records import Card
from rakkan.service.pictures.releases import FORMATS, Releases
from rakkan.service.pictures.tables import comments, follows, likes
from rakkan.service.sharing.tables import CREDITS
from rakkan.store.database import transaction

_ENDINGS = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg"}
#: Times before 1980 cannot be written into a zip archive.
_EARLIEST = 315_532_800


class Pieces:
    """A file that can only be written to, and what was written since it was last asked."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open here."""

    def taken(self) -> bytes:
        """What was written since."""
        held, self._held = b"".join(self._held), []
        return held


def archive(service: Service, actor: Actor) -> Iterator[bytes]:
    """The archive, piece by piece. What cannot be read is named in ``missing.json``."""
    pieces = Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as made:
        for name, data in _files(service, actor):
            made.writestr(zipfile.ZipInfo(name, time.gmtime(max(service.clock(), _EARLIEST))[:6]), data)
            yield pieces.taken()
    yield pieces.taken()


def _files(service: Service, actor: Actor) -> Iterator[tuple[str, bytes]]:
    missing: dict[str, str] = {}
    told = service.accounts.export(actor.account)
    organisations = [vars(one) for one, _ in service.accounts.organisations.of(actor.account)]
    yield "account.json", _json({**told, "in": organisations})
    yield "social.json", _json(_social(service, actor.account))
    yield "shared.json", _json(_shared(service, actor.account))
    yield "jobs.json", _json(_jobs(service, actor.account))
    yield "brought.json", _json(_brought(service, actor.account))
    for card in _pictures(service, actor):
        shown = service.catalogue.get(actor, card.identifier)
        name = f"pictures/{card.identifier}"
        facts = {**asdict(shown), "recipe": None}
        try:
            facts["recipe"] = json.loads(canonical_json(service.catalogue.recipe(actor, card.identifier)))
            service.catalogue.openable(actor, card.identifier)
            data = service.vault.read(shown.account, shown.file)
            yield f"{name}.{_ENDINGS.get(shown.media_type, 'bin')}", data
            yield from _releases(service, actor, card.identifier)
        except RakkanError as error:
            missing[name] = error.message
        yield f"{name}.json", _json(facts)
    yield from _characters(actor.account, missing)
    yield "missing.json", _json(missing)


def _releases(service: Service, actor: Actor, picture: str) -> Iterator[tuple[str, bytes]]:
    for one in Releases(service.catalogue).of(actor, picture)[1:]:
        name = f"pictures/{picture}-{one.disclosure}.{_ENDINGS[FORMATS[one.format]]}"
        yield name, service.vault.read(one.account, one.file)


def _pictures(service: Service, actor: Actor) -> Iterator[Card]:
    cursor = ""
    while True:
        page = service.catalogue.mine(actor, cursor, 100)
        yield from page.cards
        cursor = page.cursor
        if not cursor:
            return


def _characters(account: str, missing: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    casting, spool = assemble.casting(), config.load().home / "spool"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, kept in enumerate(casting.characters.all(account), 1):
        name = re.sub(r"[^\w-]+", "-", kept.version.name).strip("-") or "character"
        try:
            with tempfile.TemporaryDirectory(dir=spool) as folder:
                path = casting.export(kept.version.name, Path(folder) / "taken.rakkan", account)
                data = path.read_bytes()
        except RakkanError as error:
            missing[f"characters/{name}"] = error.message
            continue
        yield f"characters/{number:03d}-{name}.rakkan", data
    for kept_style in casting.styles.all(account):
        yield f"styles/{kept_style.digest}.json", _json(asdict(kept_style.version))


def _social(service: Service, account: str) -> dict[str, Any]:
    liked = select(likes.c.picture, likes.c.created).where(likes.c.account == account)
    followed = select(follows.c.followed, follows.c.created).where(follows.c.follower == account)
    said = select(comments.c.picture, comments.c.text, comments.c.created).where(
        comments.c.account == account
    )
    with transaction(service.engine) as connection:
        return {
            name: [dict(row) for row in connection.execute(query).mappings()]
            for name, query in (("likes", liked), ("follows", followed), ("comments", said))
        }


def _shared(service: Service, account: str) -> dict[str, Any]:
    """Which characters are shared, and what those that are copies were copied from."""
    copied = select(CREDITS).where(CREDITS.c.account == account).order_by(CREDITS.c.copy, CREDITS.c.step)
    with transaction(service.engine) as connection:
        credits = [dict(row) for row in connection.execute(copied).mappings()]
    return {"characters": [asdict(one) for one in service.sharing.of(account).values()], "credits": credits}


def _brought(service: Service, account: str) -> dict[str, Any]:
    """The wildcards and prompts of an account, the cards of its models, and what is on its way. The models
    themselves are files that it has brought, each larger than an archive should be."""
    shared = assemble.sharing().of(account)
    return {
        "wildcards": {one.name: one.text for one in service.texts.of(account, "wildcard")},
        "prompts": [one.text for one in service.texts.of(account, "prompt")],
        "models": [
            {**asdict(one), "shared": one.card.digest in shared} for one in assemble.models().all(account)
        ],
        "uploads": [asdict(one) for one in service.uploads.of(account)],
    }


def _jobs(service: Service, account: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = ""
    while page := service.queue.page(account, before=before, limit=200):
        before = page[-1].identifier
        for one in page:
            whole = asdict(service.queue.get(account, one.identifier))
            for name in ("payload", "result"):
                whole[name] = json.loads(whole[name]) if whole[name] else None
            found.append(whole)
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
