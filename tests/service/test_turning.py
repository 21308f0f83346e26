"""Turning away, and turns: pure of any server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from rakkan.service import turning
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.budgets.decide import Decision, Reason
from rakkan.service.observing import Figures
from rakkan.service.turning import Turnstile, network_of
from rakkan.service.turns import AT_ONCE, Fairness

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
            for number in range(3 * AT_ONCE)
        ]
        tasks = [asyncio.create_task(turning_away(scope, receive, send)) for scope in scopes]
        for _ in range(20):
            await asyncio.sleep(0)
        reading.set()
        await asyncio.gather(*tasks)
        return started

    assert asyncio.run(story()) == 3 * AT_ONCE


def whose(mark: bytes) -> str | bytes:
    """Credentials of strangers begin with "?"."""
    return mark if mark.startswith(b"?") else mark[:1].decode()


def order(names: Sequence[str], **more: int) -> list[str]:
    """In what order requests of these credentials are served that come at the same moment."""

    async def story() -> list[str]:
        fairness, served = Fairness(whose, **more), []

        async def one(name: str) -> None:
            held = await fairness.enter(name.encode())
            await asyncio.sleep(0)
            served.append(name)
            fairness.leave(name.encode(), held)

        await asyncio.gather(*(one(name) for name in names))
        assert fairness._free == more["at_once"] and not fairness._there and not fairness._working
        assert not fairness._known and not fairness._strangers
        return served

    return asyncio.run(story())


def test_turns_go_round_between_those_counted_together() -> None:
    found = order(["a1", "a2", "a3", "a2", "b1", "c1"], at_once=1)
    assert found == ["a1", "a2", "b1", "c1", "a3", "a2"]


def test_those_counted_together_leave_room_for_others() -> None:
    # Four could be worked on, of "a" two: so "b" does not wait for any of them.
    assert order(["a1", "a2", "a3", "a4", "b1"], at_once=4, of_group=2)[:3] == ["a1", "a2", "b1"]


def test_of_strangers_whoever_sends_least_comes_first() -> None:
    found = order(["?many"] * 4 + ["?more"] * 3 + ["?new"], at_once=1, of_group=1)
    assert found[:2] == ["?many", "?new"]


def test_strangers_do_not_keep_those_who_are_known_waiting() -> None:
    found = order([f"?{number}" for number in range(8)] + ["a1", "b1"], at_once=3, of_group=2)
    assert found.index("a1") <= 2 and found.index("b1") <= 5


def test_a_stranger_who_gets_known_waits_with_the_others_of_the_group() -> None:
    known: dict[bytes, str] = {}
    served: list[bytes] = []

    async def story() -> None:
        fairness = Fairness(lambda mark: known.get(mark, mark), at_once=1, of_one=8)

        async def one(mark: bytes) -> None:
            held = await fairness.enter(mark)
            known[mark] = "fleet" if mark.startswith(b"f") else mark.decode()
            await asyncio.sleep(0)
            served.append(mark)
            fairness.leave(mark, held)

        await asyncio.gather(*(one(mark) for mark in (b"f", b"f", b"f", b"n", b"n", b"n", b"n")))
        assert fairness._free == 1 and not fairness._known and not fairness._strangers

    asyncio.run(story())
    assert served[:4] == [b"f", b"n", b"f", b"n"] or served[:4] == [b"f", b"f", b"n", b"f"]


def test_one_credential_has_so_many_at_once() -> None:
    async def story() -> None:
        fairness = Fairness(whose, at_once=1, of_one=2)
        held = await fairness.enter(b"a")
        waiting = asyncio.create_task(fairness.enter(b"a"))
        await asyncio.sleep(0)
        assert not fairness.takes(b"a") and fairness.takes(b"b")
        waiting.cancel()  # whoever hangs up gives their turn up
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert fairness.takes(b"a")
        fairness.leave(b"a", held)
        held = await asyncio.wait_for(fairness.enter(b"b"), 1)
        fairness.leave(b"b", held)
        assert fairness._free == 1 and not fairness._there

    asyncio.run(story())


def test_waiting_behind_ones_own_is_no_load() -> None:
    async def story() -> list[bool]:
        fairness = Fairness(whose, at_once=1, of_one=8)
        found = [fairness.is_alone(b"a1"), fairness.is_alone(b"?new")]
        held = await fairness.enter(b"a1")
        found.append(fairness.is_alone(b"a2"))  # of the same group, which is worked on
        waiting = [asyncio.create_task(fairness.enter(mark)) for mark in (b"b1", b"?new")]
        await asyncio.sleep(0)
        found += [fairness.is_alone(mark) for mark in (b"b2", b"?new", b"?other", b"c1")]
        fairness.leave(b"a1", held)
        for mark, one in zip((b"?new", b"b1"), reversed(waiting), strict=True):
            fairness.leave(mark, await one)
        return [*found, fairness.is_alone(b"a1"), fairness.is_alone(b"b1")]

    assert asyncio.run(story()) == [True, True, False, False, False, True, True, True, True]
