"""Links for one thing and one recipient, on a running instance: they end with the recipient's sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.service.access.world import World

from rakkan.service.access.actors import Actor
from rakkan.service.errors import NotFound


def holds(world: World, text: str, handle: str) -> bool:
    try:
        return world.service.links.read(text, world.accounts[handle]).object == "picture x"
    except NotFound:
        return False


def test_a_link_may_be_used_again_and_by_nobody_else(world: World) -> None:
    text = world.service.links.make("picture x", world.accounts["mika"])
    assert holds(world, text, "mika") and holds(world, text, "mika")
    assert not holds(world, text, "rin")
    with pytest.raises(NotFound):
        world.service.links.read(text, "")


def test_a_link_ends_when_its_recipient_signs_out_everywhere(world: World) -> None:
    accounts = world.service.accounts
    world.enter("mika")
    text, other = (world.service.links.make("picture x", world.accounts[one]) for one in ("mika", "rin"))
    here = replace(world.actor("mika"), credential=world.credentials["mika"])
    assert accounts.sign_out_others(here) >= 1
    assert not holds(world, text, "mika")
    assert holds(world, other, "rin")


def test_a_link_ends_when_its_recipient_takes_a_key_back(world: World) -> None:
    keys = world.service.accounts.keys
    made, _ = keys.make(world.actor("rin"), "test", ("read",))
    text = world.service.links.make("picture x", world.accounts["rin"])
    assert holds(world, text, "rin")
    keys.revoke(world.accounts["rin"], made.identifier)
    assert not holds(world, text, "rin")


def test_what_is_suspended_opens_nothing(world: World) -> None:
    """Whoever is suspended is nobody at the door, and no link is made for nobody's account."""
    reply = world.client.get("/create", headers=world.headers("suspended", ""))
    assert reply.status_code == 401
    text = world.service.links.make("picture x", world.accounts["suspended"])
    with pytest.raises(NotFound):
        world.service.links.read(text, Actor().account)
