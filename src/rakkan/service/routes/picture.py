"""One picture: how it was made and where it came from, and what people do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.making.deleting import delete_picture
from rakkan.service.pictures.records import Comment as Said
from rakkan.service.pictures.records import Shown
from rakkan.service.reporting import report, take_down
from rakkan.service.routes import telling
from rakkan.service.routes.appealing import barred, down_view
from rakkan.service.routes.presenting import cards, disclosed
from rakkan.service.routes.releasing import files_view
from rakkan.service.routes.showing import (
    actor_of,
    is_reduced,
    listed,
    page_of,
    see_other,
    service_of,
    show,
    wants_json,
)
from rakkan.service.times import moment
from rakkan.service.web.views import Choice, Comment, PictureView
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

#: Pictures below one that look like it.
_ALIKE = 6
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP"}
_Flag = Annotated[str, Form(max_length=1)]
_Line = Annotated[str, Form(max_length=300)]
_Text = Annotated[str, Form(max_length=2000)]


@router.get("/pictures/{picture}")
@allow("visitor", "read", "shown", weight="pair")
def picture_page(request: Request, picture: str) -> Response:
    """A picture with its recipe: the pair that budgets count."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    shown = service.catalogue.get(actor, picture)
    told = barred(service, actor, shown)
    if told is not None and told.is_down and not actor.at_least("moderator"):
        handle = service.accounts.profile(actor.account).handle
        return show(request, "picture_down.html", down_view(shown, told, handle, words))
    service.catalogue.openable(actor, picture)
    view = picture_view(service, actor, shown, words)
    listed(request, service.catalogue.cards(actor, [one.identifier for one in view.similar]))
    return show(request, "picture.html", short(view, words) if is_reduced(request) else view)


def short(view: PictureView, words: Words) -> PictureView:
    """The page without what it is worth collecting for, and saying so."""
    said = (words("told.reduced"),)
    return replace(view, url=view.card.thumbnail, sentences=said, prompt="", facts=(), tags=(), origins=())


def picture_view(service: Service, actor: Actor, shown: Shown, words: Words) -> PictureView:
    """All that the page of a picture shows to whoever looks."""
    recipe = service.catalogue.recipe(actor, shown.identifier)
    open_recipe = disclosed(service, actor, shown)
    is_own = bool(actor.account) and shown.account == actor.account
    tells_words = is_own or shown.disclosure == "full"
    lineage = telling.lineage_of(service, actor, shown)
    if shown.operation == "import":
        said, details = telling.told_by_file(service, shown, words)
    else:
        said = telling.sentences(recipe, shown, words, tells_words)
        details = telling.facts(recipe, shown, words) if is_own or shown.disclosure != "digest" else ()
    (card,) = cards(service, [shown], words, actor)
    followed = None
    if actor.account and not is_own:
        followed = shown.account in service.social.follows(actor)
    spoken = service.social.comments(actor, shown.identifier, most=100).comments
    return PictureView(
        card=card,
        url=f"/pictures/{shown.identifier}/file",
        title=shown.title or words("picture.of", handle=card.handle),
        time=moment(shown.published or shown.created),
        sentences=said,
        prompt=open_recipe.prompt if open_recipe else "",
        facts=details,
        origins=telling.origins(lineage, shown, recipe, words, telling.played(service, shown, words)),
        allowed=allowed(actor, shown),
        tags=shown.tags,
        published=shown.state == "published",
        followed=followed,
        comments=_comments(service, actor, spoken),
        similar=cards(service, service.catalogue.similar(actor, shown.identifier, _ALIKE), words, actor),
        remixes=len(lineage.descendants),
        formats=(Choice(shown.media_type.partition("/")[2], _FORMATS.get(shown.media_type, "")),),
        disclosures=(shown.disclosure,),
        sealed=shown.operation != "import",
        files=files_view(service, actor, shown) if is_own else None,
        barred=barred(service, actor, shown),
        imported=shown.operation == "import" and lineage.origin is None,
    )


def allowed(actor: Actor, shown: Shown) -> frozenset[str]:
    """What whoever looks may do with a picture."""
    found: set[str] = set()
    is_own = bool(actor.account) and shown.account == actor.account
    if actor.account:
        found |= {"edit", "vary", "upscale", "download", "remix"}
    if is_own and shown.state in ("private", "published"):
        found |= {"delete", "withdraw"}
        # What was brought in is not sealed here: what is made of it is.
        found |= {"publish"} if shown.operation != "import" else set()
    if actor.account and shown.state == "published":
        found |= {"like", "comment"}
        found |= set() if is_own else {"report"}
    if actor.at_least("moderator") and shown.state != "removed":
        found.add("take_down")
    return frozenset(found)


def _comments(service: Service, actor: Actor, spoken: tuple[Said, ...]) -> tuple[Comment, ...]:
    profiles = service.accounts.people.profiles(one.account for one in spoken)
    return tuple(
        Comment(
            one.identifier,
            profiles[one.account].handle if one.account in profiles else "",
            one.text,
            moment(one.created),
            one.account == actor.account,
        )
        for one in spoken
    )


@router.post("/pictures/{picture}/like")
@allow("member", "share", "shown", forms=True)
def like(request: Request, picture: str, liked: _Flag = "1") -> Response:
    """Like a picture, or no longer."""
    service, actor = service_of(request), actor_of(request)
    count = (service.social.unlike if liked == "0" else service.social.like)(actor, picture)
    if wants_json(request):
        return JSONResponse({"liked": liked != "0", "likes": count})
    if "hx-request" not in request.headers:
        return see_other(f"/pictures/{picture}")
    words = Words(page_of(request).locale)
    (card,) = cards(service, [service.catalogue.get(actor, picture)], words, actor)
    return show(request, "fragments/like.html", card)


@router.post("/pictures/{picture}/comments")
@allow("member", "share", "shown", forms=True)
def comment(request: Request, picture: str, text: _Text) -> Response:
    """Write under a picture."""
    service, actor = service_of(request), actor_of(request)
    said = service.social.comment(actor, picture, text)
    (seen,) = _comments(service, actor, (said,))
    if wants_json(request):
        return JSONResponse({"comment": seen.identifier, "text": seen.text}, 201)
    if "hx-request" in request.headers:
        return show(request, "fragments/comment.html", seen)
    return see_other(f"/pictures/{picture}#comments")


@router.post("/comments/{comment_identifier}/remove")
@allow("member", "share", "shown", forms=True)
def take_back(request: Request, comment_identifier: str, text: _Text = "") -> Response:
    """Take a comment away: one's own, one under one's own picture, or as a moderator, who says why."""
    service_of(request).social.take_back(actor_of(request), comment_identifier, text)
    return JSONResponse({"removed": True}) if wants_json(request) else see_other("/gallery")


@router.post("/pictures/{picture}/publish")
@allow("member", "share", "own", forms=True)
def publish(request: Request, picture: str, caption: _Line = "", tags: _Line = "") -> Response:
    """Show one's picture to all."""
    service, actor = service_of(request), actor_of(request)
    if own(service, actor, picture).operation == "import":
        raise Conflict(
            "A picture that was brought in is not sealed here", "Change or enlarge it and publish that"
        )
    named = [one for one in tags.split(",") if one.strip()]
    service.catalogue.publish(actor, picture, caption, named)
    return _back(request, picture, {"published": True})


@router.post("/pictures/{picture}/withdraw")
@allow("member", "share", "own", forms=True)
def withdraw(request: Request, picture: str) -> Response:
    """Take one's picture out of the gallery."""
    service_of(request).catalogue.unpublish(actor_of(request), picture)
    return _back(request, picture, {"published": False})


@router.post("/pictures/{picture}/delete")
@allow("member", "create", "own", forms=True)
def delete(request: Request, picture: str) -> Response:
    """Delete one's picture for good, with its file."""
    service = service_of(request)
    delete_picture(service.catalogue, service.transit, actor_of(request), picture)
    return JSONResponse({"deleted": True}) if wants_json(request) else see_other("/gallery")


@router.post("/pictures/{picture}/report")
@allow("member", "share", "shown", forms=True)
def report_picture(request: Request, picture: str, reason: _Line, text: _Text = "") -> Response:
    """Say that a picture should not be here: nobody sees it from now on until that is decided."""
    report(service_of(request), actor_of(request), picture, reason, text)
    return JSONResponse({"reported": True}) if wants_json(request) else see_other("/gallery")


@router.post("/pictures/{picture}/take-down")
@allow("moderator", "moderate", "none", forms=True)
def take_picture_down(request: Request, picture: str, text: _Text, reason: _Line = "unsafe") -> Response:
    """Take a picture down, saying why; its maker may appeal."""
    take_down(service_of(request), actor_of(request), picture, text, reason)
    return _back(request, picture, {"removed": True})


def own(service: Service, actor: Actor, picture: str) -> Shown:
    """A picture of whoever asks. Raises NotFound for anybody else's."""
    shown = service.catalogue.get(actor, picture)
    if shown.account != actor.account:
        raise NotFound("There is no such picture", "Look for it in the gallery")
    return shown


def _back(request: Request, picture: str, told: dict[str, bool]) -> Response:
    return JSONResponse(told) if wants_json(request) else see_other(f"/pictures/{picture}")
