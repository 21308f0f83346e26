"""Putting a file in its place: whole or not at all, never over another, and in words when it cannot be."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from rakkan.errors import RakkanError
from rakkan.trust import placing
from rakkan.trust.placing import place

DATA = b"sealed picture"


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = place([DATA], tmp_path / "new" / "folder" / "a.png")
    assert path == tmp_path / "new" / "folder" / "a.png"
    assert path.read_bytes() == DATA
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    paths = [place([DATA], tmp_path / "a.png") for _ in range(3)]
    assert [path.name for path in paths] == ["a.png", "a-2.png", "a-3.png"]
    (tmp_path / "b.png").symlink_to(tmp_path / "nowhere")
    assert place([DATA], tmp_path / "b.png").name == "b-2.png"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_system_without_hard_links_is_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    names = [place([DATA], tmp_path / "a.png").name for _ in range(2)]
    assert names == ["a.png", "a-2.png"]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        path = place([DATA], tmp_path / "a.png")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EACCES, "may not be written to"),
        (errno.EROFS, "may not be written to"),
        (errno.EIO, "input/output error"),
    ],
)
@pytest.mark.parametrize("call", ["open", "fsync", "link"])
def test_a_failing_disk_leaves_nothing(
    call: str, number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(placing.os, call, fail)
    with pytest.raises(RakkanError, match=reason):
        place([DATA], tmp_path / "a.png")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/a.png", "folder.png", "x" * 300 + ".png", "/proc/none/a.png"])
def test_impossible_places_are_refused_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RakkanError, match=r"was not written|is a folder"):
        place([DATA], tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before
