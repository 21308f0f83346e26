"""What the soak does to the queue: any calls in any order, kills, and a real PostgreSQL with many workers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random
from threading import Event, Thread

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import Case, check
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.service import postgres
from tests.service.jobs.kills import workers_are_killed
from tests.service.jobs.making import KEY, engine_at, request
from tests.service.jobs.model import machine

from rakkan.service.jobs.queue import Queue
from rakkan.store.database import url_of


def _compare(url: str, number: int, examples: int) -> None:
    found = seed(number)(machine(engine_at(url)))
    run_state_machine_as_test(
        found,
        settings=settings(
            max_examples=examples,
            stateful_step_count=80,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _the_queue_does_what_the_model_says(random: Random, folder: Path) -> None:
    _compare("sqlite:///:memory:", random.getrandbits(32), 20)


def _killed_workers_lose_no_job(random: Random, folder: Path) -> None:
    workers_are_killed(random, folder, url_of(folder / "jobs.db"), kills=100, workers=random.randint(1, 3))


def _postgres_keeps_the_promises_too(random: Random, folder: Path) -> None:
    if not postgres.is_there():
        return
    with postgres.postgres() as url:
        _compare(url, random.getrandbits(32), 8)
    with postgres.postgres() as url:
        workers_are_killed(random, folder, url, kills=40, workers=4)
    with postgres.postgres(durable=False) as url:
        each_is_leased_once(url, random, jobs=400, workers=12)


def each_is_leased_once(url: str, random: Random, jobs: int, workers: int) -> float:
    """Threads with connections of their own lease and deliver all there is; the seconds that they took.
    Raises AssertionError when a job was leased twice or left over."""
    first = Queue(engine_at(url), time.time, KEY)
    accepted = {first.submit(request(random.choice("abcdef"))) for _ in range(jobs)}
    taken: list[str] = []
    go = Event()

    def do(name: str) -> None:
        queue = Queue(engine_at(url), time.time, KEY)
        go.wait()
        while leased := queue.lease(name, {"create": 1}):
            for lease in leased:
                queue.finish(lease, name.encode())
                taken.append(lease.identifier)
        queue.engine.dispose()

    threads = [Thread(target=do, args=[f"worker-{number}"]) for number in range(workers)]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    go.set()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begun
    check(len(taken) == len(set(taken)), "a job was delivered twice")
    left = sum(first.counts().waiting.values())
    check(set(taken) == accepted and left == 0, f"{left} of {jobs} jobs were left over")
    first.engine.dispose()
    return seconds


CASES = (
    Case("the_queue_does_what_the_model_says", 3, _the_queue_does_what_the_model_says),
    Case("killed_workers_lose_no_job", 2, _killed_workers_lose_no_job),
    Case("postgres_keeps_the_promises_too", 1, _postgres_keeps_the_promises_too),
)
