"""``rakkan takedown`` as people use it, and as they try to misuse it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.takedown.drawn import figure, jpeg, png


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.png"
    path.write_bytes(png(figure(1)))
    return path


def case_in(text: str) -> str:
    found = re.search(r"\b[0-9a-f]{32}\b", text)
    assert found, text
    return found[0]


def test_from_a_report_to_the_last_word(
    command: Command, refused: Command, mine: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(jpeg(figure(1)))
    assert command("import", copy).status == 0
    done = command("takedown", "report", "--claim", "my work", mine, "--words", "mine since 2019")
    assert done.status == 0 and "2 pictures hidden" in done.out
    case = case_in(done.out)
    assert f"reported in case {case}" in refused("import", copy).err
    listed = command("takedown", "list", "--due").out
    assert case[:8] in listed and "cases: 1; waiting for a moderator: 1; overdue: 0" in listed
    shown = command("takedown", "show", case[:8]).out
    assert "my work, 2 pictures" in shown and "mine since 2019" in shown
    reasons = ("--reason", "unproven", "--because", "nothing shows it")
    done = command("takedown", "decide", case[:8], "--overturn", *reasons)
    assert done.status == 0 and "overturned (unproven)" in done.out
    assert command("import", copy).status == 0
    done = command("takedown", "appeal", case[:8], "--by", "reporter", "--because", "the layered file")
    assert done.status == 0
    assert "appeal by reporter" in " ".join(command("takedown", "list").out.split())
    reasons = ("--reason", "work", "--because", "it shows it")
    done = command("takedown", "decide", case, "--uphold", *reasons, "--moderator", "mia")
    assert done.status == 0 and "final" in done.out
    assert f"taken down in case {case}" in refused("import", copy).err
    assert "mine since 2019" not in command("takedown", "show", case).out
    assert "waiting for a moderator: 0" in command("takedown", "list").out
    assert command("ledger", "check").status == 0


def test_the_digest_is_enough(
    command: Command, refused: Command, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = command("takedown", "digest", mine).out
    assert line.count("\n") == 1
    done = command("takedown", "report", "--claim", "my likeness", "--digest", line)
    assert done.status == 0
    assert case_in(done.out) in refused("import", mine).err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n\n{line}"))
    done = command("takedown", "report", "--claim", "my likeness", "--digest", "-")
    assert done.status == 0 and "1 picture hidden" in done.out


def test_what_is_overdue_stays_hidden_and_comes_first(
    command: Command, refused: Command, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = case_in(command("takedown", "report", "--claim", "my work", mine).out)
    monkeypatch.setattr("rakkan.trust.takedown.desk.TERM", 0)
    late = case_in(command("takedown", "report", "--claim", "my work", mine).out)
    lines = command("takedown", "list").out.splitlines()
    assert lines[1].startswith(late[:8]) and "OVERDUE" in "".join(lines[1:3])
    assert any(line.startswith(old[:8]) for line in lines[2:])
    assert lines[-1] == "cases: 2; waiting for a moderator: 2; overdue: 1"
    assert "reported" in refused("import", mine).err


def test_every_misuse_is_one_line_and_leaves_nothing(refused: Command, command: Command, mine: Path) -> None:
    report = ("takedown", "report", "--claim", "my work")
    assert "my likeness" in refused("takedown", "report", "--claim", "my liekness", mine).err
    assert "1 to 100" in refused(*report).err
    assert "no file" in refused(*report, mine.with_name("none.png")).err
    assert "takedown digest" in refused(*report, "--digest", "not a line").err
    assert "takedown digest" in refused(*report, "--digest", "x" * 100_000).err
    mine.with_name("text.png").write_text("no picture")
    assert "no picture" in refused(*report, mine.with_name("text.png")).err
    assert "not blank" in refused("takedown", "report", "--claim", "my work", "--digest", BLANK).err
    assert "begins" in refused("takedown", "show", "abc").err
    assert "begins" in refused("takedown", "show", "").err
    assert "begins" in refused("takedown", "appeal", "0" * 32).err
    assert "one of two" in refused("takedown", "decide", "abc").err
    assert "has reasons" in refused("takedown", "decide", "abc", "--uphold").err
    assert command("takedown", "list").out == "cases: 0; waiting for a moderator: 0; overdue: 0\n"
    assert "0 entries" in command("ledger", "show").out


BLANK = '{"exact":{},"looks":[],"rakkan":"rakkan digests 1"}'


def test_thousands_of_digests_are_refused(refused: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    line = '{"exact":{"sha256":"' + "ab" * 32 + '"},"looks":[],"rakkan":"rakkan digests 1"}\n'
    monkeypatch.setattr("sys.stdin", io.StringIO(line * 5000))
    done = refused("takedown", "report", "--claim", "my work", "--digest", "-")
    assert "1 to 100 pictures, not 5000" in done.err


def test_words_cannot_move_the_cursor(command: Command, mine: Path) -> None:
    done = command(
        "takedown", "report", "--claim", "my work", mine, "--words", "a\x1b[2Jb", "--contact", "[red]c"
    )
    shown = command("takedown", "show", case_in(done.out)).out
    assert "\x1b" not in shown and "[red]c" in shown


def test_a_refusal_of_the_gate_can_be_appealed_against(
    command: Command, refused: Command, mine: Path
) -> None:
    from rakkan import assemble
    from rakkan.store.ledger.statements import Banned, Statement
    from rakkan.trust.policy import account_subject

    ban = Statement(Banned("abuse"), (account_subject("local"),), "instance", 1)
    assemble.ledger().append([ban])
    said = refused("import", mine).err
    case = case_in(said)
    assert f'If this is a mistake: rakkan takedown appeal {case} --because "…"' in said
    assert command("takedown", "appeal", case, "--because", "I did nothing").status == 0
    assert "banned account" in command("takedown", "list", "--due").out
    assert "refused admit: banned account" in command("takedown", "show", case).out
