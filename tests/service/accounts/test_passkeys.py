"""Passkeys, with a device in software."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.service.accounts.device import Device, text
from tests.service.accounts.kit import VISIT, Clock, Heard, accounts, everything, known, member, owner

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Accounts
from rakkan.service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from rakkan.service.schema import made_at, new_identifier


def registered(all_of: Accounts, actor: Actor, device: Device, label: str = "Laptop") -> str:
    begun = all_of.passkeys.begin_registration(actor.account)
    response = device.register(begun.options)
    return all_of.passkeys.finish_registration(actor.account, begun.identifier, response, label).identifier


def signed_in(all_of: Accounts, device: Device) -> Actor:
    begun = all_of.passkeys.begin_sign_in()
    issued = all_of.passkeys.finish_sign_in(begun.identifier, device.sign_in(begun.options), VISIT)
    return known(all_of, issued.token)


@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_a_passkey_signs_its_account_in_again_and_again(attestation: str) -> None:
    heard = Heard()
    all_of = accounts(audit=heard)
    actor, device = member(all_of, "hana"), Device(attestation=attestation)
    identifier = registered(all_of, actor, device)
    assert {signed_in(all_of, device).account for _ in range(3)} == {actor.account}
    (passkey,) = all_of.passkeys.of(actor.account)
    assert (passkey.identifier, passkey.label, passkey.used) == (identifier, "Laptop", 1_800_000_000_000)
    assert heard.actions().count("signed in by passkey") == 3
    ways = sorted(session.way for session in all_of.sessions.of(actor.account))
    assert ways == ["passkey"] * 3 + ["password"]


def test_the_options_ask_for_verification_where_there_is_any_and_name_nobody() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")
    registered(all_of, actor, Device())
    options = all_of.passkeys.begin_registration(actor.account).options
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert len(options["excludeCredentials"]) == 1
    asked = all_of.passkeys.begin_sign_in().options
    assert asked["userVerification"] == "preferred"
    assert not asked.get("allowCredentials")


def test_a_response_counts_once() -> None:
    all_of = accounts()
    actor, device = member(all_of, "hana"), Device()
    begun = all_of.passkeys.begin_registration(actor.account)
    response = device.register(begun.options)
    all_of.passkeys.finish_registration(actor.account, begun.identifier, response, "")
    with pytest.raises(Forbidden):
        all_of.passkeys.finish_registration(actor.account, begun.identifier, response, "")
    asked = all_of.passkeys.begin_sign_in()
    answer = device.sign_in(asked.options)
    all_of.passkeys.finish_sign_in(asked.identifier, answer, VISIT)
    with pytest.raises(Forbidden):
        all_of.passkeys.finish_sign_in(asked.identifier, answer, VISIT)
    again = all_of.passkeys.begin_sign_in()
    with pytest.raises(Unauthenticated):  # an old response to a new challenge
        all_of.passkeys.finish_sign_in(again.identifier, answer, VISIT)
    # Somebody else's attempt takes nobody's ceremony away.
    all_of.passkeys.finish_sign_in(again.identifier, device.sign_in(again.options), VISIT)


def test_whoever_begins_and_goes_leaves_nothing_behind() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")
    before = everything(all_of.engine)
    names = {all_of.passkeys.begin_sign_in().identifier for _ in range(20)}
    names |= {all_of.passkeys.begin_registration(actor.account).identifier for _ in range(20)}
    assert len(names) == 40 and everything(all_of.engine) == before


def test_a_ceremony_that_was_not_begun_here_is_none() -> None:
    all_of, other = accounts(), replace(accounts(), secret=b"o" * 32)
    actor, device = member(all_of, "hana"), Device()
    registered(all_of, actor, device)
    begun = all_of.passkeys.begin_sign_in()
    answer = device.sign_in(begun.options)
    foreign = other.passkeys.begin_sign_in().identifier
    later = new_identifier(1_800_000_600.0) + begun.identifier[26:]
    for name in (foreign, later, begun.identifier[:26], begun.identifier + "0", "", "é" * 90, "i" * 90):
        with pytest.raises(Forbidden):
            all_of.passkeys.finish_sign_in(name, answer, VISIT)
    all_of.passkeys.finish_sign_in(begun.identifier, answer, VISIT)


def test_of_two_who_finish_at_once_one_is_let_in() -> None:
    all_of = accounts()
    actor, device = member(all_of, "hana"), Device(step=0)
    registered(all_of, actor, device)
    begun = all_of.passkeys.begin_sign_in()
    answer = device.sign_in(begun.options)
    with pytest.MonkeyPatch.context() as patch:
        # Both have looked before either of them has finished.
        patch.setattr(type(all_of.passkeys), "_check", lambda *told: None)
        all_of.passkeys.finish_sign_in(begun.identifier, answer, VISIT)
        with pytest.raises(Forbidden):
            all_of.passkeys.finish_sign_in(begun.identifier, answer, VISIT)
    assert len(all_of.sessions.of(actor.account)) == 2


def test_a_ceremony_takes_five_minutes_at_most() -> None:
    clock = Clock()
    all_of = accounts(clock=clock)
    device = Device()
    registered(all_of, member(all_of, "hana"), device)
    begun = all_of.passkeys.begin_sign_in()
    answer = device.sign_in(begun.options)
    clock.seconds += 300
    with pytest.raises(Forbidden):
        all_of.passkeys.finish_sign_in(begun.identifier, answer, VISIT)


def test_a_ceremony_is_for_one_account_and_one_purpose() -> None:
    all_of = accounts()
    hana, mika = member(all_of, "hana"), member(all_of, "mika")
    device = Device()
    begun = all_of.passkeys.begin_registration(hana.account)
    with pytest.raises(Forbidden):
        all_of.passkeys.finish_registration(
            mika.account, begun.identifier, device.register(begun.options), ""
        )
    asked = all_of.passkeys.begin_sign_in()
    with pytest.raises(Forbidden):
        all_of.passkeys.finish_registration(hana.account, asked.identifier, {}, "")


def test_another_origin_or_another_party_is_refused() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")
    for origin in ("https://studio.example.net", "http://localhost:8001"):
        with pytest.raises(Forbidden):
            registered(all_of, actor, Device(origin=origin))
    device = Device()
    registered(all_of, actor, device)
    device.origin = "http://localhost:8001"
    with pytest.raises(Unauthenticated):
        signed_in(all_of, device)
    device.origin = "http://localhost:8000"
    begun = all_of.passkeys.begin_sign_in()
    response = device.sign_in({**begun.options, "rpId": "example.net"})
    with pytest.raises(Unauthenticated):
        all_of.passkeys.finish_sign_in(begun.identifier, response, VISIT)
    assert signed_in(all_of, device).account == actor.account


def test_a_device_that_counts_back_is_refused_and_told_on() -> None:
    heard = Heard()
    all_of = accounts(audit=heard)
    actor, device = member(all_of, "hana"), Device()
    identifier = registered(all_of, actor, device)
    signed_in(all_of, device)
    copied = copy.copy(device)
    signed_in(all_of, device)
    with pytest.raises(Unauthenticated):
        signed_in(all_of, copied)
    assert ("passkey counted back", actor.account, identifier) in heard.told
    assert signed_in(all_of, device).account == actor.account


def test_a_device_that_does_not_count_is_taken() -> None:
    all_of = accounts()
    actor, device = member(all_of, "hana"), Device(step=0)
    registered(all_of, actor, device)
    assert [signed_in(all_of, device).account for _ in range(2)] == [actor.account] * 2


def test_another_key_and_another_user_are_refused() -> None:
    all_of = accounts()
    hana, mika = member(all_of, "hana"), member(all_of, "mika")
    device = Device()
    registered(all_of, hana, device)
    forged = Device(credential=device.credential, count=9, user=device.user)
    with pytest.raises(Unauthenticated):
        signed_in(all_of, forged)
    device.user = text(mika.account.encode())
    with pytest.raises(Unauthenticated):
        signed_in(all_of, device)
    with pytest.raises(Unauthenticated):
        signed_in(all_of, Device())


def test_a_passkey_is_known_once() -> None:
    all_of = accounts()
    device = Device()
    registered(all_of, member(all_of, "hana"), device)
    with pytest.raises(Conflict):
        registered(all_of, member(all_of, "mika"), device)


def test_a_suspended_account_does_not_get_in() -> None:
    all_of = accounts()
    ruler, actor, device = owner(all_of), member(all_of, "hana"), Device()
    registered(all_of, actor, device)
    all_of.people.set_state(ruler, actor.account, "suspended")
    with pytest.raises(Forbidden, match="suspended"):
        signed_in(all_of, device)


def test_the_only_way_to_sign_in_stays() -> None:
    all_of = accounts()
    ruler, actor, device = owner(all_of), member(all_of, "hana"), Device()
    only, another = registered(all_of, ruler, device), registered(all_of, actor, Device())
    with pytest.raises(Conflict):
        all_of.passkeys.remove(ruler.account, only)
    with pytest.raises(NotFound):  # another's
        all_of.passkeys.remove(ruler.account, another)
    assert signed_in(all_of, device).account == ruler.account
    all_of.passkeys.remove(actor.account, another)
    assert all_of.passkeys.of(actor.account) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_PARTS = st.sampled_from(["rawId", "id", "type", "response"])
_FIELDS = st.sampled_from(
    ["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]
)


@settings(max_examples=60, deadline=None)
@given(part=_PARTS, field=_FIELDS, junk=_JSON, whole=st.booleans())
def test_a_broken_response_is_refused_and_nothing_worse(
    part: str, field: str, junk: Any, whole: bool
) -> None:
    all_of = accounts()
    actor, device = member(all_of, "hana"), Device()
    begun, asked = all_of.passkeys.begin_registration(actor.account), all_of.passkeys.begin_sign_in()
    made, answer = device.register(begun.options), device.sign_in(asked.options)
    for response in (made, answer):
        if whole:
            response[part] = junk
        else:
            response["response"][field] = junk
    taken = 0
    try:
        taken = bool(all_of.passkeys.finish_registration(actor.account, begun.identifier, made, "one"))
    except RakkanError:
        assert all_of.passkeys.of(actor.account) == []
    else:  # what was broken is not asked for in a registration
        assert not whole and field in ("authenticatorData", "signature", "userHandle") and taken
    with pytest.raises(Unauthenticated):
        all_of.passkeys.finish_sign_in(asked.identifier, {**answer, "rawId": junk}, VISIT)
    registered(all_of, actor, known_device := Device())
    again = all_of.passkeys.begin_sign_in()
    answer = known_device.sign_in(again.options)
    answer["response"][field] = junk
    if field != "attestationObject" and (field != "userHandle" or junk):
        with pytest.raises(Unauthenticated):
            all_of.passkeys.finish_sign_in(again.identifier, answer, VISIT)


@given(st.floats(0, 2**47 / 1000, allow_nan=False))
def test_an_identifier_tells_when_it_was_made(seconds: float) -> None:
    assert made_at(new_identifier(seconds)) == int(seconds * 1000)
