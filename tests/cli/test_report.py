"""``rakkan report`` as a person runs it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.cli.conftest import Command
from tests.trust.made import release

from rakkan import assemble
from rakkan.store.ledger.checkpoint import open_checkpoint
from rakkan.trust.transparency import quarter_of


def test_the_quarter_we_are_in_is_reported(command: Command, tmp_path: Path) -> None:
    release(tmp_path / "a.png")
    begun = quarter_of(time.time()).name
    done = command("report")
    name = quarter_of(time.time()).name if f", {begun}\n" not in done.out else begun
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"# Transparency report, {name}\n")
    assert "## Pictures made: 1\n" in done.out
    assert "**The quarter is not over:**" in done.out
    assert command("report", "--quarter", name).out == done.out
    checkpoint = open_checkpoint(
        done.out.split("```")[1].lstrip("\n").encode(), [assemble.instance().ledger_key.verification_key()]
    )[0]
    assert checkpoint.size == assemble.ledger().size() == 2


def test_an_earlier_quarter_is_reported_as_json(command: Command, tmp_path: Path) -> None:
    release(tmp_path / "a.png")
    done = command("report", "--quarter", "2020q1", "--json")
    told = json.loads(done.out)
    assert told["quarter"] == "2020Q1"
    assert told["before"] == told["open_and_overdue_at"] == "2020-04-01 00:00:00 UTC"
    assert not any(told["counts"].values())


def test_what_is_no_quarter_gets_one_line(refused: Command) -> None:
    done = refused("report", "--quarter", "2026-4")
    assert done.err == "rakkan: '2026-4' is no quarter. Did you mean 2026Q4?\n"
    assert "has not begun" in refused("report", "--quarter", "2999Q1").err
