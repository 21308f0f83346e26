"""A fleet at human pace over HTTP: it opens what the feed shows it, so it meets no canary, has no long tail.

Its accounts share what they know: where the feed goes on, and what is still to be opened. Each opens one
picture each ``PACE`` seconds of the server's clock, which may run faster than time does, waits for the answer
and comes again when it is told to.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.open_loop import GIVEN_UP, request_of
from benchmarks.scraping_attacks import PACE

#: Where the feed begins, and how it goes on.
FEED = "/api/v1/pictures?limit=96"
_STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


@dataclass
class Reading:
    """What the fleet got: statuses, ``pairs`` with the moment of each, bytes, pages of the feed; ``told``
    the first time it was told to wait (seconds since the start, or -1) and for how long, by the server's
    clock."""

    statuses: Counter[str] = field(default_factory=Counter)
    pairs: dict[str, float] = field(default_factory=dict)
    size: int = 0
    pages: int = 0
    told: tuple[float, int] = (-1.0, 0)


class PatientFleet:
    """``keys`` of the accounts; ``clock`` is how many seconds the server's clock goes in one of ours."""

    def __init__(self, port: int, keys: Sequence[str], clock: float) -> None:
        self._port, self._keys, self._clock = port, keys, clock
        self._mine: dict[str, deque[str]] = {}
        self._cursor, self._turn = "", asyncio.Lock()
        self._found, self._start, self._until = Reading(), 0.0, 0.0

    async def live(self, seconds: float, seed: int) -> Reading:
        """Read for so many seconds of ours."""
        self._found, self._start = Reading(), time.perf_counter()
        self._until = self._start + seconds
        draws = [random.Random(f"{seed} {number}") for number in range(len(self._keys))]
        await asyncio.gather(*(self._account(*one) for one in zip(self._keys, draws, strict=True)))
        return self._found

    async def _account(self, key: str, draw: random.Random) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 22)
        pause = draw.uniform(0, PACE)
        wanted = ""
        try:
            while await self._rest(pause):
                pause = draw.expovariate(1 / PACE)
                wanted = wanted or await self._shown(reader, writer, key, draw)
                if not wanted:
                    continue
                path = f"/api/v1/pictures/{wanted}/recipe"
                status, wait, _ = await self._ask(reader, writer, path, key, draw)
                if status == 200:
                    self._found.pairs.setdefault(wanted, time.perf_counter() - self._start)
                    wanted = ""
                else:
                    pause += wait
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self._found.statuses["no answer"] += 1
        finally:
            writer.close()

    async def _rest(self, pause: float) -> bool:
        """Wait so long by the server's clock; whether there is time left."""
        left = self._until - time.perf_counter()
        await asyncio.sleep(max(0.0, min(pause / self._clock, left)))
        return time.perf_counter() < self._until

    async def _shown(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, draw: random.Random
    ) -> str:
        """The next picture to open; the feed is asked for more when all that it showed is opened. Pictures
        are opened by whom they were shown to."""
        async with self._turn:
            own = self._mine.setdefault(key, deque())
            if not own:
                path = FEED + (f"&cursor={self._cursor}" if self._cursor else "")
                status, _, body = await self._ask(reader, writer, path, key, draw)
                if status == 200:
                    told = json.loads(body)
                    own.extend(one["id"] for one in told["items"])
                    self._cursor = told["next"] or ""
                    self._found.pages += 1
            return own.popleft() if own else ""

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        path: str,
        key: str,
        draw: random.Random,
    ) -> tuple[int, int, bytes]:
        """The status, the seconds to wait that were told, and the body."""
        writer.write(request_of(self._port, path, key, draw.getrandbits(24)))
        async with asyncio.timeout(GIVEN_UP):
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
        found = _STATUS.match(head)
        status = int(found[1]) if found else 0
        self._found.statuses[str(status)] += 1
        self._found.size += len(head) + len(body)
        retry = _RETRY.search(head)
        wait = int(retry[1]) if retry else 0
        if wait and self._found.told[0] < 0:
            self._found.told = (time.perf_counter() - self._start, wait)
        return status, wait, body
