"""What a key that was lost can do: nothing that lasts longer than it does."""

from __future__ import annotations

import pytest
from tests.service.access.documents import DOCUMENT
from tests.service.access.fillers import FILLERS, MAKERS
from tests.service.access.walking import Filler
from tests.service.access.world import World

from rakkan.errors import RakkanError
from rakkan.service.access.actors import SCOPES
from rakkan.service.access.table import Row, read
from rakkan.service.errors import Forbidden

#: What opens an account, or gives somebody a way in.
DOORS = [
    row
    for row in read(DOCUMENT)
    if row.method in ("POST", "DELETE")
    and (
        row.path.startswith(("/account/keys", "/api/v1/account/keys", "/account/pass"))
        or row.path in ("/account/invitations", "/account/delete", "/moderation/roles")
    )
]


def test_what_opens_an_account_is_all_there() -> None:
    assert len(DOORS) == 11, [row.path for row in DOORS]


@pytest.mark.parametrize("row", DOORS, ids=lambda row: f"{row.method} {row.path}")
def test_no_key_makes_or_changes_what_opens_an_account(world: World, row: Row) -> None:
    key = world.key("owner", frozenset(SCOPES))
    path = row.path
    for name in ("key", "passkey"):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", MAKERS[name](world, "owner", False))
            key = world.key("owner", frozenset(SCOPES))
    filler = FILLERS.get((row.method, row.path), Filler())
    data = filler.data(world, "owner") if filler.data else None
    told = filler.json(world, "owner") if filler.json else None
    before = len(world.service.accounts.keys.of(world.accounts["owner"]))
    for more in ({}, {"x-csrf-token": "x"}):
        headers = {"authorization": f"Bearer {key}", **more}
        reply = world.client.request(row.method, path, data=data, json=told, headers=headers)
        assert reply.status_code == 403 and "session" in reply.text, reply.text
    assert len(world.service.accounts.keys.of(world.accounts["owner"])) == before
    assert world.service.accounts.actor_of_key(key) is not None


def test_the_parts_themselves_refuse_a_key(world: World) -> None:
    accounts = world.service.accounts
    key = world.key("owner", frozenset(SCOPES))
    actor = accounts.actor_of_key(key)
    assert actor is not None and actor.way == "key" and actor.role == "owner"
    for attempt in (
        lambda: accounts.keys.make(actor, "another", ["read"]),
        lambda: accounts.keys.make(actor, "a short one", ["read"], days=1),
        lambda: accounts.set_password(actor, "eight loud brushes"),
        lambda: accounts.invite(actor),
    ):
        with pytest.raises(Forbidden, match="No key"):
            attempt()
    with pytest.raises(RakkanError):
        accounts.keys.make(world.actor("mika"), "more than its maker", ["moderate"])
