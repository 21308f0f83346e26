"""Stopped at any operation on any file, the ledger keeps what it has acknowledged and contradicts nothing.

The disk is injected: it counts its operations and stops before, within or after the chosen one. Within a
write, what the kernel has not been told to keep is lost.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.store.ledger.conftest import INDEX_KEY, KEY
from tests.store.ledger.doubles import PlainBodies, digest_of, generated

from rakkan.errors import RakkanError
from rakkan.store import database
from rakkan.store.disk import Disk
from rakkan.store.ledger import audit, merkle
from rakkan.store.ledger.checkpoint import open_checkpoint
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Entry, Ledger
from rakkan.store.ledger.verify import verify_evidence

KEYS = [KEY.verification_key()]


class Stop(BaseException):
    """The light goes out: not an Exception, so nobody can catch it by being generous."""


class Stopping:
    """A disk that stops at its ``last`` operation: before it, halfway (a torn file) or after it."""

    def __init__(self, folder: Path, last: int, how: str) -> None:
        self.disk = Folder(folder)
        self.folder = folder
        self.left = last
        self.how = how
        self.done: list[str] = []

    def write(self, contents: Mapping[str, bytes]) -> None:
        for name, data in contents.items():
            self._write(name, data)

    def _write(self, name: str, data: bytes) -> None:
        def torn() -> None:
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.with_name(f".{place.name}.0.part").write_bytes(data[: len(data) // 2])

        self._step(f"write {name}", lambda: self.disk.write({name: data}), torn)

    def discard(self, name: str) -> None:
        def torn() -> None:
            next(iter((self.folder / name).iterdir())).unlink()

        self._step(f"discard {name}", lambda: self.disk.discard(name), torn)

    def _step(self, what: str, work: Callable[[], None], torn: Callable[[], None]) -> None:
        self.left -= 1
        if self.left > 0:
            work()
            self.done.append(what)
            return
        if self.how == "within":
            torn()
        elif self.how == "after":
            work()
        raise Stop

    def __getattr__(self, name: str) -> Any:
        return getattr(self.disk, name)


class StoppingBodies(PlainBodies):
    """A vault that stops when it is given bodies, having kept them or not."""

    def __init__(self, folder: Path, keep: bool) -> None:
        super().__init__(folder)
        self.keep = keep

    def put_many(self, owner: str, bodies: Any) -> Any:
        if self.keep:
            super().put_many(owner, bodies)
        raise Stop


def check_all(ledger: Ledger, folder: Path, acknowledged: list[Entry], before: list[bytes]) -> None:
    """What was acknowledged is there, provable, and every older checkpoint is continued."""
    assert audit.check(folder, KEYS, before) == []
    checkpoint = open_checkpoint(ledger.checkpoint(), KEYS)[0]
    for signed in before:
        old = open_checkpoint(signed, KEYS)[0]
        proof = ledger.prove_consistency(old.size)
        merkle.verify_consistency(old.size, old.root, checkpoint.size, checkpoint.root, proof)
    for entry in acknowledged:
        verified = verify_evidence(ledger.evidence(entry.index), KEYS)
        number = next(
            at for at in range(1000) if digest_of(at) == verified.statement.subjects[0].digests["sha256"]
        )
        assert entry in [found for found, _ in ledger.about(digest_of(number))]
    sample = [*range(0, checkpoint.size, 40), checkpoint.size - 1]
    assert {ledger.state(at) for at in sample} == {"present"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Entry]]:
    """A ledger of 250 entries, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    engine = database.connect(database.url_of(folder / "index.sqlite"))
    made = Ledger(folder / "ledger", PlainBodies(folder / "vault"), KEY, Index(engine, INDEX_KEY))
    entries = made.append([generated(at) for at in range(250)])
    database.forget_deleted(engine)
    engine.dispose()
    return folder, entries


@pytest.fixture
def grown(template: tuple[Path, list[Entry]], tmp_path: Path) -> list[Entry]:
    """The entries of a ledger of 250, which ``opened`` opens."""
    shutil.copytree(template[0], tmp_path, dirs_exist_ok=True)
    return list(template[1])


#: An append that fills a tile writes two bundles, three tiles and a checkpoint, and removes two folders.
OPERATIONS = 8


@pytest.mark.parametrize("how", ["before", "within", "after"])
@pytest.mark.parametrize("last", range(1, OPERATIONS + 1))
def test_stopped_at_any_file_operation_nothing_acknowledged_is_lost(
    tmp_path: Path, opened: Callable[..., Ledger], grown: list[Entry], last: int, how: str
) -> None:
    acknowledged = grown
    before = [opened().checkpoint()]
    disk = Stopping(tmp_path / "ledger", last, how)
    with pytest.raises(Stop):
        opened(disk=disk).append([generated(300 + at) for at in range(10)])
    again = opened()
    assert again.size() in (250, 260)
    committed = "write checkpoint" in disk.done or (how == "after" and again.size() == 260)
    assert again.size() == (260 if committed else 250), "the checkpoint is the commit point"
    if committed:
        acknowledged = acknowledged + [
            found for at in range(10) for found, _ in again.about(digest_of(300 + at))
        ]
        assert len(acknowledged) == 260
    check_all(again, tmp_path / "ledger", acknowledged[::60] + acknowledged[-10::3], before)
    before.append(again.checkpoint())
    acknowledged += again.append([generated(500 + at) for at in range(8)])
    check_all(opened(), tmp_path / "ledger", acknowledged[::60] + acknowledged[-10::3], before)


def test_the_crash_test_reaches_every_operation(
    tmp_path: Path, opened: Callable[..., Ledger], grown: list[Entry]
) -> None:
    disk = Stopping(tmp_path / "ledger", 1000, "before")
    opened(disk=disk).append([generated(at) for at in range(10)])
    assert len(disk.done) == OPERATIONS
    assert disk.done.index("write checkpoint") == max(
        at for at, what in enumerate(disk.done) if what.startswith("write")
    ), "tiles first, then the checkpoint"
    assert all(what.startswith("discard") for what in disk.done[disk.done.index("write checkpoint") + 1 :])


@pytest.mark.parametrize("keep", [True, False])
def test_stopped_while_bodies_are_put_nothing_was_said(
    tmp_path: Path, opened: Callable[..., Ledger], keep: bool
) -> None:
    ledger = opened()
    acknowledged = ledger.append([generated(1)])
    before = [ledger.checkpoint()]
    with pytest.raises(Stop):
        opened(bodies=StoppingBodies(tmp_path / "vault", keep)).append([generated(2)])
    again = opened()
    assert again.size() == 1
    assert again.about(digest_of(2)) == []
    check_all(again, tmp_path / "ledger", acknowledged, before)
    acknowledged += again.append([generated(2)])
    check_all(again, tmp_path / "ledger", acknowledged, before)


def test_stopped_at_the_first_opening_the_second_succeeds(
    tmp_path: Path, opened: Callable[..., Ledger]
) -> None:
    for how in ("before", "within", "after"):
        with pytest.raises(Stop):
            opened(disk=Stopping(tmp_path / "ledger", 1, how))
    assert opened().append([generated(1)])[0].index == 0


@pytest.mark.parametrize("last", range(1, 6))
def test_stopped_while_erasing_repeating_finishes_it(
    tmp_path: Path, opened: Callable[..., Ledger], last: int
) -> None:
    opened().append([generated(1), generated(2, "taro")])
    for how in ("before", "within", "after"):
        disk = Stopping(tmp_path / "ledger", last, how)
        try:
            opened(disk=disk).erase_account("mika")
        except Stop:
            pass
    again = opened()
    again.erase_account("mika")
    assert again.state(0) == "erased"
    assert again.state(1) == "present"
    assert audit.check(tmp_path / "ledger", KEYS) == []


def test_a_full_disk_is_a_fault_in_words_and_records_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger.append([generated(1)])

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RakkanError, match="the disk is full"):
        ledger.append([generated(2)])
    monkeypatch.undo()
    assert ledger.size() == 1
    assert not list(tmp_path.glob("ledger/temporary/*")), "nothing half-written stays"
    assert ledger.append([generated(2)])[0].index == 1


# ---- the local disk itself


class Watched(Disk):
    """A disk that tells in which order it was asked to flush and to rename."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.names: dict[int, Path] = {}

    def create(self, path: Path) -> int:
        file = super().create(path)
        self.names[file] = path
        return file

    def flush(self, file: int) -> None:
        self.seen.append(("flush", str(self.names[file])))
        super().flush(file)

    def flush_all(self, paths: Sequence[Path]) -> None:
        self.seen += [("flush", str(path)) for path in paths]
        super().flush_all(paths)

    def flush_folder(self, path: Path) -> None:
        self.seen.append(("flush", str(path)))
        super().flush_folder(path)

    def rename(self, source: Path, target: Path) -> None:
        self.seen.append(("rename", f"{source} {target}"))
        super().rename(source, target)


def test_a_file_is_flushed_before_its_name_and_the_name_after(tmp_path: Path) -> None:
    watched = Watched()
    disk = Folder(tmp_path / "log", watched)
    disk.write({"tile/0/x001/000": b"data"})
    target = str(tmp_path / "log/tile/0/x001/000")
    rename = next(at for at, (what, _) in enumerate(watched.seen) if what == "rename")
    temporary, renamed = watched.seen[rename][1].split(" ")
    assert renamed == target
    assert ("flush", temporary) in watched.seen[:rename], "the name was durable before the contents were"
    flushed = {path for what, path in watched.seen if what == "flush"}
    assert ("flush", str(tmp_path / "log/tile/0/x001")) in watched.seen[rename:]
    assert flushed >= {str(tmp_path / place) for place in ("log/tile/0", "log/tile", "log", "")}
    watched.seen.clear()
    disk.write({"tile/0/x001/000": b"more"})
    assert [what for what, _ in watched.seen] == ["flush", "rename", "flush"], "folders are anchored once"
    assert (tmp_path / "log/tile/0/x001/000").read_bytes() == b"more"


def test_every_tile_is_durable_before_the_checkpoint_is_named(
    opened: Callable[..., Ledger], tmp_path: Path
) -> None:
    watched = Watched()
    ledger = opened(disk=Folder(tmp_path / "ledger", watched))
    watched.seen.clear()
    ledger.append([generated(at) for at in range(300)])
    seen = watched.seen
    renames = [at for at, (what, _) in enumerate(seen) if what == "rename"]
    assert seen[renames[-1]][1].endswith("ledger/checkpoint")
    assert len(renames) > 4
    for at in renames:
        temporary, target = seen[at][1].split(" ")
        assert ("flush", temporary) in seen[:at], f"the contents of {target} are not durable"
        until = renames[-1] if at != renames[-1] else len(seen)
        assert ("flush", str(Path(target).parent)) in seen[at:until], f"{target} is not durable"


def test_locks_keep_threads_apart(tmp_path: Path) -> None:
    from threading import Thread

    disk = Folder(tmp_path)
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(50):
            with disk.lock("lock"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1


def test_the_index_is_written_before_the_commit_point(
    ledger: Ledger, opened: Callable[..., Ledger], tmp_path: Path
) -> None:
    """Otherwise a stop in between would leave an acknowledged log that nobody finds anything in."""
    ledger.append([generated(1)])
    disk = Stopping(tmp_path / "ledger", 1, "before")
    with pytest.raises(Stop):
        opened(disk=disk).append([generated(2)])
    assert ledger._index.row(1) is not None
    assert ledger.about(digest_of(2)) == [], "rows past the log's size are not read"
    ledger.append([generated(3)])
    assert ledger.about(digest_of(2)) == [], "and the next append replaces them"
    assert len(ledger.about(digest_of(3))) == 1
