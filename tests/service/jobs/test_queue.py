"""The queue's promises one by one; ``test_model.py`` tries them in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from rakkan.errors import RakkanError
from rakkan.service.errors import Conflict, NotFound, TooMany
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased, LostLease
from rakkan.store.faults import Damaged

from .making import KEY, Clock, engine_at, request

KINDS = {"create": 1}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(engine_at("sqlite:///:memory:"), clock, KEY)


def one(queue: Queue, worker: str = "w") -> Leased:
    (lease,) = queue.lease(worker, KINDS)
    return lease


def test_a_job_goes_from_submission_to_its_result(queue: Queue, clock: Clock) -> None:
    identifier = queue.submit(request(payload=b"a crane", organisation="birds", cost=7))
    waiting = queue.get("ann", identifier)
    assert (waiting.state, waiting.payload, waiting.organisation) == ("waiting", b"a crane", "birds")
    lease = one(queue)
    assert (lease.identifier, lease.payload, lease.cost, lease.attempts) == (identifier, b"a crane", 7, 1)
    clock.seconds += 2
    assert queue.progress(lease, 3, 8) is False
    running = queue.get("ann", identifier)
    assert (running.state, running.done, running.total, running.over) == ("running", 3, 8, False)
    queue.finish(lease, b"digest of a picture")
    done = queue.get("ann", identifier)
    assert (done.state, done.result, done.over) == ("done", b"digest of a picture", True)
    assert done.finished is not None and done.started is not None and done.finished - done.started == 2000
    assert queue.delivered(lease)
    assert queue.lease("w", KINDS) == []


def test_the_same_key_and_wish_are_one_job_and_another_wish_is_refused(queue: Queue) -> None:
    first = queue.submit(request(payload=b"crane", idempotency="k"))
    assert queue.submit(request(payload=b"crane", idempotency="k")) == first
    assert queue.submit(request(payload=b"crane", idempotency="k", priority="batch")) == first
    with pytest.raises(Conflict, match="something else"):
        queue.submit(request(payload=b"heron", idempotency="k"))
    assert queue.submit(request("ben", b"heron", idempotency="k")) != first
    queue.finish(one(queue), b"")
    assert queue.submit(request(payload=b"crane", idempotency="k")) == first


def test_only_the_holder_of_the_lease_delivers_and_only_once(queue: Queue, clock: Clock) -> None:
    identifier = queue.submit(request())
    first = one(queue)
    clock.seconds += 31
    assert queue.reap() == 1
    clock.seconds += 1
    second = one(queue, "v")
    for late in (queue.finish, queue.progress, queue.give_back, queue.fail, queue.crashed):
        more = {"finish": [b"late"], "progress": [1, 2], "give_back": [], "crashed": ["it fell"]}
        with pytest.raises(LostLease):
            late(first, *more.get(late.__name__, [RakkanError("no")]))  # type: ignore[operator]
    queue.finish(second, b"in time")
    with pytest.raises(LostLease):
        queue.finish(second, b"again")
    assert queue.get("ann", identifier).result == b"in time"
    assert queue.delivered(second) and not queue.delivered(first)


def test_a_lease_that_ran_out_but_was_not_taken_still_delivers(queue: Queue, clock: Clock) -> None:
    identifier = queue.submit(request())
    lease = one(queue)
    clock.seconds += 3600
    queue.finish(lease, b"late but alone")
    assert queue.get("ann", identifier).result == b"late but alone"


def test_a_job_that_ends_its_worker_is_retried_once_and_then_put_aside(queue: Queue, clock: Clock) -> None:
    identifier = queue.submit(request(compatibility="x"))
    queue.submit(request(compatibility="x"))
    both = queue.lease("w", {"create": 2})
    assert len(both) == 2
    assert queue.bury("w") == 2
    assert queue.lease("w", KINDS) == [], "it rests for a moment"
    clock.seconds += 1
    alone = queue.lease("w", {"create": 2})
    assert [lease.identifier for lease in alone] == [identifier], "with others they would be suspected too"
    queue.crashed(alone[0], "The job was ended by ValueError")
    job = queue.get("ann", identifier)
    assert (job.state, job.crashes, job.error) == (
        "quarantined",
        2,
        "The job was ended by ValueError, twice",
    )
    assert queue.get("ann", one(queue).identifier).state == "running", "the other is tried alone as well"
    assert queue.counts().quarantined == 1
    queue.retry(identifier)
    assert (queue.get("ann", identifier).state, queue.get("ann", identifier).error) == ("waiting", "")
    with pytest.raises(NotFound):
        queue.retry(identifier)


def test_a_clock_that_is_set_back_keeps_no_dead_lease(queue: Queue, clock: Clock) -> None:
    identifier = queue.submit(request())
    one(queue)
    clock.seconds -= 86400
    assert queue.reap() == 0, "its worker may be alive"
    clock.seconds += 31
    assert queue.reap() == 1
    assert queue.get("ann", identifier).state == "waiting"
    clock.seconds -= 86400
    assert one(queue).identifier == identifier, "nor does its rest last a day"
    queue.bury("w")
    queue.retry(identifier)
    clock.seconds -= 0.5
    assert one(queue).identifier == identifier, "nor does one that is taken up again rest at all"


def test_a_refusal_is_final_and_says_why(queue: Queue) -> None:
    identifier = queue.submit(request())
    queue.fail(one(queue), RakkanError("There is no style 'crane'", "Take 'heron'"))
    job = queue.get("ann", identifier)
    assert (job.state, job.error, job.hint) == ("failed", "There is no style 'crane'", "Take 'heron'")


def test_what_is_given_back_keeps_its_turn_and_is_no_crash(queue: Queue) -> None:
    first, second = queue.submit(request()), queue.submit(request())
    lease = one(queue)
    queue.give_back(lease)
    again = one(queue)
    assert (again.identifier, again.attempts, queue.get("ann", first).crashes) == (first, 2, 0)
    assert one(queue).identifier == second


def test_cancelling_ends_what_waits_and_stops_what_runs(queue: Queue) -> None:
    waiting, running = queue.submit(request(priority="batch")), queue.submit(request())
    assert queue.cancel("ann", waiting) == "cancelled"
    lease = one(queue)
    assert not queue.stopping(lease)
    assert queue.cancel("ann", running) == "running"
    assert queue.get("ann", running).stopping and queue.stopping(lease) and queue.renew(lease)
    with pytest.raises(LostLease):
        queue.finish(lease, b"too late")
    job = queue.get("ann", running)
    assert (job.state, job.result) == ("cancelled", None)
    assert queue.cancel("ann", running) == "cancelled"
    with pytest.raises(NotFound):
        queue.cancel("ben", running)


def test_a_cancelled_job_whose_worker_dies_is_not_taken_up_again(queue: Queue) -> None:
    identifier = queue.submit(request())
    one(queue)
    queue.cancel("ann", identifier)
    queue.bury("w")
    assert queue.get("ann", identifier).state == "cancelled"


def test_a_newer_draft_of_the_slot_supersedes_the_older(queue: Queue) -> None:
    def draft(slot: str, account: str = "ann") -> str:
        return queue.submit(request(account, priority="draft", slot=slot))

    first = draft("s")
    lease = one(queue)
    others = [draft("t"), draft("s", "ben")]
    second, third = draft("s"), draft("s")
    assert queue.get("ann", first).stopping
    queue.give_back(lease)
    states = {name: queue.get("ann", name).state for name in (first, second, third, others[0])}
    assert states == {
        first: "superseded",
        second: "superseded",
        third: "waiting",
        others[0]: "waiting",
    }
    assert queue.get("ben", others[1]).state == "waiting"


def test_nobody_sees_the_jobs_of_another(queue: Queue) -> None:
    identifier = queue.submit(request())
    for ask in (queue.get, queue.cancel, queue.ahead):
        with pytest.raises(NotFound):
            ask("ben", identifier)
    assert queue.page("ben") == []


def test_pages_follow_each_other(queue: Queue, clock: Clock) -> None:
    names = []
    for number in range(7):
        clock.seconds += 1
        names.append(queue.submit(request(payload=b"secret %d" % number)))
    queue.cancel("ann", names[3])
    first = queue.page("ann", limit=3)
    rest = queue.page("ann", before=first[-1].identifier, limit=100)
    assert [job.identifier for job in first + rest] == names[::-1]
    assert all(job.payload is None and job.result is None for job in first)
    assert [job.identifier for job in queue.page("ann", states=("cancelled",))] == [names[3]]


def test_figures_and_places_in_the_queue(queue: Queue, clock: Clock) -> None:
    jobs = [queue.submit(request(priority="batch")) for _ in range(3)]
    queue.submit(request())
    clock.seconds += 5
    assert [queue.ahead("ann", job) for job in jobs] == [1, 2, 3]
    one(queue)
    counts = queue.counts()
    assert counts.waiting == {"draft": 0, "interactive": 0, "batch": 3}
    assert counts.running == {"draft": 0, "interactive": 1, "batch": 0}
    assert (counts.quarantined, counts.longest_wait) == (0, 5.0)


def test_nothing_that_is_written_lies_in_the_clear(tmp_path: Path) -> None:
    queue = Queue(engine_at(tmp_path / "jobs.db"), Clock(), KEY)
    kept = request(payload=b"plantedcrane", idempotency="plantedkey", priority="draft", slot="plantedslot")
    queue.submit(kept)
    lease = one(queue)
    queue.finish(lease, b"plantedresult")
    queue.submit(request(payload=b"plantedcrane"))
    queue.fail(one(queue), RakkanError("plantedmessage", "plantedhint"))
    for file in tmp_path.iterdir():
        assert b"planted" not in file.read_bytes(), file


def test_a_row_that_was_changed_is_failed_and_holds_up_nobody(queue: Queue) -> None:
    bad, good = queue.submit(request(payload=b"a")), queue.submit(request(payload=b"b"))
    with queue.engine.begin() as connection:
        row = connection.execute(text("SELECT payload FROM jobs WHERE identifier = :i"), {"i": good}).scalar()
        connection.execute(text("UPDATE jobs SET payload = :p WHERE identifier = :i"), {"p": row, "i": bad})
    assert queue.lease("w", KINDS) == []
    assert one(queue).identifier == good
    with pytest.raises(Damaged):
        queue.get("ann", bad)
    assert [(job.state, job.error) for job in queue.page("ann", states=("failed",))] == [
        ("failed", f"The payload of job {bad} is damaged")
    ]


def test_old_jobs_go_and_an_account_is_forgotten(queue: Queue, clock: Clock) -> None:
    old = queue.submit(request())
    queue.finish(one(queue), b"")
    clock.seconds += 1000
    new = queue.submit(request())
    queue.cancel("ann", new)
    waiting = queue.submit(request())
    assert queue.purge(500) == 1
    with pytest.raises(NotFound):
        queue.get("ann", old)
    assert {job.identifier for job in queue.page("ann")} == {new, waiting}
    lease = one(queue)
    other = queue.submit(request("ben"))
    queue.forget_account("ann")
    assert queue.page("ann") == [] and queue.stopping(lease)
    with pytest.raises(LostLease):
        queue.finish(lease, b"")
    assert queue.get("ben", other).state == "waiting"
    with queue.engine.connect() as connection:
        assert connection.execute(text("SELECT account FROM shares")).scalars().all() == ["ben"]


def test_what_cannot_be_queued_is_refused(queue: Queue) -> None:
    bad: list[dict[str, object]] = [
        {"account": ""},
        {"kind": ""},
        {"kind": "k" * 41},
        {"compatibility": "c" * 201},
        {"priority": "now"},
        {"payload": bytes((1 << 20) + 1)},
        {"slot": "s"},
        {"idempotency": ""},
        {"idempotency": "i" * 256},
        {"cost": 0},
        {"cost": 10**9 + 1},
    ]
    for one_of_them in bad:
        with pytest.raises(RakkanError):
            queue.submit(request(**one_of_them))  # type: ignore[arg-type]
    assert queue.page("ann") == []
    queue.submit(request())
    with pytest.raises(RakkanError, match="too large"):
        queue.finish(one(queue), bytes((1 << 20) + 1))


def test_an_account_has_only_so_many_waiting(clock: Clock) -> None:
    queue = Queue(engine_at("sqlite:///:memory:"), clock, KEY, most_waiting=3)
    for _ in range(3):
        queue.submit(request())
    with pytest.raises(TooMany):
        queue.submit(request())
    queue.submit(request("ben"))


def test_workers_are_listed_while_they_are_heard_of(queue: Queue, clock: Clock) -> None:
    queue.enlist("a", "CPU")
    queue.enlist("b", "GPU.1")
    clock.seconds += 500
    queue.see("b")
    clock.seconds += 200
    (worker,) = queue.workers(600)
    assert (worker.identifier, worker.device, worker.seen - worker.started) == ("b", "GPU.1", 500_000)
    assert worker.host
    queue.bury("b")
    assert queue.workers() == []
