"""The people's side of the queue: statements that accept jobs, supersede drafts and cancel."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from rakkan.service.errors import Conflict, NotFound, TooMany
from rakkan.service.jobs import shares
from rakkan.service.jobs.bell import NEWS, STOP, WORK
from rakkan.service.jobs.records import PRIORITIES, JobRequest
from rakkan.service.jobs.rows import Seals
from rakkan.service.jobs.tables import jobs

#: Topic and message of each ring that is due once the transaction is on the disk.
Rings = list[tuple[str, str]]


def accept(
    connection: Connection, seals: Seals, request: JobRequest, identifier: str, now: int, most_waiting: int
) -> tuple[str, Rings]:
    """Write a job down as ``identifier``; its identifier, which is an earlier one's when its idempotency key
    was used before, and the rings that are due. Raises Conflict, TooMany."""
    rank = PRIORITIES.index(request.priority)
    digest = seals.digest("wish", request.kind.encode(), request.payload)
    key = request.idempotency
    idempotency = None if key is None else seals.digest("idempotency", key.encode())
    slot = seals.digest("slot", request.slot.encode()) if request.slot else ""
    rings: Rings = [(WORK, "")]
    spent = shares.hold(connection, request.account, rank)
    if idempotency is not None:
        earlier = _earlier(connection, request.account, idempotency, digest)
        if earlier:
            return earlier, []
    if slot:
        spent = _supersede(connection, request.account, slot, spent, now, rings)
    waiting = select(jobs.c.identifier).where(jobs.c.account == request.account, jobs.c.state == "waiting")
    if counted(connection, waiting, most_waiting) >= most_waiting:
        raise TooMany(f"{most_waiting} jobs of this account wait already", "Wait until some are done")
    connection.execute(
        jobs.insert().values(
            identifier=identifier,
            account=request.account,
            organisation=request.organisation,
            kind=request.kind,
            rank=rank,
            state="waiting",
            payload=seals.seal("payload", identifier, request.payload),
            digest=digest,
            compatibility=request.compatibility,
            slot=slot,
            idempotency=idempotency,
            created=now,
            not_before=0,
            turn=shares.turn(connection, request.account, rank, request.cost, spent),
            cost=request.cost,
        )
    )
    return identifier, rings


def cancel(connection: Connection, account: str, identifier: str, now: int) -> tuple[str, Rings]:
    """Cancel a job; its state afterwards and the rings that are due. Raises NotFound."""
    rank = connection.scalar(own(account, identifier).with_only_columns(jobs.c.rank))
    if rank is None:
        raise unknown()
    spent = shares.hold(connection, account, rank)
    row = connection.execute(own(account, identifier).with_for_update()).first()
    if row is None:
        raise unknown()
    rings: Rings = []
    _end(connection, row, "cancelled", spent, now, rings)
    return "cancelled" if row.state == "waiting" else row.state, rings


def own(account: str, identifier: str) -> Select[Any]:
    """The job, if it is the account's: of others' it is not told whether they exist."""
    return select(jobs).where(jobs.c.identifier == identifier, jobs.c.account == account)


def unknown() -> NotFound:
    return NotFound("There is no such job", "It may have been deleted: list your jobs")


def counted(connection: Connection, query: Select[Any], most: int) -> int:
    """How many rows a query has, ``most`` at most: no more of them are looked at."""
    return int(connection.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0)


def _earlier(connection: Connection, account: str, idempotency: str, digest: str) -> str:
    row = connection.execute(
        select(jobs.c.identifier, jobs.c.digest).where(
            jobs.c.account == account, jobs.c.idempotency == idempotency
        )
    ).first()
    if row is None:
        return ""
    if row.digest != digest:
        raise Conflict("The idempotency key was used for something else", "Use a new key for a new wish")
    return str(row.identifier)


def _supersede(connection: Connection, account: str, slot: str, spent: int, now: int, rings: Rings) -> int:
    """End the account's drafts in a slot; what of its share is spent then."""
    query = select(jobs).where(
        jobs.c.account == account, jobs.c.slot == slot, jobs.c.state.in_(["waiting", "running"])
    )
    for row in connection.execute(query.order_by(jobs.c.identifier).with_for_update()).all():
        spent = _end(connection, row, "superseded", spent, now, rings)
    return spent


def _end(connection: Connection, row: Row[Any], state: str, spent: int, now: int, rings: Rings) -> int:
    """End a locked job in ``state``, at once or, while it runs, as soon as its worker can; what of the
    account's share is spent then."""
    this = update(jobs).where(jobs.c.identifier == row.identifier)
    if row.state == "waiting":
        connection.execute(this.values(state=state, finished=now))
        if row.attempts == 0:
            spent = shares.refund(connection, row.account, row.rank, row.cost, spent)
        rings.append((NEWS, row.identifier))
    elif row.state == "running" and not row.stop:
        connection.execute(this.values(stop=state))
        rings += [(STOP, row.identifier), (NEWS, row.identifier)]
    return spent
