"""What a worker does: lease, do, deliver, again; its leases are kept meanwhile and given back at the end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rakkan.errors import RakkanError
from rakkan.service.jobs.bell import WORK
from rakkan.service.jobs.keeping import Keeper, Stopped
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased, LostLease, Result, Undelivered
from rakkan.store.database import DatabaseFault

#: How far a job is: (done, total). Raises Stopped when it is to stop.
Progress = Callable[[int, int], None]
IsCancelled = Callable[[], bool]
#: What came of a job: what it tells, alone or with what is to be true then, or what it is refused for.
Outcome = bytes | Result | RakkanError
#: Do jobs of one kind, all together; each gets its result, or what it is refused for.
Perform = Callable[[Sequence[Leased], Progress, IsCancelled], Sequence[Outcome]]

#: Seconds between two looks for work that was not rung for.
IDLE = 1.0
#: Seconds that a worker goes on trying to deliver while the database cannot be used.
_DELIVERY = 60.0


@dataclass(frozen=True)
class Performer:
    """How a worker does the jobs of a kind.

    ``perform`` gets ``count`` compatible jobs at most. It calls its progress often, hands on the Stopped
    that this may raise, and raises RakkanError for what cannot be done (or returns it in place of a
    result); anything else it raises counts as a crash. A ``Result`` is undone when it cannot be delivered,
    because the job was cancelled or is another worker's by now. ``prepare`` is called before the first job:
    it loads what the first would wait for.
    """

    perform: Perform
    count: int = 1
    prepare: Callable[[], None] = lambda: None


def single(perform: Callable[[Leased, Progress, IsCancelled], bytes | Result]) -> Perform:
    """A function that does one job at a time, as ``Performer`` takes it."""

    def one_by_one(
        jobs: Sequence[Leased], progress: Progress, is_cancelled: IsCancelled
    ) -> Sequence[Outcome]:
        return [perform(job, progress, is_cancelled) for job in jobs]

    return one_by_one


def work(
    queue: Queue,
    performers: Mapping[str, Performer],
    worker: str,
    stop: threading.Event,
    *,
    grace: float = 3.0,
    patience: float = 600.0,
    abort: Callable[[], None] = lambda: os._exit(1),
) -> None:
    """Do jobs until ``stop`` is set; ``worker`` is the identifier of this process.

    What is being done then gets ``grace`` seconds to end and is given back at the next progress after that.
    When it shows none for as long again, or none for ``patience`` seconds while nobody stops it, the leases
    are let go and ``abort`` is called, which ends the process. Faults of the database are waited out.
    """
    kinds = {kind: performer.count for kind, performer in performers.items()}
    with Keeper(queue, worker, stop, grace, patience, abort) as keeper, queue.bell.listen(WORK) as listener:
        while not stop.is_set():
            try:
                queue.reap()
                leased = queue.lease(worker, kinds)
            except RakkanError:
                stop.wait(IDLE)
                continue
            if leased:
                keeper.keep(leased)
                _do(queue, performers[leased[0].kind], leased, keeper)
                keeper.keep([])
            else:
                listener.wait(IDLE)


def _do(queue: Queue, performer: Performer, leased: Sequence[Leased], keeper: Keeper) -> None:
    """Do what was leased together, and tell the queue how each ended."""
    try:
        keeper.check(leased)
        results = performer.perform(
            leased,
            lambda done, total: keeper.progress(leased, done, total),
            lambda: keeper.to_stop(leased),
        )
        if len(results) != len(leased):
            raise ValueError(f"{len(results)} results for {len(leased)} jobs")
    except Stopped:
        for lease in leased:
            _tell(partial(queue.give_back, lease))
    except DatabaseFault as error:  # no refusal: done again once the database answers
        _crash(queue, leased, error)
    except RakkanError as error:
        if len(leased) == 1:
            _tell(partial(queue.fail, leased[0], error))
            return
        for lease in leased:  # the refusal of one is not the others'
            _do(queue, performer, [lease], keeper)
    except Exception as error:
        _crash(queue, leased, error)
    else:
        for lease, result in zip(leased, results, strict=True):
            if isinstance(result, DatabaseFault):
                _crash(queue, [lease], result)
            elif isinstance(result, RakkanError):
                _tell(partial(queue.fail, lease, result))
            else:
                made = Result(result) if isinstance(result, bytes) else result
                if not _deliver(queue, lease, made):
                    _tell(made.undo)
            keeper.release(lease)


def _crash(queue: Queue, leased: Sequence[Leased], error: Exception) -> None:
    """Tell of jobs that something ended: its name alone, for a message may quote what somebody wrote, and
    this is for the owner to see."""
    for lease in leased:
        _tell(partial(queue.crashed, lease, f"The job was ended by {type(error).__name__}"))


def _deliver(queue: Queue, lease: Leased, result: Result) -> bool:
    """Deliver, however often the database is away meanwhile; False when the result is to be thrown away."""
    until = time.monotonic() + _DELIVERY
    unsure = False
    while True:
        try:
            if unsure and queue.delivered(lease):
                return True
            queue.finish(lease, result.told, result.also)
            return True
        except LostLease:
            return False
        except Undelivered as error:
            _tell(partial(queue.fail, lease, error))
            return False
        except RakkanError:
            unsure = True  # the answer may have been lost and not the delivery
            if time.monotonic() > until:
                return False
            time.sleep(0.5)


def _tell(say: Callable[[], None]) -> None:
    """Tell the queue how a job ended. Should it not hear, the lease runs out by itself, and what was to be
    undone is swept."""
    try:
        say()
    except RakkanError:
        pass
