"""What the budgets hold in memory: states of accounts and clusters, and whom to turn away unasked.

All of it can be lost: usages are read again from the database, rates begin anew, and what nobody has written
yet is a few seconds' worth.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rakkan.service.budgets import pairs, shedding
from rakkan.service.budgets.clusters import Cluster
from rakkan.service.budgets.decide import Decision, Restriction
from rakkan.service.budgets.memory import Recent, Shown
from rakkan.service.budgets.pairs import Usage
from rakkan.service.budgets.shedding import Pressure
from rakkan.service.budgets.sightings import Sightings

#: Accounts whose state is kept in memory: those with a few thousand pairs take about 300 kB.
MOST = 400
#: Visitors of whom anything is known; the pool of all of them is one more.
MOST_VISITORS = 5_000
#: Whose screens are remembered, 16 KiB each.
MOST_SHOWN = 1_000
#: Whom to turn away: a few hundred bytes each.
MOST_TURNED = 20_000


@dataclass
class State:
    """An account, or a cluster, as of ``loaded`` (seconds): its usage, the pairs it was given and the
    canaries it asked for in the ``month``, what a standing alarm puts on it, and requests being served."""

    loaded: float
    month: int
    usage: Usage = pairs.UNUSED
    given: set[int] = field(default_factory=set)
    canaries: set[int] = field(default_factory=set)
    restriction: Restriction = ""
    flying: int = 0


@dataclass
class Front:
    """The memory of one process. Whoever touches it holds ``lock``, except for ``turned``, whose single
    look-up is atomic."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    states: Recent[str, State] = field(default_factory=lambda: Recent(MOST))
    visitors: Recent[str, State] = field(default_factory=lambda: Recent(MOST_VISITORS))
    shown: Recent[str, Shown] = field(default_factory=lambda: Recent(MOST_SHOWN))
    #: By account or cluster: until when, and the decision that is given again.
    turned: dict[str, tuple[float, Decision]] = field(default_factory=dict)
    #: Which cluster an account is in; of those alone, nothing.
    groups: dict[str, Cluster] = field(default_factory=dict)
    grouped: float = -1e18
    regroup: bool = True
    #: What is to be written: pairs by account, month and digest; bytes by account and day.
    pairs: dict[tuple[str, int, int], dict[str, object]] = field(default_factory=dict)
    sizes: dict[tuple[str, int], int] = field(default_factory=dict)
    #: Whose pairs and bytes are being written: neither still here nor surely in the database.
    _in_writing: list[set[str]] = field(default_factory=list)
    sightings: Sightings = field(default_factory=Sightings)
    #: What is over: whose, the bytes sent, whether it had been let in, and when. Taken in at the next look,
    #: since whoever tells it must not wait for the lock.
    ended: deque[tuple[str, int, bool, float]] = field(default_factory=deque)
    #: For whom an alarm is being raised.
    raising: set[str] = field(default_factory=set)
    #: Held by whoever forms clusters anew; nobody waits for it.
    regrouping: threading.Lock = field(default_factory=threading.Lock)
    pressure: Pressure = shedding.CALM

    @contextmanager
    def writing(self) -> Iterator[tuple[list[dict[str, object]], dict[tuple[str, int], int]]]:
        """The pairs and bytes that are to be written, taken out; they are put back where that fails."""
        with self.lock:
            found, sizes = self.pairs, self.sizes
            self.pairs, self.sizes = {}, {}
            whose = {key[0] for key in found} | {key[0] for key in sizes}
            self._in_writing.append(whose)
        try:
            yield list(found.values()), sizes
        except BaseException:
            with self.lock:
                self.pairs = found | self.pairs
                for key, size in sizes.items():
                    self.sizes[key] = self.sizes.get(key, 0) + size
            raise
        finally:
            with self.lock:
                self._in_writing.remove(whose)

    def is_writing(self, accounts: Iterable[str]) -> bool:
        """Whether anything of one of these accounts is being written: it may not be read yet."""
        return any(not whose.isdisjoint(accounts) for whose in self._in_writing)

    def turn_away(self, name: str, until: float, decision: Decision) -> None:
        """Answer the account or cluster with this decision until then, without looking."""
        if len(self.turned) >= MOST_TURNED:
            self.turned.clear()  # they are turned away anew at their next request
        self.turned[name] = (until, decision)
