"""What a server does by itself, every minute: go on with what was interrupted, end what is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from rakkan.service import closing, observing
from rakkan.service.core import Service

#: Seconds.
EVERY = 60.0
SWEEP_EVERY = 3600.0


@dataclass
class Upkeep:
    """The upkeep of a service; several servers of one instance may do it at once."""

    service: Service
    _swept: float = field(default=-SWEEP_EVERY)

    async def run(self) -> None:
        """Do it until cancelled."""
        while True:
            await run_in_threadpool(self.tend)
            await asyncio.sleep(EVERY)

    def tend(self) -> None:
        """Do it once. A step that fails is written down, and done again the next time."""
        service = self.service
        steps: list[Callable[[], object]] = [
            lambda: closing.go_on(service),
            service.bans.lapse,
            service.reports.follow_all,
        ]
        if service.clock() - self._swept >= SWEEP_EVERY:
            self._swept = service.clock()
            steps.append(service.accounts.sweep)
        for step in steps:
            try:
                step()
            except Exception as error:
                observing.fault("upkeep", error)
