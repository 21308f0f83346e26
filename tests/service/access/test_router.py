"""Routes that say nothing of who may call them cannot be added, and no others are served."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Route, WebSocketRoute

from rakkan.service.access.router import GuardedRoute, capped, new_router, unguarded
from rakkan.service.access.rules import Access, allow
from rakkan.service.errors import TooLarge


def test_a_handler_that_says_nothing_cannot_be_added() -> None:
    router = new_router()
    with pytest.raises(TypeError, match="does not say who may call it"):
        router.get("/open")(lambda: None)


def test_a_handler_that_says_something_can() -> None:
    router = new_router()

    @router.get("/open")
    @allow("member", "read", "own", "list")
    def handler() -> None:
        """Nothing."""

    (route,) = router.routes
    assert isinstance(route, GuardedRoute)
    assert route.access == Access("member", "read", "own", "list")
    assert unguarded(router.routes) == []


def test_routes_that_came_in_otherwise_are_found() -> None:
    async def endpoint(request: object) -> None:
        """Nothing."""

    app = FastAPI()
    app.router.routes.append(Route("/raw", endpoint))
    app.router.routes.append(WebSocketRoute("/socket", endpoint))
    plain = APIRouter()
    plain.get("/plain")(lambda: None)
    app.router.routes.extend(plain.routes)
    assert {"/raw", "/socket", "/plain", "/docs", "/openapi.json"} <= set(unguarded(app.routes))


def test_a_scope_that_there_is_not_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="no scope"):
        allow("member", "everything")


def test_a_body_that_goes_on_is_cut_off() -> None:
    pieces = [b"x" * 40, b"x" * 40, b"x" * 40]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": pieces.pop(), "more_body": True}

    async def read() -> None:
        counted = capped(receive, 100)
        await counted()
        await counted()
        with pytest.raises(TooLarge):
            await counted()

    asyncio.run(read())
