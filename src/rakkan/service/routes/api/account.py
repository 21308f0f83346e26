"""Whoever asks, over the API: what they are here, and their keys, which only a session may touch."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from rakkan.service.access.rules import allow
from rakkan.service.accounts.keys import Key
from rakkan.service.linking import link
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.times import moment

router = v1_router("account")

_TIMES = ("created", "used", "expires", "revoked")


@router.get("/account")
@allow("member", "read", "own", weight="list")
def account(request: Request) -> shapes.Account:
    """Whoever asks."""
    service, actor = service_of(request), actor_of(request)
    found = service.accounts.profile(actor.account)
    followed = service.accounts.people.profiles(service.social.follows(actor))
    return shapes.Account(
        id=found.identifier,
        handle=found.handle,
        display_name=found.display_name,
        role=actor.role,  # type: ignore[arg-type]
        locale=found.locale,
        bio=found.bio,
        since=moment(found.created, "milliseconds"),
        way=actor.way,  # type: ignore[arg-type]
        scopes=sorted(actor.scopes),
        organisations=dict(actor.organisations),
        follows=sorted(one.handle for one in followed.values()),
    )


@router.get("/account/keys")
@allow("member", "", "own", weight="list")
def keys(request: Request) -> shapes.Page[shapes.Key]:
    """One's keys, the newest first, those that were revoked with them; there is one page."""
    found = service_of(request).accounts.keys.of(actor_of(request).account)
    return shapes.Page(items=[shapes.Key(**_key(one)) for one in found])


@router.post("/account/keys", status_code=201)
@allow("member", "", "own")
def make_key(request: Request, wish: shapes.KeyWish) -> shapes.NewKey:
    """Make a key; its secret is told this once."""
    accounts = service_of(request).accounts
    made, secret = accounts.keys.make(actor_of(request), wish.label, wish.scopes, wish.days)
    return shapes.NewKey(**_key(made), secret=secret)


@router.delete("/account/keys/{key}", status_code=204, response_class=Response)
@allow("member", "", "own")
def revoke_key(request: Request, key: shapes.OtherName) -> Response:
    """Revoke a key; it opens nothing from now on."""
    service_of(request).accounts.keys.revoke(actor_of(request).account, key)
    return Response(status_code=204)


@router.post("/accounts/{handle}/payment", status_code=204, response_class=Response)
@allow("owner", "moderate")
def link_payment(request: Request, handle: shapes.Handle, payment: shapes.Payment) -> Response:
    """Say what an account is paid by, in any words that are the same for the same purse: accounts of one are
    counted together. Only a keyed digest is kept, for ninety days."""
    service = service_of(request)
    link(service.accounts, service.budgets, handle, payment.label, actor_of(request).account)
    return Response(status_code=204)


def _key(key: Key) -> dict[str, Any]:
    return {
        "id": key.identifier,
        "prefix": key.prefix,
        "label": key.label,
        "scopes": sorted(key.scopes),
        **{
            name: moment(getattr(key, name), "milliseconds")
            for name in ("created", "used", "expires", "revoked")
        },
    }
