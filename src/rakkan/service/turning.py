"""Turning requests away before anything is done for them: whoever is known to be refused costs little.

The door looks up who asks, which takes the database. Once it has refused somebody's request, the credential
that came with it is remembered with the account it stands for, and while the budgets know the answer to that
account by heart, requests with it are answered here, outermost of all. What is always let through (signing
in, reports, appeals, what pages are made of) is never turned away here.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from rakkan.service.access.router import GuardedRoute
from rakkan.service.answers import HEADERS
from rakkan.service.budgets.decide import Decision
from rakkan.service.dialects import reads_programs, shaped
from rakkan.service.errors import TooMany

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rakkan.service.budgets.store import Budgets
    from rakkan.service.observing import Figures

#: Credentials that are remembered: some hundred bytes each.
MOST = 20_000
#: Whom an alarm refuses is still looked at once in so many seconds, for what is asked may be their own.
LOOK = 1.0
_CREDENTIALS = (b"authorization", b"cookie")


class Turnstile:
    """The memory of one process: which credential stands for whom, as far as they were refused."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets
        self._known: dict[bytes, str] = {}
        self._looked: dict[str, float] = {}

    def remember(self, request: HTTPConnection, account: str) -> None:
        """A request for this account was refused."""
        if len(self._known) >= MOST:
            self._known.clear()
            self._looked.clear()
        self._known[_mark(request.scope)] = account

    def decision(self, scope: Scope) -> Decision | None:
        """What is known to be the answer to whoever asks; None when it has to be looked at."""
        if not self._known:
            return None
        account = self._known.get(_mark(scope))
        found = None if account is None else self._budgets.turned(account)
        if account is None or found is None or found.answer != "refuse":
            return found
        now = time.monotonic()
        if now - self._looked.get(account, -LOOK) >= LOOK:
            self._looked[account] = now
            return None
        return found


class Turning:
    """ASGI middleware, outermost: answers whom ``turnstile`` knows to be refused."""

    def __init__(
        self, app: ASGIApp, turnstile: Turnstile, routes: Iterable[BaseRoute], figures: Figures
    ) -> None:
        self._app, self._turnstile, self._figures = app, turnstile, figures
        guarded = [one for one in routes if isinstance(one, GuardedRoute)]
        self._free = _any_of(one for one in guarded if one.access.weight in ("free", "asset"))
        self._rest = _any_of(one for one in guarded if one.access.weight not in ("free", "asset"))
        self._headers = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
        self._count, self._told = 0, time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            started = time.perf_counter()
            decision = self._turnstile.decision(scope)
            path = scope["path"]
            if decision is not None and self._rest.fullmatch(path) and not self._free.fullmatch(path):
                await self._refuse(scope, send, decision)
                self._note(time.perf_counter() - started)
                return
        await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, send: Send, decision: Decision) -> None:
        error, path = refusal(decision), scope["path"]
        wants_page = not reads_programs(path) and any(
            name == b"accept" and b"text/html" in text for name, text in scope["headers"]
        )
        if wants_page:
            body, media_type = f"{error.message}.\n{error.hint}.\n".encode(), b"text/plain; charset=utf-8"
        else:
            told = shaped(path, error.status, error.code, error.message, error.hint)
            body, media_type = json.dumps(told).encode(), b"application/json"
        headers = [
            *self._headers,
            (b"content-type", media_type),
            (b"content-length", str(len(body)).encode()),
        ]
        if error.retry_after is not None:
            headers.append((b"retry-after", str(max(1, round(error.retry_after))).encode()))
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _note(self, seconds: float) -> None:
        """Counted one by one, and written down once a second: a line for each would cost more than all."""
        self._figures.count("turned away", TooMany.status, seconds)
        self._count += 1
        now = time.monotonic()
        if now - self._told >= 1.0:
            told = {"time": round(time.time(), 3), "turned_away": self._count}
            sys.stderr.write(json.dumps(told) + "\n")
            self._count, self._told = 0, now


def network_of(request: HTTPConnection) -> str:
    """Where a request comes from: an address, of IPv6 the 64 bits that a home is given (RFC 6177)."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def refusal(decision: Decision) -> TooMany:
    """What is said to who is not served."""
    if decision.answer == "refuse":
        return TooMany(
            "An alarm stands against this account or those it is linked to",
            "See it, and appeal against it, under Account",
            decision.retry_after,
        )
    fact = decision.reasons[0] if decision.reasons else None
    if fact is not None and fact.subject == "service":
        return TooMany(
            "There is more to do than can be done now", "Try again in a moment", decision.retry_after
        )
    what = f"{fact.measured:,} of {fact.limit:,} ({fact.fact})" if fact is not None else "all of it"
    return TooMany(f"The budget is used up: {what}", "Wait; Account shows what is left", decision.retry_after)


def _mark(scope: Scope) -> bytes:
    """What a request is known by: a digest of its credentials, or its address where there are none."""
    told = b"\0".join(text for name, text in scope["headers"] if name in _CREDENTIALS)
    if not told:
        told = str(scope["client"][0] if scope.get("client") else "").encode()
    return hashlib.blake2b(told, digest_size=16).digest()


def _any_of(routes: Iterable[GuardedRoute]) -> re.Pattern[str]:
    """A pattern of all their paths, as Starlette compiles them."""
    patterns = (re.sub(r"\(\?P<\w+>", "(?:", one.path_regex.pattern).strip("^$") for one in routes)
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(set(patterns))) or r"(?!)")
