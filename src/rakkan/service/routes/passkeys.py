"""Passkeys of one's own account: adding one, in two steps with the browser between them, and removing one."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.routes.showing import actor_of, see_other, service_of, wants_json

router = new_router(include_in_schema=False)

_Line = Annotated[str, Form(max_length=300)]
#: A browser's answer, as JSON in a field.
Credential = Annotated[str, Form(max_length=32_768)]


@router.post("/account/passkeys/options")
@allow("member", "", "own", weight="free", forms=True)
def options(request: Request) -> Response:
    """Begin to add a passkey: what the browser is to ask the device."""
    begun = service_of(request).accounts.passkeys.begin_registration(actor_of(request).account)
    return JSONResponse({"ceremony": begun.identifier, "publicKey": begun.options})


@router.post("/account/passkeys")
@allow("member", "", "own", weight="free", forms=True)
def add(request: Request, ceremony: _Line, credential: Credential, label: _Line = "") -> Response:
    """End it: the passkey is the account's, if the device's answer holds."""
    passkeys = service_of(request).accounts.passkeys
    made = passkeys.finish_registration(actor_of(request).account, ceremony, read(credential), label)
    return JSONResponse({"identifier": made.identifier, "next": "/account?done=1"}, 201)


@router.post("/account/passkeys/{passkey}/remove")
@allow("member", "", "own", weight="free", forms=True)
def remove(request: Request, passkey: str) -> Response:
    """Let a passkey sign in no more."""
    service_of(request).accounts.passkeys.remove(actor_of(request).account, passkey)
    return JSONResponse({"removed": True}) if wants_json(request) else see_other("/account?done=1")


def read(credential: str) -> dict[str, Any]:
    """A browser's answer. Raises RakkanError for what is no object of JSON."""
    try:
        found = json.loads(credential)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        raise RakkanError("The passkey's answer cannot be read", "Try again from the beginning")
    return found
