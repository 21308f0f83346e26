"""``rakkan protect``: an artist's run from the first to the last line, and what stops it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.formats.ordinary import pictures
from tests.trust.made import look

from rakkan.formats.unsealed import without_seal
from rakkan.trust.preferences import read_robots


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "art"
    made.mkdir()
    (made / "a.png").write_bytes(pictures()["png RGB"])
    (made / "b.jpg").write_bytes(pictures()["jpeg"])
    return made


def test_a_run_says_what_it_wrote(folder: Path, command: Command) -> None:
    done = command("protect", folder, "--maker", "Ann")
    assert (done.status, done.err) == (0, "")
    out = folder / "protected"
    lines = done.out.splitlines()
    assert lines[:2] == [f"{out / 'a.png'}  sealed", f"{out / 'b.jpg'}  sealed"]
    assert all(Path(line).is_file() and Path(line).parent == out / "publish" for line in lines[2:-1])
    assert lines[-1] == f"2 pictures sealed; {out / 'publish' / 'README.txt'} says what to do with the rest"
    assert command("verify", out / "a.png", out / "b.jpg").status == 0
    said = " ".join(command("verify", out / "a.png").out.split())
    assert "who Ann, through " in said and "protect: an artist's own file" in said
    again = command("protect", folder, "--maker", "Ann")
    assert again.out.count("sealed before") == 2


def test_what_is_allowed_is_said_in_seals_and_files(folder: Path, command: Command) -> None:
    done = command(
        "protect", folder, "--allow", "ai_inference", "--path", "/art/", "--contact", "Ann, tel. 1"
    )
    assert done.status == 0
    report = look(folder / "protected" / "a.png").report
    assert report is not None
    said = {use: one.permission for use, one in report.uses.items()}
    assert said.pop("cawg.ai_inference") == "allowed"
    assert len(said) == 3 and set(said.values()) == {"notAllowed"}
    publish = folder / "protected" / "publish"
    reading = read_robots((publish / "robots.txt").read_bytes(), "/art/a.png", "*")
    assert reading.reserves("cawg.ai_generative_training")
    assert not reading.reserves("cawg.ai_inference")
    assert "Ann, tel. 1" in (publish / "README.txt").read_text("utf-8")


def test_copies_can_go_elsewhere(folder: Path, tmp_path: Path, command: Command) -> None:
    assert command("protect", folder, "--out", tmp_path / "copies").status == 0
    assert not (folder / "protected").exists()
    copy = tmp_path / "copies" / "a.png"
    assert without_seal(copy.read_bytes()) == pictures()["png RGB"]


def test_a_bad_file_is_named_and_the_others_go_on(folder: Path, command: Command) -> None:
    (folder / "aa\x1b.png").write_bytes(b"no picture")
    done = command("protect", folder)
    assert done.status == 2
    assert done.err.startswith("rakkan: aa\\x1b.png was not sealed: ")
    assert done.err.count("\n") == 1
    assert "2 pictures sealed" in done.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--allow", "ai_trainning"), "Did you mean"),
        (("--path", "no slash"), "cannot be a path of a site"),
        (("--policy", "javascript:alert(1)"), "cannot be the address"),
        (("--contact", "two\nlines"), "not one line"),
    ],
)
def test_bad_wishes_are_refused_before_anything_is_sealed(
    arguments: tuple[str, ...], reason: str, folder: Path, refused: Command
) -> None:
    assert reason in refused("protect", folder, *arguments).err
    assert not (folder / "protected").exists()


def test_a_maker_whom_no_seal_can_name_is_a_fault(folder: Path, command: Command) -> None:
    done = command("protect", folder, "--maker", "x" * 300)
    assert done.status == 2
    assert "at most 200 characters" in done.err


def test_a_folder_without_pictures_is_refused(tmp_path: Path, refused: Command) -> None:
    assert "There are no pictures" in refused("protect", tmp_path).err
    assert "There is no folder" in refused("protect", tmp_path / "missing").err
    (tmp_path / "file.png").write_bytes(pictures()["png RGB"])
    assert "There is no folder" in refused("protect", tmp_path / "file.png").err
