"""The transparency report, against a ledger built and counted by hand, and against a naive recount."""

from __future__ import annotations

import base64
import json
import re
from calendar import timegm
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.doubles import PlainBodies

from rakkan.errors import RakkanError
from rakkan.store import database
from rakkan.store.ledger import merkle, statements
from rakkan.store.ledger.checkpoint import open_checkpoint
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.notes import SigningKey
from rakkan.store.ledger.reading import GrowingRoot
from rakkan.store.ledger.statements import (
    Admitted,
    Appealed,
    Banned,
    Consented,
    Decided,
    Derived,
    Generated,
    Leaked,
    Licensed,
    Refused,
    Reported,
    Reserved,
    Revoked,
    Statement,
    Subject,
    Trained,
    Versioned,
)
from rakkan.trust import transparency
from rakkan.trust.policy.words import BAN_REASONS
from rakkan.trust.transparency import OTHER, Quarter, parse_quarter, quarter_of, report
from rakkan.trust.transparency_page import SECTIONS, as_json, as_markdown

KEY = SigningKey("studio.example/ledger", b"k" * 32)
HOUR, DAY = 3600, 86_400
#: The first second of 2024, a leap year, and of its second quarter: 31 + 29 + 31 days later.
START = 1_704_067_200
END = START + 91 * DAY
LATER = END + 400 * DAY
QUARTER = Quarter(2024, 1)


def case(number: int) -> str:
    return f"{number:032x}"


def said(predicate: Any, time: int, account: str = "instance") -> Statement:
    return Statement(predicate, (Subject("picture", {"sha256": "ab" * 32}),), account, time)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    index = Index(database.connect(database.url_of(tmp_path / "index.sqlite")), b"i" * 32)
    return Ledger(tmp_path / "ledger", PlainBodies(tmp_path / "vault"), KEY, index, clock=lambda: START + DAY)


def made(operation: str = "create") -> Generated:
    return Generated(operation, "a" * 64, "full", "starter", "b" * 64)


def by_hand() -> list[Statement]:
    """A quarter's statements, some of them before and after it; ``EXPECTED`` counts them."""
    return [
        said(made(), START - 1),  # the last second before
        said(made(), START),  # the first second of it
        said(made("sheet"), START + 5),
        said(made("create"), END - 1),  # the last second of it
        said(made(), END),  # the first second after
        said(Derived("edit", ("c" * 64,), "a" * 64, "full", "starter", "b" * 64), START + 6),
        said(Admitted("image/png", 10, "file", "none"), START + 7),
        said(Admitted("application/x-safetensors", 10, "file", "none"), START + 7),
        said(Trained("m", "c", "d" * 64, "own", "CC0-1.0"), START + 8),
        said(Licensed("CC0-1.0"), START + 8),
        said(Versioned("character", 1, ""), START + 8),
        said(Versioned("somebody's name", 1, ""), START + 8),
        said(Reserved({"cawg.ai_training": "notAllowed"}), START + 8),
        said(Reserved({"cawg.ai_training": "notAllowed"}), START + 9),
        said(Consented(("cawg.ai_training",)), START + 9),
        said(Leaked(False), START + 9),
        said(Leaked(True), START + 10),
        said(Banned("takedown"), START + 10),
        said(Banned("unsafe"), START + 11),
        # refused twice by one rule, once by another, once before the quarter
        said(Refused(case(1), "create", "prompt"), START - 5),
        said(Refused(case(2), "create", "prompt"), START + 20),
        said(Refused(case(3), "create", "prompt"), START + 21),
        said(Refused(case(4), "release", "banned subject"), START + 22),
        said(Appealed(case(1), "account"), START + 30),
        said(Appealed(case(2), "account"), START + 31),
        said(Appealed(case(4), "account"), START + 32),
        said(Decided(case(1), "appeal", "overturned", "mistake"), START + 40),
        said(Decided(case(2), "appeal", "upheld", "unsafe"), START + 41),
        said(Decided(case(4), "appeal", "upheld", "unsafe"), END + 1),
        # four first decisions in the quarter: after 1, 2, 48 and 49 hours; two reports are from before it
        said(Reported(case(10), "my work", 0), START - HOUR),
        said(Decided(case(10), "report", "upheld", "work"), START),
        said(Reported(case(11), "my likeness", 0), START - 48 * HOUR),
        said(Decided(case(11), "report", "upheld", "likeness"), START + HOUR),
        said(Decided(case(11), "report", "overturned", "mistake"), START + 2 * HOUR),  # decided before
        said(Decided(case(10), "report", "overturned", "mistake"), START - 1, "mika"),  # not hers to say
        said(Decided(case(20), "report", "upheld", "work"), START + 4 * HOUR, "mika"),
        said(Appealed(case(11), "account"), START + 90 * HOUR),
        said(Decided(case(11), "appeal", "upheld", "likeness"), START + 91 * HOUR),
        said(Reported(case(12), "my work", 0), START + 100 * HOUR),
        said(Decided(case(12), "report", "overturned", "mistake"), START + 102 * HOUR),
        said(Appealed(case(12), "reporter"), START + 103 * HOUR),
        said(Reported(case(13), "my work", 0), START + 200 * HOUR),
        said(Decided(case(13), "report", "upheld", "work"), START + 248 * HOUR),
        # open at the end: one overdue by a second, one not overdue by none; one decided just too late
        said(Reported(case(20), "my work", 0), END - 48 * HOUR - 1),
        said(Reported(case(21), "my work", 0), END - 48 * HOUR),
        said(Decided(case(21), "report", "upheld", "work"), END),
        said(Reported(case(22), "my work", 0), END),  # not of this quarter
        said(Reported(case(23), "my work", 0), END - DAY),
        said(Decided(case(23), "report", "upheld", "work"), END - 1),
    ]


EXPECTED = {
    "pictures made": {("create",): 2, ("sheet",): 1, ("edit",): 1},
    "files admitted": {("image/png",): 1, ("application/x-safetensors",): 1},
    "other statements": {
        ("trained",): 1,
        ("licensed",): 1,
        ("character kept",): 1,
        ("another word kept",): 1,
        ("of no effect",): 2,
    },
    "wishes of artists": {("reserved",): 2, ("consented",): 1},
    "leaks": {("reported",): 1, ("confirmed",): 1},
    "bans": {("takedown",): 1, ("unsafe",): 1},
    "refusals": {("create", "prompt"): 2, ("release", "banned subject"): 1},
    "rules on appeal": {("prompt", "overturned"): 1, ("prompt", "upheld"): 1},
    "reports": {("my work",): 5},
    "appeals": {("refusal", "account"): 3, ("report", "account"): 1, ("report", "reporter"): 1},
    "decisions": {
        ("refusal", "appeal", "overturned", "mistake"): 1,
        ("refusal", "appeal", "upheld", "unsafe"): 1,
        ("report", "report", "upheld", "work"): 3,
        ("report", "report", "upheld", "likeness"): 1,
        ("report", "report", "overturned", "mistake"): 1,
        ("report", "appeal", "upheld", "likeness"): 1,
    },
}


def test_a_ledger_counted_by_hand(ledger: Ledger) -> None:
    ledger.append(by_hand())
    found = report(ledger, QUARTER, LATER)
    assert found.counts == EXPECTED
    assert found.waits == (HOUR, 2 * HOUR, DAY - 1, 48 * HOUR, 49 * HOUR)
    assert (found.open, found.overdue, found.until) == (2, 1, END)
    assert found.erased == {}
    told = json.loads(as_json(found))
    # by nearest rank: the third of five, and the fifth
    assert told["first_decisions"] == {
        "count": 5,
        "median_hours": 24.0,
        "percentile_95_hours": 49.0,
        "within_48_hours": 4,
    }
    assert (told["refusals_appealed_and_decided"], told["of_them_overturned"]) == (2, 1)
    page = as_markdown(found)
    assert "within 24.0 hours, 95 of 100 within 49.0; within 48 hours: 4 of 5 (80.0 %)." in page
    assert "At 2024-04-01 00:00:00 UTC, 2 reports were undecided, 1 of them overdue." in page
    assert "Overturned: 1 of 2 (50.0 %)." in page
    assert "\n## Pictures made: 4\n" in page
    assert "\n| create | prompt | 2 |\n" in page


def naive(vault: Path, start: int, end: int) -> Counter[str]:
    """The statements of each kind in a quarter, from nothing but the raw bodies in the vault."""
    found: Counter[str] = Counter()
    for path in vault.rglob("*"):
        if path.is_file():
            sealed = json.loads(path.read_bytes()[len(b"rakkan body 1\n") + 32 :])
            statement = json.loads(base64.b64decode(sealed["payload"]))
            if start <= statement["predicate"]["time"] < end:
                found[statement["predicateType"].split(":")[2]] += 1
    return found


#: The kinds that each section counts; every section but that of appeals to rules counts statements.
KINDS = {
    "pictures made": {"generated", "derived"},
    "files admitted": {"admitted"},
    "refusals": {"refused"},
    "reports": {"reported"},
    "decisions": {"decided"},
    "appeals": {"appealed"},
    "leaks": {"leaked"},
    "wishes of artists": {"reserved", "consented"},
    "erasures": {"erased"},
    "other statements": {"copied", "trained", "licensed", "versioned"},
    "bans": {"banned"},
    "bans lifted": {"revoked"},
}


@pytest.mark.parametrize("quarter", [QUARTER, Quarter(2023, 4), Quarter(2024, 2), Quarter(2022, 1)])
def test_a_naive_recount_of_the_raw_envelopes_agrees(
    quarter: Quarter, ledger: Ledger, tmp_path: Path
) -> None:
    random, built = Random(5), by_hand()
    for _ in range(300):
        one = random.choice([one for one in built if not isinstance(one.predicate, Decided)])
        built.append(replace(one, time=START + random.randrange(-DAY, DAY)))
    ledger.append(built)
    found = report(ledger, quarter, LATER)
    totals = {name: sum(rows.values()) for name, rows in found.counts.items()}
    expected = naive(tmp_path / "vault", quarter.start, quarter.end)
    idle = found.counts.get("other statements", {}).get(("of no effect",), 0)
    for section, kinds in KINDS.items():
        there = totals.get(section, 0) - (idle if section == "other statements" else 0)
        there += idle if section == "decisions" else 0  # of all kinds, it is decisions that are repeated here
        assert there == sum(expected[kind] for kind in kinds), section


def test_every_kind_of_statement_is_in_some_row() -> None:
    assert set().union(*KINDS.values()) == {kind.name for kind in statements.kinds()}
    assert {*KINDS, "rules on appeal"} == {section.name for section in SECTIONS}


def test_a_ban_that_is_lifted_is_told_from_other_revocations(ledger: Ledger) -> None:
    ban, licence = ledger.append([said(Banned("law"), START), said(Licensed("MIT"), START)])
    ledger.append([said(Revoked(one.statement_digest), START) for one in (ban, licence)])
    counts = report(ledger, QUARTER, LATER).counts
    assert counts["bans lifted"] == {(): 1}
    assert counts["other statements"] == {("licensed",): 1, ("revoked",): 1}
    assert '"bans lifted": [\n   {\n    "count": 1' in as_json(report(ledger, QUARTER, LATER))


def test_what_was_erased_is_counted_as_that_and_nowhere_else(ledger: Ledger) -> None:
    ledger.append([said(made(), START, "taro"), said(made(), START, "mika")])
    ledger.append([said(Refused(case(1), "create", "prompt"), START, "taro")])
    ledger.append([said(Decided(case(1), "report", "upheld", "work"), START + 1)])
    ledger.erase_account("taro")
    found = report(ledger, QUARTER, LATER)
    assert found.erased == {("generated",): 1, ("refused",): 1}
    assert found.counts == {
        "pictures made": {("create",): 1},
        "decisions": {("unknown", "report", "upheld", "work"): 1},
        "erasures": {(): 1},
    }
    assert found.lost == {}
    assert "| refused | 1 |" in as_markdown(found).partition("Erased, not counted above: 2")[2]
    assert json.loads(as_json(found))["erased_and_not_counted"] == {"generated": 1, "refused": 1}


def test_what_was_lost_is_told_and_not_taken_for_erased(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([said(made(), START)])
    next(path for path in (tmp_path / "vault").rglob("*") if path.is_file()).unlink()
    found = report(ledger, QUARTER, LATER)
    assert (found.counts, found.erased, found.lost) == ({}, {}, {("generated",): 1})
    assert "## Lost, not counted above: 1\n" in as_markdown(found)
    assert "## Erased, not counted above: 0\n" in as_markdown(found)
    assert json.loads(as_json(found))["lost_and_not_counted"] == {"generated": 1}


def test_a_statement_that_was_exchanged_stops_the_report(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([said(made(), START)])
    body = next(path for path in (tmp_path / "vault").rglob("*") if path.is_file())
    body.write_bytes(body.read_bytes() + b" ")
    with pytest.raises(RakkanError, match="not what the log committed to"):
        report(ledger, QUARTER, LATER)


def test_a_statement_of_another_account_stops_the_report(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that was tampered with cannot make someone's words the instance's."""
    ledger.append([said(Reported(case(1), "my work", 0), START, "mika")])
    [row] = ledger._index.between(0, 1)
    bodies = PlainBodies(tmp_path / "vault")
    bodies.put_many("instance", [bodies.read("mika", row.body)])
    monkeypatch.setattr(ledger._index, "between", lambda *_: [replace(row, account="instance")])
    with pytest.raises(RakkanError, match="of another account"):
        report(ledger, QUARTER, LATER)


def test_a_log_that_is_not_its_checkpoints_stops_the_report(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([said(made(), START)])
    [bundle] = [path for path in (tmp_path / "ledger" / "tile" / "entries").rglob("*") if path.is_file()]
    whole = bundle.read_bytes()
    other = whole.replace(b'"version":1', b'"version":2')
    assert other != whole
    bundle.write_bytes(other)
    with pytest.raises(RakkanError, match="not those of its checkpoint"):
        report(ledger, QUARTER, LATER)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 256, 257, 300])
def test_the_growing_root_is_the_trees(size: int) -> None:
    leaves = [bytes([number % 256, number // 256]) for number in range(size)]

    def node(level: int, index: int) -> bytes:
        width = 1 << level
        return merkle.perfect_root(
            [merkle.leaf_hash(leaf) for leaf in leaves[index * width : (index + 1) * width]]
        )

    growing = GrowingRoot()
    for leaf in leaves:
        growing.add(leaf)
    assert growing.root() == merkle.root(size, node)


def test_the_same_ledger_and_quarter_give_the_same_bytes(ledger: Ledger) -> None:
    ledger.append(by_hand())
    for show in (as_markdown, as_json):
        assert show(report(ledger, QUARTER, LATER)) == show(report(ledger, QUARTER, LATER + 5 * DAY))
    before = as_markdown(report(ledger, QUARTER, LATER))
    ledger.append([said(made(), START)])
    assert as_markdown(report(ledger, QUARTER, LATER)) != before


def test_the_report_names_the_checkpoint_it_was_counted_from(ledger: Ledger) -> None:
    ledger.append(by_hand())
    for text in (
        as_markdown(report(ledger, QUARTER, LATER)).split("```")[-2].lstrip("\n"),
        json.loads(as_json(report(ledger, QUARTER, LATER)))["checkpoint"],
    ):
        checkpoint, _ = open_checkpoint(text.encode(), [KEY.verification_key()])
        assert checkpoint.size == len(by_hand())
        assert text.encode() == ledger.checkpoint()


def test_before_the_quarter_is_over_open_reports_are_counted_at_the_newest_statement(ledger: Ledger) -> None:
    ledger.append([said(Reported(case(1), "my work", 0), START), said(made(), START + 48 * HOUR - 1)])
    running = report(ledger, QUARTER, END - 1)
    assert (running.open, running.overdue, running.until) == (1, 0, START + 48 * HOUR)
    assert "**The quarter is not over:** this goes up to 2024-01-03 00:00:00 UTC." in as_markdown(running)
    ledger.append([said(made(), START + 48 * HOUR)])
    assert report(ledger, QUARTER, END - 1).overdue == 1
    over = report(ledger, QUARTER, END)
    assert (over.overdue, over.until) == (1, END)
    assert "not over" not in as_markdown(over)


def test_an_empty_ledger_gives_a_report_of_noughts(ledger: Ledger) -> None:
    found = report(ledger, QUARTER, LATER)
    assert (found.counts, found.open, found.overdue, found.erased) == ({}, 0, 0, {})
    assert "First decisions: 0." in as_markdown(found)
    assert json.loads(as_json(found))["first_decisions"]["median_hours"] is None


NAMES = ("Taro Yamada", "taro", "x|y", "a `b`", "a\nb", "mika@home", "B" * 30, "a" * 25)


@pytest.mark.parametrize("name", NAMES)
def test_words_of_a_person_never_get_into_the_report(name: str, ledger: Ledger) -> None:
    """Whatever stands in a free field: either a table knows the word, or it is not told."""
    ledger.append(
        [
            said(one, START)
            for one in (
                made(name),
                Derived(name, (), "a" * 64, name, name, name),
                Admitted(name, 1, name, name),
                Trained(name, name, name, name, name, {name: name}),
                Licensed(name),
                Reserved({name: name}),
                Consented((name,), terms=name, accounts=(name,)),
                Banned(name, (name,)),
                Reported(case(1), name, 0),
                Appealed(case(1), name),
                Refused(case(2), name, f"0{name}"),
                Decided(case(1), name, name, f"0{name}"),
                Decided(case(2), "appeal", name, f"0{name}"),
            )
        ]
    )
    found = report(ledger, QUARTER, LATER)
    assert sum(sum(rows.values()) for rows in found.counts.values()) == 13 + 1  # one counts by its rule too
    for text in (as_markdown(found), as_json(found)):
        assert name not in text.partition("checkpoint")[0].partition("counted from")[0]
        assert OTHER in text


def test_what_others_say_of_a_case_counts_for_nothing(ledger: Ledger) -> None:
    ledger.append(
        [
            said(one, START, "mika")
            for one in (
                Refused(case(1), "create", "prompt"),
                Reported(case(2), "my work", 0),
                Appealed(case(1), "account"),
                Decided(case(1), "appeal", "overturned", "mistake"),
            )
        ]
    )
    found = report(ledger, QUARTER, LATER)
    assert found.counts == {"other statements": {("of no effect",): 4}}
    assert (found.open, found.waits) == (0, ())


def test_every_reason_for_a_ban_is_told_by_its_word(ledger: Ledger) -> None:
    ledger.append([said(Banned(reason), START) for reason in BAN_REASONS])
    assert report(ledger, QUARTER, LATER).counts["bans"] == {(reason,): 1 for reason in BAN_REASONS}


def test_the_names_of_the_rules_of_the_policy_are_told(ledger: Ledger) -> None:
    from rakkan.trust.gate import REQUIRED_ARRIVAL_INSPECTORS, REQUIRED_INSPECTORS
    from rakkan.trust.policy.decide import TABLES

    names = {*REQUIRED_INSPECTORS, *REQUIRED_ARRIVAL_INSPECTORS, *(rule.name for rule in TABLES.rules)}
    ledger.append([said(Refused(case(n), "release", name), START) for n, name in enumerate(sorted(names))])
    assert report(ledger, QUARTER, LATER).counts["refusals"] == {("release", name): 1 for name in names}


# ---- quarters


def seconds(year: int, month: int, day: int, *time: int) -> int:
    return timegm((year, month, day, *time, *(0,) * (3 - len(time)), 0, 0, 0))


@pytest.mark.parametrize(
    ("quarter", "start", "days"),
    [
        (Quarter(2024, 1), START, 91),
        (Quarter(2023, 1), START - 365 * DAY, 90),
        (Quarter(2023, 4), START - 92 * DAY, 92),
        (Quarter(2024, 2), END, 91),
        (Quarter(2024, 3), END + 91 * DAY, 92),
        (Quarter(2024, 4), END + 183 * DAY, 92),
        (Quarter(2000, 1), 946_684_800, 91),  # a leap year though a century
        (Quarter(2100, 1), 4_102_444_800, 90),  # a century and none
        (Quarter(1970, 1), 0, 90),
    ],
)
def test_where_quarters_begin_and_end(quarter: Quarter, start: int, days: int) -> None:
    assert (quarter.start, quarter.end) == (start, start + days * DAY)


@given(st.integers(0, 4_000_000_000))
def test_every_moment_lies_in_its_quarter_and_in_no_other(moment: int) -> None:
    quarter = quarter_of(moment)
    assert quarter.start <= moment < quarter.end
    assert quarter_of(quarter.end).start == quarter.end
    assert quarter_of(quarter.start - 1).end == quarter.start if quarter.start else True


NOW = seconds(2026, 11, 22)


def test_a_quarter_is_read() -> None:
    assert parse_quarter("2026Q4", NOW) == Quarter(2026, 4)
    assert parse_quarter(" 2025q1 ", NOW) == Quarter(2025, 1)
    assert quarter_of(NOW).name == "2026Q4"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("2026-4", "2026Q4"),
        ("Q2 2025", "2025Q2"),
        ("2026Q5", "2026Q4"),
        ("", "2026Q4"),
        ("2030-1", "2026Q4"),
        ("1912Q1", "2026Q4"),
        ("x" * 5000, "2026Q4"),
        ("2026Q4\n; more", "2026Q4"),
    ],
)
def test_what_is_no_quarter_is_met_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(RakkanError, match="no quarter") as refused:
        parse_quarter(text, NOW)
    assert refused.value.hint == f"Did you mean {near}?"
    assert len(str(refused.value)) < 120


def test_a_quarter_that_has_not_begun_has_no_report() -> None:
    with pytest.raises(RakkanError, match="2027Q1 has not begun"):
        parse_quarter("2027Q1", NOW)


def test_a_clock_that_was_set_back_gives_no_negative_wait(ledger: Ledger) -> None:
    ledger.append([said(Reported(case(1), "my work", 0), START + HOUR)])
    ledger.append([said(Decided(case(1), "report", "upheld", "work"), START)])
    assert report(ledger, QUARTER, LATER).waits == (0,)


def test_the_page_says_nothing_that_looks_like_an_account(ledger: Ledger) -> None:
    ledger.append([said(made(), START, "Planted Account Owlbert")])
    page = as_markdown(report(ledger, QUARTER, LATER)).partition("## What this was counted from")[0]
    assert "Owlbert" not in page
    assert not re.search("[0-9a-f]{16}", page), "a pseudonym or a digest"
    assert transparency.TERM == 48 * HOUR
