"""Turning away, and turns: pure of any server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from rakkan.service import turning
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.budgets.decide import Decision, Reason
from rakkan.service.observing import Figures
from rakkan.service.turning import Fairness, Turnstile, network_of

RATE = Decision("slow", (Reason("rate", "account", 3, 2),), 2.0)
PAIRS = Decision("slow", (Reason("pairs in hour", "account", 300, 300),), 2.0)
ALARM = Decision("refuse", (Reason("alarm", "cluster", 3, 3),))


@dataclass
class Known:
    """What the budgets know by heart."""

    by_heart: dict[str, Decision] = field(default_factory=dict)

    def turned(self, account: str) -> Decision | None:
        return self.by_heart.get(account)

    def group(self, account: str) -> str:
        return account.split("-")[0]


@dataclass
class Clock:
    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(turning, "time", made)
    return made


def request(key: str = "", host: str = "192.0.2.1") -> HTTPConnection:
    headers = [(b"authorization", key.encode())] if key else []
    return HTTPConnection({"type": "http", "headers": headers, "client": (host, 1)})


def mark(key: str = "", host: str = "192.0.2.1") -> bytes:
    return turning._mark(request(key, host).scope)


def test_who_was_refused_is_looked_at_ten_times_a_second(clock: Clock) -> None:
    known = Known({"a-1": RATE})
    turnstile = Turnstile(known)  # type: ignore[arg-type]
    assert turnstile.decision(mark("one")) is None
    turnstile.remember(request("one"), "a-1", RATE)
    assert turnstile.decision(mark("one")) == RATE
    assert turnstile.decision(mark("other")) is None
    known.by_heart.clear()  # the wait is over: one look at a time, of all that are counted together
    turnstile.know(request("two"), "a-2")
    clock.now += 0.2
    assert turnstile.decision(mark("two")) is None
    assert turnstile.decision(mark("two")) == RATE == turnstile.decision(mark("one"))
    clock.now += turning.LOOK + 0.01
    assert turnstile.decision(mark("one")) is None
    clock.now += turning.REMEMBERED
    assert [turnstile.decision(mark("one")) for _ in range(3)] == [None] * 3


def test_whom_an_alarm_refuses_is_looked_at_once_a_second(clock: Clock) -> None:
    known = Known({"a-1": ALARM})
    turnstile = Turnstile(known)  # type: ignore[arg-type]
    turnstile.remember(request("one"), "a-1", ALARM)
    clock.now += 0.5
    assert turnstile.decision(mark("one")) == ALARM
    clock.now += 0.6
    assert turnstile.decision(mark("one")) is None
    assert turnstile.decision(mark("one")) == ALARM


def test_what_depends_on_what_is_asked_for_is_not_remembered(clock: Clock) -> None:
    turnstile = Turnstile(Known())  # type: ignore[arg-type]
    turnstile.remember(request("one"), "a-1", PAIRS)
    assert turnstile.decision(mark("one")) is None
    assert turnstile.group(mark("one")) == "a" and turnstile.group(mark("two")) == mark("two")


def test_the_memory_has_an_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "MOST", 3)
    turnstile = Turnstile(Known({f"a{number}": RATE for number in range(9)}))  # type: ignore[arg-type]
    for number in range(9):
        turnstile.remember(request(str(number)), f"a{number}", RATE)
    assert sum(turnstile.decision(mark(str(number))) is not None for number in range(9)) <= 3


def test_a_visitor_is_known_by_the_address(clock: Clock) -> None:
    assert mark() != mark(host="192.0.2.2") and mark("k") == mark("k", "192.0.2.2")
    assert network_of(request(host="2001:db8::1")) == network_of(request(host="2001:db8::2"))
    assert network_of(request(host="testclient")) == "testclient"
    # What a dual-stack socket makes of two IPv4 addresses is two networks, not one.
    assert (
        network_of(request(host="::ffff:192.0.2.1")) == network_of(request(host="192.0.2.1")) == "192.0.2.1"
    )


def test_who_reads_slowly_keeps_nobody_waiting() -> None:
    async def story() -> int:
        started, reading = 0, asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal started
            started += 1
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await reading.wait()

        async def receive() -> Message:
            raise AssertionError("nothing is sent")

        async def send(message: Message) -> None:
            assert message["type"] == "http.response.start"

        router = new_router()

        @router.get("/slow/{picture}")
        @allow("visitor", weight="pair")
        def slow(picture: str) -> None:
            """Never called."""

        turning_away = turning.Turning(app, Turnstile(Known()), router.routes, Figures())  # type: ignore[arg-type]
        scopes = [
            {"type": "http", "method": "GET", "path": "/slow/1", "headers": [], "client": (f"h{number}", 1)}
            for number in range(3 * turning.AT_ONCE)
        ]
        tasks = [asyncio.create_task(turning_away(scope, receive, send)) for scope in scopes]
        for _ in range(20):
            await asyncio.sleep(0)
        reading.set()
        await asyncio.gather(*tasks)
        return started

    assert asyncio.run(story()) == 3 * turning.AT_ONCE


def test_turns_go_round_between_those_counted_together() -> None:
    async def story() -> list[str]:
        fairness, served = Fairness(at_once=1, of_one=4), []

        async def one(name: str) -> None:
            await fairness.enter(name.encode(), name[0])
            await asyncio.sleep(0)
            served.append(name)
            fairness.leave(name.encode())

        await asyncio.gather(*(one(name) for name in ("a1", "a2", "a3", "a2", "b1", "c1")))
        assert fairness._free == 1 and not fairness._there and not fairness._queues
        return served

    assert asyncio.run(story()) == ["a1", "a2", "b1", "c1", "a3", "a2"]


def test_one_credential_has_so_many_at_once() -> None:
    async def story() -> None:
        fairness = Fairness(at_once=1, of_one=2)
        await fairness.enter(b"a", "a")
        waiting = asyncio.create_task(fairness.enter(b"a", "a"))
        await asyncio.sleep(0)
        assert not fairness.takes(b"a") and fairness.takes(b"b")
        waiting.cancel()  # whoever hangs up gives their turn up
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert fairness.takes(b"a")
        fairness.leave(b"a")
        await asyncio.wait_for(fairness.enter(b"b", "b"), 1)
        fairness.leave(b"b")
        assert fairness._free == 1 and not fairness._there

    asyncio.run(story())
