"""Turns: how many requests are worked on at a time, and whose is the next."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable

#: Requests that are worked on at the same time, and of one credential with those that wait for it.
AT_ONCE, OF_ONE = 6, 8
#: Requests that are worked on at the same time of those who are counted together.
OF_GROUP = 2
#: What all of whom nothing is known are counted as.
_STRANGERS = "\0strangers"


class Fairness:
    """Lets some requests be worked on at a time, in turns between those who are counted together: who sends
    hundreds waits behind their own. Of one event loop.

    ``group`` tells whose a credential is; it gives the credential itself while nothing is known of it. All
    those together are worked on as if they were one group, and whoever has least waiting comes first: a
    newcomer sends one request where a fleet sends hundreds. What is known meanwhile counts at once.
    """

    def __init__(
        self,
        group: Callable[[bytes], str | bytes],
        at_once: int = AT_ONCE,
        of_one: int = OF_ONE,
        of_group: int = OF_GROUP,
    ) -> None:
        self._group, self._free, self._of_one, self._of_group = group, at_once, of_one, of_group
        self._there: Counter[bytes] = Counter()
        self._working: Counter[str] = Counter()
        self._known: dict[str, deque[asyncio.Future[str]]] = {}
        self._strangers: dict[bytes, deque[asyncio.Future[str]]] = {}

    def takes(self, mark: bytes) -> bool:
        """Whether one more request of a credential may wait."""
        return self._there[mark] < self._of_one

    def is_alone(self, mark: bytes) -> bool:
        """Whether nothing else of the same credential or group waits or is worked on: only then does waiting
        say how much there is to do, and not how much they themselves have sent."""
        group = self._group(mark)
        if isinstance(group, str) and (group in self._known or self._working[group]):
            return False
        return not self._there[mark]

    async def enter(self, mark: bytes) -> str:
        """Wait for a turn; ``leave`` with what is returned afterwards, whatever happens."""
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._there[mark] += 1
        self._queue(self._group(mark), [turn])
        self._go_on()
        try:
            return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._end(turn.result())
            self._forget(mark)
            self._go_on()
            raise

    def leave(self, mark: bytes, name: str) -> None:
        """A turn is over."""
        self._forget(mark)
        self._end(name)
        self._go_on()

    def _end(self, name: str) -> None:
        self._free += 1
        self._working[name] -= 1
        if not self._working[name]:
            del self._working[name]

    def _forget(self, mark: bytes) -> None:
        self._there[mark] -= 1
        if not self._there[mark]:
            del self._there[mark]

    def _queue(self, group: str | bytes, turns: Iterable[asyncio.Future[str]]) -> None:
        if isinstance(group, str):
            self._known.setdefault(group, deque()).extend(turns)
        else:
            self._strangers.setdefault(group, deque()).extend(turns)

    def _go_on(self) -> None:
        while self._free:
            name = self._of_strangers() if self._working[_STRANGERS] < self._of_group else ""
            name = name or next((one for one in self._known if self._working[one] < self._of_group), "")
            if not name:
                return
            queue = self._known.pop(name)
            turn = queue.popleft()
            if queue:
                self._known[name] = queue  # behind all others
            if not turn.done():
                self._free -= 1
                self._working[name] += 1
                turn.set_result(name)

    def _of_strangers(self) -> str:
        """Make a stranger's request the next one, "" when there is none."""
        while self._strangers:
            mark = min(self._strangers, key=lambda one: len(self._strangers[one]))
            queue, group = self._strangers.pop(mark), self._group(mark)
            if isinstance(group, str):
                self._queue(group, queue)
                continue
            self._queue(_STRANGERS, [queue.popleft()])
            if queue:
                self._strangers[mark] = queue
            return _STRANGERS
        return ""
