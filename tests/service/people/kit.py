"""Somebody with a browser, and pictures to talk about, for tests of accounts, moderation and claims."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy
from numpy.typing import NDArray
from PIL import Image
from tests.service.instance import Instance, Person
from tests.trust.made import picture, recipe, release

from rakkan import assemble
from rakkan.service.accounts import Visit
from rakkan.service.making.delivering import Delivery
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

JSON = "application/json"
HTML = "text/html"


def visiting(instance: Instance) -> Person:
    """A visitor whose pages carry a token that holds."""
    person = instance.visitor()
    page = person.client.get("/sign-in", headers={"accept": HTML})
    person.client.headers["cookie"] = page.headers["set-cookie"].partition(";")[0]
    return person


def moderator(instance: Instance, handle: str = "kaede") -> Person:
    """A member whom the owner made a moderator."""
    made = instance.member(handle)
    owner = instance.owner()
    done = owner.post("/moderation/roles", {"who": handle, "role": "moderator", "note": "helps"}, accept=JSON)
    assert done.status_code == 200, done.text
    return made


def passkeyless(instance: Instance, token: str) -> Person:
    """Somebody by the token of a session."""
    person = instance.visitor()
    person.client.headers["cookie"] = f"__Host-rakkan={token}"
    return person


def again(instance: Instance, handle: str, password: str) -> Person:
    """The same account in another browser."""
    issued = instance.service.accounts.sign_in(handle, password, Visit("Firefox Linux", "192.0.2.9"))
    return passkeyless(instance, issued.token)


def drawn(person: Person, prompt: str = "1girl, silver hair, red hoodie", seed: int = 3) -> str:
    """A picture of somebody's, finished."""
    fields = {"prompt": prompt, "seed": str(seed), "slot": "a"}
    asked = person.post("/studio/create", fields, accept=JSON)
    assert asked.status_code == 202, asked.text
    stream = person.client.get(asked.json()["events"]).text
    found = re.search(r'"picture": ?"([0-9a-z]{26})"', stream)
    assert found is not None, stream
    return found[1]


def published(instance: Instance, person: Person, seed: int = 3) -> str:
    """A picture of somebody's that all can see."""
    picture = drawn(person, seed=seed)
    actor = instance.service.accounts.actor_of_session(session_of(person))
    assert actor is not None
    instance.service.catalogue.publish(actor, picture, "by the window")
    return picture


def kept(instance: Instance, person: Person, folder: Path, pixels: NDArray[numpy.uint8]) -> str:
    """A published picture of somebody's that shows these pixels, released and kept as a worker does."""
    subject = replace(picture(), pixels=pixels, recipe=sized(pixels))
    path = release(folder / "kept.png", subject, account=person.account)
    service = instance.service
    catalogue = service.catalogue
    delivery = Delivery(service.transit, catalogue, assemble.gate().release, b"d" * 32, catalogue.is_reserved)
    new = delivery.stage(path, subject.recipe, "create", person.account, new_identifier(), 0, "full")
    with transaction(service.engine) as connection:
        delivery.arrive(connection, [new])
    actor = service.accounts.actor_of_session(session_of(person))
    assert actor is not None
    catalogue.publish(actor, new.identifier, "a figure")
    return new.identifier


def sized(pixels: NDArray[numpy.uint8]) -> Any:
    height, width = pixels.shape[:2]
    return replace(recipe(), width=width, height=height)


def session_of(person: Person) -> str:
    return str(person.client.headers["cookie"]).partition("=")[2]


def pixels(person: Person, picture: str) -> Image.Image:
    """What a picture shows."""
    reply = person.client.get(f"/pictures/{picture}/file")
    assert reply.status_code == 200, reply.text
    return Image.open(io.BytesIO(reply.content)).convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    """A picture as a file somebody else made."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def sees(person: Person, picture: str) -> int:
    """The status with which a picture's file is answered."""
    return person.client.get(f"/pictures/{picture}/file").status_code


def claimed(person: Person, data: dict[str, str], file: bytes | None = None) -> httpx.Response:
    """A claim as the page sends it, answered as a program asks."""
    files = (
        {"evidence": ("mine.jpg", file, "image/jpeg")} if file is not None else {"evidence": ("", b"", "")}
    )
    return person.post("/claim", data, accept=JSON, files=files)
