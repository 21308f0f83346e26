"""Letting a model in that somebody sent in parts: through the gate, as ``rakkan model add`` does.

The gate reads files, so the parts are put together in a folder of the worker's own, which is emptied when the
model is in or refused, and by the next worker should this one be killed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.models.card import Kept
from rakkan.models.licences import PERSON, claim
from rakkan.service.arrivals.uploads import Upload, Uploads

#: Bytes that stay free beside the file and what the vault keeps of it.
_SPARE = 256 * 1024 * 1024
#: Of a hundred steps: put together, looked at; the rest is let in.
_TOGETHER, _SEEN, _ALL = 30, 80, 100


def take_in(
    uploads: Uploads, account: str, identifier: str, folder: Path, progress: Callable[[int, int], None]
) -> Kept:
    """Let the model of an upload in for an account; its card. The parts are deleted, also when it is refused.

    ``folder`` is private. Raises RakkanError for what is no sound model and what the gate refuses, and where
    there is no room, which leaves the parts; NotFound when the upload was given up.
    """
    found = uploads.get(account, identifier)
    if found.model:  # whoever did this before was lost before it could say so
        return assemble.models().find(found.model, account)
    if shutil.disk_usage(folder).free < 2 * found.size + _SPARE:
        uploads.reopen(account, identifier)
        raise RakkanError("There is no room on the disk to look at the model", "Ask the owner for room")
    try:
        kept = _added(_together(uploads, account, found, folder, progress), account, found, progress)
    except RakkanError:
        uploads.discard(account, identifier)
        raise
    assemble.sharing().put(account, kept.card.digest, found.told.shared)
    uploads.settle(account, identifier, kept.card.digest)
    progress(_ALL, _ALL)
    return kept


def line(kept: Kept) -> str:
    """A model in a line."""
    card = kept.card
    parts = (card.kind, card.base or card.family, f"licence {kept.licence.told}", *card.notes)
    return f"{card.name}: {', '.join(part for part in parts if part)}"


def told(kept: Kept) -> dict[str, Any]:
    """What the result of a job says of a model."""
    card = kept.card
    return {
        "name": card.name,
        "digest": card.digest,
        "kind": card.kind,
        "base": card.base or card.family,
        "licence": kept.licence.told,
        "notes": list(card.notes),
    }


def _together(
    uploads: Uploads, account: str, found: Upload, folder: Path, progress: Callable[[int, int], None]
) -> Path:
    path = folder / found.told.file
    done = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        for piece in uploads.pieces(account, found.identifier):
            file.write(piece)
            done += len(piece)
            progress(done * _TOGETHER // found.size, _ALL)
    return path


def _added(path: Path, account: str, found: Upload, progress: Callable[[int, int], None]) -> Kept:
    def seen(done: int, of: int) -> None:
        progress(_TOGETHER + (_SEEN - _TOGETHER) * done // max(of, 1), _ALL)

    said = claim(found.told.licence, PERSON)
    try:
        return assemble.models().add(path, found.told.name, said, account, progress=seen)
    except RakkanError as error:
        # What is said of the file names the place where it lay for a moment.
        raise RakkanError(error.message.replace(f"{path.parent}/", ""), error.hint) from error
    finally:
        path.unlink(missing_ok=True)
