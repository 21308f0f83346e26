"""Telling whoever waits for a job that it has changed, without looking all the time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rakkan.service.jobs.bell import NEWS, Bell

#: Seconds after which whoever waits looks by themselves: a ring may be lost.
LOOK = 0.5


class News:
    """Hears of jobs and wakes those who follow them; in the event loop of one process."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        #: Streams of events that are open, by account.
        self.open: Counter[str] = Counter()

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Hear nothing more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @asynccontextmanager
    async def follow(self, job: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set when the job may have changed; whoever waits clears it and looks."""
        event = asyncio.Event()
        self._waiting.setdefault(job, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[job].discard(event)
            if not self._waiting[job]:
                del self._waiting[job]

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        with self._bell.listen(NEWS) as listener:
            heard = asyncio.Event()
            file = listener.fileno()
            if file >= 0:
                loop.add_reader(file, heard.set)
            try:
                while True:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(heard.wait(), LOOK if file >= 0 else LOOK / 2)
                    rang = heard.is_set()
                    heard.clear()
                    # Without a ring everybody looks: one may have been lost.
                    named = listener.wait(0) if rang else list(self._waiting)
                    for job in named:
                        for event in self._waiting.get(job, ()):
                            event.set()
            finally:
                if file >= 0:
                    loop.remove_reader(file)
