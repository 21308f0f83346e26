"""Asking for further files of a picture of one's own, and how they are handed over."""

from __future__ import annotations

from rakkan.errors import RakkanError
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.jobs.records import Job
from rakkan.service.pictures.releases import Released, Releases, may_be_released
from rakkan.service.submitting import submit

KIND = "release"
#: What a link to a file of a picture is about; its details name a further file, "" the one it was sealed as.
ABOUT = "picture "
#: Jobs of an account that are looked through for one that is under way already.
_LATEST = 200


def ask(service: Service, actor: Actor, wish: wishes.Release, idempotency: str | None = None) -> str:
    """The job that makes a file, or has made it: one that is under way or done is not begun again.

    Raises NotFound for a picture that is not the actor's own, Conflict for one that was brought in or about
    which a decision is awaited, and what ``submit`` does.
    """
    releases = Releases(service.catalogue)
    shown = releases.own(actor, wish.picture)
    found = releases.find(actor, wish.picture, wish.format, wish.disclosure)
    if found is None and not may_be_released(shown):
        if shown.state == "hidden":
            raise Conflict("This picture was reported, and is not released until that is decided")
        raise Conflict("A picture that was brought in is not sealed here", "Have it as it came")
    if found is not None and found.job and idempotency is None and _is_there(service, actor, found.job):
        return found.job
    for job, other in under_way(service, actor, wish.picture):
        if other == wish and idempotency is None:
            return job.identifier
    return submit(service, actor, KIND, wish, idempotency=idempotency)


def under_way(service: Service, actor: Actor, picture: str) -> list[tuple[Job, wishes.Release]]:
    """The jobs that make further files of a picture, the newest first, with what each was asked for."""
    listed = service.queue.page(actor.account, limit=_LATEST, states=("waiting", "running"))
    found = []
    for one in listed:
        if one.kind == KIND:
            job = service.queue.get(actor.account, one.identifier)
            wish = wishes.Release.model_validate_json(job.payload or b"{}")
            if wish.picture == picture and not job.over:
                found.append((job, wish))
    return found


def address(service: Service, account: str, picture: str, format: str, disclosure: str) -> str:
    """Where a file of a picture is, for its account alone and for minutes."""
    return "/downloads/" + service.links.make(ABOUT + picture, account, f"{format} {disclosure}")


def behind(service: Service, actor: Actor, picture: str, details: str) -> Released:
    """The file that the details of a link name. Raises NotFound when it is there no more."""
    format, _, disclosure = details.partition(" ")
    found = Releases(service.catalogue).find(actor, picture, format, disclosure)
    if found is None:
        raise NotFound("This link does not hold", "Ask for another")
    return found


def _is_there(service: Service, actor: Actor, job: str) -> bool:
    try:
        return service.queue.get(actor.account, job).state == "done"
    except RakkanError:  # it is listed no more
        return False
