"""Accepting work: what is asked is checked as far as it can be before anything is drawn, and queued."""

from __future__ import annotations

import json
from typing import Any

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.jobs.records import JobRequest, Priority
from rakkan.service.making.compatible import compatibility
from rakkan.service.pictures.visibility import demand_account
from rakkan.service.schema import is_identifier
from rakkan.service.weighing import count_pair, fetched

#: What a job costs of its account's share, in steps of a small picture: for each picture, and for each step.
_PICTURE, _STEP, _USUAL_STEPS = 2, 1, 4
_UPSCALE = 20
_RELEASE = 2
#: Pictures on a character's sheet.
_SHEET = 15


def submit(
    service: Service,
    actor: Actor,
    kind: str,
    wish: wishes.Wish,
    *,
    priority: Priority = "interactive",
    idempotency: str | None = None,
    slot: str = "",
) -> str:
    """Queue work for an actor; the job's identifier. Raises RakkanError for words nothing may be drawn from
    and for a model there is not, NotFound for pictures the actor may not see, TooMany for one of somebody
    else's that the actor's budgets have no room for."""
    demand_account(actor)
    told = wish.model_dump(mode="json", exclude_defaults=True)
    _check(service, actor, wish)
    if len(getattr(wish, "prompt", "")) == 0 and kind in ("create", "draft") and not told.get("character"):
        raise RakkanError("The prompt is empty", 'Describe a figure: "1girl, silver hair"')
    source = getattr(wish, "picture", "")
    if is_identifier(source):  # it leaves in what is made of it
        fetched(service.budgets, service.catalogue, actor, source)
    request = JobRequest(
        actor.account,
        kind,
        json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
        priority,
        compatibility(kind, told, priority),
        slot,
        idempotency,
        _cost(kind, told),
    )
    return service.queue.submit(request)


def give_up(service: Service, account: str, job: str) -> None:
    """Give a job of an account's up, with the files that wait for it. Raises NotFound."""
    found = service.queue.get(account, job)
    service.queue.cancel(account, job)
    if found.over or found.payload is None:
        return
    if found.kind == "import":
        files = wishes.Import.model_validate_json(found.payload).files
        service.transit.discard(account, [one.waiting for one in files])
    elif found.kind == "model":
        service.uploads.discard(account, wishes.Model.model_validate_json(found.payload).upload)


def _check(service: Service, actor: Actor, wish: Any) -> None:
    texts = [getattr(wish, "prompt", ""), *getattr(wish, "changes", ())]
    texts += [*getattr(wish, "expressions", ()), *getattr(wish, "outfits", ())]
    for text in filter(None, texts):
        assemble.gate().consider(text, getattr(wish, "negative", ""))
    if getattr(wish, "model", ""):
        assemble.reach(actor.account).find(wish.model)
    _count_character(service, actor, getattr(wish, "character", ""))
    reference = getattr(wish, "reference", None)
    named = [getattr(wish, "picture", ""), getattr(wish, "parent", "")]
    named.append(reference.picture if reference else "")
    for picture in named:
        if is_identifier(picture):
            service.catalogue.openable(actor, picture)


def _count_character(service: Service, actor: Actor, named: str) -> None:
    """A drawing tells what somebody's shared character is drawn from: it is a pair for the budgets, as the
    character's page is. Raises NotFound for one that is not there, TooMany."""
    loan = service.sharing.lend(actor.account, named)
    if loan is not None and loan.account != actor.account:
        count_pair(service.budgets, actor, named)


def _cost(kind: str, told: dict[str, Any]) -> int:
    if kind == "upscale":
        return _UPSCALE
    if kind == "release":
        return _RELEASE
    if kind == "sheet":
        return _SHEET * (_PICTURE + _STEP * _USUAL_STEPS)
    if kind == "model":
        return _UPSCALE
    if kind == "import":
        return max(1, _PICTURE * len(told["files"]))
    each = _PICTURE + _STEP * int(told.get("steps") or _USUAL_STEPS)
    return int(told.get("count", 1)) * each
