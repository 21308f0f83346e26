"""What the API says of itself: the instance, its models, and the document that describes every route."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from rakkan import __version__
from rakkan.service.access.rules import allow
from rakkan.service.routes.api import common, shapes
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.api.document import document
from rakkan.service.routes.showing import actor_of, service_of

router = v1_router("instance")


@router.get("")
@allow("visitor", weight="free")
def instance(request: Request) -> shapes.Said:
    """This instance, and where its API is described."""
    settings = service_of(request).settings
    return shapes.Said(name=settings.name, version=__version__, sign_up=settings.sign_up)


@router.get("/openapi.json")
@allow("visitor", weight="asset")
def described(request: Request) -> dict[str, Any]:
    """This document (OpenAPI 3.1)."""
    app = request.app
    if not hasattr(app.state, "document"):
        app.state.document = document(app.routes, service_of(request).settings.origin)
    reply: Response = JSONResponse(app.state.document)
    return reply  # type: ignore[return-value]


@router.get("/models")
@allow("visitor", "read", "shown", weight="list")
def models(request: Request) -> shapes.Page[shapes.ModelCard]:
    """What can be drawn with; there is one page."""
    return shapes.Page(items=common.models(actor_of(request)))
