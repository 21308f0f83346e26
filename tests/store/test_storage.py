"""A folder as storage: whole objects or none, however many at once, and whatever the file system says."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.store import disk as disks
from rakkan.store.disk import FEW_FILES, Disk
from rakkan.store.folder import FolderStorage

from .disks import CHANGES, LOOKS, HookedDisk

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "deep" / "storage")


def test_only_the_first_of_two_puts_stands(storage: FolderStorage) -> None:
    assert storage.put("a/b", b"first")
    assert not storage.put("a/b", b"second")
    assert storage.get("a/b") == b"first"
    assert storage.put("a/b", b"third", replace=True)
    assert list(storage.put_many([("a/b", b"fourth"), ("x/y", b"new")])) == [False, True]
    assert storage.get("a/b") == b"third"
    assert list(storage.put_many([("a/b", b"fifth")], replace=True)) == [True]
    assert storage.get("a/b") == b"fifth"
    assert list(storage.put_many([])) == []
    assert list(storage.list("temporary")) == []


def test_of_many_puts_at_once_one_stands(tmp_path: Path) -> None:
    for turn in range(20):
        stores = [FolderStorage(tmp_path / str(turn)) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda number: stores[number].put("a/one", bytes([number])), range(6)))  # noqa: B023
        assert sum(done) == 1
        assert stores[0].get("a/one") == bytes([done.index(True)])


def test_objects_are_listed_found_and_removed(storage: FolderStorage) -> None:
    for name in ("a/one", "a/b/two", "a/b/c/three", "ab/four"):
        storage.put(name, name.encode())
    assert sorted(one.name for one in storage.list("a")) == ["a/b/c/three", "a/b/two", "a/one"]
    assert {one.size for one in storage.list("ab")} == {7}
    assert list(storage.folders("a")) == ["b"]
    assert list(storage.list("nothing")) == list(storage.folders("nothing")) == []
    assert storage.exists("a/one") and not storage.exists("a/b") and storage.source("a/two") is None
    storage.delete(["a/one", "never", "no/folder/either"])
    assert not storage.exists("a/one")
    storage.delete_under("a/b")
    assert list(storage.list("a")) == []
    assert not (storage.folder / "a").exists(), "an empty folder stayed"
    storage.delete_under("a")
    assert storage.put("a/b/again", b"x")


class ErasingDisk(HookedDisk):
    """Has another process delete all under ``a/b`` before its ``at``-th operation and the ones after."""

    def __init__(self, other: FolderStorage, at: int, times: int) -> None:
        super().__init__((*CHANGES, *LOOKS))
        self.other = other
        self.erased_at = range(at, at + times)

    def around(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        if self.count in self.erased_at:
            self.other.delete_under("a/b")
        return real(*arguments)


@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("doing", ["put", "put_many", "stream", "settle", "delete"])
def test_who_erases_at_any_moment_does_not_disturb_who_writes(tmp_path: Path, doing: str, times: int) -> None:
    work: dict[str, Callable[[FolderStorage], Any]] = {
        "put": lambda storage: storage.put("a/b/one", b"x"),
        "put_many": lambda storage: storage.put_many([("a/b/one", b"x"), ("a/b/c/two", b"x")]),
        "stream": lambda storage: storage.stream("a/b/one", [b"x", b"x"]),
        "settle": lambda storage: storage.settle("a/b/one"),
        "delete": lambda storage: storage.delete(["a/b/one"]),
    }
    at, operations = 0, 1
    while at < operations:
        at += 1
        folder = tmp_path / str(at)
        FolderStorage(folder).put("a/b/zero", b"x")
        disk = ErasingDisk(FolderStorage(folder), at, times)
        work[doing](FolderStorage(folder, disk))
        operations = disk.count
        assert list(FolderStorage(folder).list("temporary")) == []
    assert at >= 2, "nothing was disturbed"


@pytest.mark.parametrize("count", [1, FEW_FILES, FEW_FILES + 1])
@pytest.mark.parametrize("system", ["syncfs", "no syncfs"])
def test_every_one_of_many_files_is_flushed(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch, count: int, system: str
) -> None:
    flushed: list[int] = []
    real = os.fsync

    def fsync(file: int) -> None:
        flushed.append(os.fstat(file).st_ino)
        real(file)

    whole = []

    def syncfs(path: Path) -> bool:
        whole.append(path)
        return system == "syncfs"

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(disks, "_flush_file_system", syncfs)
    storage.put_many([(f"a/{number}", b"x") for number in range(count)])
    inodes = {os.stat(storage.folder / "a" / str(number)).st_ino for number in range(count)}
    if count > FEW_FILES and system == "syncfs":
        assert len(whole) == 1 and not inodes & set(flushed)
    else:
        assert inodes <= set(flushed)
    assert os.stat(storage.folder / "a").st_ino in flushed


def test_syncfs_is_there_and_reports_what_goes_wrong(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert disks._flush_file_system(tmp_path / "a")
    with pytest.raises(OSError):
        disks._flush_file_system(tmp_path / "b")


def test_a_stream_appears_when_it_is_whole(storage: FolderStorage) -> None:
    def pieces() -> Any:
        yield b"one"
        assert not storage.exists("a/stream")
        yield b"two" * 500_000

    storage.stream("a/stream", pieces())
    source = storage.source("a/stream")
    assert source is not None and source.size == 1_500_003
    assert source.read(1, 5) == b"netwo" and source.read(1_500_000, 10) == b"two"
    source.close()
    source.close()
    with pytest.raises(ValueError, match="closed"):
        source.read(0, 1)

    def failing() -> Any:
        yield b"one"
        raise KeyError("planted")

    with pytest.raises(KeyError):
        storage.stream("a/half", failing())
    assert not storage.exists("a/half")
    assert list(storage.list("temporary")) == []


def test_a_lock_holds_between_processes_and_ends_with_its_holder(storage: FolderStorage) -> None:
    program = (
        "import sys; from pathlib import Path; from rakkan.store.folder import FolderStorage\n"
        "with FolderStorage(Path(sys.argv[1])).lock('x', shared=sys.argv[2] == 'shared'):\n"
        "    print('held', flush=True); sys.stdin.readline()\n"
    )

    def holder(how: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", program, str(storage.folder), how],
            bufsize=0,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    first, sharer, loner = holder("shared"), holder("shared"), None
    try:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        assert sharer.stdout is not None and sharer.stdout.readline() == b"held\n"
        loner = holder("alone")
        assert loner.stdout is not None
        os.set_blocking(loner.stdout.fileno(), False)
        with pytest.raises(subprocess.TimeoutExpired):
            loner.wait(0.6)
        assert loner.stdout.read(5) is None
        first.kill()
        sharer.kill()
        os.set_blocking(loner.stdout.fileno(), True)
        assert loner.stdout.readline() == b"held\n"
    finally:
        for process in filter(None, (first, sharer, loner)):
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "not allowed"),
        (errno.EIO, "disk failed"),
        (errno.EMLINK, "lacks hard links"),
        (errno.ENOTSUP, "lacks hard links"),
        (errno.ELOOP, "too many levels"),
    ],
)
def test_what_the_file_system_refuses_is_one_line(tmp_path: Path, number: int, words: str) -> None:
    class Refusing(Disk):
        def link(self, source: Path, target: Path) -> None:
            raise OSError(number, os.strerror(number))

    storage = FolderStorage(tmp_path / "s", Refusing())
    with pytest.raises(RakkanError, match=words) as caught:
        storage.put("a/b", b"x")
    assert caught.value.hint and "\n" not in str(caught.value)
    assert list(storage.list("temporary")) == []


def test_a_file_in_the_folders_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in ("file", "file/under"):
        with pytest.raises(RakkanError, match="could not be"):
            FolderStorage(tmp_path / place).put("a/b", b"x")
