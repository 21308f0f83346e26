"""What goes into the queue and what comes out of it: frozen records, and what their values may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Connection

from rakkan.errors import RakkanError
from rakkan.service.errors import Conflict
from rakkan.service.jobs.tables import ACCOUNT

#: First the drafts of those who are typing, then what somebody waits for, then the rest.
Priority = Literal["draft", "interactive", "batch"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)

State = Literal["waiting", "running", "done", "failed", "cancelled", "superseded", "quarantined"]
#: The states of a job that is over. A quarantined one may be taken up again by hand.
OVER: tuple[State, ...] = ("done", "failed", "cancelled", "superseded", "quarantined")

#: Bytes of a payload or a result: pictures lie in the vault and are named here.
MOST_BYTES = 1 << 20
MOST_COST = 10**9
_MOST_KEY = 255


class LostLease(Conflict):
    """Somebody else has the job, or it is over: whatever was made for it is to be thrown away."""

    code = "lost_lease"


class Undelivered(RakkanError):
    """What was to become true with a result cannot: nothing of it was delivered, and the job has failed."""


@dataclass(frozen=True)
class Result:
    """What came of a job: ``told`` is kept with it (1 MiB at most).

    ``also`` is done in the transaction that delivers it, so that all of it is true or nothing; it raises
    RakkanError for what cannot be. ``undo`` throws away what was made for it when it is not delivered.
    """

    told: bytes
    also: Callable[[Connection], None] = lambda connection: None
    undo: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class JobRequest:
    """A job as it is asked for.

    ``payload`` says what to do, in a spelling that is the same for the same wish (canonical JSON); it is
    sealed. Jobs of one kind with equal ``compatibility`` may be done together (e.g. ``create/starter``;
    "": never). ``slot`` (drafts only) names what the draft is drawn for: a newer one of the account's
    supersedes it. ``idempotency`` is the client's key for this wish, None for none. ``cost`` is what it
    takes of the account's share, in any unit that is the same for all jobs (1 to 10⁹).
    """

    account: str
    kind: str
    payload: bytes
    priority: Priority = "interactive"
    compatibility: str = ""
    slot: str = ""
    idempotency: str | None = None
    cost: int = 1
    organisation: str = ""

    def check(self) -> None:
        """Raise RakkanError for what cannot be queued."""
        if not 0 < len(self.account) <= ACCOUNT or len(self.organisation) > ACCOUNT:
            raise RakkanError("The job has no usable account", f"Give 1 to {ACCOUNT} characters")
        if not 0 < len(self.kind) <= 40 or len(self.compatibility) > 200:
            raise RakkanError("The job's kind or compatibility is too long", "Give a short name")
        if self.priority not in PRIORITIES:
            raise RakkanError(f"{self.priority!r} is no priority", f"Give one of {', '.join(PRIORITIES)}")
        if len(self.payload) > MOST_BYTES:
            raise RakkanError("The job is too large", f"Give at most {MOST_BYTES} bytes")
        if self.slot and self.priority != "draft":
            raise RakkanError("Only a draft has a slot", "Leave it out")
        if self.idempotency is not None and not 0 < len(self.idempotency) <= _MOST_KEY:
            raise RakkanError("The idempotency key cannot be used", f"Give 1 to {_MOST_KEY} characters")
        if not 1 <= self.cost <= MOST_COST:
            raise RakkanError(f"A job cannot cost {self.cost}", f"Give 1 to {MOST_COST}")


@dataclass(frozen=True)
class Job:
    """A job as it stands. Times are milliseconds since 1970, None for what has not happened.

    ``stopping`` says that it runs but has been asked to stop. ``payload`` and ``result`` are None in
    lists. ``error`` and ``hint`` say why it failed or is quarantined.
    """

    identifier: str
    account: str
    organisation: str
    kind: str
    priority: Priority
    state: State
    created: int
    started: int | None
    finished: int | None
    done: int
    total: int
    cost: int
    attempts: int
    crashes: int
    stopping: bool
    error: str = ""
    hint: str = ""
    payload: bytes | None = None
    result: bytes | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in OVER


@dataclass(frozen=True)
class Leased:
    """A job in a worker's hands for as long as ``token`` is the job's."""

    identifier: str
    account: str
    organisation: str
    kind: str
    priority: Priority
    compatibility: str
    payload: bytes
    cost: int
    attempts: int
    token: str
    worker: str


@dataclass(frozen=True)
class Counts:
    """Jobs by priority that wait and that run; quarantined ones; seconds the longest-waiting one waits."""

    waiting: dict[Priority, int]
    running: dict[Priority, int]
    quarantined: int
    longest_wait: float


@dataclass(frozen=True)
class Worker:
    """A worker process that has been heard of; times in milliseconds since 1970."""

    identifier: str
    host: str
    device: str
    started: int
    seen: int
