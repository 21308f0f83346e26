"""A worker in a thread: it delivers, refuses, retries, stops when asked, and gives back at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from rakkan.errors import RakkanError
from rakkan.service.jobs.bell import SocketBell
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased, Result
from rakkan.service.jobs.tables import jobs
from rakkan.service.jobs.worker import IsCancelled, Performer, Progress, single, work
from rakkan.store.database import DatabaseFault

from .making import KEY, engine_at, request

Results = Sequence[bytes | RakkanError]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    bell = SocketBell(tmp_path / "run")
    return Queue(engine_at(tmp_path / "jobs.db"), time.time, KEY, bell, lease_seconds=3, pause=0.01)


@contextmanager
def working(queue: Queue, performer: Performer, **more: object) -> Iterator[threading.Event]:
    stop = threading.Event()
    options = {"grace": 0.2, **more}
    thread = threading.Thread(target=work, args=[queue, {"create": performer}, "w", stop], kwargs=options)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(120)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def state(queue: Queue, identifier: str) -> str:
    return queue.get("ann", identifier).state


def endless(leased: Sequence[Leased], progress: Progress, is_cancelled: IsCancelled) -> Results:
    while True:
        progress(1, 2)
        time.sleep(0.01)


def test_a_batch_is_done_together_and_a_refusal_is_only_its_own(queue: Queue) -> None:
    rounds: list[list[bytes]] = []

    def perform(leased: Sequence[Leased], progress: Progress, is_cancelled: IsCancelled) -> Results:
        rounds.append([lease.payload for lease in leased])
        if any(lease.payload == b"bad" for lease in leased):
            raise RakkanError("That cannot be drawn")
        progress(1, 1)
        return [lease.payload.upper() for lease in leased]

    names = [queue.submit(request(payload=one, compatibility="x")) for one in (b"a", b"bad", b"c")]
    with working(queue, Performer(perform, count=4)):
        until(lambda: all(queue.get("ann", name).over for name in names))
    assert [(queue.get("ann", name).state, queue.get("ann", name).result) for name in names] == [
        ("done", b"A"),
        ("failed", None),
        ("done", b"C"),
    ]
    assert rounds == [[b"a", b"bad", b"c"], [b"a"], [b"bad"], [b"c"]]


def test_what_breaks_is_retried_once_and_said_without_its_words(queue: Queue) -> None:
    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        raise ValueError("private words")

    identifier = queue.submit(request())
    with working(queue, Performer(single(perform))):
        until(lambda: state(queue, identifier) == "quarantined")
    job = queue.get("ann", identifier)
    assert (job.attempts, job.error) == (2, "The job was ended by ValueError, twice")


def test_a_complaint_of_the_database_is_no_refusal(queue: Queue) -> None:
    tried: list[str] = []

    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        tried.append(lease.identifier)
        if len(tried) == 1:
            raise DatabaseFault("The database at a private place is away")
        return b"drawn"

    identifier = queue.submit(request())
    with working(queue, Performer(single(perform))):
        until(lambda: state(queue, identifier) == "done")
    job = queue.get("ann", identifier)
    assert (job.result, job.crashes, job.error) == (b"drawn", 1, "")


def test_a_cancelled_job_stops_soon(queue: Queue) -> None:
    identifier = queue.submit(request())
    with working(queue, Performer(endless)):
        until(lambda: queue.get("ann", identifier).done == 1)
        begun = time.monotonic()
        queue.cancel("ann", identifier)
        until(lambda: state(queue, identifier) == "cancelled")
        assert time.monotonic() - begun < 15, "sooner than the lease and the patience"


def test_what_cannot_be_delivered_is_handed_over_to_be_thrown_away(queue: Queue) -> None:
    thrown: list[bytes] = []
    also: list[bytes] = []
    running = threading.Event()
    cancelled = threading.Event()

    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> Result:
        running.set()
        assert cancelled.wait(120)
        return Result(b"too late", lambda connection: also.append(b"too late"), lambda: thrown.append(b"it"))

    identifier = queue.submit(request())
    with working(queue, Performer(single(perform))):
        assert running.wait(120)
        queue.cancel("ann", identifier)
        cancelled.set()
        until(lambda: bool(thrown))
    assert (thrown, also, state(queue, identifier)) == ([b"it"], [], "cancelled")


def test_what_cannot_become_true_with_a_result_fails_the_job_and_is_undone(queue: Queue) -> None:
    thrown: list[str] = []

    def late(connection: Connection) -> None:
        connection.execute(delete(jobs))
        raise RakkanError("It was kept back for too long", "Draw it again")

    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> Result:
        return Result(b"made", late, lambda: thrown.append(lease.identifier))

    identifier = queue.submit(request())
    with working(queue, Performer(single(perform))):
        until(lambda: bool(thrown))
    job = queue.get("ann", identifier)
    assert (job.state, job.error, job.result) == ("failed", "It was kept back for too long", None)
    assert thrown == [identifier]


def test_a_lease_is_kept_for_as_long_as_the_job_takes(queue: Queue) -> None:
    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        time.sleep(4)
        return b"slow"

    identifier = queue.submit(request())
    with working(queue, Performer(single(perform))):
        until(lambda: state(queue, identifier) == "running")
        while state(queue, identifier) == "running":
            assert queue.reap() == 0
            time.sleep(0.2)
    assert queue.get("ann", identifier).result == b"slow"


def test_a_worker_that_ends_gives_back_what_it_does(queue: Queue) -> None:
    identifier = queue.submit(request())
    with working(queue, Performer(endless)):
        until(lambda: state(queue, identifier) == "running")
    job = queue.get("ann", identifier)
    assert (job.state, job.crashes) == ("waiting", 0)


@pytest.mark.parametrize(("ending", "crashes"), [(True, 0), (False, 1)])
def test_a_job_that_shows_no_life_is_let_go(queue: Queue, ending: bool, crashes: int) -> None:
    aborted, over = threading.Event(), threading.Event()

    def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        assert over.wait(120)
        return b"from beyond"

    identifier = queue.submit(request())
    patience = 600.0 if ending else 0.3
    with working(queue, Performer(single(perform)), patience=patience, abort=aborted.set) as stop:
        until(lambda: aborted.is_set() or state(queue, identifier) == "running")
        if ending:
            stop.set()
        assert aborted.wait(120)
        stop.set()
        over.set()
    job = queue.get("ann", identifier)
    assert (job.state, job.crashes) == ("waiting", crashes)
