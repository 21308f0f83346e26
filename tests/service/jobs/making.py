"""Queues to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import JobRequest
from rakkan.service.schema import METADATA
from rakkan.store.database import connect, url_of

KEY = bytes(range(32))


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, seconds: float = 1_800_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


def engine_at(place: Path | str) -> Engine:
    """A database with the service's tables: a SQLite file, or a URL."""
    engine = connect(place if isinstance(place, str) else url_of(place))
    METADATA.create_all(engine)
    return engine


def request(account: str = "ann", payload: bytes = b"{}", **more: Any) -> JobRequest:
    return JobRequest(account, more.pop("kind", "create"), payload, **more)


def lease_all(queue: Queue, most: int = 1000) -> list[str]:
    """Lease one job after the other; their identifiers in turn."""
    order: list[str] = []
    while len(order) < most:
        leased = queue.lease("w", {"create": 1})
        if not leased:
            break
        order += [lease.identifier for lease in leased]
    return order
