"""What each route of the table is sent on a walk, and how the things in its address are made."""

from __future__ import annotations

import base64
import io
import itertools
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from tests.service.access import matters
from tests.service.access.walking import Filler, Maker
from tests.service.access.world import ACCOUNT, ELSEWHERE, Who, World
from tests.service.instance import PASSWORD
from tests.service.small_models import tiny_embedding

from rakkan import assemble
from rakkan.service import reporting, uploading
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Visit
from rakkan.service.accounts.tables import PASSKEYS
from rakkan.service.arrivals.uploads import Told
from rakkan.service.pictures.records import character_identifier
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

#: One for each reference: the same picture of two people has the same digest, and is both of theirs.
_SHADES = itertools.count(100)

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
    return {"ceremony": new_identifier(), "credential": "{}"}


def _drawing(world: World, who: Who) -> dict[str, str]:
    return {"prompt": "1girl, hat", "seed": "7"}


def picture_file(shade: int = 90) -> bytes:
    """A small drawing as a PNG."""
    import numpy
    from PIL import Image

    held = io.BytesIO()
    pixels = numpy.zeros((64, 64, 3), dtype=numpy.uint8)
    pixels[8:40, 8:56] = (240, 200, shade)
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def _name() -> str:
    """A name that nobody has, without numbers, which might be taken for an age."""
    return "hat " + "".join(secrets.choice("bdfglmnr") for _ in range(12))


def _upload(world: World, who: Who) -> dict[str, Any]:
    return {"picture": ("hat.png", b"no picture", "image/png")}


FILLERS: dict[tuple[str, str], Filler] = {
    ("POST", "/join"): Filler(data=_join),
    ("POST", "/preferences"): Filler(data=lambda world, who: {"theme": "dark"}),
    ("POST", "/sign-in"): Filler(data=_sign_in),
    ("POST", "/sign-in/passkey"): Filler(data=_ceremony, also=(422,)),
    ("POST", "/sign-in/passkey/options"): Filler(),
    ("POST", "/sign-out"): Filler(),
    ("POST", "/welcome"): Filler(data=_claim),
    ("POST", "/studio/create"): Filler(data=_drawing),
    ("POST", "/studio/draft"): Filler(data=_drawing, also=(503,)),
    ("POST", "/studio/jobs/{job}/cancel"): Filler(),
    ("POST", "/studio/reference"): Filler(files=_upload, also=(422,)),
}


def _form(**fields: Any) -> Callable[[World, Who], dict[str, Any]]:
    return lambda world, who: dict(fields)


def _own_picture(world: World, who: Who) -> str:
    return world.picture(ACCOUNT[who] or "mika", False)


def _of_picture(**more: Any) -> Callable[[World, Who], dict[str, Any]]:
    return lambda world, who: {"picture": _own_picture(world, who), **more}


def _encoded() -> str:
    return base64.b64encode(b"no picture").decode()


def _character(world: World, handle: str, published: bool) -> str:
    name = _name()
    headers = {"authorization": f"Bearer {world.key(handle, frozenset({'create'}))}"}
    sent = {"name": name, "tags": "1girl, hat"}
    made = world.client.post("/api/v1/characters", json=sent, headers=headers)
    assert made.status_code == 201, made.text
    if published:
        world.service.sharing.publish(world.actor(handle), name, "copy")
    return name


def _session(world: World, handle: str, published: bool) -> str:
    accounts = world.service.accounts
    if handle == "owner":
        return accounts.claim(accounts.owner_token(), Visit(), "owner-of-it").identifier
    return accounts.sign_in(
        f"walk-{handle}", PASSWORD, Visit("", f"192.0.2.{secrets.randbelow(250)}")
    ).identifier


def _key(world: World, handle: str, published: bool) -> str:
    keys, account = world.service.accounts.keys, world.accounts[handle]
    keys.revoke_all(account, account) if len(keys.of(account)) > 30 else None
    world.keys = {place: secret for place, secret in world.keys.items() if place[0] != handle}
    return keys.make(world.actor(handle), "walk", ("read",))[0].identifier


def _passkey(world: World, handle: str, published: bool) -> str:
    made = new_identifier()
    row = {
        "identifier": made,
        "account": world.accounts[handle],
        "credential": secrets.token_bytes(32),
        "public_key": b"",
        "sign_count": 0,
        "backed_up": False,
        "sealed": world.service.accounts.ground.seal("walk", made),
        "created": 0,
    }
    with transaction(world.service.engine) as connection:
        connection.execute(insert(PASSKEYS).values(**row))
    return made


def _comment(world: World, handle: str, published: bool) -> str:
    picture = world.picture(ELSEWHERE, True)
    return world.service.social.comment(world.actor(handle), picture, "A fine hat").identifier


def _report(world: World, handle: str, published: bool) -> str:
    picture = world.picture(ELSEWHERE, True)
    return reporting.report(world.service, world.actor("rin"), picture, "spam", "")


def _link(about: str) -> Maker:
    def made(world: World, handle: str, published: bool) -> str:
        thing = about + (world.picture(handle, published) if about.endswith(" ") else "")
        return world.service.links.make(thing, world.accounts[handle])

    return made


def _reference(world: World, handle: str, published: bool) -> str:
    return uploading.let_in(world.accounts[handle], io.BytesIO(picture_file(next(_SHADES) % 256)))


def _organisation(world: World, handle: str, published: bool) -> str:
    """The guild, with those in it that an earlier step has taken out."""
    organisations = world.service.accounts.organisations
    there = {one.account for one in organisations.members(world.actor("moderator"), world.organisation)}
    if world.accounts["associate"] not in there:
        token = organisations.invite(world.actor("admin"), world.organisation)
        organisations.join(world.actor("associate"), token)
    return world.organisation


def _upload_of_model(world: World, handle: str, published: bool) -> str:
    """A model of somebody's on its way, those before it given up."""
    uploads, account = world.service.uploads, world.accounts[handle]
    for one in uploads.of(account):
        uploads.discard(account, one.identifier)
    return uploads.begin(account, Told(f"{_name()}.safetensors"), 100).identifier


def _text(world: World, handle: str, published: bool) -> str:
    texts, account = world.service.texts, world.accounts[handle]
    texts.save_text(account, "prompt", "", _name())
    return texts.of(account, "prompt")[0].identifier


def _model(world: World, handle: str, published: bool) -> str:
    """A small model of somebody's."""
    account = world.accounts[handle]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{_name().replace(' ', '-')}.safetensors"
        path.write_bytes(tiny_embedding(secrets.randbelow(2**31)))
        return assemble.models().add(path, account=account).card.digest


MAKERS |= {
    "upload": _upload_of_model,
    "start": lambda world, handle, published: "0",
    "text": _text,
    "/models/{digest}/remove": _model,
    "/models/{digest}/share": _model,
    "/api/v1/models/{digest}": _model,
    "character": lambda world, handle, published: character_identifier(
        world.accounts[handle], _character(world, handle, published)
    ),
    "name": _character,
    "/about/policies/{name}": lambda world, handle, published: "acceptable-use",
    "session": _session,
    "key": _key,
    "passkey": _passkey,
    "comment": _comment,
    "comment_identifier": _comment,
    "report": _report,
    "digest": _reference,
    "/downloads/{link}": _link("picture "),
    "/links/{link}": _link("picture "),
    "/account/export/{link}": _link("export"),
    "handle": lambda world, handle, published: world.service.accounts.profile(world.accounts[handle]).handle,
    "organisation": _organisation,
    "model": lambda world, handle, published: "starter",
    "alarm": matters.alarm,
    "ban": matters.ban,
    "case": matters.case,
    "secret": matters.secret,
}


def _drawing_json(world: World, who: Who) -> dict[str, Any]:
    return {"prompt": "1girl, hat", "seed": 7}


def _organisation_token(world: World, who: Who) -> dict[str, str]:
    organisations, founder = world.service.accounts.organisations, world.actor(world.anybody())
    made = organisations.create(founder, f"o{secrets.token_hex(5)}")
    return {"token": organisations.invite(founder, made.identifier)}


#: What says that somebody was let in, and what was asked cannot be as things stand, or takes a worker.
_CHANGED = (409, 422, 429)
_DOOR = (422, 503, 504)
FILLERS |= {
    ("GET", "/v1/models/{model}"): Filler(absent=True),
    ("POST", "/claim/{secret}/appeal"): Filler(data=_form(text="It is mine")),
    ("POST", "/moderation/alarms/{alarm}"): Filler(data=_form(decision="lift", note="A program was tried")),
    ("POST", "/moderation/appeals/{case}"): Filler(
        data=_form(decision="refuse", reason=matters.KEPT, note="Looked again")
    ),
    ("POST", "/moderation/bans/{ban}/lift"): Filler(data=_form(note="It was a mistake")),
    ("POST", "/moderation/bans"): Filler(data=matters.barring),
    ("POST", "/moderation/roles"): Filler(data=matters.role),
    ("POST", "/moderation/reports/{report}"): Filler(
        data=_form(decision="keep", reason=matters.KEPT, note="It is fine")
    ),
    ("POST", "/account/appeal"): Filler(data=matters.appealed),
    ("POST", "/account/delete"): Filler(data=_form(confirm="not it"), also=_CHANGED),
    ("POST", "/account/export"): Filler(),
    ("POST", "/account/import"): Filler(
        files=lambda world, who: {"files": ("h.png", b"no picture", "image/png")}, also=_CHANGED
    ),
    ("POST", "/account/import/begin"): Filler(
        json=_form(files=[{"name": "h.png", "waiting": "0" * 64}]), also=_CHANGED
    ),
    ("POST", "/account/import/known"): Filler(json=_form(digests=["0" * 64])),
    ("POST", "/account/import/picture"): Filler(json=_form(), also=_CHANGED),
    ("POST", "/account/prompts"): Filler(
        data=_form(use="wildcards"), files=lambda world, who: {"files": ("hats.txt", b"hat", "text/plain")}
    ),
    ("POST", "/account/prompts/{text}/remove"): Filler(),
    ("POST", "/models/{digest}/remove"): Filler(),
    ("POST", "/models/{digest}/share"): Filler(data=_form(shared="0")),
    ("POST", "/models/uploads/{upload}/give-up"): Filler(),
    ("PATCH", "/api/v1/models/{digest}"): Filler(json=_form(shared=False)),
    ("POST", "/api/v1/models/uploads"): Filler(
        json=lambda world, who: {"file": f"{_name()}.safetensors", "size": 100}, also=_CHANGED
    ),
    ("POST", "/api/v1/models/uploads/{upload}/finish"): Filler(also=_CHANGED),
    ("PUT", "/api/v1/models/uploads/{upload}/{start}"): Filler(json=_form(), also=_CHANGED),
    ("POST", "/account/invitations"): Filler(data=_form(role="member")),
    ("POST", "/account/keys"): Filler(data=_form(label="x", scopes="read"), also=_CHANGED),
    ("POST", "/account/keys/{key}/revoke"): Filler(),
    ("POST", "/account/passkeys"): Filler(
        data=_form(ceremony=new_identifier(), credential="{}"), also=_CHANGED
    ),
    ("POST", "/account/passkeys/options"): Filler(),
    ("POST", "/account/passkeys/{passkey}/remove"): Filler(also=_CHANGED),
    ("POST", "/account/password"): Filler(data=_form(new="short"), also=_CHANGED),
    ("POST", "/account/profile"): Filler(data=_form(name="Anna", about="Hats")),
    ("POST", "/account/sessions/revoke-others"): Filler(),
    ("POST", "/account/sessions/{session}/revoke"): Filler(),
    ("POST", "/api/v1/reports"): Filler(
        json=lambda world, who: {"picture": world.picture(ELSEWHERE, True), "reason": "spam"}
    ),
    ("POST", "/api/v1/accounts/{handle}/payment"): Filler(json=_form(label="invoice 7")),
    ("POST", "/api/v1/account/keys"): Filler(json=_form(label="x", scopes=["read"]), also=_CHANGED),
    ("POST", "/api/v1/accounts/{handle}/follow"): Filler(also=_CHANGED),
    ("POST", "/api/v1/accounts/{handle}/unfollow"): Filler(also=_CHANGED),
    ("POST", "/api/v1/characters"): Filler(json=lambda world, who: {"name": _name(), "tags": "1girl, hat"}),
    ("POST", "/api/v1/characters/import"): Filler(
        files=lambda world, who: {"file": ("h.rakkan", b"no character", "application/octet-stream")},
        also=_CHANGED,
    ),
    ("POST", "/api/v1/characters/{name}/publish"): Filler(json=_form(terms="copy")),
    ("POST", "/api/v1/characters/{name}/unpublish"): Filler(absent=True),
    ("POST", "/api/v1/shared-characters/{character}/copy"): Filler(
        json=lambda world, who: {"name": _name()}, also=_CHANGED
    ),
    ("PATCH", "/api/v1/characters/{name}"): Filler(json=_form(tags="1girl, hat"), also=_CHANGED),
    ("POST", "/api/v1/jobs/create"): Filler(json=_drawing_json),
    ("POST", "/api/v1/jobs/edit"): Filler(
        json=_of_picture(prompt="1girl, hat", region="hair"), also=_CHANGED
    ),
    ("POST", "/api/v1/jobs/upscale"): Filler(json=_of_picture()),
    ("POST", "/api/v1/jobs/vary"): Filler(json=_of_picture()),
    ("POST", "/api/v1/pictures/{picture}/comments"): Filler(json=_form(text="A fine hat")),
    ("POST", "/api/v1/pictures/{picture}/like"): Filler(),
    ("POST", "/api/v1/pictures/{picture}/unlike"): Filler(),
    ("POST", "/api/v1/pictures/{picture}/publish"): Filler(json=_form(title="Hat")),
    ("POST", "/api/v1/pictures/{picture}/releases"): Filler(json=_form(format="webp")),
    ("POST", "/api/v1/pictures/{picture}/unpublish"): Filler(also=_CHANGED),
    ("POST", "/api/v1/uploads"): Filler(files=_upload, also=_CHANGED),
    ("POST", "/characters"): Filler(data=lambda world, who: {"name": _name(), "words": "1girl, hat"}),
    ("POST", "/characters/import"): Filler(
        files=lambda world, who: {"file": ("h.rakkan", b"no character", "application/octet-stream")},
        also=_CHANGED,
    ),
    ("POST", "/characters/{character}/copy"): Filler(
        data=lambda world, who: {"name": _name()}, also=_CHANGED
    ),
    ("POST", "/characters/{character}/publish"): Filler(data=_form(terms="copy")),
    ("POST", "/characters/{character}/remove"): Filler(),
    ("POST", "/characters/{character}/report"): Filler(data=_form(reason="spam"), also=_CHANGED),
    ("POST", "/characters/{character}/take-down"): Filler(
        data=_form(text="because"), absent=True, also=_CHANGED
    ),
    ("POST", "/characters/{character}/withdraw"): Filler(absent=True),
    ("POST", "/characters/{character}/rename"): Filler(
        data=lambda world, who: {"name": _name()}, also=_CHANGED
    ),
    ("POST", "/characters/{character}/sheet"): Filler(also=_CHANGED),
    ("POST", "/claim"): Filler(data=matters.claim, also=(429,)),
    ("POST", "/comments/{comment_identifier}/remove"): Filler(data=_form(text="because")),
    ("DELETE", "/api/v1/comments/{comment}"): Filler(query="?because=because", also=_CHANGED),
    ("POST", "/organisations"): Filler(
        data=lambda world, who: {"handle": f"o{secrets.token_hex(5)}"}, also=_CHANGED
    ),
    ("POST", "/organisations/join"): Filler(data=_organisation_token, also=_CHANGED),
    ("POST", "/organisations/{organisation}/invite"): Filler(),
    ("POST", "/organisations/{organisation}/leave"): Filler(also=_CHANGED),
    ("POST", "/organisations/{organisation}/members"): Filler(
        data=_form(handle="walk-associate", role="member"), also=_CHANGED
    ),
    ("POST", "/people/{handle}/follow"): Filler(data=_form(followed="1"), also=_CHANGED),
    ("POST", "/pictures/{picture}/appeal"): Filler(data=_form(text="Look again"), also=_CHANGED),
    ("POST", "/pictures/{picture}/comments"): Filler(data=_form(text="A fine hat")),
    ("POST", "/pictures/{picture}/delete"): Filler(),
    ("POST", "/pictures/{picture}/download"): Filler(),
    ("POST", "/pictures/{picture}/edit"): Filler(
        data=_form(instruction="red hat", region="hair"), also=_CHANGED
    ),
    ("POST", "/pictures/{picture}/like"): Filler(data=_form(liked="1")),
    ("POST", "/pictures/{picture}/publish"): Filler(data=_form(caption="Hat")),
    ("POST", "/pictures/{picture}/release"): Filler(data=_form(format="webp", disclosure="digest")),
    ("POST", "/pictures/{picture}/report"): Filler(data=_form(reason="spam"), also=_CHANGED),
    ("POST", "/pictures/{picture}/take-down"): Filler(data=_form(text="because"), also=_CHANGED),
    ("POST", "/pictures/{picture}/upscale"): Filler(),
    ("POST", "/pictures/{picture}/vary"): Filler(),
    ("POST", "/pictures/{picture}/withdraw"): Filler(also=_CHANGED),
    ("POST", "/sdapi/v1/extra-single-image"): Filler(
        json=lambda world, who: {"image": _encoded()}, also=_DOOR
    ),
    ("POST", "/sdapi/v1/img2img"): Filler(
        json=lambda world, who: {"prompt": "1girl", "init_images": [_encoded()]}, also=_DOOR
    ),
    ("POST", "/sdapi/v1/interrupt"): Filler(),
    ("POST", "/sdapi/v1/options"): Filler(json=_form(), also=_DOOR),
    ("POST", "/sdapi/v1/png-info"): Filler(json=lambda world, who: {"image": _encoded()}, also=_DOOR),
    ("POST", "/sdapi/v1/txt2img"): Filler(json=_form(prompt="1girl"), also=_DOOR),
    ("POST", "/v1/images/generations"): Filler(json=_form(prompt="1girl"), also=_DOOR),
    ("POST", "/v1/images/edits"): Filler(
        data=_form(prompt="1girl, hat"),
        files=lambda world, who: {"image": ("h.png", b"no picture", "image/png")},
        also=_DOOR,
    ),
}
