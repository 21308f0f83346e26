"""``rakkan import``: what it prints, and that a refusal is one line and leaves nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import release
from tests.trust.test_arrivals import REFUSED, SOUND, kept

from rakkan import assemble


def test_files_come_in_and_are_listed(tmp_path: Path, command: Command) -> None:
    paths = []
    for kind, data in SOUND.items():
        paths.append(tmp_path / f"a.{kind}")
        paths[-1].write_bytes(data)
    done = command("import", *paths)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert len(lines) == 2 * len(paths)
    for number, (line, remarks, path) in enumerate(zip(lines[::2], lines[1::2], paths, strict=True)):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert line.startswith(f"{digest}  ")
        assert line.endswith(f", ledger entry {number}  {path}")
        assert remarks.startswith("  no seal; ")
    assert "37x29 png" in lines[0]
    assert "tensors" in lines[6] and "parameters" in lines[6]
    listed = command("vault", "list").out
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() in listed for path in paths)


def test_the_same_file_again_is_kept_once_and_stated_twice(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SOUND["png"])
    first, second = (command("import", path).out for _ in range(2))
    assert first.split()[0] == second.split()[0]
    assert command("vault", "list").out.count(first.split()[0]) == 1
    assert command("ledger", "show").out.count("admitted") == 2


def test_what_the_seal_was_worth_is_told(tmp_path: Path, command: Command) -> None:
    path = release(tmp_path / "a.png")
    assert "  a seal that is trusted here" in command("import", path).out


@pytest.mark.parametrize("what", ["text", "a bomb", "a picture and an archive", "a model and more"])
def test_a_refusal_names_the_file(what: str, tmp_path: Path, refused: Command) -> None:
    path = tmp_path / "a file.bin"
    path.write_bytes(REFUSED[what])
    before = kept()
    assert "a file.bin was not let in: " in refused("import", path).err
    assert kept() == before


def test_folders_and_missing_files_are_refused(tmp_path: Path, refused: Command) -> None:
    for path in (tmp_path, tmp_path / "missing.png", tmp_path / "a\0b", ""):
        refused("import", path)


def test_names_of_files_never_move_the_cursor(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a\x1b[2J\udcff.png"
    path.write_bytes(SOUND["jpeg"])  # so that its ending is remarked upon
    for status in (0, 2):
        done = command("import", path)
        assert done.status == status
        assert (done.out + done.err).replace("\n", "").isprintable()
        path.write_bytes(b"nonsense")


def test_folders_and_keys_are_for_their_owner_alone(tmp_path: Path, command: Command) -> None:
    old = os.umask(0o022)
    try:
        path = tmp_path / "a.png"
        path.write_bytes(SOUND["png"])
        assert command("import", path).status == 0
    finally:
        os.umask(old)
    home, keys = Path(os.environ["RAKKAN_HOME"]), Path(os.environ["XDG_CONFIG_HOME"])
    key = keys / "rakkan" / "master.key"
    assert key.stat().st_mode & 0o777 == 0o600
    for folder in (home / "vault", home / "keys", home):  # the ledger in it is for everybody
        assert folder.stat().st_mode & 0o077 == 0, folder
    assert (home / "database.sqlite").is_file()
    assert assemble.vault().holds("local", hashlib.sha256(SOUND["png"]).hexdigest())
