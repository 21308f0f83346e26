"""What comes at the same moment from several sides, on a database that several threads share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.service.accounts.device import Device
from tests.service.accounts.kit import CHEAP, PASSWORD, VISIT, accounts, database, member, owner
from tests.service.accounts.test_passkeys import registered

from rakkan.errors import RakkanError
from rakkan.service.accounts import Visit
from rakkan.service.errors import Conflict, Forbidden, TooMany, Unauthenticated


def at_once(attempts: Sequence[Callable[[], object]]) -> list[object]:
    """What each of some attempts gives when they all begin together: a result, or its RakkanError."""
    gate, given = threading.Barrier(len(attempts)), [object()] * len(attempts)

    def run(number: int) -> None:
        gate.wait()
        try:
            given[number] = attempts[number]()
        except RakkanError as error:
            given[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def refused(given: list[object]) -> list[type]:
    return [type(one) for one in given if isinstance(one, Exception)]


def test_an_invitation_lets_one_in(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path), mode="invited")
    token = all_of.invite(owner(all_of))
    given = at_once(
        [
            lambda number=number: all_of.sign_up(f"person{number}", PASSWORD, VISIT, invitation=token)
            for number in range(6)
        ]
    )
    assert refused(given) == [Forbidden] * 5


def test_a_handle_is_taken_by_one(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path))
    given = at_once([lambda: all_of.sign_up("hana", PASSWORD, VISIT)] * 4)
    assert refused(given) == [Conflict] * 3


def test_the_owners_token_makes_one_owner(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path))
    token = all_of.owner_token()
    given = at_once([lambda handle=handle: all_of.claim(token, VISIT, handle) for handle in ("hana", "mika")])
    assert refused(given) == [Forbidden]


def test_of_two_admins_who_leave_one_stays(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path))
    hana, mika, sora = (member(all_of, handle) for handle in ("hana", "mika", "sora"))
    places = all_of.organisations
    organisation = places.create(hana, "ink-club").identifier
    places.join(mika, places.invite(hana, organisation, "admin"))
    places.join(sora, places.invite(hana, organisation))
    given = at_once([lambda: places.leave(hana, organisation), lambda: places.leave(mika, organisation)])
    assert refused(given) == [Conflict]


def test_of_two_owners_who_step_down_one_stays(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path))
    yuki, hana = owner(all_of), member(all_of, "hana")
    all_of.people.set_role(yuki, hana.account, "owner")
    ruling = replace(hana, role="owner")
    given = at_once(
        [
            lambda: all_of.people.set_role(yuki, yuki.account, "member"),
            lambda: all_of.people.set_role(ruling, hana.account, "member"),
        ]
    )
    assert refused(given) == [Conflict]


def test_guesses_that_come_together_are_counted_together(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path), passwords=CHEAP)
    member(all_of, "hana")
    given = at_once(
        [
            lambda number=number: all_of.sign_in("hana", "not the password", Visit("", f"192.0.2.{number}"))
            for number in range(16)
        ]
    )
    assert sorted(refused(given), key=str) == sorted([Unauthenticated] * 10 + [TooMany] * 6, key=str)


def test_a_response_of_a_passkey_counts_once(tmp_path: Path) -> None:
    all_of = accounts(database(tmp_path))
    registered(all_of, member(all_of, "hana"), device := Device())
    begun = all_of.passkeys.begin_sign_in()
    answer = device.sign_in(begun.options)
    given = at_once([lambda: all_of.passkeys.finish_sign_in(begun.identifier, answer, VISIT)] * 5)
    assert refused(given) == [Forbidden] * 4
