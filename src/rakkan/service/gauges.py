"""What ``/metrics`` tells of the queue."""

from __future__ import annotations

from collections.abc import Iterable

from rakkan.service.jobs.queue import Queue
from rakkan.service.observing import Gauge


def gauges(queue: Queue) -> Iterable[Gauge]:
    """Jobs that wait and run, by priority, those in quarantine, and how long the first has waited."""
    counts = queue.counts()
    yield (
        "rakkan_jobs",
        "Jobs by priority and state",
        [
            ({"priority": priority, "state": state}, float(number))
            for state, numbers in (("waiting", counts.waiting), ("running", counts.running))
            for priority, number in numbers.items()
        ],
    )
    yield "rakkan_jobs_quarantined", "Jobs that ended their worker twice", [({}, float(counts.quarantined))]
    yield "rakkan_jobs_longest_wait_seconds", "Seconds the first job has waited", [({}, counts.longest_wait)]
