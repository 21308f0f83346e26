"""Signing up and in: passwords, the brake on guessing, invitations, the owner's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from tests.service.accounts.device import Device
from tests.service.accounts.kit import (
    CHEAP,
    DAY,
    PASSWORD,
    VISIT,
    Clock,
    Heard,
    accounts,
    known,
    member,
    owner,
)
from tests.service.accounts.test_passkeys import registered

from rakkan.errors import RakkanError
from rakkan.service.access.actors import SCOPES
from rakkan.service.accounts import Visit
from rakkan.service.accounts.passwords import Passwords
from rakkan.service.errors import Busy, Conflict, Forbidden, NotFound, TooMany, Unauthenticated

_Result = TypeVar("_Result")


class Counted(Passwords):
    """Says how often it hashed."""

    hashed: list[int]

    def work(self, hashing: Callable[[], _Result]) -> _Result:
        self.hashed.append(1)
        return super().work(hashing)


def counted() -> Counted:
    hasher = Counted(CHEAP.memory, CHEAP.passes)
    object.__setattr__(hasher, "hashed", [])
    return hasher


def test_the_parameters_are_at_least_those_of_owasp() -> None:
    used = extract_parameters(Passwords().encode(PASSWORD))
    assert used.type is Type.ID
    assert (used.memory_cost, used.time_cost, used.parallelism) >= (19 * 1024, 2, 1)
    assert used.time_cost >= 2 and used.hash_len >= 16 and used.salt_len >= 16


def test_a_password_is_one_however_the_keyboard_spells_it() -> None:
    encoded = CHEAP.encode("ｒｉｖｅｒ in the 山 é")
    assert CHEAP.matches(encoded, "river in the 山 e\u0301")
    assert not CHEAP.matches(encoded, "River in the 山 e\u0301")
    assert not CHEAP.matches(None, PASSWORD)


@pytest.mark.parametrize("password", ["", "short one", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "long " * 52])
def test_a_password_that_will_not_do_is_refused(password: str) -> None:
    with pytest.raises(RakkanError):
        accounts().sign_up("hana", password, VISIT)


def test_a_password_with_the_handle_in_it_is_refused() -> None:
    all_of = accounts()
    with pytest.raises(RakkanError, match="handle"):
        all_of.sign_up("hana", "the HANA of autumn", VISIT)
    actor = member(all_of, "mika")
    with pytest.raises(RakkanError, match="handle"):
        all_of.set_password(actor, "the mika of autumn", PASSWORD)


def test_signing_in_costs_one_hash_whoever_is_asked_for() -> None:
    all_of = accounts()
    ruler = owner(all_of)
    member(all_of, "hana")
    all_of.people.set_state(ruler, member(all_of, "mika").account, "suspended")
    with_passkey = member(all_of, "sora")
    registered(all_of, with_passkey, Device())
    cases = [
        ("hana", PASSWORD),
        ("hana", "not the password"),
        ("nobody", PASSWORD),
        ("yuki", PASSWORD),  # who has no password
        ("mika", PASSWORD),
        ("mika", "not the password"),
        ("not\0a handle!", PASSWORD),
        ("hana", ""),
        ("hana", "x" * 5000),
        ("hana", "\ud800" * 12),
    ]
    for number, (handle, password) in enumerate(cases):
        hasher = counted()
        entering = replace(all_of, passwords=hasher)
        try:
            entering.sign_in(handle, password, Visit("", f"198.51.100.{number}"))
        except (Unauthenticated, Forbidden):
            assert (handle, password) != ("hana", PASSWORD)
        assert len(hasher.hashed) == 1, (handle, password[:20])


def test_nobody_learns_who_is_there_from_the_refusal() -> None:
    all_of = accounts()
    ruler = owner(all_of)
    suspended = member(all_of, "hana")
    all_of.people.set_state(ruler, suspended.account, "suspended")
    said = set()
    for handle in ("hana", "nobody", "yuki"):
        with pytest.raises(Unauthenticated) as refused:
            all_of.sign_in(handle, "not the password", VISIT)
        said.add((refused.value.message, refused.value.hint))
    assert len(said) == 1
    with pytest.raises(Forbidden, match="suspended"):
        all_of.sign_in("hana", PASSWORD, VISIT)


def test_an_older_hash_is_made_anew_at_the_next_signing_in() -> None:
    all_of = accounts()
    member(all_of, "hana")
    hasher = Counted(CHEAP.memory * 2, CHEAP.passes)
    object.__setattr__(hasher, "hashed", [])
    newer = replace(all_of, passwords=hasher)
    newer.sign_in("hana", PASSWORD, VISIT)
    newer.sign_in("HANA", PASSWORD, VISIT)
    assert len(hasher.hashed) == 3  # compared, made anew, compared
    with pytest.raises(Unauthenticated):
        newer.sign_in("hana", "not the password", VISIT)


def guess(all_of: object, handle: str, address: str) -> None:
    with pytest.raises(Unauthenticated):
        all_of.sign_in(handle, "not the password", Visit("", address))  # type: ignore[attr-defined]


def test_ten_failures_with_a_handle_are_enough_from_wherever() -> None:
    clock = Clock()
    all_of = accounts(clock=clock, passwords=(hasher := counted()))
    member(all_of, "hana")
    for number in range(10):
        guess(all_of, ("hana", "Hana", "ＨＡＮＡ")[number % 3], f"198.51.100.{number}")
        clock.seconds += 6
    before = len(hasher.hashed)
    with pytest.raises(TooMany) as refused:
        all_of.sign_in("hana", PASSWORD, Visit("", "203.0.113.9"))
    assert refused.value.retry_after == 15 * 60 - 60
    assert len(hasher.hashed) == before, "a refusal must cost no hash"
    clock.seconds += 15 * 60 - 60
    assert all_of.sign_in("hana", PASSWORD, VISIT).token


def test_ten_failures_from_a_network_are_enough_with_whatever_handle() -> None:
    all_of = accounts()
    member(all_of, "hana")
    for number in range(10):
        guess(all_of, f"nobody{number}", f"2001:db8:1:2::{number}")
    with pytest.raises(TooMany):
        all_of.sign_in("hana", PASSWORD, Visit("", "2001:db8:1:2:ffff::1"))
    assert all_of.sign_in("hana", PASSWORD, Visit("", "2001:db8:1:3::1")).token


def test_signing_in_between_guesses_is_no_way_around_the_brake() -> None:
    all_of = accounts()
    member(all_of, "hana")
    for number in range(10):
        guess(all_of, f"nobody{number}", "192.0.2.7")
        if number < 9:
            all_of.sign_in("hana", PASSWORD, VISIT)
    with pytest.raises(TooMany):
        all_of.sign_in("hana", PASSWORD, VISIT)


def test_a_right_password_takes_back_the_failures_before_it() -> None:
    all_of = accounts()
    member(all_of, "hana")
    for round_of in range(4):
        for number in range(9):
            guess(all_of, "hana", f"198.51.{round_of}.{number}")
        all_of.sign_in("hana", PASSWORD, Visit("", f"203.0.113.{round_of}"))
    assert len(all_of.sessions.of(all_of.sign_in("hana", PASSWORD, VISIT).account)) == 6


def test_changing_a_password_ends_the_other_sessions() -> None:
    heard = Heard()
    all_of = accounts(audit=heard)
    actor = member(all_of, "hana")
    other = all_of.sign_in("hana", PASSWORD, VISIT)
    with pytest.raises(Unauthenticated):
        all_of.set_password(actor, "a loud river in spring", "not the password")
    all_of.set_password(actor, "a loud river in spring", PASSWORD)
    assert all_of.actor_of_session(other.token) is None
    assert [one.identifier for one in all_of.sessions.of(actor.account)] == [actor.credential]
    guess(all_of, "hana", "192.0.2.9")
    assert all_of.sign_in("hana", "a loud river in spring", VISIT).account == actor.account
    assert heard.actions().count("password changed") == 1


def test_too_many_hashes_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rakkan.service.accounts.passwords._PATIENCE", 0.01)
    hasher = Passwords(8, 1)

    def at_once(depth: int) -> bool:
        return hasher.work(lambda: at_once(depth - 1)) if depth else True

    assert at_once(4)
    with pytest.raises(Busy):
        at_once(5)
    assert at_once(4), "turns must be given back"


@pytest.mark.parametrize(
    "handle", ["ab", "a" * 33, "hana!", "はな", "hаna", "ha na", "", "owner", "API", "ｒａｋｋａｎ"]
)
def test_a_handle_that_will_not_do_is_refused(handle: str) -> None:
    with pytest.raises(RakkanError):
        accounts().sign_up(handle, PASSWORD, VISIT)


def test_a_handle_is_one_however_it_is_spelt() -> None:
    all_of = accounts()
    actor = member(all_of, "Ｈana_01")
    assert all_of.profile(actor.account).handle == "hana_01"
    assert all_of.profile(actor.account).display_name == "Ｈana_01"
    with pytest.raises(Conflict):
        all_of.sign_up("HANA_01", PASSWORD, replace(VISIT, address="192.0.2.8"))
    found = all_of.people.find(" Hana_01 ")
    assert found is not None and found.identifier == actor.account
    assert all_of.people.find("a\0b") is None


def test_who_can_sign_up_depends_on_the_mode() -> None:
    start = accounts()
    ruler = owner(start)
    plain = member(start, "mika")
    invited, closed = replace(start, mode="invited"), replace(start, mode="closed")
    with pytest.raises(Forbidden):
        invited.sign_up("hana", PASSWORD, VISIT)
    with pytest.raises(Forbidden):
        invited.invite(plain)
    token = invited.invite(ruler, "moderator")
    with pytest.raises(Forbidden):
        closed.sign_up("hana", PASSWORD, VISIT, invitation=token)
    with pytest.raises(Conflict):  # which does not use the invitation up
        invited.sign_up("mika", PASSWORD, VISIT, invitation=token)
    actor = known(invited, invited.sign_up("hana", PASSWORD, VISIT, invitation=token).token)
    assert actor.role == "moderator"
    with pytest.raises(Forbidden):
        invited.sign_up("sora", PASSWORD, VISIT, invitation=token)
    with pytest.raises(Forbidden):
        invited.invite(actor, "moderator")
    assert known(invited, invited.sign_up("sora", PASSWORD, VISIT, invitation=invited.invite(actor)).token)


def test_an_invitation_expires() -> None:
    clock = Clock()
    all_of = accounts(clock=clock, mode="invited")
    token = all_of.invite(owner(all_of), days=2)
    clock.seconds += 2 * DAY
    with pytest.raises(Forbidden):
        all_of.sign_up("hana", PASSWORD, VISIT, invitation=token)


def test_the_owners_token_makes_the_owner_and_signs_in_once() -> None:
    all_of = accounts(mode="closed")
    first, token = all_of.owner_token(), all_of.owner_token()
    with pytest.raises(Forbidden):  # a newer one took its place
        all_of.claim(first, VISIT, "yuki")
    with pytest.raises(RakkanError):
        all_of.claim(token, VISIT, "not a handle")
    actor = known(all_of, all_of.claim(token, VISIT, "yuki").token)
    assert (actor.role, actor.scopes, actor.way) == ("owner", frozenset(SCOPES), "session")
    with pytest.raises(Forbidden):
        all_of.claim(token, VISIT, "yuki")
    again = known(all_of, all_of.claim(all_of.owner_token(), VISIT, "other").token)
    assert again.account == actor.account
    assert all_of.people.find("other") is None
    with pytest.raises(Forbidden):
        all_of.sign_up("hana", PASSWORD, VISIT, invitation=all_of.owner_token())


def test_an_owner_without_a_password_sets_one() -> None:
    all_of = accounts()
    actor = owner(all_of)
    assert not all_of.has_password(actor.account)
    all_of.set_password(actor, PASSWORD)
    assert all_of.has_password(actor.account)
    assert all_of.sign_in("yuki", PASSWORD, VISIT).account == actor.account


def test_signing_out_ends_the_session_and_no_other() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")
    other = all_of.sign_in("hana", PASSWORD, VISIT)
    all_of.sign_out(actor)
    assert [one.identifier for one in all_of.sessions.of(actor.account)] == [other.identifier]
    with pytest.raises(NotFound):
        all_of.sign_out(actor)


def test_a_password_that_is_changed_meanwhile_signs_nobody_in() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")

    class Slow(Passwords):
        def matches(self, encoded: str | None, password: str) -> bool:
            right = super().matches(encoded, password)
            all_of.set_password(actor, "a loud river in spring", PASSWORD)
            return right

    with pytest.raises(Unauthenticated):
        replace(all_of, passwords=Slow(CHEAP.memory, CHEAP.passes)).sign_in("hana", PASSWORD, VISIT)
    assert [one.identifier for one in all_of.sessions.of(actor.account)] == [actor.credential]
