"""``rakkan verify``: what it prints, on narrow terminals too, and what its exit status says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Command
from tests.trust.made import ingredient, move, picture, recipe, release

from rakkan import assemble
from rakkan.formats.unsealed import without_seal
from rakkan.records import canonical_json
from rakkan.trust import provenance


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A picture of each sort: ``valid``, ``broken``, ``bare`` (no seal), ``text`` and ``missing``."""
    made = {name: tmp_path / f"{name}.png" for name in ("valid", "broken", "bare", "text", "missing")}
    data = release(made["valid"]).read_bytes()
    place = data.index(b"IDAT") + 10
    made["broken"].write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    made["bare"].write_bytes(without_seal(data))
    made["text"].write_bytes(b"not a picture")
    return made


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("valid",), 0),
        (("broken",), 1),
        (("bare",), 3),
        (("text",), 2),
        (("missing",), 2),
        (("valid", "valid"), 0),
        (("valid", "bare"), 3),
        (("bare", "missing", "valid"), 2),
        (("missing", "broken", "bare", "valid"), 1),
    ],
)
def test_the_worst_of_the_files_decides(
    names: tuple[str, ...], status: int, files: dict[str, Path], command: Command
) -> None:
    done = command("verify", *(files[name] for name in names))
    assert done.status == status
    seen = {"valid": "valid", "broken": "NOT VALID", "bare": "no seal"}
    for name, word in seen.items():
        assert done.out.count(f"{name}.png  {word}\n") == names.count(name)
    faults = [name for name in names if name not in seen]
    assert done.err.count("\n") == len(faults)
    assert all(f"{name}.png" in done.err for name in faults)


def test_a_valid_picture_is_told_about(tmp_path: Path, command: Command) -> None:
    first = release(tmp_path / "first.png")
    path = release(tmp_path / "a.webp", picture("edit", 2, "a cat", ingredient("parent", first)))
    name, origin = assemble.instance().name, assemble.instance().ledger_key.name
    out = " ".join(command("verify", path).out.split())
    assert f"who {name}, trusted here by its root" in out
    assert "what edit: a picture changed by a model" in out
    assert f"made from made out of Picture {provenance.digest_of_file(first.read_bytes())[:12]}" in out
    assert f"sealed by {name}" in out
    assert "model rakkan-starter," in out
    assert "trained on rakkan.corpus.figures" in out and "Apache-2.0" in out
    assert 'recipe full: "a cat", seed 2, steps 4' in out
    assert "training use" in out and "ai_training notAllowed" in out
    assert f"ledger entry 2 of {origin}, proven against 3 entries" in out


def test_what_is_wrong_is_told_in_plain_words(files: dict[str, Path], command: Command) -> None:
    done = command("verify", files["broken"])
    assert "problem" in done.out


@pytest.mark.parametrize("width", ["20", "40", "200"])
def test_it_fits_a_terminal_of_any_width(
    width: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "a.png", replace(picture(), recipe=recipe("1girl, " * 100)))
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "dumb")
    done = command("verify", path)
    assert done.status == 0
    assert all(len(line) <= int(width) for line in done.out.splitlines()[1:])  # after the file's name
    assert "1girl" in "".join(done.out.split())
    assert "proven" in "".join(done.out.split())


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202e\r\n\tname"
DANGEROUS = set("\x1b\x07\x9b\x7f\u202e\r\t\x00")


def test_what_a_file_says_never_moves_the_cursor(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = EVIL.replace("\x00", "")
    honest = provenance.seal
    monkeypatch.setattr(
        provenance, "seal", lambda data, said, by: honest(data, replace(said, title=EVIL, software=EVIL), by)
    )
    move(monkeypatch, tmp_path / "another")
    subject = replace(picture(), recipe=recipe(prompt, model=EVIL, sampler=EVIL))
    uses = {"cawg.ai_training": "constrained"}
    path = release(tmp_path / f"a{EVIL[:4]}.png", subject, maker=EVIL, uses=uses, constraint=EVIL)
    root = tmp_path / "root.pem"
    root.write_bytes(assemble.instance().root)
    move(monkeypatch, tmp_path / "mine")
    for arguments in ((), ("--root", root), ("--recipe",), ("--recipe", "--root", root)):
        done = command("verify", path, *arguments)
        assert done.status == (0 if root in arguments else 1)
        assert not DANGEROUS & set(done.out + done.err), arguments
        if "--recipe" not in arguments:
            assert "name" in done.out
    told = json.loads(command("verify", path, "--recipe").out)
    assert told["prompt"] == prompt


def test_names_of_files_never_move_the_cursor(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a\x1b[2J\udcff.png"
    for status in (2, 3):
        done = command("verify", path)
        assert done.status == status
        assert not DANGEROUS & set(done.out + done.err)
        Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
        path.write_bytes((tmp_path / "plain.png").read_bytes())


def test_the_recipe_is_json_and_nothing_else(tmp_path: Path, command: Command) -> None:
    made = recipe('a "quoted" prompt, 落款\n\u2028 end')
    path = release(tmp_path / "a.png", replace(picture(), recipe=made), disclosure="digest")
    done = command("verify", path, "--recipe")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == json.loads(canonical_json(made))
    assert "落款" in done.out


def test_a_recipe_that_cannot_be_told_is_a_fault(
    files: dict[str, Path], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_back = release(tmp_path / "a.png", disclosure="digest")
    done = command("verify", "--recipe", files["bare"])
    assert (done.status, done.out) == (3, "")
    assert "no recipe in a seal" in done.err
    root = tmp_path / "root.pem"
    root.write_bytes(assemble.instance().root)
    move(monkeypatch, tmp_path / "another")
    done = command("verify", "--recipe", "--root", root, kept_back)
    assert (done.status, done.out) == (2, "")
    assert "keeps its recipe back" in done.err


def test_another_instance_is_trusted_for_this_time_by_its_root(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "a.png")
    root = tmp_path / "root.pem"
    root.write_bytes(b"subject=A\xc3\xa9 studio\n" + assemble.instance().root)
    move(monkeypatch, tmp_path / "another")
    assert "is not trusted here" in " ".join(command("verify", path).out.split())
    assert command("verify", path, "--root", root).status == 0
    assert command("verify", path).status == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None],
)
def test_a_root_that_is_none_is_refused(
    content: bytes | None, files: dict[str, Path], tmp_path: Path, refused: Command
) -> None:
    root = tmp_path / "root.pem"
    if content is not None:
        root.write_bytes(content)
    assert "root.pem" in refused("verify", files["valid"], "--root", root).err


def test_two_roots_in_one_file_are_refused(files: dict[str, Path], tmp_path: Path, refused: Command) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(assemble.instance().root * 2)
    assert "2 certificates" in refused("verify", files["valid"], "--root", root).err


def test_no_file_is_a_fault(refused: Command) -> None:
    assert "verify --help" in refused("verify").err
