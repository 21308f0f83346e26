"""Crowds that ask a server over HTTP without waiting for its answers (open-loop arrivals).

Moments are drawn as time goes on (Poisson), and delays count from the moment a request was due, so that
queueing shows, on either side. How late the generator itself was is told beside them.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Seconds until an answer is given up, and between two looks for such.
GIVEN_UP, LOOK = 10.0, 0.1
#: Seconds from which an answer is slow enough to be written down.
SLOW = 0.2
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Something to ask for; ``pair`` names the pair it gives, "" when it gives none."""

    path: str
    pair: str = ""
    weight: float = 1.0


@dataclass
class Answers:
    """What became of a crowd's requests. Seconds: ``delays`` since they were due, of those answered 200, and
    ``rejections`` of others; ``late``, by how much the generator was late to send or to queue them. ``odd``
    are those that were slow or failed: what was asked for, what came, when it was due since the start, and
    the seconds until it was sent and until it was answered."""

    statuses: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    rejections: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    pairs: dict[str, float] = field(default_factory=dict)
    odd: list[tuple[str, str, float, float, float]] = field(default_factory=list)
    size: int = 0


#: Told of an answer: the status (0 for none), its bytes in all, and its body.
Answered = Callable[[int, int, bytes], None]


class Connection(asyncio.Protocol):
    """A connection that is kept: one request at a time."""

    def __init__(self, free: Callable[[Connection], None], lost: Callable[[Connection], None]) -> None:
        self._free, self._lost = free, lost
        self._held, self._body, self._end = bytearray(), 0, -1
        self._answered: Answered | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._free(self)

    def ask(self, request: bytes, answered: Answered) -> None:
        self._answered = answered
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if self._end < 0:
            head = self._held.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._held, 0, head + 2)
            self._body = head + 4
            self._end = head + 4 + (int(length[1]) if length else 0)
        if len(self._held) >= self._end:
            status, size = int(self._held[9:12]), self._end
            body = bytes(self._held[self._body :]) if size < 1 << 20 else b""
            self._held, self._end = bytearray(), -1
            self._tell(status, size, body)
            self._free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)
        self._tell(0, 0, b"")

    def _tell(self, status: int, size: int, body: bytes) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(status, size, body)


def request_of(port: int, path: str, key: str, address: int) -> bytes:
    """A request as a proxy passes it on: by whose key, from which of 2²⁴ addresses."""
    told = f"10.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"X-Forwarded-For: {told}\r\n\r\n"
    ).encode()


class Crowd:
    """Accounts, by their keys, that ask for what is at ``places``, ``rate`` times a second in all, 0 for
    without a pause, over ``most`` connections. A fleet ``goes_through`` its places, asks again for what it
    was not given, and changes its address with each request; people draw from theirs by weight."""

    def __init__(
        self,
        port: int,
        keys: Sequence[str],
        places: Sequence[Place],
        rate: float,
        most: int,
        goes_through: bool = False,
    ) -> None:
        self._places, self._rate, self._most = places, rate, most
        self._weights = [one.weight for one in places]
        self._keys = list(keys)
        self._port, self._open, self._goes_through = port, 0, goes_through
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._flying: dict[Connection, float] = {}
        self._left: deque[Place] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._random, self._ended, self._answers = random.Random(0), False, Answers()
        self._start = self._looked = 0.0

    async def live(self, seconds: float, seed: int) -> Answers:
        """Ask for so many seconds, and wait for the last answers."""
        self._answers, self._ended = Answers(), False
        self._random, self._start = random.Random(seed), time.perf_counter()
        start, gaps = self._start, random.Random(seed + 1)
        due = start + self._gap(gaps)
        while (now := time.perf_counter()) < start + seconds:
            while self._rate and due <= now:
                self._waiting.append(due)
                self._answers.late.append(now - due)
                due += self._gap(gaps)
            if not self._rate and not self._waiting and not self._flying:
                self._waiting.extend([now] * self._most)
            self._send(now)
            await asyncio.sleep(0.001)
        self._ended = True
        if not self._rate:
            self._waiting.clear()
        while (self._waiting or self._flying) and time.perf_counter() < start + seconds + GIVEN_UP:
            self._send(time.perf_counter())
            await asyncio.sleep(0.005)
        self._answers.statuses["gave up"] += len(self._waiting) + len(self._flying)
        answers, self._answers = self._answers, Answers()
        for one in (*self._idle, *self._flying):
            one.transport.abort()
        self._waiting.clear()
        await asyncio.sleep(0.05)
        return answers

    def _gap(self, gaps: random.Random) -> float:
        return gaps.expovariate(self._rate) if self._rate else 0.0

    def _send(self, now: float) -> None:
        while self._waiting and now - self._waiting[0] > GIVEN_UP:
            self._waiting.popleft()
            self._answers.statuses["gave up"] += 1
        if now - self._looked > LOOK:
            self._looked = now
            for one, since in list(self._flying.items()):
                if now - since > GIVEN_UP:
                    one.transport.abort()
        while self._waiting and self._idle:
            self._one(self._idle.pop(), self._waiting.popleft())
        for _ in range(min(len(self._waiting), self._most - self._open)):
            self._open += 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._freed, self._gone), "127.0.0.1", self._port
            )
        except OSError:
            self._open -= 1

    def _freed(self, one: Connection) -> None:
        self._flying.pop(one, None)
        if self._waiting:
            self._one(one, self._waiting.popleft())
        elif not self._rate and not self._ended:
            self._one(one, time.perf_counter())
        else:
            self._idle.append(one)

    def _gone(self, one: Connection) -> None:
        self._open -= 1
        self._flying.pop(one, None)
        if one in self._idle:
            self._idle.remove(one)

    def _one(self, one: Connection, due: float) -> None:
        place, who = self._next(), self._random.randrange(len(self._keys))
        address = self._random.getrandbits(24) if self._goes_through else who
        sent = self._flying[one] = time.perf_counter()
        one.ask(
            request_of(self._port, place.path, self._keys[who], address),
            lambda status, size, body: self._note(place, due, sent, status, size),
        )

    def _note(self, place: Place, due: float, sent: float, status: int, size: int) -> None:
        now, answers = time.perf_counter(), self._answers
        told = str(status) if status else "no answer"
        answers.statuses[told] += 1
        answers.size += size
        if (status != 200 or now - due > SLOW) and not self._goes_through:
            answers.odd.append((place.path, told, due - self._start, sent - due, now - due))
        if status == 200:
            answers.delays.append(now - due)
            if place.pair:
                answers.pairs.setdefault(place.pair, now)
            return
        answers.rejections.append(now - due)
        if self._goes_through:
            self._left.appendleft(place)

    def _next(self) -> Place:
        if not self._goes_through:
            return self._random.choices(self._places, self._weights)[0]
        if not self._left:
            self._left.extend(self._random.sample(self._places, len(self._places)))
        return self._left.popleft()
