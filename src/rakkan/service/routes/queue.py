"""The queue: what one has asked for, how far it is, and how much waits before it."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.jobs.records import Job as Queued
from rakkan.service.routes.presenting import cards
from rakkan.service.routes.releasing import LABELS
from rakkan.service.routes.showing import actor_of, page_of, service_of, show
from rakkan.service.times import moment
from rakkan.service.web.views import Job, QueueView, State
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

#: Jobs on the page.
MOST = 30
_MOST_REMARKS = 20
_STATES: dict[str, State] = {
    "waiting": "waiting",
    "running": "drawing",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "superseded": "cancelled",
    "quarantined": "quarantined",
}


@router.get("/queue")
@allow("member", "read", "own", weight="page")
def queue_page(request: Request) -> Response:
    """One's own work, the newest first; with HX-Request the list alone."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    view = queue_view(service, actor, words)
    return show(request, "fragments/jobs.html" if "hx-request" in request.headers else "queue.html", view)


def queue_view(service: Service, actor: Actor, words: Words) -> QueueView:
    """The queue as an account sees it; of others' work only how much there is."""
    listed = service.queue.page(actor.account, limit=MOST, without=("draft",))
    jobs = [service.queue.get(actor.account, one.identifier) for one in listed]
    counts = service.queue.counts()
    waiting = counts.waiting.get("interactive", 0) + counts.waiting.get("batch", 0)
    shown = tuple(_job(service, actor, one, words) for one in jobs)
    return QueueView(shown, waiting, _seconds(service, jobs, waiting))


def _job(service: Service, actor: Actor, job: Queued, words: Words) -> Job:
    made = _read(job.result)
    pictures = made.get("pictures", [])[:1]
    if "release" in made:
        pictures = [made["release"]["picture"]]
    card = next(iter(cards(service, service.catalogue.cards(actor, pictures), words, actor)), None)
    remarks = [str(one) for one in made.get("remarks", [])]
    is_waiting = job.state == "waiting"
    return Job(
        job.identifier,
        job.kind,
        _words(job, words),
        _STATES[job.state],
        moment(job.created),
        job.done,
        job.total,
        service.queue.ahead(actor.account, job.identifier) + 1 if is_waiting else 0,
        card,
        job.error or " · ".join(remarks[:_MOST_REMARKS]),
        job.hint,
    )


def _words(job: Queued, words: Words) -> str:
    """What was asked for, in its own words."""
    told = _read(job.payload)
    if job.kind == "import":
        return words("job.files", count=len(told.get("files", [])))
    if job.kind == "release":
        return words("job.as", format=LABELS[told["format"]])
    if job.kind == "model":
        return str(told.get("called", ""))
    if job.kind == "upscale":
        return f"{told.get('scale', 2)} ×"
    said = told.get("prompt") or "; ".join(told.get("changes", [])) or told.get("character", "")
    return str(said)


def _read(data: bytes | None) -> dict[str, Any]:
    found = json.loads(data) if data else {}
    return found if isinstance(found, dict) else {}


def _seconds(service: Service, jobs: list[Queued], waiting: int) -> int | None:
    """Seconds until a new job would start, by how long those here took; None when none has ended."""
    took = [
        one.finished - one.started
        for one in jobs
        if one.state == "done" and one.finished is not None and one.started is not None
    ]
    if not took:
        return None
    workers = max(1, len(service.queue.workers(60.0)))
    return round(sum(took) / len(took) / 1000 * waiting / workers)
