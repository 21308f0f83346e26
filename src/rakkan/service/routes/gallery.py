"""The gallery and people's pages: published pictures, endless, without a word of how they were made."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.accounts.people import Profile
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.pictures import counts, tags
from rakkan.service.pictures.records import Page, Wanted
from rakkan.service.routes.presenting import cards
from rakkan.service.routes.showing import (
    actor_of,
    listed,
    page_of,
    see_other,
    service_of,
    show,
    wants_json,
)
from rakkan.service.web.views import Choice, GalleryView, Person
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

#: Pictures on a page.
MOST = 24
_Line = Annotated[str, Query(max_length=200)]
_Cursor = Annotated[str, Query(max_length=600)]


@router.get("/gallery")
@allow("visitor", "read", "shown", weight="list")
def gallery(
    request: Request,
    q: _Line = "",
    tag: _Line = "",
    character: _Line = "",
    model: _Line = "",
    like: _Line = "",
    feed: _Line = "new",
    within: _Line = "",
    after: _Cursor = "",
) -> Response:
    """Published pictures: the newest, those of whom one follows, those found by words, those alike."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    if like:
        return _alike(request, like)
    is_followed = feed == "following" and bool(actor.account)
    wanted = Wanted((tag,) if tag else (), "", character, model, followed=is_followed)
    found, within = _found(service, actor, wanted, q, within, after)
    asked = {
        "q": q,
        "tag": tag,
        "character": character,
        "model": model,
        "feed": "following" if is_followed else "",
        "within": within,
    }
    common = counts.common(service.engine, service.clock())
    return _shown(
        request,
        GalleryView(
            cards(service, listed(request, found.cards), words, actor),
            _next("/gallery", asked, found.cursor),
            q,
            tag,
            "following" if is_followed else "new",
            common.tags,
            tuple(Choice(value, name, value == character) for value, name in common.characters),
            tuple(Choice(value, name, value == model) for value, name in common.models),
        ),
        after,
    )


def _found(
    service: Service, actor: Actor, wanted: Wanted, words: str, within: str, after: str
) -> tuple[Page, str]:
    """A page of what the words find as tags or, where there is nothing so tagged, in titles: then the second
    is ``title``, which the pages after it go on with."""
    if not words.strip():
        return service.catalogue.feed(actor, wanted, after, MOST), ""
    if within != "title":
        try:
            tagged = replace(wanted, tags=(*wanted.tags, *tags.wanted(words)))
            page = service.catalogue.feed(actor, tagged, after, MOST)
        except RakkanError:
            if after:
                raise
            page = Page(())  # what is no tag may be a title: "Who is it?"
        if page.cards or after:
            return page, ""
    return service.catalogue.feed(actor, replace(wanted, title=words), after, MOST), "title"


def _alike(request: Request, picture: str) -> Response:
    """What looks like a picture."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    found = service.catalogue.similar(actor, picture, MOST)
    (seen,) = cards(service, service.catalogue.cards(actor, [picture]), words, actor)
    return _shown(request, GalleryView(cards(service, listed(request, found), words, actor), like=seen), "")


@router.get("/people/{handle}")
@allow("visitor", "read", "shown", weight="list")
def person(request: Request, handle: str, after: _Cursor = "") -> Response:
    """Somebody's published pictures; one's own page has those that are private, too."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    profile = profile_of(service, handle)
    is_own = profile.identifier == actor.account
    if is_own:
        found = service.catalogue.mine(actor, after, MOST)
    else:
        found = service.catalogue.feed(actor, Wanted(account=profile.identifier), after, MOST)
    followed = None
    if actor.account and not is_own:
        followed = profile.identifier in service.social.follows(actor)
    seen = Person(
        profile.handle,
        profile.display_name,
        profile.bio,
        counts.published_of(service.engine, profile.identifier),
        service.social.count_followers(profile.identifier),
        followed,
    )
    shown = cards(service, listed(request, found.cards), words, actor)
    view = GalleryView(shown, _next(f"/people/{profile.handle}", {}, found.cursor), person=seen)
    return _shown(request, view, after)


@router.post("/people/{handle}/follow")
@allow("member", "share", "shown", forms=True)
def follow(request: Request, handle: str, followed: Annotated[str, Form(max_length=1)] = "1") -> Response:
    """Follow somebody, or no longer."""
    service, actor = service_of(request), actor_of(request)
    profile = profile_of(service, handle)
    if followed == "0":
        service.social.unfollow(actor, profile.identifier)
    else:
        service.social.follow(actor, profile.identifier)
    if wants_json(request):
        return JSONResponse({"followed": followed != "0"})
    return see_other(f"/people/{profile.handle}")


def profile_of(service: Service, handle: str) -> Profile:
    """Somebody who is here. Raises NotFound."""
    found = service.accounts.people.find(handle)
    if found is None or found.state != "active":
        raise NotFound("There is nobody of that name", "Look for their pictures in the gallery")
    return found


def _shown(request: Request, view: GalleryView, after: str) -> Response:
    """The page, or the cards alone when a page goes on."""
    goes_on = bool(after) and "hx-request" in request.headers
    return show(request, "fragments/cards.html" if goes_on else "gallery.html", view)


def _next(path: str, asked: dict[str, str], cursor: str) -> str:
    told = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode({**told, 'after': cursor})}" if cursor else ""
