"""What the service tells of itself: a line of JSON for each request, and figures for Prometheus.

Neither ever holds what somebody wrote: no query, no body, no prompt, no address; routes stand with the names
of their parameters in place of the values, and accounts not at all.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Seconds; a draft is to be there within 0.3.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)

#: Figures that are looked up when they are asked for: (name, what it is, {label: value} and the number).
Gauge = tuple[str, str, list[tuple[dict[str, str], float]]]


@dataclass(frozen=True)
class Figures:
    """The figures of one process; ``gauges`` is asked at each reading."""

    gauges: Callable[[], Iterable[Gauge]] = lambda: ()
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        requests = Counter(
            "rakkan_requests_total",
            "Requests by route and status",
            ["route", "status"],
            registry=self.registry,
        )
        seconds = Histogram(
            "rakkan_request_seconds",
            "Seconds until a reply",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        object.__setattr__(self, "_requests", requests)
        object.__setattr__(self, "_seconds", seconds)
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """The gauges, as Prometheus' client takes them."""
        for name, what, values in self.gauges():
            labels = sorted({label for told, _ in values for label in told})
            family = GaugeMetricFamily(name, what, labels=labels)
            for told, number in values:
                family.add_metric([told.get(label, "") for label in labels], number)
            yield family

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: the gauges need the database."""
        return ()

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self._requests.labels(route, str(status)).inc()  # type: ignore[attr-defined]
        self._seconds.labels(route).observe(seconds)  # type: ignore[attr-defined]

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)


class Observer:
    """ASGI middleware: writes a line for each request to ``out`` and counts it."""

    def __init__(self, app: ASGIApp, figures: Figures, out: IO[str] | None = None) -> None:
        self._app, self._figures, self._out = app, figures, out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        request = scope.setdefault("state", {})["request"] = secrets.token_hex(8)

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request.encode())]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "none")
            self._figures.count(route, status, seconds)
            self._line(
                {
                    "time": round(time.time(), 3),
                    "request": request,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "milliseconds": round(1000 * seconds, 1),
                }
            )

    def _line(self, told: dict[str, object]) -> None:
        write(told, self._out)


def write(told: dict[str, object], out: IO[str] | None = None) -> None:
    """Write a line of JSON, to standard error by default."""
    stream = out or sys.stderr
    stream.write(json.dumps(told) + "\n")
    stream.flush()


def fault(request: str, error: BaseException, out: IO[str] | None = None) -> None:
    """Write down a fault of the service's own: where it was, and what kind, not what it said, which may quote
    what somebody wrote."""
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('rakkan/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    told: dict[str, object] = {
        "time": round(time.time(), 3),
        "request": request,
        "fault": type(error).__name__,
        "at": places[-6:],
    }
    write(told, out)
