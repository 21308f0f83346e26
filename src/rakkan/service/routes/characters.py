"""Characters: one's own with their versions, colours, pictures and sheet, and those that are shared."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from fastapi.responses import JSONResponse, Response

from rakkan import assemble
from rakkan.service import wishes
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.pictures.records import character_identifier
from rakkan.service.routes.showing import (
    actor_of,
    is_reduced,
    listed_characters,
    page_of,
    see_other,
    service_of,
    show,
    wants_json,
)
from rakkan.service.routes.showing_characters import (
    own_cards,
    own_character,
    own_view,
    shared_cards,
    shared_view,
)
from rakkan.service.routes.studio import accepted
from rakkan.service.submitting import submit
from rakkan.service.web.views import CharactersView, CharacterView
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

#: Shared characters on a page.
MOST = 24
_Name = Annotated[str, Form(max_length=120)]
_Text = Annotated[str, Form(max_length=2000)]
_Line = Annotated[str, Query(max_length=200)]


@router.get("/characters")
@allow("visitor", "read", "shown", weight="list")
def characters_page(
    request: Request,
    tab: Literal["mine", "shared", ""] = "",
    q: _Line = "",
    tag: _Line = "",
    after: Annotated[str, Query(max_length=600)] = "",
) -> Response:
    """One's characters, or those that people share."""
    service, actor = service_of(request), actor_of(request)
    is_shared = not actor.account or tab == "shared" or bool(q or tag)
    if not is_shared:
        mine = assemble.casting().characters.all(actor.account)
        return show(request, "characters.html", CharactersView(own_cards(service, actor, mine)))
    found = service.sharing.listed(q, tag, after, MOST)
    listed_characters(request, [one.shared.identifier for one in found.cards])
    asked = {"tab": "shared", "q": q, "tag": tag, "after": found.cursor}
    further = f"/characters?{urlencode({name: text for name, text in asked.items() if text})}"
    view = CharactersView(
        shared_cards(service, found.cards),
        "shared",
        q,
        tag,
        further if found.cursor else "",
        bool(actor.account),
    )
    goes_on = bool(after) and "hx-request" in request.headers
    return show(request, "fragments/characters.html" if goes_on else "characters.html", view)


@router.post("/characters")
@allow("member", "create", "own", forms=True)
def make(request: Request, name: _Name, words: _Text) -> Response:
    """Make a character from words."""
    from rakkan.studio.characters.making import CharacterRequest

    account = actor_of(request).account
    kept = assemble.casting().make(CharacterRequest(name, words), account)
    identifier = character_identifier(account, kept.version.name)
    if wants_json(request):
        return JSONResponse({"character": identifier, "name": kept.version.name}, 201)
    return see_other(f"/characters/{identifier}")


@router.get("/characters/{character}")
@allow("visitor", "read", "shown", weight="pair")
def character_page(request: Request, character: str) -> Response:
    """A character of one's own, or a shared one: what it is drawn from is a pair for the budgets."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    try:
        view = own_view(service, actor, words, own_character(actor, character))
    except NotFound:
        view = shared_view(service, actor, words, service.sharing.get(actor, character))
        view = short(view) if is_reduced(request) else view
    return show(request, "character.html", view)


def short(view: CharacterView) -> CharacterView:
    """The page without what it is worth collecting for."""
    card = replace(view.card, words="")
    return replace(view, card=card, palette=(), facts=(), versions=(), tags=())


@router.post("/characters/{character}/sheet")
@allow("member", "create", "own", forms=True)
def sheet(request: Request, character: str) -> Response:
    """Draw its sheet."""
    actor = actor_of(request)
    wish = wishes.Sheet(character=own_character(actor, character).version.name)
    return accepted(request, submit(service_of(request), actor, "sheet", wish))


@router.post("/characters/{character}/rename")
@allow("member", "create", "own", forms=True)
def rename(request: Request, character: str, name: _Name) -> Response:
    """Call it otherwise; pictures drawn before keep the name they were drawn with. One that is shared keeps
    its name until it is withdrawn."""
    from rakkan.studio.characters.making import Revision

    account = actor_of(request).account
    called = own_character(actor_of(request), character).version.name
    service_of(request).sharing.demand_free(account, called)
    kept = assemble.casting().revise(called, Revision(name=name), account)
    return see_other(f"/characters/{character_identifier(account, kept.version.name)}")


@router.post("/characters/{character}/remove")
@allow("member", "create", "own", forms=True)
def remove(request: Request, character: str) -> Response:
    """Remove all versions of it; nobody else sees it any more either."""
    actor = actor_of(request)
    called = own_character(actor, character).version.name
    service_of(request).sharing.let_go(actor, called)
    assemble.casting().characters.remove(called, actor.account)
    return JSONResponse({"removed": True}) if wants_json(request) else see_other("/characters")
