"""``rakkan account erase``: asked first, done whole, and only for those who may be erased."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import release

from rakkan import assemble


def test_it_shreds_everything_of_an_account_and_nothing_else(tmp_path: Path, command: Command) -> None:
    release(tmp_path / "a.png", account="Ann")
    release(tmp_path / "b.png", account="Bo")
    size = assemble.ledger().size()
    kept = len(list(assemble.vault().list("Ann")))
    done = command("account", "erase", "Ann", "--yes")
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{kept} things of 'Ann' were shredded; the ledger says so in entry {size}\n"
    assert command("vault", "list", "--account", "Ann").out == ""
    assert command("vault", "list", "--account", "Bo").out.count("\n") == 2
    shown = command("ledger", "show").out
    assert shown.count("erased") == 2  # the entry that says so, and the state of what is gone
    assert command("ledger", "check").status == 0


def test_it_asks_first_and_without_a_yes_does_nothing(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    release(tmp_path / "a.png", account="Ann")
    size = assemble.ledger().size()
    for answer in ("n\n", ""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        done = command("account", "erase", "Ann")
        assert done.status == 130
        assert "Shred 2 things kept for 'Ann'?" in done.out
        assert assemble.ledger().size() == size
        assert len(list(assemble.vault().list("Ann"))) == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert command("account", "erase", "Ann").status == 0
    assert list(assemble.vault().list("Ann")) == []


def test_the_instance_cannot_be_erased(tmp_path: Path, command: Command, refused: Command) -> None:
    release(tmp_path / "a.png")
    assert "own account cannot be erased" in refused("account", "erase", "instance", "--yes").err
    assert command("verify", tmp_path / "a.png").status == 0
    assert command("ledger", "check").status == 0


def test_an_account_nobody_knows_has_nothing_to_shred(command: Command) -> None:
    done = command("account", "erase", "nobody\x1b[2J", "--yes")
    assert done.status == 0
    assert done.out.startswith("0 things of ") and "\x1b" not in done.out


@pytest.mark.parametrize("words", [("erase",), ("erase", "a", "b"), ("erase", "a", "--now")])
def test_bad_words_are_refused(words: tuple[str, ...], refused: Command) -> None:
    refused("account", *words)
