"""Turning requests away before anything is done for them: whoever is known to be refused costs little.

The door looks up who asks, which takes the database. Once it has refused somebody's request, the credential
that came with it is remembered with the account it stands for, and while the budgets know the answer to that
account by heart, requests with it are answered here, outermost of all. What is always let through (signing
in, reports, appeals, what pages are made of) is never turned away here.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from rakkan.service import observing
from rakkan.service.access.router import GuardedRoute
from rakkan.service.accounts import ground
from rakkan.service.answers import HEADERS
from rakkan.service.budgets.decide import Decision, Reason
from rakkan.service.dialects import reads_programs, shaped
from rakkan.service.errors import TooMany
from rakkan.service.turns import OF_ONE, Fairness

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rakkan.service.budgets.store import Budgets
    from rakkan.service.observing import Figures

#: Credentials that are remembered: some hundred bytes each.
MOST = 20_000
#: Seconds between two looks at whoever was refused lately; and at whom an alarm refuses, since what is asked
#: for may be their own.
LOOK, LOOK_REFUSED = 0.1, 1.0
#: Seconds for which a refusal counts as late.
REMEMBERED = 2.0
#: Facts for which everything is refused.
_WHATEVER = ("rate", "at once", "alarm", "load")
#: What is answered without waiting for anything but the database.
_QUICK = ("page", "list", "pair", "bulk")
_FREE = ("free", "essential", "asset")
_CREDENTIALS = (b"authorization", b"cookie")


#: What is said to a credential that asks for more at once than anybody's browser does.
CROWDED = Decision("slow", (Reason("at once", "account", OF_ONE, OF_ONE),), 1.0)


@dataclass
class Held:
    """What an account or cluster was refused with, until when that is remembered, and when it was last looked
    at again; seconds of ``time.monotonic``."""

    decision: Decision
    until: float
    looked: float


class Turnstile:
    """The memory of one process: which credential stood for whom of late, and who was refused."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets
        self._known: dict[bytes, tuple[str, str]] = {}
        self._held: dict[str, Held] = {}

    def know(self, request: HTTPConnection, account: str) -> str:
        """A request has been found to be this account's: the name of what it is counted with."""
        if max(len(self._known), len(self._held)) >= MOST:
            self._known.clear()
            self._held.clear()
        group = self._budgets.group(account)
        self._known[_mark(request.scope)] = account, group
        return group

    def group(self, mark: bytes) -> str | bytes:
        """What a credential is counted with, as far as that is known; itself where it is not."""
        known = self._known.get(mark)
        return mark if known is None else known[1]

    def holds(self, mark: bytes) -> bool:
        """Whether whoever asks was refused of late."""
        known = self._known.get(mark)
        return known is not None and known[1] in self._held

    def remember(self, request: HTTPConnection, account: str, decision: Decision) -> None:
        """A request for this account was refused."""
        group = self.know(request, account)
        if decision.reasons and decision.reasons[0].fact not in _WHATEVER:
            return  # what is refused depends on what is asked for
        now = time.monotonic()
        held = self._held.get(group)
        if held is None:
            self._held[group] = Held(decision, now + REMEMBERED, now)
        else:
            held.decision, held.until = decision, now + REMEMBERED

    def decision(self, mark: bytes) -> Decision | None:
        """What is known to be the answer to whoever asks; None when it has to be looked at."""
        if not self._known:
            return None
        known = self._known.get(mark)
        held = None if known is None else self._held.get(known[1])
        if known is None or held is None:
            return None
        now, turned = time.monotonic(), self._budgets.turned(known[0])
        if turned is not None and turned.answer != "refuse":
            return turned
        if turned is None and now > held.until:
            return None
        # A crowd that waits for a rate would come through all at once, and be refused one by one.
        if now - held.looked >= (LOOK if turned is None else LOOK_REFUSED):
            held.looked = now
            return None
        return turned or held.decision


class Turning:
    """ASGI middleware, outermost: answers whom ``turnstile`` knows to be refused."""

    def __init__(
        self, app: ASGIApp, turnstile: Turnstile, routes: Iterable[BaseRoute], figures: Figures
    ) -> None:
        self._app, self._turnstile, self._figures = app, turnstile, figures
        guarded = [one for one in routes if isinstance(one, GuardedRoute)]
        self._free = _any_of(one for one in guarded if one.access.weight in _FREE)
        self._rest = _any_of(one for one in guarded if one.access.weight not in _FREE)
        self._quick = _any_of(
            one for one in guarded if one.access.weight in _QUICK and "GET" in (one.methods or ())
        )
        self._fairness = Fairness(turnstile.group)
        self._headers = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
        self._count, self._told = 0, time.monotonic()
        #: The last decision with what was said, by dialect: a cluster is told the same again and again.
        self._said: tuple[Decision, dict[str, tuple[list[tuple[bytes, bytes]], bytes]]] = (CROWDED, {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        scope.setdefault("state", {})["arrived"] = time.monotonic()
        mark = _mark(scope)
        is_quick = scope["method"] == "GET" and self._quick.fullmatch(path) is not None
        is_quick = is_quick and not self._free.fullmatch(path)
        decision = self._turnstile.decision(mark)
        if is_quick and decision is None and not self._fairness.takes(mark):
            decision = CROWDED
        if decision is not None and (
            is_quick or (self._rest.fullmatch(path) and not self._free.fullmatch(path))
        ):
            await self._refuse(scope, send, decision)
            self._note()
            return
        if not is_quick:
            await self._app(scope, receive, send)
            return
        was_held = self._turnstile.holds(mark)
        if not self._fairness.is_alone(mark):
            scope["state"]["arrived"] = 0.0  # their waiting is no load
        name = await self._fairness.enter(mark)
        is_over = False

        def over() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._fairness.leave(mark, name)

        async def sending(message: Message) -> None:
            over()  # the work is done: who reads slowly keeps nobody waiting
            await send(message)

        try:
            # What was asked before it may have told, unless this is the one that is to look again.
            decision = None if was_held else self._turnstile.decision(mark)
            if decision is None:
                await self._app(scope, receive, sending)
            else:
                over()
                await self._refuse(scope, send, decision)
                self._note()
        finally:
            over()

    async def _refuse(self, scope: Scope, send: Send, decision: Decision) -> None:
        path = scope["path"]
        dialect = path[: path.find("/", 1) + 1]
        if not reads_programs(path) and any(
            name == b"accept" and b"text/html" in text for name, text in scope["headers"]
        ):
            dialect = "page"
        if self._said[0] is not decision:
            self._said = (decision, {})
        if dialect not in self._said[1]:
            self._said[1][dialect] = self._words(decision, path, dialect == "page")
        headers, body = self._said[1][dialect]
        await send({"type": "http.response.start", "status": TooMany.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _words(self, decision: Decision, path: str, is_page: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
        error = refusal(decision)
        if is_page:
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
        return headers, body

    def _note(self) -> None:
        """Counted one by one, and written down once a second: a line for each would cost more than all."""
        self._figures.turned_away()
        self._count += 1
        now = time.monotonic()
        if now - self._told >= 1.0:
            told: dict[str, object] = {"time": round(time.time(), 3), "turned_away": self._count}
            observing.write(told)
            self._count, self._told = 0, now


def network_of(request: HTTPConnection) -> str:
    """The network that a request comes from, as ``accounts`` tells them apart."""
    return ground.network_of(request.client.host if request.client else "")


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
