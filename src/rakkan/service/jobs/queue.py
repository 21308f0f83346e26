"""The queue: a job that is accepted is kept until it is over, and is delivered exactly once.

Its state is the database's alone, so that servers and workers may be killed at any moment. What a person
writes in a job is sealed in its row. Times come from ``clock``, which may jump: set forward it costs leases
early, set back it lets them run one length longer at most; no job is lost or delivered twice by it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, case, select, update
from sqlalchemy.exc import IntegrityError

from rakkan.errors import RakkanError
from rakkan.service.jobs import accepting, leases, upkeep
from rakkan.service.jobs.bell import NEWS, WORK, Bell, PollingBell
from rakkan.service.jobs.records import (
    MOST_BYTES,
    Counts,
    Job,
    JobRequest,
    Leased,
    LostLease,
    State,
    Undelivered,
    Worker,
)
from rakkan.service.jobs.rows import Seals
from rakkan.service.jobs.tables import jobs
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction, writing

#: How far ``ahead`` counts, and how many jobs of an account may wait.
FARTHEST = 1000
MOST_WAITING = 2000


@dataclass(frozen=True)
class Queue:
    """The queue in a database. Any number of threads, processes and (PostgreSQL) hosts may use it.

    ``clock`` gives seconds since 1970, ``key`` is 32 bytes for sealing, ``bell`` wakes who waits;
    ``lease`` is how long a lease lasts in seconds, ``pause`` how long a job rests that ended its worker.
    """

    engine: Engine
    clock: Callable[[], float]
    key: bytes
    bell: Bell = field(default_factory=PollingBell)
    lease_seconds: float = 30.0
    pause: float = 1.0
    most_waiting: int = MOST_WAITING

    @cached_property
    def seals(self) -> Seals:
        return Seals(self.key)

    def milliseconds(self) -> int:
        """The time now, in milliseconds since 1970."""
        return int(self.clock() * 1000)

    # What people do.

    def submit(self, request: JobRequest) -> str:
        """Accept a job: it is on the disk when this returns. Gives its identifier.

        With an idempotency key that the account has used for the same wish, this is the job accepted
        then. Raises Conflict when it was another wish, TooMany when too many of the account's wait, and
        RakkanError for what cannot be queued.
        """
        request.check()
        try:
            return self._submit(request)
        except RakkanError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            # The same key came in twice at once, with two priorities: now the first is there to be found.
            return self._submit(request)

    def _submit(self, request: JobRequest) -> str:
        identifier = new_identifier(self.clock())
        with writing(self.engine) as connection:
            name, rings = accepting.accept(
                connection, self.seals, request, identifier, self.milliseconds(), self.most_waiting
            )
        self._ring(rings)
        return name

    def get(self, account: str, identifier: str) -> Job:
        """A job of the account's, whole. Raises NotFound, Damaged."""
        with transaction(self.engine) as connection:
            row = connection.execute(accepting.own(account, identifier)).first()
        if row is None:
            raise accepting.unknown()
        return self.seals.job(row)

    def page(
        self,
        account: str,
        *,
        before: str = "",
        limit: int = 50,
        states: Sequence[State] = (),
        without: Sequence[str] = (),
    ) -> list[Job]:
        """The account's jobs without payloads and results, the newest first, ``limit`` (1 to 200) of them.

        ``before`` is the last identifier of the page before; ``states`` () is all of them;
        ``without`` are kinds that are left out.
        """
        query = select(jobs).where(jobs.c.account == account).order_by(jobs.c.identifier.desc())
        if before:
            query = query.where(jobs.c.identifier < before)
        if states:
            query = query.where(jobs.c.state.in_(list(states)))
        if without:
            query = query.where(jobs.c.kind.not_in(list(without)))
        with transaction(self.engine) as connection:
            rows = connection.execute(query.limit(min(max(limit, 1), 200))).all()
        return [self.seals.job(row, whole=False) for row in rows]

    def ahead(self, account: str, identifier: str) -> int:
        """How many jobs go before it, FARTHEST at most; 0 when it does not wait. Raises NotFound."""
        with transaction(self.engine) as connection:
            row = connection.execute(accepting.own(account, identifier)).first()
            if row is None:
                raise accepting.unknown()
            if row.state != "waiting":
                return 0
            waiting = select(jobs.c.identifier).where(jobs.c.state == "waiting")
            count = 0
            for earlier in (
                waiting.where(jobs.c.rank < row.rank),
                waiting.where(jobs.c.rank == row.rank, jobs.c.turn < row.turn),
                waiting.where(
                    jobs.c.rank == row.rank, jobs.c.turn == row.turn, jobs.c.identifier < identifier
                ),
            ):
                count += accepting.counted(connection, earlier, FARTHEST)
        return min(count, FARTHEST)

    def cancel(self, account: str, identifier: str) -> State:
        """Cancel a job: one that waits is over at once, one that runs is asked to stop; its state now.

        One that is over stays as it is. Raises NotFound.
        """
        with writing(self.engine) as connection:
            state, rings = accepting.cancel(connection, account, identifier, self.milliseconds())
        self._ring(rings)
        return cast(State, state)

    def retry(self, identifier: str) -> None:
        """Take up a quarantined job again, as if it had never crashed. Raises NotFound when there is none."""
        with writing(self.engine) as connection:
            changed = connection.execute(
                update(jobs)
                .where(jobs.c.identifier == identifier, jobs.c.state == "quarantined")
                .values(state="waiting", crashes=0, error=None, finished=None, not_before=0)
            )
        if changed.rowcount != 1:
            raise accepting.unknown()
        self._ring([(WORK, ""), (NEWS, identifier)])

    # What workers do.

    def lease(self, worker: str, kinds: Mapping[str, int]) -> list[Leased]:
        """The job whose turn it is, of those of ``kinds``, with others that can be done together with it:
        as many in all as ``kinds`` says, at most.

        ``worker`` is the worker's identifier; it must keep the leases with ``renew``. Empty when nothing
        waits. A job that cannot be opened is failed here.
        """
        now = self.milliseconds()
        if self.engine.dialect.name == "sqlite":  # who finds nothing to do shall not keep others from writing
            with transaction(self.engine) as connection:
                if not leases.anything(connection, kinds, now, self._rest):
                    return []
        with writing(self.engine) as connection:
            taken = leases.take(connection, worker, kinds, now, self._rest, self._until(now))
        leased = []
        for row, token in taken:
            try:
                leased.append(self.seals.leased(row, token, worker))
            except RakkanError as error:
                self._close(row.identifier, token, error)
        self._ring([(NEWS, row.identifier) for row, _ in taken])
        return leased

    def renew(self, lease: Leased, done: int | None = None, total: int | None = None) -> bool:
        """Keep a lease for another length, with the progress when given; whether the job is to be stopped.

        Raises LostLease.
        """
        values: dict[str, Any] = {"lease_until": self._until(self.milliseconds())}
        if done is not None:
            values |= {"done": done, "total": total or 0}
        with writing(self.engine) as connection:
            leases.change(connection, lease, **values)
            stop = leases.stop_of(connection, lease)
        if done is not None:
            self._ring([(NEWS, lease.identifier)])
        return stop != ""

    def progress(self, lease: Leased, done: int, total: int) -> bool:
        """Say how far a job is, and keep its lease; whether it is to be stopped. Raises LostLease."""
        return self.renew(lease, done, total)

    def stopping(self, lease: Leased) -> bool:
        """Whether a leased job is to be stopped or is another's by now; changes nothing."""
        with transaction(self.engine) as connection:
            row = connection.execute(
                select(jobs.c.stop, jobs.c.lease_token, jobs.c.state).where(
                    jobs.c.identifier == lease.identifier
                )
            ).first()
        return row is None or row.stop != "" or row.lease_token != lease.token or row.state != "running"

    def finish(
        self, lease: Leased, result: bytes, also: Callable[[Connection], None] = lambda connection: None
    ) -> None:
        """Deliver a result (1 MiB at most): of all who ever had the job only one can. What is ``also`` to be
        true then is done in the same transaction.

        Raises LostLease when it is another's by now or over, also by this worker, or was to be stopped, and
        Undelivered for what ``also`` raises: then nothing of the result is kept, and the caller throws away
        what belongs to it.
        """
        if len(result) > MOST_BYTES:
            raise RakkanError("The result is too large", f"Give at most {MOST_BYTES} bytes")
        sealed = self.seals.seal("result", lease.identifier, result)
        with writing(self.engine) as connection:
            stop = leases.stop_of(connection, lease)
            kept: dict[str, Any] = {"state": stop} if stop else {"state": "done", "result": sealed}
            leases.change(connection, lease, finished=self.milliseconds(), lease_until=0, **kept)
            if not stop:
                try:
                    also(connection)
                except RakkanError as error:
                    raise Undelivered(error.message, error.hint) from error
        self._ring([(NEWS, lease.identifier)])
        if stop:
            raise LostLease(f"Job {lease.identifier} was {stop}", "Throw away what was made for it")

    def delivered(self, lease: Leased) -> bool:
        """Whether it was this lease that delivered: for one whose ``finish`` was cut off half-way."""
        with transaction(self.engine) as connection:
            state = connection.scalar(
                select(jobs.c.state).where(
                    jobs.c.identifier == lease.identifier, jobs.c.lease_token == lease.token
                )
            )
        return state == "done"

    def fail(self, lease: Leased, error: RakkanError) -> None:
        """End a job that cannot be done as it was asked for; it is not retried. Raises LostLease."""
        if not self._close(lease.identifier, lease.token, error):
            raise LostLease(f"The lease of job {lease.identifier} is lost", "Nothing is left to do")

    def give_back(self, lease: Leased) -> None:
        """Let a job go that could not be finished for no fault of its own; it waits again at its old turn,
        or is over when it was to be stopped. Raises LostLease."""
        with writing(self.engine) as connection:
            stop = leases.stop_of(connection, lease)
            leases.change(connection, lease, **leases.returned(stop, self.milliseconds(), 0))
        self._ring([(NEWS, lease.identifier), (WORK, "")])

    def crashed(self, lease: Leased, reason: str) -> None:
        """Say that a job broke what does it: it is retried once, then quarantined. Raises LostLease."""
        with writing(self.engine) as connection:
            row = connection.execute(
                select(jobs)
                .where(jobs.c.identifier == lease.identifier, jobs.c.lease_token == lease.token)
                .with_for_update()
            ).first()
            if row is None or row.state != "running":
                raise LostLease(f"The lease of job {lease.identifier} is lost", "Nothing is left to do")
            self._crash(connection, row, reason)
        self._ring([(NEWS, lease.identifier), (WORK, "")])

    # What keeps the queue in order.

    def reap(self, worker: str = "") -> int:
        """Take back leases that ran out, or all of a ``worker`` that is known to be dead; how many.

        Each counts as a crash of its job: it waits again, and at the second time it is quarantined.
        """
        now = self.milliseconds()
        longest = self._until(now)
        with transaction(self.engine) as connection:
            if not worker and not leases.anything_lost(connection, now, longest):
                return 0
        with writing(self.engine) as connection:
            rows = leases.lost(connection, worker, now, longest)
            for row in rows:
                self._crash(connection, row, "The worker that did it ended or was not heard of again")
        self._ring([(NEWS, row.identifier) for row in rows] + ([(WORK, "")] if rows else []))
        return len(rows)

    def counts(self) -> Counts:
        """Figures for whoever watches."""
        with transaction(self.engine) as connection:
            return upkeep.counts(connection, self.milliseconds())

    def purge(self, age: float) -> int:
        """Delete jobs that have been over for ``age`` seconds; how many."""
        before = self.milliseconds() - int(age * 1000)
        gone = 0
        while True:
            with writing(self.engine) as connection:
                bite = upkeep.purge(connection, before)
            gone += bite
            if not bite:
                return gone

    def forget_account(self, account: str) -> None:
        """Delete all jobs of an account, also those that run: their workers throw away what they make."""
        with writing(self.engine) as connection:
            upkeep.forget(connection, account)

    def enlist(self, worker: str, device: str) -> None:
        """Write down a worker process that begins on this host."""
        with writing(self.engine) as connection:
            upkeep.enlist(connection, worker, socket.gethostname(), device, self.milliseconds())

    def see(self, worker: str) -> None:
        """Write down that a worker process is alive."""
        with writing(self.engine) as connection:
            upkeep.see(connection, worker, self.milliseconds())

    def bury(self, worker: str) -> int:
        """Take back what a dead worker process had leased, and strike it off; how many leases it had."""
        taken = self.reap(worker)
        with writing(self.engine) as connection:
            upkeep.strike(connection, worker)
        return taken

    def workers(self, age: float = 600.0) -> list[Worker]:
        """The worker processes heard of in the last ``age`` seconds."""
        with transaction(self.engine) as connection:
            return upkeep.listed(connection, self.milliseconds() - int(age * 1000))

    # Helpers.

    @property
    def _rest(self) -> int:
        return int(self.pause * 1000)

    def _until(self, now: int) -> int:
        return now + int(self.lease_seconds * 1000)

    def _ring(self, rings: Sequence[tuple[str, str]]) -> None:
        for topic, message in dict.fromkeys(rings):
            self.bell.ring(topic, message)

    def _close(self, identifier: str, token: str, error: RakkanError) -> bool:
        sealed = self.seals.fault(identifier, error)
        with writing(self.engine) as connection:
            changed = connection.execute(
                leases.held(identifier, token).values(
                    state=case((jobs.c.stop != "", jobs.c.stop), else_="failed"),
                    error=sealed,
                    finished=self.milliseconds(),
                    lease_until=0,
                )
            )
        self._ring([(NEWS, identifier)])
        return changed.rowcount == 1

    def _crash(self, connection: Connection, row: Row[Any], reason: str) -> None:
        now = self.milliseconds()
        crashes = row.crashes + 1
        if row.stop or crashes < leases.MOST_CRASHES:
            values = leases.returned(row.stop, now, now + self._rest)
        else:
            error = RakkanError(f"{reason}, twice", "It is put aside: change it before you try again")
            values = {
                "state": "quarantined",
                "finished": now,
                "error": self.seals.fault(row.identifier, error),
            }
            values |= leases.CLEARED
        connection.execute(
            update(jobs).where(jobs.c.identifier == row.identifier).values(**values, crashes=crashes)
        )
