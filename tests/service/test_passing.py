"""Drafts on their way: a private folder in memory, and a vault that flushes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.service.test_batches import Hub, hub  # noqa: F401  a fixture

from rakkan import assemble
from rakkan.service.jobs import process
from rakkan.service.jobs.worker import Performer
from rakkan.service.making.passing import in_memory, swept
from rakkan.service.making.warming import warm
from rakkan.store.disk import Disk
from rakkan.store.vault import Missing


def test_the_folder_in_memory_is_private_and_swept(tmp_path: Path) -> None:
    memory, spool = tmp_path / "memory", tmp_path / "spool"
    memory.mkdir()
    folder = in_memory(spool, memory)
    assert folder.parent == memory and folder.stat().st_mode & 0o777 == 0o700
    assert in_memory(spool, memory) == folder != in_memory(tmp_path / "other", memory)
    (folder / "left").mkdir()
    swept(spool, memory)
    assert not folder.exists()


@pytest.mark.parametrize("put", ["open to all", "a link", "a file"])
def test_what_another_has_put_there_is_not_used(tmp_path: Path, put: str) -> None:
    memory, spool, elsewhere = tmp_path / "memory", tmp_path / "spool", tmp_path / "elsewhere"
    memory.mkdir(), elsewhere.mkdir(mode=0o700)
    (elsewhere / "kept").touch()
    folder = in_memory(spool, memory)
    folder.rmdir()
    if put == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    elif put == "a link":
        folder.symlink_to(elsewhere)
    else:
        folder.touch()
    assert in_memory(spool, memory) == spool
    swept(spool, memory)
    assert (elsewhere / "kept").exists()


def test_without_files_in_memory_the_spool_serves(tmp_path: Path) -> None:
    assert in_memory(tmp_path / "spool", tmp_path / "nowhere") == tmp_path / "spool"


def test_a_draft_is_put_without_flushing_and_shredded_with_it(
    hub: Hub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = hub.actor.account
    assemble.vault().put(owner, b"before")
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append(os.readlink(f"/proc/self/fd/{file}")))
    blob = assemble.passing_vault().put(owner, bytes(40_000))
    assert flushed == []
    assert assemble.vault().read(owner, blob.digest) == bytes(40_000)
    assemble.vault().shred(owner, blob.digest)
    assert flushed != []
    with pytest.raises(Missing):
        assemble.passing_vault().read(owner, blob.digest)


def test_the_passing_disk_changes_nothing_but_flushing() -> None:
    from rakkan.store.disk import PassingDisk

    own = {name for name in vars(PassingDisk) if not name.startswith("__")}
    assert own == {"flush", "flush_all", "flush_folder"} <= set(dir(Disk))


def test_warming_up_releases_and_states_nothing(hub: Hub, tmp_path: Path) -> None:  # noqa: F811
    size = assemble.ledger().size()
    warm()
    assert assemble.ledger().size() == size
    assert assemble.released() == []
    assert not list(tmp_path.rglob("*.webp"))


def test_a_worker_prepares_first_and_goes_on_when_that_fails() -> None:
    seen: list[str] = []

    def failing() -> None:
        seen.append("failing")
        raise ValueError("no network")

    preparing: Callable[..., Any] = process._prepare
    for prepare in (failing, lambda: seen.append("fine")):
        preparing(Performer(lambda *given: [], prepare=prepare))
    assert seen == ["failing", "fine"]
