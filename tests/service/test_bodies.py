"""How much of what comes in is held: counted byte by byte, without a server."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rakkan.service.bodies import MIB, SMALL, Bodies, Most
from rakkan.service.errors import Busy, TooMany

MOST = Most(held=100 * MIB, of_one=60 * MIB, of_visitors=40 * MIB, at_once=(2, 3), hour=(50 * MIB, 90 * MIB))


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def bodies(clock: Clock | None = None) -> Bodies:
    return Bodies(MOST, clock or Clock())


def test_what_is_small_is_never_counted() -> None:
    made = bodies()
    made.enter("a", 60 * MIB).take(60 * MIB)
    made.enter("b", 40 * MIB).take(40 * MIB)
    for number in range(1000):
        made.enter(f"n{number}", SMALL, visitor=True).take(SMALL)
    assert made.held == 100 * MIB - 2 * SMALL and made.visitors.bodies == 0


def test_what_does_not_fit_is_put_off_and_fits_once_others_have_gone() -> None:
    made = bodies()
    first, second = made.enter("a", 0), made.enter("b", 50 * MIB)
    first.take(60 * MIB)
    with pytest.raises(TooMany) as own:
        made.enter("a", MIB)
    assert own.value.retry_after
    with pytest.raises(Busy) as refused:
        made.enter("c", 41 * MIB)
    assert refused.value.status == 503 and refused.value.retry_after > 0
    second.take(40 * MIB)
    with pytest.raises(Busy):  # whatever a head has promised
        second.take(MIB)
    second.leave()
    second.leave()  # of one that is over there is nothing left to forget
    made.enter("c", 40 * MIB).take(40 * MIB)
    first.leave()
    assert made.held == 40 * MIB - SMALL


def test_a_promise_alone_takes_no_room() -> None:
    made = bodies()
    for _ in range(50):
        made.enter("a", 60 * MIB)
    assert made.held == 0
    made.enter("b", 60 * MIB).take(60 * MIB)


def test_visitors_share_a_pool_that_leaves_room_for_accounts() -> None:
    made = bodies()
    stays = [made.enter(f"n{number}", 13 * MIB, visitor=True) for number in range(3)]
    for stay in stays:
        stay.take(13 * MIB)
    with pytest.raises(Busy):  # three at once
        made.enter("n4", MIB, visitor=True)
    stays[0].leave()
    with pytest.raises(Busy):  # 26 of 40 MiB
        made.enter("n4", 15 * MIB, visitor=True)
    member = made.enter("a", 60 * MIB)
    member.take(60 * MIB)
    assert made.visitors.held < MOST.of_visitors


def test_one_network_keeps_no_place_of_others() -> None:
    made = bodies()
    for _ in range(2):
        made.enter("n", MIB, visitor=True).take(MIB)
    with pytest.raises(TooMany) as refused:
        made.enter("n", MIB, visitor=True)
    assert refused.value.retry_after
    made.enter("other", MIB, visitor=True).take(MIB)


def test_an_hours_bytes_of_a_network_and_of_all_visitors() -> None:
    clock = Clock()
    made = bodies(clock)

    def send(network: str, size: int) -> None:
        stay = made.enter(network, size, visitor=True)
        try:
            stay.take(size + SMALL)
        finally:
            stay.leave()

    for _ in range(5):
        send("n", 10 * MIB)
    with pytest.raises(TooMany) as refused:
        send("n", MIB)
    assert 0 < (refused.value.retry_after or 0) <= 7200
    for _ in range(4):
        send("other", 10 * MIB)
    with pytest.raises(Busy) as full:
        send("third", MIB)
    clock.now += full.value.retry_after
    send("third", MIB)
    clock.now += 7200
    send("n", 30 * MIB)
    assert made.held == 0 and made.visitors.bodies == 0


def test_a_largest_picture_fits_wherever_it_may_come() -> None:
    from tests.service.access.documents import DOCUMENT

    from rakkan.service.access.table import read

    usual, table = Most(), read(DOCUMENT)
    open_routes = [row for row in table if row.role == "visitor" and row.largest > SMALL]
    assert [row.path for row in open_routes] == ["/claim"] and open_routes[0].weight == "essential"
    assert open_routes[0].largest <= min(usual.of_visitors, *usual.hour)
    assert max(row.largest for row in table) <= usual.of_one
    assert usual.of_one + usual.of_visitors <= usual.held
