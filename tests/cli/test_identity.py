"""``rakkan identity``: who this instance is, under another name, and whom it trusts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import move, picture, release

from rakkan import assemble
from rakkan.store.ledger.notes import parse_key
from rakkan.trust.seal.authority import fingerprint, in_groups


def rows(out: str) -> dict[str, str]:
    return {line[:12].strip(): line[12:] for line in out.splitlines()}


def test_it_shows_the_same_instance_every_time(command: Command) -> None:
    first, second = command("identity"), command("identity")
    assert first == second and first.status == 0 and first.err == ""
    shown, me = rows(first.out), assemble.instance()
    assert shown["name"] == me.name
    assert shown["root"] == in_groups(me.fingerprint)
    assert parse_key(shown["ledger"]) == me.ledger_key.verification_key()
    assert Path(shown["master key"]).is_file()
    assert "trusts" not in shown


def test_another_name_is_under_the_same_root(tmp_path: Path, command: Command) -> None:
    old = release(tmp_path / "old.png")
    before = rows(command("identity").out)
    after = rows(command("identity", "--name", "Studio 落款").out)
    assert after["name"] == "Studio 落款"
    assert (after["root"], after["ledger"]) == (before["root"], before["ledger"])
    new = release(tmp_path / "new.png", picture(seed=2))
    done = command("verify", old, new)
    assert done.status == 0
    assert before["name"] in done.out and "Studio 落款" in done.out


def test_the_public_half_can_be_given_away(tmp_path: Path, command: Command) -> None:
    done = command("identity", "--out", tmp_path / "public" / "half")
    folder = tmp_path / "public" / "half"
    assert sorted(path.name for path in folder.iterdir()) == ["ledger.vkey", "root.pem", "witness.vkey"]
    shown = rows(done.out)
    assert in_groups(fingerprint((folder / "root.pem").read_bytes())) == shown["root"]
    assert (folder / "ledger.vkey").read_text() == f"{shown['ledger']}\n"
    assert b"PRIVATE" not in (folder / "root.pem").read_bytes()
    assert command("identity", "--out", folder).status == 0


def test_another_instance_is_trusted_once_it_is_said(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "a.png")
    command("identity", "--out", tmp_path / "public")
    root = in_groups(assemble.instance().fingerprint)
    move(monkeypatch, tmp_path / "another")
    assert command("verify", path).status == 1
    for _ in range(2):
        assert rows(command("identity", "--trust", tmp_path / "public" / "root.pem").out)["trusts"] == root
    assert command("identity").out.count("trusts") == 1
    assert command("verify", path).status == 0


@pytest.mark.parametrize("name", ["", "x" * 57, "a\x1b[2J", " a "])
def test_a_name_no_certificate_holds_is_refused(name: str, refused: Command) -> None:
    refused("identity", "--name", name)


@pytest.mark.parametrize("content", [b"nonsense", b"\xff\xfe", b"", None])
def test_what_is_no_root_is_refused_and_not_kept(
    content: bytes | None, tmp_path: Path, refused: Command, command: Command
) -> None:
    if content is not None:
        (tmp_path / "root.pem").write_bytes(content)
    assert "root.pem" in refused("identity", "--trust", tmp_path / "root.pem").err
    assert "trusts" not in command("identity").out


def test_a_file_of_two_roots_is_refused(tmp_path: Path, refused: Command) -> None:
    """Only one of them would be shown."""
    (tmp_path / "roots.pem").write_bytes(assemble.instance().root * 2)
    assert "2 certificates" in refused("identity", "--trust", tmp_path / "roots.pem").err


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, command: Command) -> None:
    (tmp_path / "file").write_text("x")
    done = command("identity", "--out", tmp_path / "file")
    assert done.status == 2 and done.err.count("\n") == 1


def test_the_first_picture_makes_the_instance_and_asks_nothing(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> str:
        raise AssertionError("somebody was asked")

    for question in ("builtins.input", "getpass.getpass", "typer.confirm", "typer.prompt"):
        monkeypatch.setattr(question, asked)
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    for disclosure in ("full", "redacted", "digest"):
        path = tmp_path / f"{disclosure}.png"
        done = command("create", "1girl", "--out", path, "--disclosure", disclosure)
        assert (done.status, done.err) == (0, "")
        assert command("verify", path).status == 0
