"""Likes, comments and follows over the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query, Request, Response

from rakkan.service import reporting
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.pictures.records import Comment
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.api.pictures import account_of
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.times import moment

router = v1_router("community")


@router.post("/pictures/{picture}/like")
@allow("member", "share", "shown")
def like(request: Request, picture: shapes.PictureName) -> shapes.Likes:
    """Like a published picture; done twice, it counts once."""
    return shapes.Likes(likes=service_of(request).social.like(actor_of(request), picture))


@router.post("/pictures/{picture}/unlike")
@allow("member", "share", "shown")
def unlike(request: Request, picture: shapes.PictureName) -> shapes.Likes:
    """Take a like back."""
    service, actor = service_of(request), actor_of(request)
    service.catalogue.get(actor, picture)  # how many like a stranger's own is nobody's business
    return shapes.Likes(likes=service.social.unlike(actor, picture))


@router.get("/pictures/{picture}/comments")
@allow("visitor", "read", "shown", weight="list")
def comments(
    request: Request, picture: shapes.PictureName, cursor: shapes.Cursor = "", limit: shapes.Limit = 24
) -> shapes.Page[shapes.Comment]:
    """What was said of a picture, the oldest first."""
    service = service_of(request)
    page = service.social.comments(actor_of(request), picture, cursor, limit)
    return shapes.Page(items=_comments(service, page.comments), next=page.cursor or None)


@router.post("/pictures/{picture}/comments", status_code=201)
@allow("member", "share", "shown")
def comment(request: Request, picture: shapes.PictureName, words: shapes.Words) -> shapes.Comment:
    """Say something of a published picture."""
    service = service_of(request)
    return _comments(service, [service.social.comment(actor_of(request), picture, words.text)])[0]


@router.delete("/comments/{comment}", status_code=204, response_class=Response)
@allow("member", "share", "shown")
def take_back(
    request: Request,
    comment: shapes.OtherName,
    because: Annotated[str, Query(max_length=2000, description="A moderator's reason")] = "",
) -> Response:
    """Take a comment away: one's own, or one under a picture of one's own."""
    service_of(request).social.take_back(actor_of(request), comment, because)
    return Response(status_code=204)


@router.get("/accounts/{handle}")
@allow("visitor", "read", "shown", weight="list")
def profile(request: Request, handle: shapes.Handle) -> shapes.Profile:
    """An account as others see it."""
    service, actor = service_of(request), actor_of(request)
    account = account_of(service, handle)
    found = service.accounts.profile(account)
    return shapes.Profile(
        handle=found.handle,
        display_name=found.display_name,
        bio=found.bio,
        since=moment(found.created, "milliseconds"),
        followers=service.social.count_followers(account),
        followed=bool(actor.account) and account in service.social.follows(actor),
    )


@router.post("/accounts/{handle}/follow")
@allow("member", "share", "shown")
def follow(request: Request, handle: shapes.Handle) -> shapes.Profile:
    """Follow an account."""
    service = service_of(request)
    service.social.follow(actor_of(request), account_of(service, handle))
    return profile(request, handle)


@router.post("/accounts/{handle}/unfollow")
@allow("member", "share", "shown")
def unfollow(request: Request, handle: shapes.Handle) -> shapes.Profile:
    """Follow an account no longer."""
    service = service_of(request)
    service.social.unfollow(actor_of(request), account_of(service, handle))
    return profile(request, handle)


@router.post("/reports", status_code=201)
@allow("member", "share", "shown", weight="free")
def report(request: Request, wish: shapes.ReportWish) -> shapes.Report:
    """Report a published picture or a shared character; a moderator decides. Without an account, use the page
    for claims."""
    name = reporting.report(service_of(request), actor_of(request), wish.picture, wish.reason, wish.text)
    return shapes.Report(id=name)


def _comments(service: Service, found: Iterable[Comment]) -> list[shapes.Comment]:
    given = list(found)
    profiles = service.accounts.people.profiles(one.account for one in given)
    return [
        shapes.Comment(
            id=one.identifier,
            picture=one.picture,
            artist=profiles[one.account].handle if one.account in profiles else "",
            text=one.text,
            created=moment(one.created, "milliseconds"),
        )
        for one in given
    ]
