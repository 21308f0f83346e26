"""The decision: each of its branches by hand, its order, its purity, and what it never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.service.budgets import canaries, limits, pairs, shedding, windows
from rakkan.service.budgets.decide import Reason, Request, Standing, after, decide, met
from rakkan.service.budgets.limits import LIMITS, ROWS, factor
from rakkan.service.budgets.pairs import Fetch, Usage
from rakkan.service.budgets.shedding import CALM, ORDER, Class, observed
from rakkan.service.budgets.windows import MONTH

NOW = 1000.0 * MONTH + 12 * 3600
MEMBER = ROWS["member"]


def usage(read: int = 0, tail: int = 0, hits: int = 0, size: int = 0, members: int = 1) -> Usage:
    """Someone who has read so much at one moment, now."""
    one = replace(pairs.UNUSED, members=members)
    if read:
        one = replace(one, pairs=windows.spread(one.pairs, NOW, read))
    if tail:
        one = replace(one, tail=windows.spread(one.tail, NOW, tail))
    if hits:
        one = replace(one, canaries=windows.added(one.canaries, NOW, MONTH, hits))
    return pairs.sent(one, size, NOW) if size else one


def alone(one: Usage) -> Standing:
    return Standing(one, one)


FETCH = Request("interactive", 3.0, Fetch())
PAGE = Request("interactive", 1.0)


def test_who_has_done_nothing_is_served() -> None:
    assert decide(alone(usage()), FETCH, 0.0, NOW).answer == "serve"


def test_pairs_beyond_a_budget_come_later_and_nobody_is_accused() -> None:
    found = decide(alone(usage(read=600)), FETCH, 0.0, NOW)
    assert (found.answer, found.alarm) == ("slow", "")
    assert found.reasons == (
        Reason("pairs in hour", "account", 600, 300),
        Reason("pairs in day", "account", 600, 600),
    )
    assert found.retry_after is not None and found.retry_after > 3600
    # What is not new, and what is no pair, goes on.
    again = Request("interactive", 3.0, Fetch(new=False))
    assert decide(alone(usage(read=299)), FETCH, 0.0, NOW).answer == "serve"
    assert decide(alone(usage(read=300)), again, 0.0, NOW).answer == "serve"
    assert decide(alone(usage(read=300)), PAGE, 0.0, NOW).answer == "serve"


def test_a_long_tail_alone_gets_reduced_replies() -> None:
    found = decide(alone(usage(tail=150)), FETCH, 0.0, NOW)
    assert (found.answer, found.alarm, found.sure) == ("decoy", "long tail", False)
    assert decide(alone(usage(tail=149)), FETCH, 0.0, NOW).answer == "serve"


@pytest.mark.parametrize(
    ("hits", "tail", "answer"),
    [
        *((0, 140, "serve"), (1, 139, "serve"), (1, 140, "refuse"), (2, 139, "serve")),
        *((4, 99, "serve"), (3, 100, "refuse"), (5, 0, "refuse")),
    ],
)
def test_a_canary_accuses_only_in_company(hits: int, tail: int, answer: str) -> None:
    found = decide(alone(usage(tail=tail, hits=hits)), FETCH, 0.0, NOW)
    assert found.answer == answer
    assert found.sure == (answer == "refuse")
    if found.sure:
        assert found.reasons[0] == Reason("canaries in month", "account", hits, 1)


def test_two_canaries_need_a_long_month() -> None:
    spread_out = usage(hits=2)
    month = windows.added(windows.NONE, NOW, MONTH, 300)
    spread_out = replace(spread_out, tail=replace_month(spread_out, month))
    assert decide(alone(spread_out), FETCH, 0.0, NOW).answer == "refuse"


def replace_month(one: Usage, month: windows.Counter) -> windows.Windows:
    return windows.Windows(one.tail.hour, one.tail.day, month)


def test_a_cluster_answers_for_all_of_its_accounts() -> None:
    fresh = usage()
    found = decide(Standing(fresh, usage(tail=150, members=20)), FETCH, 0.0, NOW)
    assert (found.answer, found.reasons[0].subject) == ("decoy", "cluster")
    # Twenty accounts get twice what one does, and no more.
    assert factor(20) == factor(1000) == 2.0
    assert factor(1) == 1.0
    assert factor(4) == pytest.approx(1.3)
    assert decide(Standing(fresh, usage(read=599, members=20)), FETCH, 0.0, NOW).answer == "serve"
    assert decide(Standing(fresh, usage(read=600, members=20)), FETCH, 0.0, NOW).answer == "slow"


def test_a_cluster_that_has_used_up_its_month_is_put_off_and_not_accused() -> None:
    whole = usage(members=3)
    # A tenth more for each of two: 1.2 * 4,000.
    for read, answer in ((4799, "serve"), (4800, "slow")):
        month = windows.added(windows.NONE, NOW, MONTH, read)
        busy = replace(whole, pairs=windows.Windows(whole.pairs.hour, whole.pairs.day, month))
        found = decide(Standing(usage(), busy), FETCH, 0.0, NOW)
        assert (found.answer, found.alarm) == (answer, "")


def test_bytes_are_a_budget_of_their_own() -> None:
    found = decide(alone(usage(size=4 * limits.GIB)), PAGE, 0.0, NOW)
    assert found.answer == "slow"
    assert [reason.fact for reason in found.reasons] == ["egress in hour", "egress in day"]


def test_rates_by_hand() -> None:
    """Burst 150 at 5 a second: fifty pictures of 3 at once, and a further one 0.6 s later."""
    standing, request = alone(usage()), Request("interactive", 3.0)
    for _ in range(50):
        decision = decide(standing, request, 0.0, NOW)
        assert decision.answer == "serve"
        standing = after(standing, request, decision, NOW, LIMITS)
    refused = decide(standing, request, 0.0, NOW)
    assert refused.answer == "slow"
    assert refused.retry_after == pytest.approx(0.6, abs=1e-4)
    assert refused.reasons == (Reason("rate", "account", 150, 150),)
    assert decide(standing, request, 0.0, NOW + 0.6).answer == "serve"


def test_requests_at_once() -> None:
    busy = replace(alone(usage()), flying=8)
    assert decide(busy, PAGE, 0.0, NOW).reasons == (Reason("at once", "cluster", 8, 8),)
    assert decide(replace(busy, flying=7), PAGE, 0.0, NOW).answer == "serve"
    # 38 of a burst of 150 used up: two at once.
    bursting = pairs.timed(usage(), NOW + 38 / 5)
    assert decide(replace(alone(bursting), flying=2), PAGE, 0.0, NOW).answer == "slow"
    assert decide(replace(alone(bursting), flying=1), PAGE, 0.0, NOW).answer == "serve"


def test_a_standing_alarm_leaves_the_essential() -> None:
    refused = replace(alone(usage(hits=5)), restriction="refused")
    assert decide(refused, PAGE, 0.0, NOW).answer == "refuse"
    assert decide(refused, Request("essential", 1.0), 0.0, NOW).answer == "serve"
    reduced = replace(refused, restriction="reduced")
    assert decide(reduced, FETCH, 0.0, NOW).answer == "decoy"
    assert decide(reduced, PAGE, 0.0, NOW).answer == "serve"
    assert decide(reduced, Request("interactive", 3.0, Fetch(new=False)), 0.0, NOW).answer == "serve"


def test_classes_are_dropped_in_order() -> None:
    dropped = []
    for pressure in (0.0, 0.02, 0.03, 0.1, 0.5, 2.0, 10.0):
        dropped.append(
            [
                klass
                for klass in ORDER
                if klass != "over budget"
                and decide(alone(usage()), Request(klass, 1.0), pressure, NOW).answer == "slow"
            ]
        )
    assert dropped == [
        [],
        ["anonymous"],
        ["anonymous", "bulk"],
        ["anonymous", "bulk", "batch"],
        ["anonymous", "bulk", "batch", "draft"],
        ["anonymous", "bulk", "batch", "draft", "interactive"],
        ["anonymous", "bulk", "batch", "draft", "interactive", "essential"],
    ]
    waits = [shedding.retry_after(klass, 0.5) for klass in ORDER]
    assert waits == sorted(waits, reverse=True)


def test_a_cluster_over_budget_is_dropped_before_others() -> None:
    assert decide(alone(usage(read=600)), PAGE, 0.02, NOW).reasons[0].fact == "load"
    assert decide(alone(usage(read=599)), PAGE, 0.02, NOW).answer == "serve"


def test_a_burst_that_drains_is_no_pressure() -> None:
    pressure = CALM
    for step, delay in enumerate((0.5, 0.3, 0.0, 0.4)):
        pressure = observed(pressure, delay, 10.0 + step * 0.03)
    assert observed(pressure, 0.4, 10.2).standing == 0.0
    standing = observed(CALM, 0.3, 10.0)
    for step in range(1, 8):
        standing = observed(standing, 0.3 + step / 100, 10.0 + step * 0.05)
    assert standing.standing >= 0.3
    # A queue that has gone is forgotten at the next sign of life.
    assert observed(standing, 0.0, 20.0).standing == 0.0


def test_a_few_slow_requests_are_no_queue() -> None:
    pressure = CALM
    for step in range(4):  # the server has just started, and loads what it needs
        pressure = observed(pressure, 0.5, 10.0 + step * 0.2)
        assert pressure.standing == 0.0
    assert observed(pressure, 0.5, 10.8).standing == 0.5


def test_own_pictures_lists_and_known_pairs_do_not_count() -> None:
    assert not pairs.counts(own=True, full=True)
    assert not pairs.counts(own=False, full=False)
    assert pairs.counts(own=False, full=True)
    standing = alone(usage())
    known = Request("interactive", 3.0, Fetch(new=False, new_to_cluster=False))
    found = after(standing, known, decide(standing, known, 0.0, NOW), NOW, LIMITS)
    assert found.account.pairs == standing.account.pairs


def test_the_tail_share() -> None:
    one = pairs.UNUSED
    for number in range(8):
        one = pairs.served(one, True, number < 2, NOW)
    assert pairs.tail_share(one, NOW) == 0.25
    assert pairs.tail_share(pairs.UNUSED, NOW) == 0.0


def test_every_limit_has_its_reason() -> None:
    for name in ("rate", "burst", "flights", "pairs", "tail", "egress"):
        assert len(limits.REASONS[name]) > 40
    assert set(LIMITS.delays.classes) == set(ORDER)
    delays = [LIMITS.delays.classes[klass] for klass in ORDER]
    assert delays == sorted(delays)


standings = some.builds(
    usage, some.integers(0, 900), some.integers(0, 400), some.integers(0, 6), some.integers(0, 2**33)
).map(alone)
klasses: some.SearchStrategy[Class] = some.sampled_from(ORDER)
requests = some.builds(
    Request,
    klasses,
    some.floats(0.5, 8),
    some.none() | some.builds(Fetch, some.booleans(), some.just(True), some.booleans(), some.just(False)),
)
SEVERITY = {"serve": 0, "decoy": 1, "slow": 1, "refuse": 2}


@given(standings, requests, some.floats(0, 12))
def test_decisions_are_pure(standing: Standing, request: Request, pressure: float) -> None:
    before = repr((standing, request))
    first = decide(standing, request, pressure, NOW)
    assert decide(standing, request, pressure, NOW) == first
    assert repr((standing, request)) == before
    assert bool(first.reasons) == (first.answer != "serve")
    assert first.retry_after is None or first.retry_after > 0


@given(standings, requests, some.floats(0, 12), some.integers(0, 200), some.booleans())
def test_who_has_read_more_is_never_treated_better(
    standing: Standing, request: Request, pressure: float, more: int, hit: bool
) -> None:
    busier = replace(
        standing.account,
        pairs=windows.spread(standing.account.pairs, NOW, more),
        tail=windows.spread(standing.account.tail, NOW, more),
    )
    other = met(alone(busier), NOW) if hit else alone(busier)
    one, two = decide(standing, request, pressure, NOW), decide(other, request, pressure, NOW)
    assert SEVERITY[two.answer] >= SEVERITY[one.answer]


@given(standings, requests, some.floats(0, 12))
def test_what_is_not_served_changes_nothing(standing: Standing, request: Request, pressure: float) -> None:
    decision = decide(standing, request, pressure, NOW)
    found = after(standing, request, decision, NOW, LIMITS)
    assert (found == standing) == (decision.answer in ("slow", "refuse"))
    if decision.answer == "decoy":
        assert found.account.pairs == standing.account.pairs


def test_the_arithmetic_of_canaries() -> None:
    assert canaries.fetches_until(0.95) == 299
    assert canaries.fetches_until(0.999) == 688
    assert canaries.detection(299) == pytest.approx(0.95046, abs=1e-5)
    # Two of four pictures are canaries: two fetches miss both in 1 of 6 orders.
    assert canaries.detection_exact(2, 4, 2) == pytest.approx(5 / 6)
    assert canaries.detection_exact(3, 4, 2) == 1.0
    # Poisson of mean 0.05: 1 - e^-0.05, and 1 - 1.05 e^-0.05.
    assert canaries.by_chance(1, 0.05) == pytest.approx(0.0487706, abs=1e-7)
    assert canaries.by_chance(2, 0.05) == pytest.approx(0.0012091, abs=1e-7)


def test_canaries_are_one_in_a_hundred_and_nobody_elses_pictures() -> None:
    secret = bytes(range(32))
    names = [f"picture{number}" for number in range(20_000)]
    hits = {name for name in names if canaries.is_canary(secret, name)}
    assert 150 < len(hits) < 250
    assert hits != {name for name in names if canaries.is_canary(bytes(32), name)}
    given_out = iter(names)
    assert all(canaries.ordinary(secret, lambda: next(given_out)) not in hits for _ in range(500))
    assert canaries.reserved(secret, lambda: next(given_out)) in hits
