"""Routes that nobody is let through unless they say who is. See ``rules`` and ``guard``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from rakkan.service.access import guard
from rakkan.service.access.rules import Access, access_of
from rakkan.service.bodies import read_form
from rakkan.service.errors import NotFound, TooLarge, TooSlow

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from rakkan.service.access.door import Door
    from rakkan.service.bodies import Stay

#: Seconds that a body may take, and bytes of it for which it may take one more.
PATIENCE = 30.0
SLOWEST = 16 * 1024


class GuardedRoute(APIRoute):
    """A route of which nothing runs before the door has let the request in."""

    access: Access

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        access = access_of(endpoint)
        if access is None:
            name = getattr(endpoint, "__name__", repr(endpoint))
            raise TypeError(f"{name} at {path} does not say who may call it: @allow(…)")
        self.access = access
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the door."""
        handler = super().get_route_handler()
        access = self.access

        async def guarded(request: Request) -> Response:
            door: Door = request.app.state.door
            asked = guard.Asked(request.method, guard.head_of(request.headers.items()))
            token = asked.headers.get("x-csrf-token", "")
            if not hasattr(request.state, "arrived"):
                request.state.arrived = time.monotonic()
            guard.check_host(asked, door.origins)
            guard.check_body(asked, access)
            request.state.actor = await run_in_threadpool(door.let_in, asked, request, access)
            stay: Stay | None = None
            try:
                stay = door.takes(asked, request, access)
                took = stay.take if stay is not None else _nothing
                request._receive = capped(request.receive, access.largest, took=took)
                if asked.changes and asked.is_form:  # kept, and not read again by the handler
                    form = await read_form(request, access.files)
                    token = token or str(form.get("csrf", ""))
                if asked.changes and request.state.actor.way != "key":
                    door.check_token(request, token)
                await check_words(request, asked)
                response = await handler(request)
            except BaseException:
                door.failed(request)
                raise
            finally:
                if stay is not None:
                    stay.leave()
            door.note(request, response, access)
            return response

        return guarded


async def check_words(request: Request, asked: guard.Asked) -> None:
    """Raise Refusal for texts that are none, wherever they stand in a request; NotFound in its path."""
    if "\0" in request.url.path:
        raise NotFound("There is nothing here")
    words = [*request.query_params.values()]
    if asked.changes and asked.is_form:
        words += [value for value in (await request.form()).values() if isinstance(value, str)]
    elif asked.changes and asked.media_type == "application/json":
        guard.check_text(await request.body())
    for word in words:
        guard.check_word(word)


def _nothing(count: int) -> None:
    """Bytes that are not kept, or too few for anybody to count."""


def capped(
    receive: Receive, most: int, patience: float = PATIENCE, took: Callable[[int], None] = _nothing
) -> Receive:
    """``receive`` of a body that ends with TooLarge after ``most`` bytes, whatever its head promised, and
    with TooSlow where it dawdles: it may take ``patience`` seconds, and one more for each ``SLOWEST``
    bytes. ``took`` is told of bytes as they come, and may raise."""
    taken, over, started = 0, False, time.monotonic()

    async def counted() -> Message:
        nonlocal taken, over
        if over:
            return await receive()
        left = started + patience + taken / SLOWEST - time.monotonic()
        try:
            async with asyncio.timeout(left):
                message = await receive()
        except TimeoutError:
            raise TooSlow("The request came in too slowly", "Send it once more, all at once") from None
        over = not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLarge("The request is larger than it said", f"At most {most:,} bytes are taken here")
        took(len(message.get("body", b"")))
        return message

    return counted


def new_router(**more: Any) -> APIRouter:
    """A router of guarded routes."""
    return APIRouter(route_class=GuardedRoute, **more)


def unguarded(routes: Iterable[BaseRoute]) -> list[str]:
    """The paths of routes that are behind no door: there must be none."""
    return [str(getattr(one, "path", one)) for one in routes if not isinstance(one, GuardedRoute)]
