"""Whose turn it is: against schedules worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from rakkan.service.jobs.queue import Queue

from .making import KEY, Clock, engine_at, lease_all, request


@pytest.fixture
def queue() -> Queue:
    return Queue(engine_at("sqlite:///:memory:"), Clock(), KEY)


def submit(queue: Queue, names: dict[str, str], label: str, **more: object) -> None:
    """``a1`` is a job of account ``a``; each a millisecond after the one before."""
    queue.clock.seconds += 0.001  # type: ignore[attr-defined]
    names[queue.submit(request(label[0], label.encode(), **more))] = label


def schedule(queue: Queue, names: dict[str, str]) -> list[str]:
    return [names[identifier] for identifier in lease_all(queue)]


def test_jobs_of_equal_cost_take_turns(queue: Queue) -> None:
    names: dict[str, str] = {}
    for label in ("a1", "a2", "a3", "b1", "b2", "c1"):
        submit(queue, names, label)
    # Turns: a1 0, a2 1, a3 2; b1 0, b2 1; c1 0. Equal turns go by when they came.
    assert schedule(queue, names) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_what_costs_more_waits_for_as_much_of_the_others(queue: Queue) -> None:
    names: dict[str, str] = {}
    submit(queue, names, "a1", cost=4)
    submit(queue, names, "a2", cost=4)
    for number in range(1, 7):
        submit(queue, names, f"b{number}", cost=2)
    # Turns: a1 0, a2 4; b1 0, b2 2, b3 4, b4 6, b5 8, b6 10.
    assert schedule(queue, names) == ["a1", "b1", "b2", "a2", "b3", "b4", "b5", "b6"]


def test_who_comes_late_begins_now_and_is_owed_nothing(queue: Queue) -> None:
    names: dict[str, str] = {}
    for number in range(1, 7):
        submit(queue, names, f"a{number}")
    assert [names[one] for one in lease_all(queue, 3)] == ["a1", "a2", "a3"]
    # It is 3, the turn of a4: that is b1's turn too, and b2's is 4.
    for number in range(1, 4):
        submit(queue, names, f"b{number}")
    assert schedule(queue, names) == ["a4", "b1", "a5", "b2", "a6", "b3"]
    # Nothing waits: all begin at 6, the latest that was given, and a is not behind for what it had.
    for label in ("b4", "a7", "b5", "a8"):
        submit(queue, names, label)
    assert schedule(queue, names) == ["b4", "a7", "b5", "a8"]


def test_a_thousand_jobs_of_one_account_do_not_delay_another(queue: Queue) -> None:
    for _ in range(1000):
        queue.submit(request("ann"))
    other = queue.submit(request("ben"))
    assert queue.ahead("ben", other) <= 1
    assert other in lease_all(queue, 2)


def test_a_cancelled_job_is_not_paid_for(queue: Queue) -> None:
    names: dict[str, str] = {}
    for number in range(1, 6):
        submit(queue, names, f"a{number}")
    for identifier, label in names.items():
        if label != "a1":
            assert queue.cancel("a", identifier) == "cancelled"
    for label in ("b1", "b2", "a6"):
        submit(queue, names, label)
    # a1 0, a6 1 (and not 5); b1 0, b2 1.
    assert schedule(queue, names) == ["a1", "b1", "b2", "a6"]


def test_drafts_go_before_what_is_waited_for_and_that_before_the_rest(queue: Queue) -> None:
    names: dict[str, str] = {}
    submit(queue, names, "a1", priority="batch")
    submit(queue, names, "a2", priority="interactive")
    submit(queue, names, "a3", priority="draft", slot="s")
    submit(queue, names, "b1", priority="interactive")
    submit(queue, names, "b2", priority="batch")
    assert schedule(queue, names) == ["a3", "a2", "b1", "a1", "b2"]


def test_compatible_jobs_are_leased_together_as_far_as_they_may(queue: Queue, tmp_path: Path) -> None:
    names: dict[str, str] = {}
    for label in ("a1", "a2", "b1"):
        submit(queue, names, label, compatibility="create/starter")
    submit(queue, names, "c1", compatibility="create/other")
    submit(queue, names, "c2", compatibility="create/starter", priority="batch")
    submit(queue, names, "d1")
    submit(queue, names, "d2")
    together = []
    while leased := queue.lease("w", {"create": 4}):
        together.append([names[lease.identifier] for lease in leased])
    # By turn among those that go together: a1 0, b1 0, a2 1. What names no compatibility goes alone.
    assert together == [["a1", "b1", "a2"], ["c1"], ["d1"], ["d2"], ["c2"]]
