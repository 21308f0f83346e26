"""Export, closing, and what a stolen database tells."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.service.accounts.device import Device
from tests.service.accounts.kit import (
    DAY,
    PASSWORD,
    SHARED,
    VISIT,
    Clock,
    Heard,
    accounts,
    database,
    everything,
    known,
    member,
    owner,
    rows_of,
)
from tests.service.accounts.test_passkeys import registered, signed_in

from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Accounts
from rakkan.service.accounts.leaving import SECRET_COLUMNS
from rakkan.service.accounts.tables import ACCOUNTS, OWNED
from rakkan.service.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated
from rakkan.service.schema import METADATA


def lived_in(all_of: Accounts) -> tuple[Actor, list[str]]:
    """An account with something in every table, and all the secrets there were."""
    actor = known(all_of, (issued := all_of.sign_up("hana", PASSWORD, VISIT)).token)
    _, key = all_of.keys.make(actor, "the desk at home", ["read"], days=9)
    registered(all_of, actor, device := Device(), "the phone in my bag")
    signed_in(all_of, device)
    made = all_of.organisations.create(actor, "ink-club")
    invitation = all_of.organisations.invite(actor, made.identifier)
    token = all_of.owner_token()
    all_of.choices.choose_model(actor.account, "painted")
    return actor, [PASSWORD, issued.token, key, key.removeprefix("rk_"), invitation, token]


def test_a_stolen_database_holds_nothing_that_lets_anybody_in(tmp_path: Path) -> None:
    heard = Heard()
    all_of = accounts(database(tmp_path), audit=heard)
    _, secrets = lived_in(all_of)
    files = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    private = [VISIT.address, VISIT.agent, "Firefox on Linux", "the desk at home", "the phone in my bag"]
    told = json.dumps(heard.told).encode()
    for text in [*secrets, *private]:
        for form in (text.encode(), text.encode().hex().encode()):
            assert form not in everything(all_of.engine)
            assert form not in files
            assert form not in told
    public = everything(all_of.engine) if SHARED else files
    assert b"hana" in public, "what is public is found by this"
    for address in (VISIT.address, "hana"):  # nor a digest that anybody could work out
        assert hashlib.sha256(address.encode()).digest() not in files
    assert (all_of.secret not in files) and (all_of.secret.hex().encode() not in files)


def test_an_export_has_every_column_but_the_secrets() -> None:
    all_of = accounts()
    actor, secrets = lived_in(all_of)
    export = all_of.export(actor.account)
    told = json.dumps(export)
    assert not any(secret in told for secret in secrets)
    assert set(export["account"]) == set(ACCOUNTS.c.keys())
    parts = [part for name, part in export.items() if name != "account"]
    assert len(parts) == len(OWNED) and all(part for part in parts)
    columns = {frozenset(part[0]) for part in parts}
    for table in OWNED:
        names = {column.name for column in table.c}
        expected = {"label" if name == "sealed" else name for name in names} - SECRET_COLUMNS
        assert frozenset(expected) in columns, table.name
    assert export["keys"][0]["label"] == "the desk at home"
    assert {one["label"] for one in export["sessions"]} == {"Firefox on Linux"}
    with pytest.raises(NotFound):
        all_of.export("0" * 26)


def test_every_table_with_an_account_is_known_to_closing() -> None:
    ours = {
        table
        for table in METADATA.sorted_tables
        if table.name.startswith(("account_", "organisation_", "invitations")) and "account" in table.c
    }
    assert ours == set(OWNED)


def test_closing_leaves_nothing_but_a_digest_of_the_handle() -> None:
    clock, heard = Clock(), Heard()
    all_of = accounts(clock=clock, audit=heard)
    actor, _ = lived_in(all_of)
    assert rows_of(all_of, actor.account) == 10
    all_of.close(actor.account)
    assert rows_of(all_of, actor.account) == 0
    left = everything(all_of.engine)
    assert actor.account.encode() not in left and b"hana" not in left
    with pytest.raises(NotFound):
        all_of.profile(actor.account)
    with pytest.raises(Unauthenticated):
        all_of.sign_in("hana", PASSWORD, VISIT)
    clock.seconds += 30 * DAY - 1
    all_of.sweep()
    with pytest.raises(Conflict):
        member(all_of, "Hana")
    clock.seconds += 1
    assert member(all_of, "hana").account != actor.account
    assert ("account closed", actor.account, actor.account) in heard.told


def test_a_closing_that_was_broken_off_goes_on() -> None:
    all_of = accounts()
    actor, _ = lived_in(all_of)
    other = all_of.sign_in("hana", PASSWORD, VISIT)
    ruler = owner(all_of)
    all_of.begin_closing(actor.account)
    assert all_of.actor_of_session(other.token) is None
    assert all_of.closing() == [actor.account]
    with pytest.raises(Conflict):
        all_of.people.set_state(ruler, actor.account, "active")
    with pytest.raises(NotFound):
        all_of.people.set_role(ruler, actor.account, "moderator")
    all_of.begin_closing(actor.account)
    all_of.close(actor.account)
    assert all_of.closing() == []
    with pytest.raises(NotFound):
        all_of.close(actor.account)


def test_closing_takes_back_what_was_invited() -> None:
    all_of = accounts()
    ruler, hana = owner(all_of), member(all_of, "hana")
    all_of.people.set_role(ruler, hana.account, "moderator")
    token = all_of.invite(replace(hana, role="moderator"))
    all_of.close(hana.account)
    with pytest.raises(Forbidden):
        all_of.sign_up("mika", PASSWORD, VISIT, invitation=token)


def test_signing_up_is_braked_by_network() -> None:
    all_of = accounts()
    for number in range(10):
        all_of.sign_up(f"person{number}", PASSWORD, VISIT)
    with pytest.raises(TooMany):
        all_of.sign_up("person10", PASSWORD, VISIT)
