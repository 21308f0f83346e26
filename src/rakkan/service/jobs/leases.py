"""The workers' side of the queue: statements that lease jobs, keep leases and end them.

A job belongs to whoever holds its token. Every statement that changes a running job names the token, so of
two workers that both believe they have the job one changes nothing, and is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, and_, or_, select, update

from rakkan.service.jobs.records import Leased, LostLease
from rakkan.service.jobs.tables import TOKEN, jobs

#: How often a job may end its worker before it is put aside: it is retried once.
MOST_CRASHES = 2
#: Leases that one call of ``reap`` ends at most.
_MOST_REAPED = 100


def anything(connection: Connection, kinds: Mapping[str, int], now: int, pause: int) -> bool:
    """Whether a job waits that could be leased now."""
    return connection.execute(_due(kinds, now, pause).limit(1)).first() is not None


def take(
    connection: Connection, worker: str, kinds: Mapping[str, int], now: int, pause: int, until: int
) -> list[tuple[Row[Any], str]]:
    """Lease the job whose turn it is, and those that can be done with it; rows and tokens.

    Rows that another worker is just leasing are passed over (PostgreSQL; SQLite has one writer). A job
    that has crashed is leased alone: others would be suspected with it.
    """
    locked: dict[str, Any] = {"skip_locked": True}
    head = connection.execute(_due(kinds, now, pause).limit(1).with_for_update(**locked)).first()
    if head is None:
        return []
    rows, count = [head], kinds[head.kind]
    if count > 1 and head.compatibility and head.crashes == 0:
        alike = (
            select(jobs)
            .where(
                jobs.c.state == "waiting",
                jobs.c.rank == head.rank,
                jobs.c.compatibility == head.compatibility,
                jobs.c.kind == head.kind,
                jobs.c.crashes == 0,
                jobs.c.identifier != head.identifier,
            )
            .order_by(jobs.c.turn, jobs.c.identifier)
            .limit(count - 1)
        )
        rows += connection.execute(alike.with_for_update(**locked)).all()
    taken = []
    for row in rows:
        token = secrets.token_hex(TOKEN // 2)
        connection.execute(
            update(jobs)
            .where(jobs.c.identifier == row.identifier)
            .values(
                state="running",
                lease_token=token,
                lease_worker=worker,
                lease_until=until,
                attempts=row.attempts + 1,
                started=now,
                done=0,
                total=0,
            )
        )
        taken.append((row, token))
    return taken


def _due(kinds: Mapping[str, int], now: int, pause: int) -> Select[Any]:
    """Jobs that may be leased now, in turn. What rests for longer than ``pause`` has been resting since
    before the clock was set back, which is long enough."""
    rested = or_(jobs.c.not_before <= now, jobs.c.not_before > now + pause)
    return (
        select(jobs)
        .where(jobs.c.state == "waiting", jobs.c.kind.in_(list(kinds)), rested)
        .order_by(jobs.c.rank, jobs.c.turn, jobs.c.identifier)
    )


def held(identifier: str, token: str) -> Update:
    """An update of a leased job that changes nothing when the lease is lost."""
    return update(jobs).where(
        jobs.c.identifier == identifier, jobs.c.lease_token == token, jobs.c.state == "running"
    )


def change(connection: Connection, lease: Leased, **values: Any) -> None:
    """Change the leased job. Raises LostLease when it is another's by now."""
    if connection.execute(held(lease.identifier, lease.token).values(**values)).rowcount != 1:
        raise lost_lease(lease)


def lost_lease(lease: Leased) -> LostLease:
    return LostLease(f"The lease of job {lease.identifier} is lost", "Throw away what was made for it")


#: Nobody holds the job any more.
CLEARED: dict[str, Any] = {"lease_token": "", "lease_worker": "", "lease_until": 0}


def returned(stop: str, now: int, not_before: int) -> dict[str, Any]:
    """What becomes of a running job whose worker is through with it, unfinished."""
    if stop:
        return {"state": stop, "finished": now, **CLEARED}
    return {"state": "waiting", "not_before": not_before, "done": 0, "total": 0, **CLEARED}


def stop_of(connection: Connection, lease: Leased) -> str:
    """The state that the leased job was asked to end in, "" for none. Raises LostLease."""
    found = connection.scalar(
        select(jobs.c.stop)
        .where(
            jobs.c.identifier == lease.identifier,
            jobs.c.lease_token == lease.token,
            jobs.c.state == "running",
        )
        .with_for_update()
    )
    if found is None:
        raise lost_lease(lease)
    return str(found)


def lost(connection: Connection, worker: str, now: int, longest: int) -> Sequence[Row[Any]]:
    """Running jobs nobody works on any more, locked: those of a ``worker`` that is dead, or with "" those
    whose lease ran out before ``now``. A lease that runs until after ``longest`` was given before the
    clock was set back, and is cut short."""
    query = select(jobs).where(jobs.c.state == "running")
    if worker:
        query = query.where(jobs.c.lease_worker == worker)
    else:
        connection.execute(
            update(jobs)
            .where(jobs.c.state == "running", jobs.c.lease_until > longest)
            .values(lease_until=longest)
        )
        query = query.where(jobs.c.lease_until < now)
    return connection.execute(query.limit(_MOST_REAPED).with_for_update(skip_locked=True)).all()


def anything_lost(connection: Connection, now: int, longest: int) -> bool:
    """Whether ``lost`` would find or change something."""
    ran_out = and_(jobs.c.state == "running", or_(jobs.c.lease_until < now, jobs.c.lease_until > longest))
    return connection.execute(select(jobs.c.identifier).where(ran_out).limit(1)).first() is not None
