"""The application: every route behind the door, every reply with its headers, every fault in one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import Response

from rakkan import __version__
from rakkan.service.access.router import GuardedRoute, unguarded
from rakkan.service.answers import Faults, Headers, handle_faults
from rakkan.service.core import Service
from rakkan.service.observing import Observer
from rakkan.service.routes import (
    about,
    account,
    api,
    appealing,
    assets,
    characters,
    claim,
    doors,
    entering,
    gallery,
    importing,
    models,
    moderation,
    onwards,
    organisations,
    passkeys,
    picture,
    prompts,
    queue,
    releasing,
    sharing,
    studio,
)
from rakkan.service.routes.showing import show
from rakkan.service.turning import Turning
from rakkan.service.web.views import ErrorView

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROUTERS = (
    assets.router,
    entering.router,
    studio.router,
    gallery.router,
    picture.router,
    onwards.router,
    releasing.router,
    appealing.router,
    characters.router,
    sharing.router,
    queue.router,
    importing.router,
    prompts.router,
    models.router,
    account.router,
    passkeys.router,
    organisations.router,
    moderation.router,
    claim.router,
    about.router,
    *api.ROUTERS,
    *doors.ROUTERS,
)


class Application(FastAPI):
    """FastAPI behind ``turning``, so that whoever is turned away costs none of what it does for a request."""

    turning: Turning

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.turning(scope, receive, send)


def build(service: Service) -> FastAPI:
    """The application of a service. Raises TypeError for a route that does not say who may call it."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        await service.news.start()
        await service.upkeep.start()
        yield
        await service.upkeep.stop()
        await service.news.stop()

    app = Application(
        title="Rakkan",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=living,
    )
    app.router.route_class = GuardedRoute
    app.state.service, app.state.door = service, service.door
    for one in ROUTERS:
        app.router.routes.extend(one.routes)
    handle_faults(app, _fault_page)
    if open_routes := unguarded(app.routes):
        raise TypeError(f"These routes are behind no door: {', '.join(open_routes)}")
    app.add_middleware(Faults)
    secure = service.settings.origin.startswith("https:")
    app.add_middleware(Headers, more={"strict-transport-security": "max-age=31536000"} if secure else None)
    app.add_middleware(Observer, figures=service.figures)
    app.turning = Turning(partial(FastAPI.__call__, app), service.turnstile, app.routes, service.figures)
    return app


def _fault_page(request: Request, status: int, message: str, hint: str) -> Response:
    return show(request, "error.html", ErrorView(status, message, hint), status)
