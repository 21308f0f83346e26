"""Jobs over the API: asking for pictures, following what becomes of it, giving it up."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from rakkan.service import following, releasing, wishes
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.jobs.records import Job, State
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import PREFIX, v1_router
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.submitting import give_up, submit
from rakkan.service.times import moment

router = v1_router("jobs")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern="^[!-~]+$",
        description="Any text of one's own; sent again with the same wish, it is answered with the same job",
    ),
]
_Priority = Annotated[
    Literal["interactive", "batch"], Query(description="`batch` waits for what somebody waits for")
]
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "It is on the disk and will be done",
        "headers": {"Location": {"description": "Where the job is", "schema": {"type": "string"}}},
    }
}
#: One of the stream's.
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["progress", "done", "failed"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`progress` with done and total, then `done` with pictures, or `failed` with why",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}


@router.post("/jobs/create", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own", weight="interactive")
def create(
    request: Request,
    response: Response,
    wish: wishes.Create,
    key: Key = None,
    priority: _Priority = "interactive",
) -> shapes.Job:
    """Draw a picture, or several, from words."""
    return _accept(request, response, "create", wish, key, priority)


@router.post("/jobs/edit", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own", weight="interactive")
def edit(
    request: Request,
    response: Response,
    wish: wishes.Edit,
    key: Key = None,
    priority: _Priority = "interactive",
) -> shapes.Job:
    """Change a picture: in words, or by a prompt under a mask."""
    return _accept(request, response, "edit", wish, key, priority)


@router.post("/jobs/vary", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own", weight="interactive")
def vary(
    request: Request,
    response: Response,
    wish: wishes.Vary,
    key: Key = None,
    priority: _Priority = "interactive",
) -> shapes.Job:
    """Draw more pictures like one."""
    return _accept(request, response, "vary", wish, key, priority)


@router.post("/jobs/upscale", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own", weight="interactive")
def upscale(
    request: Request,
    response: Response,
    wish: wishes.Upscale,
    key: Key = None,
    priority: _Priority = "interactive",
) -> shapes.Job:
    """Enlarge a picture."""
    return _accept(request, response, "upscale", wish, key, priority)


@router.get("/jobs")
@allow("member", "read", "own", weight="list")
def jobs(
    request: Request,
    state: Annotated[list[State], Query(max_length=7, description="Only those in these states")] = [],  # noqa: B006
    cursor: Annotated[str, Query(pattern="^([0-9a-hjkmnp-tv-z]{26})?$")] = "",
    limit: shapes.Limit = 24,
) -> shapes.Page[shapes.JobSummary]:
    """One's own jobs, the newest first."""
    service, account = service_of(request), actor_of(request).account
    found = service.queue.page(account, before=cursor, limit=limit + 1, states=state)
    items = [shapes.JobSummary(**_summary(one)) for one in found[:limit]]
    return shapes.Page(items=items, next=items[-1].id if len(found) > limit else None)


@router.get("/jobs/{job}")
@allow("member", "read", "own", weight="free")
def job(request: Request, job: shapes.JobName) -> shapes.Job:
    """A job as it stands."""
    return whole(service_of(request), actor_of(request).account, job)


@router.delete("/jobs/{job}")
@allow("member", "create", "own", weight="free")
def cancel(request: Request, job: shapes.JobName) -> shapes.Job:
    """Give a job up: one that waits is over at once, one that runs stops soon, one that is over stays."""
    service, account = service_of(request), actor_of(request).account
    give_up(service, account, job)
    return whole(service, account, job)


@router.get("/jobs/{job}/events", responses=_EVENTS, response_class=StreamingResponse)
@allow("member", "read", "own", weight="free")
async def events(request: Request, job: shapes.JobName) -> Response:
    """What becomes of a job, as server-sent events; the stream ends with the job."""
    service, account = service_of(request), actor_of(request).account
    await run_in_threadpool(service.queue.get, account, job)  # a stranger's is not there
    return StreamingResponse(
        following.events(service, account, job),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


def _accept(
    request: Request,
    response: Response,
    kind: str,
    wish: wishes.Wish,
    key: str | None,
    priority: Literal["interactive", "batch"],
) -> shapes.Job:
    service, actor = service_of(request), actor_of(request)
    name = submit(service, actor, kind, wish, priority=priority, idempotency=key)
    response.headers["location"] = f"{PREFIX}/jobs/{name}"
    return whole(service, actor.account, name)


def whole(service: Service, account: str, name: str) -> shapes.Job:
    """A job of an account as it stands. Raises NotFound."""
    found = service.queue.get(account, name)
    made = json.loads(found.result) if found.state == "done" and found.result else {}
    again = made.get("release")
    return shapes.Job(
        **_summary(found),
        ahead=0 if found.over else service.queue.ahead(account, name),
        wish=json.loads(found.payload or b"{}"),
        pictures=made.get("pictures", []),
        remarks=made.get("remarks", []),
        release=shapes.Release(**again, url=releasing.address(service, account, **again)) if again else None,
    )


def _summary(job: Job) -> dict[str, Any]:
    """The fields of a ``shapes.JobSummary``."""
    kept = {name: getattr(job, name) for name in ("kind", "state", "priority", "stopping", "done", "total")}
    error = None
    if job.over and job.state != "done":
        said = following.outcome(job)[1]
        error = shapes.Refused(message=said["message"], hint=said["hint"])
    return kept | {
        "id": job.identifier,
        "created": moment(job.created, "milliseconds"),
        "started": moment(job.started, "milliseconds"),
        "finished": moment(job.finished, "milliseconds"),
        "error": error,
    }
