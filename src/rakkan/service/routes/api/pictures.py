"""Pictures over the API: finding them, opening them, showing one's own, saying something of others'."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from rakkan import assemble
from rakkan.records import canonical_json
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.making.deleting import delete_picture
from rakkan.service.pictures import plain
from rakkan.service.pictures.lineage import from_ledger, lineage
from rakkan.service.pictures.records import Link, Shown, Wanted
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import PREFIX, card_of, cards, digest_of_recipe, v1_router
from rakkan.service.routes.showing import REDUCED, actor_of, is_reduced, listed, reduced, service_of
from rakkan.service.times import moment
from rakkan.trust.seal.disclosure import KIND, PERSONAL

router = v1_router("pictures")

_ENDINGS = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg"}
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, sealed",
        "content": dict.fromkeys(_ENDINGS, _PICTURE),
    }
}
_SMALL: dict[int | str, dict[str, Any]] = {
    200: {"description": "384 pixels on its longer side at most", "content": {"image/webp": _PICTURE}}
}


@router.get("/pictures")
@allow("visitor", "read", "shown", weight="list")
def feed(
    request: Request,
    tag: Annotated[list[str], Query(max_length=8, description="All of these")] = [],  # noqa: B006
    title: Annotated[str, Query(max_length=120, description="Words of the title")] = "",
    character: Annotated[str, Query(max_length=64, description="`character.id` of another")] = "",
    model: Annotated[str, Query(max_length=64, description="`model.digest` of another")] = "",
    account: Annotated[str, Query(max_length=64, description="A handle")] = "",
    followed: Annotated[bool, Query(description="Of those whom one follows alone")] = False,
    cursor: shapes.Cursor = "",
    limit: shapes.Limit = 24,
) -> shapes.Page[shapes.PictureCard]:
    """Published pictures, the newest first: those that are all of what is asked for."""
    service, actor = service_of(request), actor_of(request)
    artist = account_of(service, account) if account else ""
    wanted = Wanted(tuple(tag), title, character, model, artist, followed)
    page = service.catalogue.feed(actor, wanted, cursor, limit)
    return shapes.Page(items=cards(service, actor, listed(request, page.cards)), next=page.cursor or None)


@router.get("/catalogue")
@allow("visitor", "read", "shown", weight="bulk")
def catalogue(
    request: Request,
    cursor: shapes.Cursor = "",
    limit: Annotated[int, Query(ge=1, le=plain.MOST_NAMES, description="Rows of a page")] = 100,
) -> shapes.Page[str]:
    """The identifiers of all pictures that are there for everybody, the oldest first, for archives and for
    research. It is the first that is put off when there is much to do, and some of its pictures are the
    instance's own and stand nowhere else, so that whoever collects all of it is noticed."""
    page = plain.names(service_of(request).catalogue, cursor, limit)
    return shapes.Page(items=list(page.identifiers), next=page.cursor or None)


@router.get("/pictures/mine")
@allow("member", "read", "own", weight="list")
def mine(
    request: Request, cursor: shapes.Cursor = "", limit: shapes.Limit = 24
) -> shapes.Page[shapes.PictureCard]:
    """All pictures of one's own, the newest first."""
    service, actor = service_of(request), actor_of(request)
    page = service.catalogue.mine(actor, cursor, limit)
    return shapes.Page(items=cards(service, actor, page.cards), next=page.cursor or None)


@router.get("/pictures/liked")
@allow("member", "read", "own", weight="list")
def liked(
    request: Request, cursor: shapes.Cursor = "", limit: shapes.Limit = 24
) -> shapes.Page[shapes.PictureCard]:
    """The pictures that one likes, the newest like first."""
    service, actor = service_of(request), actor_of(request)
    page = service.social.liked(actor, cursor, limit)
    return shapes.Page(items=cards(service, actor, page.cards), next=page.cursor or None)


@router.get("/pictures/{picture}")
@allow("visitor", "read", "shown", weight="pair")
def picture(request: Request, picture: shapes.PictureName) -> shapes.Picture:
    """A picture with its tags."""
    service, actor = service_of(request), actor_of(request)
    return whole(service, request, service.catalogue.get(actor, picture))


@router.get("/pictures/{picture}/recipe")
@allow("visitor", "read", "shown", weight="pair")
def recipe(request: Request, picture: shapes.PictureName) -> shapes.Recipe:
    """How a picture was made, as far as its artist tells."""
    service, actor = service_of(request), actor_of(request)
    shown = service.catalogue.openable(actor, picture)
    if is_reduced(request):
        raise reduced(request)
    canonical = canonical_json(service.catalogue.recipe(actor, picture))
    fields = json.loads(canonical)
    level = "digest" if request.state.decoy else shown.disclosure
    hidden = [] if shown.account == actor.account else sorted(_hidden(level, fields))
    return shapes.Recipe(
        picture=picture,
        digest=digest_of_recipe(canonical),
        disclosure=shown.disclosure,  # type: ignore[arg-type]
        recipe={name: value for name, value in fields.items() if name not in hidden},
        hidden=hidden,
    )


@router.get("/pictures/{picture}/file", responses=_FILE, response_class=Response)
@allow("visitor", "read", "shown", weight="pair")
def file(request: Request, picture: shapes.PictureName) -> Response:
    """The picture itself, as it was sealed."""
    service = service_of(request)
    shown = service.catalogue.openable(actor_of(request), picture)
    if is_reduced(request):
        return small(service, shown, {REDUCED: "thumbnail"})
    return attached(service, shown)


@router.get("/pictures/{picture}/thumbnail", responses=_SMALL, response_class=Response)
@allow("visitor", "read", "shown", weight="asset")
def thumbnail(request: Request, picture: shapes.PictureName) -> Response:
    """The picture, small, telling nothing of how it was made."""
    service = service_of(request)
    return small(service, service.catalogue.openable(actor_of(request), picture))


@router.get("/pictures/{picture}/similar")
@allow("visitor", "read", "shown", weight="list")
def similar(
    request: Request, picture: shapes.PictureName, limit: shapes.Limit = 24
) -> shapes.Page[shapes.PictureCard]:
    """Published pictures that look most like this one; there is one page."""
    service, actor = service_of(request), actor_of(request)
    near = service.catalogue.similar(actor, picture, limit)
    return shapes.Page(items=cards(service, actor, listed(request, near)))


@router.get("/pictures/{picture}/lineage")
@allow("visitor", "read", "shown", weight="list")
def origins(request: Request, picture: shapes.PictureName) -> shapes.Lineage:
    """Where a picture came from and what became of it, with what the ledger states."""
    service, actor = service_of(request), actor_of(request)
    found = lineage(service.catalogue, actor, picture, partial(from_ledger, assemble.ledger()))
    links = (*found.ancestors, *found.descendants)
    known = listed(request, [link.card for link in links if link.card])
    told = {one.id: one for one in cards(service, actor, known)}

    def step(link: Link) -> shapes.Step:
        return shapes.Step(
            picture=link.identifier, depth=link.depth, stated=link.stated, card=told.get(link.identifier)
        )

    origin = None
    if found.origin is not None:
        kept = ("operation", "training", "parents", "references", "licences", "entry")
        origin = shapes.Origin(
            **{name: _plain(getattr(found.origin, name)) for name in kept},
            model=shapes.Model(name=found.origin.model, digest=found.origin.model_digest),
            stated=moment(found.origin.time * 1000, "milliseconds"),
        )
    return shapes.Lineage(
        ancestors=[step(one) for one in found.ancestors],
        descendants=[step(one) for one in found.descendants],
        origin=origin,
    )


@router.post("/pictures/{picture}/publish")
@allow("member", "share", "own")
def publish(request: Request, picture: shapes.PictureName, words: shapes.Publication) -> shapes.Picture:
    """Show a picture of one's own to all; again, to change its words."""
    service, actor = service_of(request), actor_of(request)
    shown = service.catalogue.publish(actor, picture, words.title, words.tags, words.licence)
    return whole(service, request, shown)


@router.post("/pictures/{picture}/unpublish")
@allow("member", "share", "own")
def unpublish(request: Request, picture: shapes.PictureName) -> shapes.Picture:
    """Take a picture of one's own back."""
    service, actor = service_of(request), actor_of(request)
    service.catalogue.unpublish(actor, picture)
    return whole(service, request, service.catalogue.get(actor, picture))


@router.delete("/pictures/{picture}", status_code=204, response_class=Response)
@allow("member", "create", "own")
def delete(request: Request, picture: shapes.PictureName) -> Response:
    """Delete a picture of one's own, for good."""
    service = service_of(request)
    delete_picture(service.catalogue, service.transit, actor_of(request), picture)
    return Response(status_code=204)


def whole(service: Service, request: Request, shown: Shown) -> shapes.Picture:
    """A picture as it is told of to whoever asks."""
    actor = actor_of(request)
    found = service.accounts.people.profiles([shown.account]).get(shown.account)
    is_liked = bool(actor.account) and shown.identifier in service.social.likes_of(actor, [shown.identifier])
    kept = {name: getattr(shown, name) for name in ("digest", "media_type", "disclosure", "licence")}
    is_short = is_reduced(request) and shown.account != actor.account
    return shapes.Picture(
        **card_of(shown, found.handle if found else "", is_liked),
        **kept,
        tags=[] if is_short else list(shown.tags),
        reduced=is_short,
        file=f"{PREFIX}/pictures/{shown.identifier}/file",
        recipe=f"{PREFIX}/pictures/{shown.identifier}/recipe",
    )


def small(service: Service, shown: Shown, more: dict[str, str] | None = None) -> Response:
    """A picture's thumbnail, with ``more`` headers."""
    headers = {"cache-control": "private, max-age=300", **(more or {})}
    data = service.vault.read(shown.account, shown.thumbnail)
    return Response(data, media_type="image/webp", headers=headers)


def attached(service: Service, shown: Shown) -> Response:
    """A picture's sealed file, to be kept and never to be taken for anything but a picture."""
    name = f"{shown.identifier}.{_ENDINGS.get(shown.media_type, 'bin')}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, max-age=300",
    }
    return Response(
        service.vault.read(shown.account, shown.file), media_type=shown.media_type, headers=headers
    )


def _small(service: Service, shown: Shown) -> Response:
    data = service.vault.read(shown.account, shown.thumbnail)
    return Response(data, media_type="image/webp", headers={"cache-control": "private, max-age=300"})


def account_of(service: Service, handle: str) -> str:
    """The account of a handle. Raises NotFound."""
    found = service.accounts.people.find(handle)
    if found is None or found.state == "closed":
        raise NotFound("There is no such account", "Look for it in the gallery")
    return found.identifier


def _hidden(disclosure: str, fields: dict[str, Any]) -> set[str]:
    """The fields of a recipe that its artist tells nobody (see ``trust.seal.disclosure``)."""
    if disclosure == "full":
        return set()
    return set(fields) & PERSONAL if disclosure == "redacted" else set(fields) - {KIND}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
