"""What has to be done now and then: counts written, what has expired deleted, what was interrupted gone on
with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from rakkan.errors import RakkanError
from rakkan.service import observing


@dataclass(frozen=True)
class Chore:
    """``do`` is done every ``seconds``; a fault is written down, and it is tried again the next time."""

    name: str
    seconds: float
    do: Callable[[], object]


class Upkeep:
    """Does chores in the background of the event loop, one at a time."""

    def __init__(self, chores: tuple[Chore, ...], tick: float = 1.0) -> None:
        self._chores, self._tick = chores, tick
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; each chore is first done after its time."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, and do each chore once more, so that nothing counted is lost."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for chore in self._chores:
            await self._do(chore)

    async def _run(self) -> None:
        due = {chore.name: time.monotonic() + chore.seconds for chore in self._chores}
        while True:
            await asyncio.sleep(self._tick)
            for chore in self._chores:
                if time.monotonic() >= due[chore.name]:
                    await self._do(chore)
                    due[chore.name] = time.monotonic() + chore.seconds

    async def _do(self, chore: Chore) -> None:
        try:
            await run_in_threadpool(chore.do)
        except RakkanError as error:
            observing.fault(f"chore {chore.name}", error)
