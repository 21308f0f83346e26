"""The queue in a real PostgreSQL: two servers and workers with connections of their own share it, however
they are killed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection, event, select, text
from tests.service import postgres

from rakkan.errors import RakkanError
from rakkan.service.jobs import leases
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Undelivered
from rakkan.service.jobs.tables import jobs, workers
from rakkan.service.schema import METADATA

from .kills import workers_are_killed
from .making import KEY, engine_at, request

pytestmark = pytest.mark.skipif(not postgres.is_there(), reason="there is no PostgreSQL here")
KINDS = {"create": 2}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.postgres(durable=False) as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """An empty database with the service's tables."""
    engine = engine_at(server)
    yield server
    METADATA.drop_all(engine)
    engine.dispose()


def queue_at(url: str) -> Queue:
    """The queue as a process of its own has it."""
    return Queue(engine_at(url), time.time, KEY)


def test_kills_of_workers_of_two_servers_lose_no_job_and_deliver_none_twice(url: str, tmp_path: Path) -> None:
    states = workers_are_killed(Random(5), tmp_path, url, kills=15, workers=3, servers=2)
    assert set(states) <= {"done", "quarantined"}
    assert states["done"] > 10 and states["done"] > 2 * states["quarantined"], states


def test_who_leases_does_not_wait_for_who_is_leasing_and_takes_none_of_theirs(url: str) -> None:
    first, second = queue_at(url), queue_at(url)
    names = [first.submit(request(payload=b"%d" % number, compatibility="x")) for number in range(5)]
    now = first.milliseconds()
    taken: list[list[str]] = []
    with first.engine.connect() as connection:
        begun = connection.begin()
        held = [row.identifier for row, _ in leases.take(connection, "v" * 26, KINDS, now, 0, now + 9000)]
        thread = Thread(target=lambda: taken.append([one.identifier for one in second.lease("w", KINDS)]))
        thread.start()
        thread.join(20)
        assert not thread.is_alive(), "it waits for the locks of another"
        begun.rollback()  # as when that worker's connection is cut
    assert len(held) == len(taken[0]) == 2 and not set(held) & set(taken[0])
    left = [one.identifier for _ in range(2) for one in first.lease("u", KINDS)]
    assert sorted([*taken[0], *left]) == sorted(names)


def test_workers_with_connections_of_their_own_share_all_jobs_out(url: str) -> None:
    """And they do it by SKIP LOCKED: no statement that leases is without it."""
    servers = [queue_at(url), queue_at(url)]
    accepted = [servers[number % 2].submit(request("abc"[number % 3])) for number in range(60)]
    delivered: Counter[str] = Counter()
    said: list[str] = []
    together = Barrier(4)

    def do(name: str) -> None:
        queue = queue_at(url)
        event.listen(queue.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        queue.counts()  # it is connected
        together.wait(60)
        while leased := queue.lease(name, {"create": 1}):
            for lease in leased:
                queue.finish(lease, name.encode())
                delivered[lease.identifier] += 1
        queue.engine.dispose()

    threads = [Thread(target=do, args=[f"worker-{number}"]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert delivered == dict.fromkeys(accepted, 1)
    locking = [one for one in said if "FOR UPDATE" in one and "ORDER BY" in one]
    assert len(locking) >= 60 and all("SKIP LOCKED" in one for one in locking)
    assert len({servers[0].get("abc"[n % 3], name).result for n, name in enumerate(accepted)}) > 1


def test_what_comes_with_a_result_is_there_with_it_or_not_at_all(url: str) -> None:
    queue = queue_at(url)
    identifier = queue.submit(request())
    (lease,) = queue.lease("w" * 26, KINDS)

    def tell(connection: Connection) -> None:
        row = {"identifier": "x" * 26, "host": "h", "device": "d", "started": 1, "seen": 1}
        connection.execute(workers.insert().values(row))

    def fail(connection: Connection) -> None:
        tell(connection)
        raise RakkanError("It was kept back for too long")

    def told() -> int:
        with queue.engine.connect() as connection:
            return len(connection.execute(select(workers)).all())

    with pytest.raises(Undelivered):
        queue.finish(lease, b"made", fail)
    with pytest.raises(RakkanError):
        queue.finish(lease, b"made", lambda connection: _cut_off(tell, connection))
    assert (queue.get("ann", identifier).state, told()) == ("running", 0)
    assert not queue.delivered(lease)
    queue.finish(lease, b"made", tell)
    assert (queue.get("ann", identifier).state, told()) == ("done", 1)


def _cut_off(tell: object, connection: Connection) -> None:
    """As when the server's connection is lost before the transaction is kept."""
    assert callable(tell)
    tell(connection)
    own = connection.scalar(text("SELECT pg_backend_pid()"))
    with connection.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
    connection.execute(select(jobs.c.identifier).limit(1))
