"""Going on from a picture: changing, varying, enlarging and taking it along."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import NotFound, TooMany
from rakkan.service.pictures.releases import FORMATS, Releases
from rakkan.service.releasing import ABOUT, behind
from rakkan.service.releasing import address as address_of
from rakkan.service.routes.showing import actor_of, see_other, service_of, wants_json
from rakkan.service.routes.studio import accepted, read_wish
from rakkan.service.schema import is_identifier
from rakkan.service.submitting import submit
from rakkan.service.uploading import let_in

router = new_router(include_in_schema=False)

_Line = Annotated[str, Form(max_length=300)]
_Number = Annotated[str, Form(max_length=20)]
#: What a download is called by its format.
_ENDINGS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}


@router.post("/pictures/{picture}/edit")
@allow("member", "create", "shown", forms=True, largest=LARGEST_FILE + 64 * 1024)
def edit(
    request: Request,
    picture: str,
    instruction: _Line,
    strength: _Number = "",
    region: Annotated[list[str] | None, Form(max_length=8)] = None,
    left: _Number = "",
    top: _Number = "",
    width: _Number = "",
    height: _Number = "",
    mask: UploadFile | None = None,
) -> Response:
    """Change what the instruction says: where it says so, under a painted mask, in a rectangle, or in parts
    that have a name."""
    service, actor = service_of(request), actor_of(request)
    service.catalogue.openable(actor, picture)
    told: dict[str, Any] = {"picture": picture, "changes": [instruction]}
    if strength:
        told["strength"] = strength
    sides = {"left": left, "top": top, "width": width, "height": height}
    if mask is not None and mask.size:
        told["mask"] = let_in(actor.account, mask.file)
    elif any(sides.values()):
        told["rectangle"] = sides
    elif region:
        told["region"] = "+".join(dict.fromkeys(region))
    return accepted(request, submit(service, actor, "edit", read_wish(wishes.Edit, told)))


@router.post("/pictures/{picture}/vary")
@allow("member", "create", "shown", forms=True)
def vary(request: Request, picture: str, strength: _Number = "0.4", count: _Number = "4") -> Response:
    """Draw more like it."""
    told = {"picture": picture, "strength": strength, "count": count}
    wish = read_wish(wishes.Vary, told)
    return accepted(request, submit(service_of(request), actor_of(request), "vary", wish))


@router.post("/pictures/{picture}/upscale")
@allow("member", "create", "shown", forms=True)
def upscale(request: Request, picture: str, scale: _Number = "2", denoise: _Number = "0") -> Response:
    """Enlarge it."""
    if not all(one.lstrip("-").isascii() and one.lstrip("-").isdigit() for one in (scale, denoise)):
        raise RakkanError("The scale is no number", "Give 2 or 4")
    wish = read_wish(wishes.Upscale, {"picture": picture, "scale": int(scale), "denoise": int(denoise)})
    return accepted(request, submit(service_of(request), actor_of(request), "upscale", wish))


@router.post("/pictures/{picture}/download")
@allow("member", "read", "shown", weight="pair", forms=True)
def download(request: Request, picture: str, format: _Line = "", disclosure: _Line = "") -> Response:
    """A link to the sealed file, for whoever asks and for minutes. Others have it as it was sealed; its
    maker has all the files there are of it."""
    service, actor = service_of(request), actor_of(request)
    shown = service.catalogue.openable(actor, picture)
    if request.state.decoy:
        raise TooMany("Downloads are limited for now", "Your own pictures are not; see Account")
    ending = _ENDINGS[shown.media_type]
    if shown.account == actor.account:
        address = _own(service, actor, picture, format or ending, disclosure or shown.disclosure)
        return JSONResponse({"url": address}) if wants_json(request) else see_other(address)
    if format not in ("", ending):
        raise RakkanError(f"This picture is kept as {ending.upper()}", "Draw it again to have it otherwise")
    if disclosure not in ("", shown.disclosure):
        raise RakkanError(f"This picture was sealed to tell: {shown.disclosure}", "What it tells stays so")
    address = "/downloads/" + service.links.make(ABOUT + picture, actor.account)
    return JSONResponse({"url": address}) if wants_json(request) else see_other(address)


def _own(service: Service, actor: Actor, picture: str, format: str, disclosure: str) -> str:
    if Releases(service.catalogue).find(actor, picture, format, disclosure) is None:
        raise RakkanError("There is no such file of this picture", "Make it first, on its page")
    return address_of(service, actor.account, picture, format, disclosure)


@router.get("/downloads/{link}")
@allow("member", "read", "shown", weight="asset")
def downloaded(request: Request, link: str) -> Response:
    """The file behind a link, to be kept: never shown by a browser as anything of this site."""
    service, actor = service_of(request), actor_of(request)
    found = service.links.read(link, actor.account)
    picture = found.object.removeprefix(ABOUT)
    if not is_identifier(picture):
        raise NotFound("This link does not hold", "Ask for another")
    shown = service.catalogue.openable(actor, picture)
    account, file, media_type = shown.account, shown.file, shown.media_type
    if found.details:
        further = behind(service, actor, picture, found.details)
        account, file, media_type = further.account, further.file, FORMATS[further.format]
    name = f"rakkan-{picture}.{_ENDINGS[media_type]}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(service.vault.read(account, file), media_type=media_type, headers=headers)
