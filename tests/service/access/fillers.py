"""What each route of the table is sent on a walk, and how the things in its address are made."""

from __future__ import annotations

import io
from typing import Any

from tests.service.access.walking import Filler, Maker
from tests.service.access.world import Who, World
from tests.service.instance import PASSWORD

from rakkan.service.access.actors import Actor
from rakkan.service.schema import new_identifier

MAKERS: dict[str, Maker] = {
    "picture": lambda world, handle, published: world.picture(handle, published),
    "job": lambda world, handle, published: world.job(handle),
    "version": lambda world, handle, published: "0" * 16,
    "path": lambda world, handle, published: "css/rakkan.css",
}


def _sign_in(world: World, who: Who) -> dict[str, str]:
    return {"handle": "walk-rin", "password": PASSWORD}


def _join(world: World, who: Who) -> dict[str, str]:
    invitation = world.service.accounts.invite(Actor(new_identifier(), "owner"))
    return {"handle": f"new-{new_identifier()[-8:]}", "password": PASSWORD, "token": invitation}


def _claim(world: World, who: Who) -> dict[str, str]:
    return {"handle": "owner", "token": world.service.accounts.owner_token()}


def _ceremony(world: World, who: Who) -> dict[str, Any]:
    return {"ceremony": new_identifier(), "response": {"id": "x"}}


def _drawing(world: World, who: Who) -> dict[str, str]:
    return {"prompt": "1girl, hat", "seed": "7"}


def picture_file() -> bytes:
    """A small drawing as a PNG."""
    import numpy
    from PIL import Image

    held = io.BytesIO()
    pixels = numpy.zeros((64, 64, 3), dtype=numpy.uint8)
    pixels[8:40, 8:56] = (240, 200, 90)
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def _upload(world: World, who: Who) -> dict[str, Any]:
    return {"picture": ("hat.png", picture_file(), "image/png")}


FILLERS: dict[tuple[str, str], Filler] = {
    ("POST", "/join"): Filler(data=_join),
    ("POST", "/preferences"): Filler(data=lambda world, who: {"theme": "dark"}),
    ("POST", "/sign-in"): Filler(data=_sign_in),
    ("POST", "/sign-in/passkey"): Filler(json=_ceremony),
    ("POST", "/sign-in/passkey/options"): Filler(),
    ("POST", "/sign-out"): Filler(),
    ("POST", "/welcome"): Filler(data=_claim),
    ("POST", "/studio/create"): Filler(data=_drawing),
    ("POST", "/studio/draft"): Filler(data=_drawing, also=(503,)),
    ("POST", "/studio/jobs/{job}/cancel"): Filler(),
    ("POST", "/studio/reference"): Filler(files=_upload, also=(422,)),
}
