"""Fair shares: whose turn it is, by start-time fair queueing.

Every job gets its turn in virtual time when it comes in: the account's jobs follow each other, each as far
behind the one before as that one costs, but none before the virtual time that it is now. Jobs are done in
the order of their turns. An account with a thousand jobs is thus a thousand steps ahead with its last and
one with its first, where everybody else's first is too.

Virtual time is the earliest turn that waits for the first time (a job that comes back has an old one); when
nothing waits, all begin anew from the latest turn anybody was given. Each priority has its own.

Source: Goyal, Vin and Cheng, "Start-time fair queueing", SIGCOMM 1996, equations 4 and 5. A cancelled job
gives back what it would have cost, which the paper has no need for.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from rakkan.service.jobs.tables import jobs, shares
from rakkan.store.database import insert_new


def hold(connection: Connection, account: str, rank: int) -> int:
    """Take the account's share for this transaction; what of it is spent.

    Whoever also changes jobs that wait takes the share first: two who did it in different orders could
    wait for each other.
    """
    held = select(shares.c.spent).where(shares.c.account == account, shares.c.rank == rank).with_for_update()
    spent = connection.scalar(held)
    if spent is None:
        insert_new(connection, shares, {"account": account, "rank": rank, "spent": 0})
        spent = connection.scalar(held)
    return int(spent or 0)


def turn(connection: Connection, account: str, rank: int, cost: int, spent: int) -> int:
    """The turn of a job of the account's that comes in now, which costs ``cost``; its share is charged."""
    given = max(now(connection, rank), spent)
    _set(connection, account, rank, given + cost)
    return given


def refund(connection: Connection, account: str, rank: int, cost: int, spent: int) -> int:
    """Give back what a job would have cost that is not done after all; what is then spent."""
    left = max(0, spent - cost)
    _set(connection, account, rank, left)
    return left


def now(connection: Connection, rank: int) -> int:
    """The virtual time of a rank."""
    first = connection.scalar(
        select(jobs.c.turn)
        .where(jobs.c.state == "waiting", jobs.c.rank == rank, jobs.c.attempts == 0)
        .order_by(jobs.c.turn)
        .limit(1)
    )
    if first is None:
        first = connection.scalar(select(func.max(shares.c.spent)).where(shares.c.rank == rank))
    return int(first or 0)


def _set(connection: Connection, account: str, rank: int, spent: int) -> None:
    connection.execute(
        update(shares).where(shares.c.account == account, shares.c.rank == rank).values(spent=spent)
    )
