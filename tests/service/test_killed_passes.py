"""A worker is killed while it draws for several people at once: each job is tried once more, alone, and put
aside when it kills again; nothing is lost, delivered twice, or left lying about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.service.hosts import environment, until
from tests.service.studio_kills import Nursery, Wishes, asking, checked, over, studio_is_killed


def test_a_pass_that_is_killed_is_tried_once_more_one_by_one(tmp_path: Path) -> None:
    told = environment(tmp_path)
    with asking(told) as wishes, Nursery(tmp_path, told, 1) as nursery:
        names = [wishes.ask(seed) for seed in (1, 2, 3, 4)]
        nursery.born("pass 2")
        until(lambda: all(wishes.job(one).attempts == 1 for one in names), "all are leased together")
        until(lambda: missed(wishes, names), "the worker is missed")
        assert [wishes.job(one).crashes for one in names] == [1] * 4
        assert wishes.shown() == {}
        for poison in (names[0], names[2]):  # those with odd seeds kill whoever draws them
            nursery.born("alone 1")
            put_aside(wishes, poison)
        nursery.born()
        over(wishes)
        jobs = [wishes.job(one) for one in names]
        assert [job.state for job in jobs] == ["quarantined", "done", "quarantined", "done"]
        assert [(job.attempts, job.crashes) for job in jobs] == [(2, 2), (2, 1), (2, 2), (2, 1)]
        assert checked(wishes, nursery.log) == {"done": 2, "quarantined": 2}


def missed(wishes: Wishes, names: Sequence[str]) -> bool:
    """Whether all leases are taken back by now: they are renewed one by one, and run out one by one."""
    wishes.queue.reap()
    return all(wishes.job(one).crashes for one in names)


def put_aside(wishes: Wishes, name: str) -> None:
    """Wait until a job is quarantined."""
    until(lambda: wishes.queue.reap() or wishes.job(name).state == "quarantined", "it kills again")
    assert wishes.job(name).state == "quarantined"


#: Where a worker is killed that has one job of two pictures, then two that share a pass, and how many of the
#: three are delivered by then.
SPOTS = (("kept 2", 0), ("put 4", 1), ("finished 2", 2))


@pytest.mark.slow
def test_a_kill_between_keeping_and_delivering_shows_nothing_by_halves(tmp_path: Path) -> None:
    told = environment(tmp_path)
    with asking(told) as wishes, Nursery(tmp_path, told, 1) as nursery:
        for round_, (spot, delivered) in enumerate(SPOTS):
            seed = 10 * round_
            names = [wishes.ask(seed, count=2, batch=False), wishes.ask(seed + 2), wishes.ask(seed + 3)]
            nursery.born(spot)
            until(lambda: wishes.queue.reap(), f"the worker is missed that was killed at {spot}")
            assert len(wishes.shown()) == 3 * round_ + delivered, spot
            last = nursery.born()
            over(wishes)
            nursery.kill(last)
            assert [wishes.job(one).state for one in names] == ["done"] * 3
        assert checked(wishes, nursery.log) == {"done": 3 * len(SPOTS)}


@pytest.mark.slow
def test_kills_and_cancellations_at_random_moments_deliver_all_or_none(tmp_path: Path) -> None:
    states = studio_is_killed(Random(3), tmp_path, environment(tmp_path), kills=3)
    assert states["done"] and states["cancelled"], states
