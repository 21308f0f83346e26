"""How requests are answered: headers of all replies, and faults as a page or as JSON of one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from rakkan.errors import RakkanError
from rakkan.service import observing
from rakkan.service.dialects import reads_programs, shaped
from rakkan.service.errors import Busy, Refusal, TooMany
from rakkan.store.database import DatabaseFault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Makes the page of a fault: (request, status, message, hint).
FaultPage = Callable[[Request, int, str, str], Response]

_WORDS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "unusable"}

#: On every reply, unless the handler says otherwise. Form posts need a referrer policy that leaves Origin be.
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


class Headers:
    """ASGI middleware: sets ``HEADERS`` on every reply that does not set them itself, and ``more``."""

    def __init__(self, app: ASGIApp, more: dict[str, str] | None = None) -> None:
        self._app = app
        self._told = [(name.encode(), text.encode()) for name, text in {**HEADERS, **(more or {})}.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(one for one in self._told if one[0] not in there),
                ]
            await send(message)

        await self._app(scope, receive, telling if scope["type"] == "http" else send)


class Faults:
    """ASGI middleware: writes faults of the service's own down and answers them. Nothing of what they say
    goes to whoever asked, or to the log: it may quote what somebody wrote."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http":
                raise
            observing.fault(str(scope.get("state", {}).get("request", "")), error)
            if not begun:
                hint = "Try again; it has been written down"
                path = str(scope.get("path", ""))
                reply = JSONResponse(shaped(path, 500, "fault", "Something went wrong here", hint), 500)
                await reply(scope, receive, send)


def handle_faults(app: FastAPI, page: FaultPage) -> None:
    """Let ``app`` answer every fault in one shape: as a page to whoever asks for one, as JSON to the rest."""

    def answer(
        request: Request,
        status: int,
        code: str,
        message: str,
        hint: str = "",
        headers: Any = None,
        **more: Any,
    ) -> Response:
        path = request.url.path
        reply = (
            page(request, status, message, hint)
            if _wants_page(request) and not reads_programs(path)
            else JSONResponse(printable(shaped(path, status, code, message, hint, **more)), status)
        )
        reply.headers.update(headers or {})
        return reply

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RakkanError)
        if isinstance(error, DatabaseFault):
            observing.fault(str(getattr(request.state, "request", "")), error)
            error = Busy("The service cannot look anything up just now", "Try again in a moment")
        if not isinstance(error, Refusal):
            return answer(request, 422, "unusable", error.message, error.hint)
        headers = {}
        if isinstance(error, TooMany | Busy) and error.retry_after is not None:
            headers["retry-after"] = str(max(1, round(error.retry_after)))
        if error.status == 401:
            if request.method == "GET" and _wants_page(request) and not reads_programs(request.url.path):
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/sign-in?next={quote(asked, safe='/')}", 303)
            headers["www-authenticate"] = "Bearer"
        return answer(request, error.status, error.code, error.message, error.hint, headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [
            {"where": ".".join(str(part) for part in one["loc"])[:200], "what": str(one["msg"])[:200]}
            for one in error.errors()[:10]
        ]
        first = found[0] if found else {"where": "body", "what": "cannot be read"}
        message = f"{first['where']}: {first['what']}"
        return answer(request, 422, "invalid", message, "See /api/v1/openapi.json", fields=found)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = {404: "There is nothing here", 405: "This address does not take that method"}
        message = words.get(error.status_code, str(error.detail)[:200])
        code = _WORDS.get(error.status_code, "refused")
        return answer(request, error.status_code, code, message, headers=error.headers)

    app.add_exception_handler(RakkanError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, of_http)


def printable(told: Any) -> Any:
    """``told`` with what no UTF-8 can hold, half a pair of surrogates, as question marks."""
    if isinstance(told, str):
        return told.encode("utf-8", "replace").decode()
    if isinstance(told, dict):
        return {name: printable(value) for name, value in told.items()}
    return [printable(one) for one in told] if isinstance(told, list) else told


def _wants_page(request: Request) -> bool:
    """Whether a person looks at the answer, and no module and no program."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
