"""Deleting a picture: a kill at any step leaves it whole, or is gone on with until nothing of it is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from tests.service.pictures.hub import RECIPE

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import migrating, wiring
from rakkan.service.access.actors import Actor
from rakkan.service.errors import NotFound
from rakkan.service.making.deleting import delete_picture
from rakkan.service.making.tables import deliveries
from rakkan.service.making.transit import PICTURE, Transit
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import NewPicture
from rakkan.service.schema import new_identifier
from rakkan.store.folder import FolderStorage

ANN = Actor("ann", "member")
#: Larger than what lies in its entry, so that there is a body to delete as well.
FILE, SMALL = bytes(40_000), b"a thumbnail"


class Shelf:
    """A catalogue and a vault with one picture of ann's, and another file that nobody may touch."""

    def __init__(self) -> None:
        parts = wiring.parts()
        migrating.upgrade(parts.engine)
        self.engine = parts.engine
        self.catalogue: Catalogue = parts.catalogue
        self.transit = Transit(parts.engine, parts.catalogue.clock, assemble.vault())
        self.brought = self.transit.vault.put("ann", b"what she brought").digest
        files = self.transit.put("ann", [FILE, SMALL], PICTURE)
        while parts.is_reserved(identifier := new_identifier()):
            pass  # that is a canary's
        new = NewPicture(identifier, "ann", files[0], "d" * 64, files[1], "image/png", "create", RECIPE)
        self.catalogue.add(new, lambda connection: self.transit.arrived(connection, "ann", files))
        self.picture, self.files = new.identifier, files

    def held(self) -> list[bool]:
        return [self.transit.vault.holds("ann", one) for one in self.files]

    def is_shown(self) -> bool:
        try:
            return bool(self.catalogue.openable(ANN, self.picture))
        except NotFound:
            return False

    def rows(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(deliveries)).all())

    def delete(self) -> None:
        delete_picture(self.catalogue, self.transit, ANN, self.picture)


def killed(shelf: Shelf, at: int) -> bool:
    """Delete the picture in a process that is killed at its step ``at``; whether it lived to the end.

    Steps lie before and after each transaction that is kept, and each deletion in the vault's storage.
    """
    shelf.engine.dispose()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    steps = 0

    def step(*_given: object) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        plain: Callable[..., None] = FolderStorage.delete

        def delete(storage: FolderStorage, names: Sequence[str]) -> None:
            step()
            plain(storage, names)
            step()

        FolderStorage.delete = delete  # type: ignore[method-assign]
        event.listen(shelf.engine, "commit", step)
        event.listen(shelf.engine, "begin", step)
        shelf.delete()
    finally:
        os._exit(0)


def test_a_kill_at_any_step_is_gone_on_with(tmp_path: Path) -> None:
    whole = gone = 0
    for at in range(1, 60):
        shelf = Shelf()
        lived = killed(shelf, at)
        if shelf.is_shown():
            assert shelf.held() == [True, True] and shelf.rows() == 0
            assert shelf.transit.sweep() == 0
            shelf.delete()
            whole += 1
        else:
            gone += 1
        shelf.transit.sweep()
        assert shelf.held() == [False, False] and not shelf.is_shown()
        assert shelf.rows() == 0 and shelf.transit.sweep() == 0
        assert shelf.transit.vault.read("ann", shelf.brought) == b"what she brought"
        if lived:
            break
    else:
        raise AssertionError("deleting has no end")
    # Before it is written down nothing has happened; afterwards there are both files, entry and body.
    assert whole >= 2 and gone >= 8, (whole, gone)


def test_what_the_vault_refuses_is_tried_again_by_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()

    def refuse(*given: Any) -> None:
        raise RakkanError("The bucket cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(shelf.transit.vault, "shred", refuse)
        shelf.delete()
    assert not shelf.is_shown() and shelf.held() == [True, True]
    assert shelf.transit.sweep() == 2
    assert shelf.held() == [False, False] and shelf.rows() == 0


def test_a_file_that_another_picture_has_stays() -> None:
    shelf = Shelf()
    other = NewPicture("0" * 26, "ann", shelf.files[0], "e" * 64, "", "image/png", "import", RECIPE)
    shelf.catalogue.add(other)
    shelf.delete()
    assert shelf.held() == [True, False] and shelf.rows() == 0
    assert shelf.transit.vault.read("ann", shelf.files[0]) == FILE
