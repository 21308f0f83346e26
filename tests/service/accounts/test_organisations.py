"""Organisations: who may do what in them, and that one admin always stays."""

from __future__ import annotations

import pytest
from tests.service.accounts.kit import DAY, PASSWORD, VISIT, Clock, Heard, accounts, known, member, owner

from rakkan.errors import RakkanError
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.accounts import Accounts
from rakkan.service.errors import Conflict, Forbidden, NotFound, Unauthenticated


def club(all_of: Accounts) -> tuple[Actor, Actor, str]:
    """An admin, a member, and their organisation."""
    hana, mika = member(all_of, "hana"), member(all_of, "mika")
    made = all_of.organisations.create(hana, "Ink-Club", "The ink club")
    all_of.organisations.join(mika, all_of.organisations.invite(hana, made.identifier))
    return hana, mika, made.identifier


def test_an_actor_knows_where_it_belongs() -> None:
    heard = Heard()
    all_of = accounts(audit=heard)
    hana, mika, organisation = club(all_of)
    issued = all_of.sign_in("mika", PASSWORD, VISIT)
    assert dict(known(all_of, issued.token).organisations) == {organisation: "member"}
    _, secret = all_of.keys.make(hana, "a key", ["read"])
    actor = all_of.actor_of_key(secret)
    assert actor is not None and dict(actor.organisations) == {organisation: "admin"}
    made, membership = all_of.organisations.of(mika.account)[0]
    assert (made.handle, made.display_name, membership.role) == ("ink-club", "The ink club", "member")
    assert all_of.organisations.get(organisation) == made
    assert {"organisation made", "organisation joined"} <= set(heard.actions())


def test_names_are_checked_and_taken_once() -> None:
    all_of = accounts()
    hana, _, _ = club(all_of)
    for handle in ("INK-CLUB", "ｉｎｋ-club"):
        with pytest.raises(Conflict):
            all_of.organisations.create(hana, handle)
    with pytest.raises(RakkanError):
        all_of.organisations.create(hana, "admin")
    with pytest.raises(Unauthenticated):
        all_of.organisations.create(VISITOR, "visitors-club")
    for number in range(19):
        all_of.organisations.create(hana, f"club-{number}")
    with pytest.raises(Conflict, match="20"):
        all_of.organisations.create(hana, "one-too-many")


def test_only_admins_rule_and_outsiders_see_nothing() -> None:
    all_of = accounts()
    hana, mika, organisation = club(all_of)
    sora, places = member(all_of, "sora"), all_of.organisations
    for actor, refusal in ((mika, Forbidden), (sora, NotFound), (VISITOR, Unauthenticated)):
        with pytest.raises(refusal):
            places.invite(actor, organisation)
        with pytest.raises(refusal):
            places.remove(actor, organisation, hana.account)
        with pytest.raises(refusal):
            places.set_role(actor, organisation, mika.account, "admin")
    with pytest.raises(NotFound):
        places.members(sora, organisation)
    assert {one.account for one in places.members(mika, organisation)} == {hana.account, mika.account}
    with pytest.raises(RakkanError):
        places.invite(hana, organisation, "ruler")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        places.set_role(hana, organisation, sora.account, "member")


def test_the_last_admin_stays_until_all_have_left() -> None:
    all_of = accounts()
    hana, mika, organisation = club(all_of)
    places = all_of.organisations
    for attempt in (
        lambda: places.leave(hana, organisation),
        lambda: places.remove(hana, organisation, hana.account),
        lambda: places.set_role(hana, organisation, hana.account, "member"),
        lambda: all_of.begin_closing(hana.account),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert places.of(hana.account)[0][1].role == "admin"
    assert all_of.profile(hana.account).state == "active"
    places.set_role(hana, organisation, mika.account, "admin")
    places.leave(hana, organisation)
    with pytest.raises(NotFound):
        places.leave(hana, organisation)
    places.invite(mika, organisation)
    places.leave(mika, organisation)
    with pytest.raises(NotFound):
        places.get(organisation)


def test_an_admin_puts_a_member_out() -> None:
    all_of = accounts()
    hana, mika, organisation = club(all_of)
    all_of.organisations.remove(hana, organisation, mika.account)
    assert all_of.organisations.of(mika.account) == []
    with pytest.raises(NotFound):
        all_of.organisations.remove(hana, organisation, mika.account)


def test_an_invitation_is_for_one_and_for_a_time() -> None:
    clock = Clock()
    all_of = accounts(clock=clock)
    hana, mika, organisation = club(all_of)
    sora, places = member(all_of, "sora"), all_of.organisations
    token = places.invite(hana, organisation, "admin", days=1)
    with pytest.raises(Conflict):  # who belongs to it does not use it up
        places.join(mika, token)
    assert places.join(sora, token).role == "admin"
    with pytest.raises(Forbidden):
        places.join(member(all_of, "rei"), token)
    late = places.invite(hana, organisation, days=1)
    clock.seconds += DAY
    with pytest.raises(Forbidden):
        places.join(member(all_of, "kai"), late)
    with pytest.raises(Forbidden):
        all_of.sign_up("ren", PASSWORD, VISIT, invitation=places.invite(hana, organisation))


def test_a_suspended_organisation_keeps_its_members_out_at_once() -> None:
    all_of = accounts()
    ruler = owner(all_of)
    hana, mika, organisation = club(all_of)
    all_of.organisations.join(ruler, all_of.organisations.invite(hana, organisation))
    issued = all_of.sign_in("mika", PASSWORD, VISIT)
    _, secret = all_of.keys.make(mika, "a key", ["read"])
    with pytest.raises(Forbidden):
        all_of.organisations.set_state(hana, organisation, "suspended")
    all_of.organisations.set_state(ruler, organisation, "suspended")
    assert all_of.actor_of_session(issued.token) is None
    assert all_of.actor_of_key(secret) is None
    moderating = known(all_of, all_of.claim(all_of.owner_token(), VISIT, "yuki").token)
    assert dict(moderating.organisations) == {}, "it gives nobody anything meanwhile"
    all_of.organisations.set_state(moderating, organisation, "active")
    assert known(all_of, issued.token).account == mika.account
    with pytest.raises(NotFound):
        all_of.organisations.set_state(ruler, "0" * 26, "suspended")
