"""Following a job until it is over: for streams of events, and for whoever waits for a draft."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool

from rakkan.service import releasing
from rakkan.service.core import Service
from rakkan.service.errors import TooMany
from rakkan.service.jobs.records import Job

#: Seconds between two signs of life on a stream where nothing happens, so that proxies keep it open.
_QUIET = 15.0
#: Streams of an account at a time: a connection each, of the few hundred that the server holds.
MOST_STREAMS = 32


async def wait_for(service: Service, account: str, job: str, seconds: float) -> Job:
    """The job once it is over, or as it stands after so many seconds. Raises NotFound."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    async with service.news.follow(job) as changed:
        while True:
            found = await run_in_threadpool(service.queue.get, account, job)
            left = until - loop.time()
            if found.over or left <= 0:
                return found
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), left)
            changed.clear()


def events(service: Service, account: str, job: str) -> AsyncIterator[bytes]:
    """The job's changes as server-sent events (HTML standard, 9.2): ``progress``, then ``done`` or
    ``failed``. Raises TooMany for an account with ``MOST_STREAMS`` of them."""
    if service.news.open[account] >= MOST_STREAMS:
        raise TooMany("Too many streams of this account are open", "Close some pages", _QUIET)
    return _events(service, account, job)


async def _events(service: Service, account: str, job: str) -> AsyncIterator[bytes]:
    service.news.open[account] += 1
    try:
        async for told in _changes(service, account, job):
            yield told
    finally:
        service.news.open[account] -= 1
        if not service.news.open[account]:
            del service.news.open[account]


async def _changes(service: Service, account: str, job: str) -> AsyncIterator[bytes]:
    told: Any = None
    async with service.news.follow(job) as changed:
        while True:
            found = await run_in_threadpool(service.queue.get, account, job)
            if found.over:
                name, said = outcome(found)
                if "release" in said:  # a link that holds for minutes begins to now
                    said |= {"url": releasing.address(service, account, **said["release"])}
                yield event(name, said)
                return
            now = {"state": found.state, "done": found.done, "total": found.total}
            if now != told:
                yield event("progress", now)
                told = now
            try:
                await asyncio.wait_for(changed.wait(), _QUIET)
            except TimeoutError:
                yield b": still here\n\n"
            changed.clear()


def outcome(job: Job) -> tuple[str, dict[str, Any]]:
    """How a job that is over ended: the event's name and what it says."""
    if job.state == "done" and job.result is not None:
        made = json.loads(job.result)
        pictures = made.get("pictures", [])
        first = pictures[0] if pictures else ""
        said = {"picture": first, "pictures": pictures, "url": f"/pictures/{first}/file"}
        more = {name: made[name] for name in ("files", "model", "release") if name in made}
        return "done", {**said, "remarks": made.get("remarks", []), **more}
    words = {
        "cancelled": "It was cancelled",
        "superseded": "A newer draft took its place",
        "quarantined": "It ended the worker twice and was put aside",
    }
    message = job.error or words.get(job.state, "It was not done")
    return "failed", {"state": job.state, "message": message, "hint": job.hint}


def event(name: str, told: dict[str, Any]) -> bytes:
    """One event of a stream."""
    return f"event: {name}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n".encode()
