"""Rates and windows: worked by hand, and against a token bucket and a list of times that forget nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.service.budgets import windows
from rakkan.service.budgets.gcra import judged
from rakkan.service.budgets.windows import DAY, HOUR, MONTH, NONE, Counter, added, joined, total, wait


def test_a_worked_example() -> None:
    """Rate 2 a second, burst 6: T = cost / 2, and the tolerance of a request of 3 is (6 - 3) / 2 = 1.5 s.

    t = 10.0: TAT 0, conforms, TAT = 10 + 1.5 = 11.5. t = 10.0: 1.5 ahead, just tolerated, TAT = 13.0.
    t = 10.0: 3.0 ahead of 1.5 tolerated: come again in 1.5 s. At 11.5 it conforms, TAT = 14.5.
    A request of 1 at 11.5: 3.0 ahead, its tolerance is (6 - 1) / 2 = 2.5: half a second too early.
    """
    first = judged(0.0, 10.0, 3.0, 2.0, 6.0)
    assert first == (True, 11.5, 0.0)
    second = judged(first.arrival, 10.0, 3.0, 2.0, 6.0)
    assert second == (True, 13.0, 0.0)
    third = judged(second.arrival, 10.0, 3.0, 2.0, 6.0)
    assert third == (False, 13.0, 1.5)
    fourth = judged(third.arrival, 11.5, 3.0, 2.0, 6.0)
    assert fourth == (True, 14.5, 0.0)
    assert judged(fourth.arrival, 11.5, 1.0, 2.0, 6.0) == (False, 14.5, 0.5)


def test_what_costs_more_than_the_burst_comes_after_a_rest() -> None:
    assert judged(0.0, 5.0, 10.0, 1.0, 4.0) == (True, 15.0, 0.0)
    assert judged(15.0, 6.0, 10.0, 1.0, 4.0) == (False, 15.0, 9.0)


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    assert judged(20.0, 3.0, 1.0, 1.0, 2.0).arrival == 20.0
    assert judged(20.0, 19.5, 1.0, 1.0, 2.0).arrival == 21.0


@given(
    some.lists(some.tuples(some.integers(0, 40), some.integers(1, 8)), max_size=60),
    some.integers(1, 8),
    some.integers(8, 30),
)
def test_it_conforms_exactly_when_a_token_bucket_does(
    steps: list[tuple[int, int]], rate: int, burst: int
) -> None:
    """The two are duals (I.371, annex A): a bucket that starts full and refills at the rate, in fractions."""
    arrival, now, tokens, before = 0.0, 100.0, Fraction(burst), Fraction(100)
    for quarter_seconds, cost in steps:
        now += quarter_seconds / 4
        tokens = min(Fraction(burst), tokens + (Fraction(now) - before) * rate)
        before = Fraction(now)
        verdict = judged(arrival, now, cost, rate, burst)
        # Where the bucket holds the cost to within a hair, either answer is right.
        if abs(tokens - cost) > Fraction(1, 10**6):
            assert verdict.conforms == (tokens >= cost)
        if verdict.conforms:
            tokens -= cost
        else:
            assert judged(arrival, now + verdict.wait, cost, rate, burst).conforms
        arrival = verdict.arrival


def test_a_window_by_hand() -> None:
    counter = NONE
    for _ in range(8):
        counter = added(counter, 10 * HOUR + 1800, HOUR)
    assert counter == Counter(10, 8, 0)
    assert total(counter, 10 * HOUR + 3599, HOUR) == 8
    # A quarter into the next hour three quarters of the eight remain.
    assert total(counter, 11 * HOUR + 900, HOUR) == 6
    counter = added(counter, 11 * HOUR + 900, HOUR, 2)
    assert total(counter, 11 * HOUR + 900, HOUR) == 8
    assert total(counter, 11 * HOUR + 1800, HOUR) == 6
    assert total(counter, 12 * HOUR + 1800, HOUR) == 1
    assert total(counter, 13 * HOUR + 1, HOUR) == 0


@given(some.lists(some.floats(0, 3 * DAY), max_size=40), some.integers(1, 30))
def test_waiting_is_long_enough_and_hardly_longer(gaps: list[float], limit: int) -> None:
    counter, now = NONE, float(5 * MONTH)
    for gap in gaps:
        now += gap
        counter = added(counter, now, DAY)
    until = wait(counter, now, DAY, limit)
    assert total(counter, now + until, DAY) < limit
    assert until == 0 or total(counter, now + until - 2.5, DAY) >= limit - 1e-3


@given(some.lists(some.floats(0, 2 * HOUR), min_size=1, max_size=60))
def test_a_window_never_forgets_the_last_hour(gaps: list[float]) -> None:
    """At least what came in this block, at most what came in two hours."""
    counter, now, times = NONE, 1e6, []
    for gap in gaps:
        now += gap
        times.append(now)
        counter = added(counter, now, HOUR)
    counted = total(counter, now, HOUR)
    assert sum(time // HOUR == now // HOUR for time in times) <= counted
    assert counted <= sum(time > now - 2 * HOUR for time in times)


counters = some.builds(Counter, some.integers(0, 6), some.integers(0, 9), some.integers(0, 9))


@given(counters, counters, some.floats(0, 8 * HOUR))
def test_joined_counters_hold_what_either_held(one: Counter, other: Counter, later: float) -> None:
    now = max(one.block, other.block) * HOUR + later
    both = total(joined(one, other), now, HOUR)
    assert both == pytest.approx(total(one, now, HOUR) + total(other, now, HOUR))


def test_windows_count_over_all_three() -> None:
    found = windows.spread(windows.spread(windows.NOTHING, 7.0 * MONTH), 7.0 * MONTH, 4)
    assert [counter.current for counter in found] == [5, 5, 5]
    assert [counter.block for counter in found] == [7 * MONTH // span for span in (HOUR, DAY, MONTH)]
