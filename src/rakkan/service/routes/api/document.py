"""The document of the API: OpenAPI 3.1, made from the routes themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from rakkan import __version__
from rakkan.service.access.actors import SCOPES
from rakkan.service.access.door import SESSION_COOKIE
from rakkan.service.access.router import GuardedRoute
from rakkan.service.access.rules import Access
from rakkan.service.routes.api.common import PREFIX

_ABOUT = """Characters drawn from words and pictures, each picture sealed with where it came from.

Send a key (Account, Keys) as `Authorization: Bearer rk_…`. A key opens what its scopes say: {scopes}.
A browser's session works too; what changes something then needs the page's token as `X-CSRF-Token`.

Lists come in pages: `items`, and `next`, which is the `cursor` of the page after it. What is not done is
answered with `error`: `code` for programs, `message` and `hint` for people. What somebody may not know of is
not there: 404."""

_SCHEMES: dict[str, dict[str, str]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key; its scopes say what it opens"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
}


def document(routes: Iterable[BaseRoute], origin: str) -> dict[str, Any]:
    """The document of those routes that belong to the API, of a service at ``origin``."""
    kept = [one for one in routes if isinstance(one, GuardedRoute) and one.path.startswith(PREFIX)]
    scopes = ", ".join(f"`{name}` ({what})" for name, what in SCOPES.items())
    made = get_openapi(
        title="Rakkan",
        version=__version__,
        openapi_version="3.1.0",
        summary="A studio for anime-style characters, and the hub where they are shown",
        description=_ABOUT.format(scopes=scopes),
        routes=kept,
        servers=[{"url": origin}],
    )
    made.setdefault("components", {})["securitySchemes"] = _SCHEMES
    for route in kept:
        for method in route.methods or ():
            made["paths"][route.path][method.lower()]["security"] = security(route.access)
    return made


def security(access: Access) -> list[dict[str, list[str]]]:
    """What a route asks for: one of these (OpenAPI 3.1, "Security Requirement Object")."""
    if access.role == "visitor":
        return [{}, {"key": []}, {"session": []}]  # where nobody needs a key, any will do
    return [{"key": [access.scope]}, {"session": []}] if access.scope else [{"session": []}]
