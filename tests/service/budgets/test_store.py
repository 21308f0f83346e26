"""The budgets of a service: in SQLite, and in PostgreSQL where RAKKAN_TEST_POSTGRESQL names a database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from rakkan.errors import RakkanError
from rakkan.service.budgets import alarms, rows, sightings, store, tables
from rakkan.service.budgets.memory import Recent, Shown
from rakkan.service.budgets.store import Asked, Budgets
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.schema import METADATA
from rakkan.store import database
from rakkan.store.ledger.notes import SigningKey

SECRET = bytes(range(32))
KEY = SigningKey("hub.example/ledger", bytes(31) + b"\1")
MONTH = 30 * 86_400.0
POSTGRESQL = os.environ.get("RAKKAN_TEST_POSTGRESQL", "")
TABLES = [table for name, table in METADATA.tables.items() if name.startswith("budget_")]


@dataclass
class Clock:
    now: float = 700 * MONTH + 40_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = database.url_of(tmp_path / "hub.sqlite") if request.param == "sqlite" else POSTGRESQL
    made = database.connect(url)
    METADATA.drop_all(made, tables=TABLES)
    METADATA.create_all(made, tables=TABLES)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(engine: Engine, clock: Clock) -> Budgets:
    return Budgets(engine, clock, SECRET, KEY)


def again(budgets: Budgets) -> Budgets:
    """The same after a restart."""
    return Budgets(budgets.engine, budgets.clock, SECRET, KEY)


def fetch(budgets: Budgets, account: str, picture: str, popular: bool = False, **more: object) -> str:
    clock = budgets.clock
    assert isinstance(clock, Clock)
    clock.now += 1
    decision = budgets.check(account, Asked("picture", picture, popular=popular, **more))  # type: ignore[arg-type]
    if decision.answer in ("serve", "decoy"):
        budgets.done(account, 1000)
    return decision.answer


def pictures(budgets: Budgets, canary: bool) -> Iterator[str]:
    return (name for name in (f"picture{n}" for n in range(10**6)) if budgets.is_canary(name) == canary)


def read(budgets: Budgets, account: str) -> tuple[int, int]:
    """Pairs of the day and bytes of the day."""
    found = {(one.what, one.span): one.used for one in budgets.used(account)}
    return found["pairs", 86_400], found["bytes", 86_400]


def enumerate_all(budgets: Budgets, accounts: list[str]) -> str:
    """Walk on through the catalogue by turns, with a canary among it; the answer at the end."""
    ordinary, answer = pictures(budgets, canary=False), ""
    for turn in range(145):
        answer = fetch(budgets, accounts[turn % len(accounts)], next(ordinary))
        assert answer == "serve", turn
    return fetch(budgets, accounts[0], next(pictures(budgets, canary=True)))


def test_pairs_are_distinct_and_survive_a_restart(budgets: Budgets) -> None:
    for picture in ("a", "b", "a", "c", "a"):
        assert fetch(budgets, "ada", picture) == "serve"
    assert fetch(budgets, "ada", "mine", own=True) == "serve"
    assert read(budgets, "ada") == (3, 6000)
    budgets.flush()
    assert read(again(budgets), "ada") == (3, 6000)
    assert fetch(again(budgets), "ada", "a") == "serve"
    assert read(again(budgets), "ada")[0] == 3
    assert read(again(budgets), "bob") == (0, 0)


def test_a_cluster_counts_a_pair_once(budgets: Budgets) -> None:
    for account in ("ada", "bob"):
        budgets.linked(account, "payment", "one purse")
    assert budgets.cluster("ada").accounts == ("ada", "bob")
    for account, picture in (("ada", "a"), ("bob", "a"), ("bob", "b")):
        assert fetch(budgets, account, picture) == "serve"
    budgets.flush()
    kept = rows.load(budgets.engine, ("ada", "bob"), budgets.clock())
    assert kept.usage.pairs.day.current == 2
    assert kept.usage.members == 2
    whole = budgets.front.states.peek("cluster:ada")
    assert whole is not None
    assert whole.usage.pairs.day.current == 2


def test_what_was_shown_is_no_long_tail(budgets: Budgets) -> None:
    budgets.shown("ada", ["seen"])
    for picture, popular in (("seen", False), ("unseen", False), ("famous", True)):
        fetch(budgets, "ada", picture, popular)
    budgets.flush()
    kept = rows.load(budgets.engine, ("ada",), budgets.clock())
    assert (kept.usage.pairs.day.current, kept.usage.tail.day.current) == (3, 1)


def test_enumeration_is_refused_for_all_that_are_linked(budgets: Budgets) -> None:
    fleet = [f"fleet{number}" for number in range(5)]
    for account in fleet:
        budgets.linked(account, "payment", "one purse")
    assert enumerate_all(budgets, fleet) == "refuse"
    for account in fleet:
        assert fetch(budgets, account, "next") == "refuse"
        assert budgets.check(account, Asked("page")).answer == "refuse"
        assert budgets.check(account, Asked("page", essential=True)).answer == "serve"
    assert fetch(budgets, "ada", "next") == "serve"
    (alarm,) = budgets.desk.alarms()
    assert budgets.desk.concerned(alarm.facts.identifier) == fleet
    assert (alarm.state, alarm.facts.cause, alarm.facts.sure) == ("open", "canaries", True)
    assert alarm.facts.linked == 950_000
    found = alarms.read(budgets.desk.evidence(alarm.facts.identifier, "fleet2"), [KEY.verification_key()])
    assert found == alarm
    # A restart changes nothing.
    assert fetch(again(budgets), "fleet3", "next") == "refuse"


def test_an_appeal_eases_and_a_lifted_alarm_is_forgiven(budgets: Budgets) -> None:
    assert enumerate_all(budgets, ["ada"]) == "refuse"
    identifier = budgets.desk.alarms(account="ada")[0].facts.identifier
    assert budgets.desk.words(identifier) == ""
    budgets.desk.appeal(identifier, "ada", "  I was trying out the catalogue.  ")
    assert budgets.desk.words(identifier) == "I was trying out the catalogue."
    assert fetch(budgets, "ada", "next") == "decoy"
    with pytest.raises(Conflict):
        budgets.desk.appeal(identifier, "ada", "again")
    budgets.desk.settle(identifier, upheld=False)
    assert fetch(budgets, "ada", "next") == "serve"
    assert [one.state for one in budgets.desk.alarms("lifted")] == ["lifted"]
    with budgets.engine.connect() as connection:
        sealed = connection.scalar(select(tables.ALARMS.c.appeal))
    assert b"trying" not in bytes(sealed or b"")


def test_an_upheld_alarm_stands(budgets: Budgets, clock: Clock) -> None:
    assert enumerate_all(budgets, ["ada"]) == "refuse"
    identifier = budgets.desk.alarms("open")[0].facts.identifier
    budgets.desk.settle(identifier, upheld=True)
    clock.now += 10 * 86_400
    assert fetch(budgets, "ada", "next") == "refuse"
    clock.now += 90 * 86_400
    assert fetch(budgets, "ada", "next") == "serve"


def test_alarms_of_others_are_not_found(budgets: Budgets) -> None:
    enumerate_all(budgets, ["ada"])
    identifier = budgets.desk.alarms()[0].facts.identifier
    for call in (
        lambda: budgets.desk.evidence(identifier, "bob"),
        lambda: budgets.desk.appeal(identifier, "bob", "me"),
        lambda: budgets.desk.words("0" * 26),
        lambda: budgets.desk.settle("0" * 26, True),
    ):
        with pytest.raises(NotFound):
            call()
    assert budgets.desk.alarms(account="bob") == []


def test_a_rate_used_up_is_answered_from_memory(budgets: Budgets, clock: Clock) -> None:
    answers = []
    for number in range(60):
        answers.append(budgets.check("greedy", Asked("picture", f"p{number}", popular=True)).answer)
        budgets.done("greedy", 1)
    assert answers == ["serve"] * 50 + ["slow"] * 10
    first = budgets.check("greedy", Asked("picture", "x"))
    assert budgets.check("greedy", Asked("page")) is first
    assert budgets.check("other", Asked("page")).answer == "serve"
    assert budgets.check("greedy", Asked("page", essential=True)).reasons[0].fact == "rate"
    clock.now += 1
    assert budgets.check("greedy", Asked("picture", "x", popular=True)).answer == "serve"


def test_requests_that_are_being_served_are_counted(budgets: Budgets) -> None:
    for _ in range(8):
        assert budgets.check("ada", Asked("page")).answer == "serve"
    assert budgets.check("ada", Asked("page")).reasons[0].fact == "at once"
    budgets.done("ada", 0)
    assert budgets.check("ada", Asked("page")).answer == "serve"


def test_load_sheds_visitors_first(budgets: Budgets, clock: Clock) -> None:
    visitor = budgets.visitor("192.0.2.7")
    assert "192" not in visitor
    assert budgets.check(visitor, Asked("list", holder="visitor")).answer == "serve"
    for _ in range(6):
        clock.now += 0.06
        budgets.waited(0.3)
    assert budgets.check(visitor, Asked("list", holder="visitor")).reasons[0].fact == "load"
    assert budgets.check("ada", Asked("list")).answer == "serve"


def test_visitors_share_a_pool_that_never_reaches_the_database(budgets: Budgets) -> None:
    answers = [
        fetch(budgets, budgets.visitor(f"192.0.2.{number}"), f"p{number}", popular=True, holder="visitor")
        for number in range(510)
    ]
    assert answers == ["serve"] * 500 + ["slow"] * 10
    budgets.flush()
    with budgets.engine.connect() as connection:
        for table in (tables.PAIRS, tables.EGRESS):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_links_are_kept_as_digests_and_expire(budgets: Budgets, clock: Clock) -> None:
    budgets.linked("ada", "network", "192.0.2.7")
    budgets.linked("ada", "network", "192.0.2.7")
    with budgets.engine.connect() as connection:
        (row,) = connection.execute(select(tables.LINKS)).all()
    assert len(row.value) == 16
    assert "192" not in row.value
    clock.now += 91 * 86_400
    budgets.expire()
    assert rows.links(budgets.engine, 0) == ([], [])


def test_a_join_outlasts_its_thinning(budgets: Budgets, clock: Clock) -> None:
    for account in ("ada", "bob"):
        budgets.linked(account, "device", "d")
    assert len(budgets.cluster("ada").accounts) == 2
    clock.now += 60
    for number in range(100):
        budgets.linked(f"other{number}", "device", "d")
    clock.now += 60
    assert budgets.cluster("ada").accounts == ("ada", "bob")
    assert budgets.cluster("other5").accounts == ("other5",)


def test_of_addresses_that_change_all_the_time_only_the_first_of_a_day_are_written(
    budgets: Budgets, clock: Clock
) -> None:
    def written() -> int:
        with budgets.engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(tables.LINKS)) or 0)

    for number in range(100):
        budgets.seen("ada", "network", f"192.0.2.{number}")
        budgets.seen("bob", "network", "192.0.2.1")
    assert written() == 0  # a request waits for no disk
    budgets.flush()
    assert written() == sightings.MOST_A_DAY + 1
    budgets.linked("ada", "payment", "purse")
    assert written() == sightings.MOST_A_DAY + 2
    clock.now += 86_400
    budgets.seen("ada", "network", "198.51.100.1")
    budgets.flush()
    assert written() == sightings.MOST_A_DAY + 3


def test_only_values_that_several_share_are_looked_at(budgets: Budgets) -> None:
    for account, value in (("ada", "one"), ("bob", "one"), ("cyd", "another")):
        budgets.seen(account, "device", value)
    assert budgets.cluster("ada").accounts == ("ada", "bob")
    links, _ = rows.links(budgets.engine, 0)
    assert {link.account for link in links} == {"ada", "bob"}


def test_whoever_says_that_a_request_is_over_waits_for_nobody(budgets: Budgets) -> None:
    for _ in range(8):
        assert budgets.check("ada", Asked("page")).answer == "serve"
    with budgets.front.lock, ThreadPoolExecutor(1) as pool:
        pool.submit(budgets.done, "ada", 700).result(120)
        pool.submit(budgets.sent, "ada", 70).result(120)
    assert budgets.check("ada", Asked("page")).answer == "serve"
    used = {one.what: one.used for one in budgets.used("ada") if one.span == 86_400}
    assert used["bytes"] == 770


def test_clusters_are_formed_by_one_and_nobody_waits(budgets: Budgets, clock: Clock) -> None:
    budgets.linked("ada", "payment", "p")
    budgets.linked("bob", "payment", "p")
    with budgets.front.regrouping, ThreadPoolExecutor(1) as pool:
        assert pool.submit(budgets.check, "ada", Asked("page")).result(120).answer == "serve"
        assert not budgets.front.groups
    clock.now += store.REGROUP
    assert budgets.check("ada", Asked("page")).answer == "serve"
    assert set(budgets.front.groups) == {"ada", "bob"}


def test_an_alarm_is_written_once_and_without_the_lock(
    budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, add = [], rows.add_alarm

    def slow(*given: Any) -> None:
        with ThreadPoolExecutor(1) as pool:  # meanwhile others ask, of the same account and of another
            answers.append(pool.submit(fetch, budgets, "fleet", "more").result(120))
            answers.append(pool.submit(fetch, budgets, "ada", "a").result(120))
        add(*given)

    monkeypatch.setattr(rows, "add_alarm", slow)
    assert enumerate_all(budgets, ["fleet"]) == "refuse"
    assert answers == ["refuse", "serve"]
    assert len(budgets.desk.alarms()) == 1
    assert fetch(budgets, "fleet", "next") == "refuse"


def test_two_processes_see_each_other(budgets: Budgets, clock: Clock) -> None:
    other = again(budgets)
    fetch(other, "ada", "a")
    fetch(budgets, "ada", "b")
    budgets.flush()
    other.flush()
    clock.now += store.REFRESH + 1
    assert read(budgets, "ada")[0] == 2
    assert read(other, "ada")[0] == 2


def test_an_account_can_be_forgotten(budgets: Budgets) -> None:
    budgets.linked("ada", "payment", "p")
    budgets.linked("bob", "payment", "p")
    enumerate_all(budgets, ["ada"])
    budgets.forget("ada")
    with budgets.engine.connect() as connection:
        for table in (tables.PAIRS, tables.EGRESS, tables.LINKS, tables.ALARMED):
            names = connection.scalars(select(table.c.account)).all()
            assert "ada" not in names
        assert not connection.execute(select(tables.JOINS)).all()


def test_a_failed_flush_loses_nothing(budgets: Budgets) -> None:
    fetch(budgets, "ada", "a")
    METADATA.drop_all(budgets.engine, tables=[tables.EGRESS])
    with pytest.raises(RakkanError):
        budgets.flush()
    METADATA.create_all(budgets.engine, tables=[tables.EGRESS])
    budgets.flush()
    assert read(again(budgets), "ada") == (1, 1000)


def test_what_is_read_while_it_is_written_is_read_again(
    budgets: Budgets, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(budgets, "ada", "a")
    write = rows.write

    def slow(*given: Any) -> None:
        budgets.front.states.clear()  # as when many others have come meanwhile
        assert budgets.check("ada", Asked("page")).answer == "serve"
        write(*given)

    monkeypatch.setattr(rows, "write", slow)
    budgets.flush()
    clock.now += 1
    assert read(budgets, "ada") == (1, 1000)


def test_months_end(budgets: Budgets, clock: Clock) -> None:
    fetch(budgets, "ada", "a")
    clock.now += MONTH
    assert fetch(budgets, "ada", "a") == "serve"
    budgets.flush()
    clock.now += 2 * MONTH
    budgets.expire()
    with budgets.engine.connect() as connection:
        assert not connection.execute(select(tables.PAIRS)).all()


def test_what_was_shown_is_remembered_for_two_thousand_pictures() -> None:
    shown = Shown()
    digests = [(number * 0x9E3779B97F4A7C15) % 2**64 - 2**63 for number in range(12_000)]
    for digest in digests[:6_000]:
        shown.add(digest)
    assert all(digest in shown for digest in digests[4_000:6_000])
    assert not any(digest in shown for digest in digests[:1_000:50])
    assert sum(digest in shown for digest in digests[6_000:]) < 12


def test_recent_forgets_what_was_used_longest_ago() -> None:
    recent: Recent[str, int] = Recent(2)
    assert [recent.get(name, lambda: 1) for name in "aba"] == [1, 1, 1]
    recent.get("c", lambda: 1)
    assert (recent.peek("a"), recent.peek("b"), recent.peek("c")) == (1, None, 1)
    recent.drop("a")
    assert recent.peek("a") is None
