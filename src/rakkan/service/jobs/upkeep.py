"""What keeps the queue in order besides its jobs: figures, old rows, the list of workers."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, update

from rakkan.service.jobs.records import OVER, PRIORITIES, Counts, Worker
from rakkan.service.jobs.tables import jobs, shares, workers

#: Rows that one transaction deletes at most: others want to write too.
_BITE = 500


def counts(connection: Connection, now: int) -> Counts:
    """How many jobs wait, run and are quarantined, and how long the longest waits."""
    rows = connection.execute(
        select(jobs.c.state, jobs.c.rank, func.count(), func.min(jobs.c.created))
        .where(jobs.c.state.in_(["waiting", "running", "quarantined"]))
        .group_by(jobs.c.state, jobs.c.rank)
    ).all()
    found = {(state, rank): count for state, rank, count, _ in rows}
    oldest = min((created for state, _, _, created in rows if state == "waiting"), default=now)
    return Counts(
        {name: found.get(("waiting", rank), 0) for rank, name in enumerate(PRIORITIES)},
        {name: found.get(("running", rank), 0) for rank, name in enumerate(PRIORITIES)},
        sum(count for (state, _), count in found.items() if state == "quarantined"),
        max(0, now - oldest) / 1000,
    )


def purge(connection: Connection, before: int) -> int:
    """Delete jobs that were over before a time in milliseconds, some at a time; how many."""
    old = select(jobs.c.identifier).where(jobs.c.state.in_(OVER), jobs.c.finished < before).limit(_BITE)
    names = list(connection.scalars(old))
    # Looked at again in deleting: a quarantined job may have been taken up again meanwhile.
    gone = delete(jobs).where(jobs.c.identifier.in_(names), jobs.c.state.in_(OVER))
    return connection.execute(gone).rowcount


#: Milliseconds after which a worker that nobody has heard of is no more.
_FORGOTTEN = 24 * 3600 * 1000


def forget(connection: Connection, account: str) -> None:
    """Delete all that is an account's; workers find their leases lost."""
    held = select(shares).where(shares.c.account == account).order_by(shares.c.rank).with_for_update()
    connection.execute(held).all()
    connection.execute(delete(jobs).where(jobs.c.account == account))
    connection.execute(delete(shares).where(shares.c.account == account))


def enlist(connection: Connection, worker: str, host: str, device: str, now: int) -> None:
    """Write down a worker that begins; those that nobody has heard of for a day are struck off."""
    connection.execute(delete(workers).where(workers.c.seen < now - _FORGOTTEN))
    values = {"identifier": worker, "host": host[:255], "device": device[:80], "started": now, "seen": now}
    connection.execute(workers.insert().values(**values))


def see(connection: Connection, worker: str, now: int) -> None:
    """Write down that a worker is alive."""
    connection.execute(update(workers).where(workers.c.identifier == worker).values(seen=now))


def strike(connection: Connection, worker: str) -> None:
    """Strike a worker that has ended off the list."""
    connection.execute(delete(workers).where(workers.c.identifier == worker))


def listed(connection: Connection, since: int) -> list[Worker]:
    """Workers heard of since a time in milliseconds, by identifier."""
    query = select(workers).where(workers.c.seen >= since).order_by(workers.c.identifier)
    rows = connection.execute(query).all()
    return [Worker(row.identifier, row.host, row.device, row.started, row.seen) for row in rows]
