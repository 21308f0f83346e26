"""What all parts of the API share: their router, pages of lists, and pictures as they are told of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import Any, TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel

from rakkan.models.hashes import NAMES as HASHES
from rakkan.service import sending
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import GuardedRoute
from rakkan.service.core import Service
from rakkan.service.pictures.records import Card
from rakkan.service.pictures.thumbnails import sides
from rakkan.service.routes.api import shapes
from rakkan.service.times import moment

PREFIX = "/api/v1"
Row = TypeVar("Row")

_FAULTS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": shapes.Fault, "description": "It was not done: why, and what to do"},
    "5XX": {"model": shapes.Fault, "description": "Too much to do just now, or a fault of this service"},
}


class WritingRoute(GuardedRoute):
    """A route of the API whose answer is written where its handler runs: handing it to another thread for
    that takes longer than the writing. What is written is the same."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        @wraps(endpoint)
        def written(**given: Any) -> Any:
            made, field = endpoint(**given), self.response_field
            if not isinstance(made, BaseModel) or field is None:
                return made
            value, faults = field.validate(made, {}, loc=("response",))
            return made if faults else Response(field.serialize_json(value), media_type="application/json")

        is_read = set(more.get("methods") or ()) == {"GET"} and more.get("status_code") is None
        is_plain = not iscoroutinefunction(endpoint) and "response" not in signature(endpoint).parameters
        super().__init__(path, written if is_read and is_plain else endpoint, **more)


def v1_router(tag: str) -> APIRouter:
    """A router of guarded routes of the API, listed under ``tag``."""
    return APIRouter(route_class=WritingRoute, prefix=PREFIX, tags=[tag], responses=_FAULTS)


def cards(service: Service, actor: Actor, found: Iterable[Card]) -> list[shapes.PictureCard]:
    """Pictures of a list as they are told of."""
    given = list(found)
    profiles = service.accounts.people.profiles(one.account for one in given)
    liked = service.social.likes_of(actor, [one.identifier for one in given]) if actor.account else ()
    handles = {name: profile.handle for name, profile in profiles.items()}
    return [
        shapes.PictureCard(**card_of(one, handles.get(one.account, ""), one.identifier in liked))
        for one in given
    ]


def card_of(card: Card, artist: str, is_liked: bool) -> dict[str, Any]:
    """The fields of a ``shapes.PictureCard``."""
    width, height = sides(card.width, card.height)
    url = f"{PREFIX}/pictures/{card.identifier}/thumbnail"
    who = shapes.Character(id=card.character, name=card.character_name) if card.character_name else None
    kept = {
        name: getattr(card, name)
        for name in ("title", "width", "height", "operation", "state", "likes", "comments")
    }
    return kept | {
        "id": card.identifier,
        "artist": artist,
        "model": shapes.Model(name=card.model, digest=card.model_digest),
        "character": who,
        "parent": card.parent or None,
        "created": moment(card.created, "milliseconds"),
        "published": moment(card.published, "milliseconds"),
        "liked": is_liked,
        "thumbnail": shapes.Thumbnail(url=url, width=width, height=height),
    }


def digest_of_recipe(canonical: str) -> str:
    """SHA-256 of a recipe's canonical JSON."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def models(actor: Actor) -> list[shapes.ModelCard]:
    """The starter model, then all that somebody may draw with, their own first."""
    from rakkan.studio.create import MODEL, SIZES

    starter = shapes.ModelCard(
        name=MODEL,
        title="Rakkan starter",
        kind="checkpoint",
        family="rakkan",
        digest="",
        licence="Apache-2.0",
        resolution=512,
        sizes=list(SIZES),
        base="",
        bytes=0,
        hashes={},
        yours=False,
        shared=True,
    )
    return [
        starter,
        *(model_of(one) for one in sending.models(actor)),
    ]


def model_of(model: sending.Model) -> shapes.ModelCard:
    """A model as it is told of."""
    card, files = model.kept.card, model.kept.files
    alone = {name: str(getattr(files[0], name)) for name in HASHES} if len(files) == 1 else {}
    return shapes.ModelCard(
        name=card.name,
        title=card.title,
        kind=card.kind,
        family=card.family,
        digest=card.digest,
        licence=model.kept.licence.told,
        resolution=card.resolution,
        sizes=[],
        base=card.base,
        bytes=model.size,
        hashes=alone,
        yours=model.is_own,
        shared=model.is_shared,
    )
