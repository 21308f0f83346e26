"""The states of a case: every short history, in every order, against a machine written another way."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.store.ledger.statements import Appealed, Decided, Refused, Reported, Statement, Subject
from rakkan.trust.takedown.states import TERM, State, state_of

CASE = "0c" * 16
ABOUT = (Subject("case", {"case": CASE}),)
REPORTED = Reported(CASE, "my work", 1000)
REFUSED = Refused(CASE, "create", "real person")
EVENTS: dict[str, Any] = {
    "up": Decided(CASE, "report", "upheld", "work"),
    "over": Decided(CASE, "report", "overturned", "unproven"),
    "by reporter": Appealed(CASE, "reporter"),
    "by account": Appealed(CASE, "account"),
    "up again": Decided(CASE, "appeal", "upheld", "work"),
    "over again": Decided(CASE, "appeal", "overturned", "mistake"),
}


def said(predicate: Any, time: int, account: str = "instance") -> Statement:
    return Statement(predicate, ABOUT, account, time)


def step(refusal: bool, state: tuple[str, str, str], event: str) -> tuple[str, str, str]:
    """One event after the other: (outcome, stage, appealed by) before and after it."""
    outcome, stage, appealed = state
    if event in ("up", "over"):
        free = not refusal and not outcome and not appealed
        return ({"up": "upheld", "over": "overturned"}[event], "report", "") if free else state
    if event.startswith("by "):
        may = (refusal or outcome) and stage != "appeal" and not appealed
        return (outcome, stage, event[3:]) if may else state
    return ({"up again": "upheld", "over again": "overturned"}[event], "appeal", "") if appealed else state


def told(state: State | None) -> tuple[str, str, str]:
    assert state is not None
    return state.outcome, state.stage, state.appealed


@pytest.mark.parametrize("opening", [REPORTED, REFUSED], ids=["report", "refusal"])
@pytest.mark.parametrize("length", range(5))
def test_every_history_ends_where_one_event_after_the_other_leads(opening: Any, length: int) -> None:
    for history in product(EVENTS, repeat=length):
        expected = ("", "", "")
        for event in history:
            expected = step(opening is REFUSED, expected, event)
        statements = [said(opening, 1), *(said(EVENTS[event], at) for at, event in enumerate(history, 2))]
        assert told(state_of(statements)) == expected, history


@pytest.mark.parametrize("times", [(1, 2, 3, 4), (1, 2, 2, 3), (1, 1, 1, 1), (1, 3, 2, 4), (4, 3, 2, 1)])
def test_the_order_they_come_in_does_not_count(times: tuple[int, ...]) -> None:
    for history in product(EVENTS, repeat=3):
        statements = [
            said(one, at) for one, at in zip([REPORTED, *map(EVENTS.get, history)], times, strict=True)
        ]
        assert len({state_of(order) for order in permutations(statements)}) == 1, history


@given(
    some.lists(some.tuples(some.sampled_from([*EVENTS.values(), REPORTED]), some.integers(0, 5)), max_size=7)
)
def test_repeating_what_was_said_changes_nothing(history: list[tuple[Any, int]]) -> None:
    statements = [said(one, at) for one, at in history]
    assert state_of(statements) == state_of(statements * 2)


@pytest.mark.parametrize(
    ("events", "bars", "waits"),
    [
        ((), "reported", True),
        (("up",), "taken down", False),
        (("over",), "", False),
        (("up", "by account"), "taken down", True),
        (("over", "by reporter"), "", True),
        (("up", "by account", "over again"), "", False),
        (("over", "by reporter", "up again"), "taken down", False),
    ],
)
def test_what_a_state_means(events: tuple[str, ...], bars: str, waits: bool) -> None:
    state = state_of([said(REPORTED, 1), *(said(EVENTS[one], at) for at, one in enumerate(events, 2))])
    assert state is not None
    assert (state.bars, state.waits, state.final) == (bars, waits, len(events) == 3)


def test_a_clock_runs_from_the_report_and_from_the_appeal() -> None:
    state = state_of([said(REPORTED, 1)])
    assert state is not None and state.due == 1000
    appealed = state_of([said(REPORTED, 1), said(EVENTS["up"], 2), said(EVENTS["by account"], 7)])
    assert appealed is not None and (appealed.since, appealed.due) == (7, 7 + TERM)
    assert TERM == 48 * 3600


def test_two_moderators_in_the_same_second_uphold() -> None:
    state = state_of([said(REPORTED, 1), said(EVENTS["over"], 2), said(EVENTS["up"], 2)])
    assert state is not None and state.outcome == "upheld"


def test_only_the_instance_is_heard() -> None:
    assert state_of([said(REPORTED, 1, "someone")]) is None
    state = state_of([said(REPORTED, 1), said(EVENTS["over"], 2, "someone")])
    assert state is not None and state.bars == "reported"


def test_what_cannot_be_read_decides_nothing() -> None:
    odd = [Decided(CASE, "report", "perhaps", "work"), Decided(CASE, "later", "overturned", "work")]
    state = state_of([said(REPORTED, 1), *(said(one, 2) for one in odd)])
    assert state is not None and state.bars == "reported"


def test_a_picture_that_only_a_decision_names_is_barred_by_it() -> None:
    for stage in ("report", "appeal"):
        state = state_of([said(Decided(CASE, stage, "upheld", "work"), 5)])
        assert state is not None and state.bars == "taken down"
    assert state_of([said(EVENTS["by account"], 5)]) is None
    assert state_of([]) is None
