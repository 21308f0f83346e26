"""The queue once more, in plain Python, and a machine of hypothesis that compares the two."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, select

from rakkan.errors import RakkanError
from rakkan.service.errors import Conflict
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import PRIORITIES, JobRequest, Leased, LostLease
from rakkan.service.jobs.tables import jobs, shares, workers

from .making import KEY, Clock

LEASE, PAUSE = 30_000, 1_000
KINDS = {"create": 3, "enlarge": 1}


@dataclass
class Modelled:
    identifier: str
    request: JobRequest
    rank: int
    turn: int
    state: str = "waiting"
    attempts: int = 0
    crashes: int = 0
    token: str = ""
    worker: str = ""
    until: int = 0
    stop: str = ""
    not_before: int = 0
    result: bytes | None = None

    def returned(self, not_before: int) -> None:
        self.state = self.stop or "waiting"
        self.token, self.worker, self.until = "", "", 0
        if not self.stop:
            self.not_before = not_before

    def crash(self, now: int) -> None:
        self.crashes += 1
        if not self.stop and self.crashes == 2:
            self.state, self.token, self.worker, self.until = "quarantined", "", "", 0
        else:
            self.returned(now + PAUSE)


@dataclass
class Plain:
    """What the queue is to do, without a thought for how."""

    jobs: dict[str, Modelled]
    spent: dict[tuple[str, int], int]

    def submit(self, identifier: str, wanted: JobRequest) -> None:
        rank = PRIORITIES.index(wanted.priority)
        key = (wanted.account, rank)
        for job in self.jobs.values():
            if wanted.slot and (job.request.account, job.request.slot) == (wanted.account, wanted.slot):
                self.end(job, "superseded")
        fresh = [
            job.turn
            for job in self.jobs.values()
            if job.rank == rank and job.state == "waiting" and job.attempts == 0
        ]
        latest = [spent for (_, other), spent in self.spent.items() if other == rank]
        now = min(fresh) if fresh else max(latest, default=0)
        turn = max(now, self.spent.get(key, 0))
        self.spent[key] = turn + wanted.cost
        self.jobs[identifier] = Modelled(identifier, wanted, rank, turn)

    def end(self, job: Modelled, state: str) -> None:
        if job.state == "waiting":
            job.state = state
            if job.attempts == 0:
                key = (job.request.account, job.rank)
                self.spent[key] = max(0, self.spent[key] - job.request.cost)
        elif job.state == "running" and not job.stop:
            job.stop = state

    def next(self, now: int) -> list[Modelled]:
        waiting = sorted(
            (job for job in self.jobs.values() if job.state == "waiting"),
            key=lambda job: (job.rank, job.turn, job.identifier),
        )
        due = [job for job in waiting if job.not_before <= now or job.not_before > now + PAUSE]
        if not due:
            return []
        head = due[0]
        alike = [
            job
            for job in waiting
            if job is not head
            and head.request.compatibility
            and (job.rank, job.request.kind, job.request.compatibility)
            == (head.rank, head.request.kind, head.request.compatibility)
            and job.crashes == head.crashes == 0
        ]
        return [head, *alike[: KINDS[head.request.kind] - 1]]

    def reap(self, worker: str, now: int) -> int:
        taken = 0
        for job in self.jobs.values():
            if job.state != "running":
                continue
            if not worker:
                job.until = min(job.until, now + LEASE)
            if job.worker == worker if worker else job.until < now:
                job.crash(now)
                taken += 1
        return taken


_requests = st.builds(
    JobRequest,
    account=st.sampled_from(["ann", "ben", "cat"]),
    kind=st.sampled_from(sorted(KINDS)),
    payload=st.sampled_from([b"a", b"b"]),
    priority=st.sampled_from(["interactive", "batch"]),
    compatibility=st.sampled_from(["", "x", "y"]),
    idempotency=st.sampled_from([None, None, "k", "l"]),
    cost=st.integers(1, 9),
)
_drafts = st.builds(
    JobRequest,
    account=st.sampled_from(["ann", "ben"]),
    kind=st.just("create"),
    payload=st.sampled_from([b"a", b"b"]),
    priority=st.just("draft"),
    slot=st.sampled_from(["s", "t", ""]),
)
_picks = st.integers(0, 1 << 20)


class Machine(RuleBasedStateMachine):
    engine: Engine

    @initialize()
    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in (jobs, shares, workers):
                connection.execute(table.delete())
        self.clock = Clock()
        self.queue = Queue(self.engine, self.clock, KEY, lease_seconds=LEASE / 1000, pause=PAUSE / 1000)
        self.plain = Plain({}, {})
        self.keys: dict[tuple[str, str], tuple[str, JobRequest]] = {}
        self.leases: list[Leased] = []
        self.deliveries: list[str] = []

    @property
    def now(self) -> int:
        return self.queue.milliseconds()

    @rule(wanted=_requests | _drafts)
    def submit(self, wanted: JobRequest) -> None:
        key = (wanted.account, wanted.idempotency or "")
        earlier = self.keys.get(key) if wanted.idempotency else None
        if earlier is not None:
            identifier, first = earlier
            if (first.kind, first.payload) == (wanted.kind, wanted.payload):
                assert self.queue.submit(wanted) == identifier
            else:
                try:
                    self.queue.submit(wanted)
                    raise AssertionError("a key was taken for two wishes")
                except Conflict:
                    return
            return
        identifier = self.queue.submit(wanted)
        assert identifier not in self.plain.jobs
        self.plain.submit(identifier, wanted)
        if wanted.idempotency:
            self.keys[key] = (identifier, wanted)

    @rule(worker=st.sampled_from(["w", "v"]))
    def lease(self, worker: str) -> None:
        expected = self.plain.next(self.now)
        leased = self.queue.lease(worker, KINDS)
        assert [lease.identifier for lease in leased] == [job.identifier for job in expected]
        for lease, job in zip(leased, expected, strict=True):
            job.state, job.token, job.worker = "running", lease.token, worker
            job.until, job.attempts = self.now + LEASE, job.attempts + 1
            assert (lease.payload, lease.attempts) == (job.request.payload, job.attempts)
        self.leases += leased

    def _pick(self, pick: int) -> tuple[Leased, Modelled | None]:
        """Any lease there ever was, mostly of the last; the job if it is still held by it."""
        lease = self.leases[-1 - min(pick % 7, pick % len(self.leases))]
        job = self.plain.jobs[lease.identifier]
        return lease, job if job.state == "running" and job.token == lease.token else None

    @precondition(lambda self: self.leases)
    @rule(pick=_picks, done=st.none() | st.integers(0, 8))
    def renew(self, pick: int, done: int | None) -> None:
        lease, job = self._pick(pick)
        assert self.queue.stopping(lease) is (job is None or bool(job.stop))
        try:
            stopping = self.queue.renew(lease, done, 8)
        except LostLease:
            assert job is None
            return
        assert job is not None and stopping is bool(job.stop)
        job.until = self.now + LEASE

    @precondition(lambda self: self.leases)
    @rule(pick=_picks)
    def finish(self, pick: int) -> None:
        lease, job = self._pick(pick)
        result = lease.token.encode()
        try:
            self.queue.finish(lease, result)
        except LostLease:
            assert job is None or job.stop
            if job is not None:
                job.state = job.stop
            return
        assert job is not None and not job.stop and self.queue.delivered(lease)
        job.state, job.result = "done", result
        self.deliveries.append(lease.identifier)

    @precondition(lambda self: self.leases)
    @rule(pick=_picks, how=st.sampled_from(["fail", "give_back", "crashed"]))
    def end(self, pick: int, how: str) -> None:
        lease, job = self._pick(pick)
        try:
            if how == "fail":
                self.queue.fail(lease, RakkanError("It cannot be drawn", "Ask for something else"))
            elif how == "give_back":
                self.queue.give_back(lease)
            else:
                self.queue.crashed(lease, "It fell over")
        except LostLease:
            assert job is None
            return
        assert job is not None
        if how == "fail":
            job.state = job.stop or "failed"
        elif how == "give_back":
            job.returned(0)
        else:
            job.crash(self.now)

    @precondition(lambda self: self.plain.jobs)
    @rule(pick=_picks)
    def cancel(self, pick: int) -> None:
        job = list(self.plain.jobs.values())[-1 - pick % len(self.plain.jobs)]
        self.plain.end(job, "cancelled")
        assert self.queue.cancel(job.request.account, job.identifier) == job.state

    @precondition(lambda self: any(job.state == "quarantined" for job in self.plain.jobs.values()))
    @rule()
    def retry(self) -> None:
        job = next(job for job in self.plain.jobs.values() if job.state == "quarantined")
        self.queue.retry(job.identifier)
        job.state, job.crashes, job.not_before = "waiting", 0, 0

    @rule(worker=st.sampled_from(["", "", "w", "v"]))
    def reap(self, worker: str) -> None:
        assert self.queue.reap(worker) == self.plain.reap(worker, self.now)

    @rule(seconds=st.sampled_from([0.001, 0.5, 1, 29, 31, 86400, -0.5, -1, -31, -86400]))
    def time_passes_or_jumps(self, seconds: float) -> None:
        self.clock.seconds += seconds

    @invariant()
    def the_two_agree(self) -> None:
        with self.engine.connect() as connection:
            rows = {row.identifier: row for row in connection.execute(select(jobs)).all()}
        assert rows.keys() == self.plain.jobs.keys(), "a job was lost"
        for identifier, job in self.plain.jobs.items():
            row = rows[identifier]
            found = (row.state, row.turn, row.attempts, row.crashes, row.stop)
            assert found == (job.state, job.turn, job.attempts, job.crashes, job.stop), identifier
            assert (row.finished is not None) == (job.state not in ("waiting", "running"))
            assert (row.result is not None) == (job.result is not None)
            if job.result is not None:
                assert self.queue.get(job.request.account, identifier).result == job.result
        assert len(self.deliveries) == len(set(self.deliveries)), "a job was delivered twice"


def machine(engine: Engine) -> type[Machine]:
    """The machine for a database with the service's tables, which it empties."""
    return type("Machine", (Machine,), {"engine": engine})
