"""Further files of a picture of one's own: asking for them, and seeing what there is."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service import releasing, wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.following import outcome
from rakkan.service.jobs.records import Job
from rakkan.service.pictures.records import Shown
from rakkan.service.pictures.releases import Released, Releases, may_be_released
from rakkan.service.routes.showing import actor_of, see_other, service_of, show, wants_json
from rakkan.service.routes.studio import accepted, read_wish
from rakkan.service.schema import is_identifier
from rakkan.service.web.releases import FileRow, FilesView
from rakkan.service.web.views import Choice

router = new_router(include_in_schema=False)

LABELS = {"png": "PNG", "webp": "WebP", "jpeg": "JPEG"}
_Line = Annotated[str, Form(max_length=20)]


@router.post("/pictures/{picture}/release")
@allow("member", "create", "own", forms=True)
def release(request: Request, picture: str, format: _Line, disclosure: _Line = "full") -> Response:
    """Make another file of a picture of one's own. What there is already is not made again."""
    service, actor = service_of(request), actor_of(request)
    shown = Releases(service.catalogue).own(actor, picture)
    told = {"picture": picture, "format": format, "disclosure": disclosure}
    wish: wishes.Release = read_wish(wishes.Release, told)
    if Releases(service.catalogue).find(actor, picture, wish.format, wish.disclosure) is not None:
        if wants_json(request):
            return JSONResponse({"url": releasing.address(service, actor.account, **told)})
        return _page(request, files_view(service, actor, shown))
    job = releasing.ask(service, actor, wish)
    if wants_json(request):
        return accepted(request, job)
    return _page(request, files_view(service, actor, shown, job))


@router.get("/pictures/{picture}/releases")
@allow("member", "read", "own", weight="free")
def releases(
    request: Request, picture: str, job: Annotated[str, Query(max_length=26)] = "", seen: str = ""
) -> Response:
    """The files of a picture of one's own; nothing new (204) while the ``job`` that was ``seen`` goes on."""
    service, actor = service_of(request), actor_of(request)
    shown = Releases(service.catalogue).own(actor, picture)
    view = files_view(service, actor, shown, job)
    if seen and view.making:
        return Response(status_code=204)
    return show(request, "fragments/files.html", view)


def files_view(service: Service, actor: Actor, shown: Shown, job: str = "") -> FilesView:
    """The files of a picture of the actor's own; ``job`` is one whose end is to be told."""
    there = Releases(service.catalogue).of(actor, shown.identifier)
    making = releasing.under_way(service, actor, shown.identifier)
    last = _ended(service, actor, job)
    trouble = outcome(last)[1] if last is not None and last.state != "done" else {}
    return FilesView(
        shown.identifier,
        tuple(_row(one) for one in there),
        tuple(FileRow(wish.format, LABELS[wish.format], wish.disclosure) for _, wish in making),
        making[0][0].identifier if making else "",
        str(trouble.get("message", "")),
        str(trouble.get("hint", "")),
        tuple(Choice(name, label) for name, label in LABELS.items()),
        may_be_released(shown),
    )


def _row(one: Released) -> FileRow:
    return FileRow(one.format, LABELS[one.format], one.disclosure, _size(one.size), not one.job)


def _ended(service: Service, actor: Actor, job: str) -> Job | None:
    if not is_identifier(job):
        return None
    try:
        found = service.queue.get(actor.account, job)
    except RakkanError:  # it is listed no more, or somebody else's
        return None
    return found if found.over and found.kind == releasing.KIND else None


def _page(request: Request, view: FilesView) -> Response:
    if "hx-request" in request.headers:
        return show(request, "fragments/files.html", view)
    return see_other(f"/pictures/{view.identifier}#download")


def _size(count: int) -> str:
    if not count:
        return ""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
