"""Profiles, roles and suspensions; keys and what they may be given; tokens of forms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.service.accounts.kit import PASSWORD, VISIT, Heard, accounts, database, known, member, owner

from rakkan.errors import RakkanError
from rakkan.service.access.actors import VISITOR
from rakkan.service.accounts import Accounts, csrf
from rakkan.service.accounts.ground import Ground, network_of
from rakkan.service.accounts.sessions import describe
from rakkan.service.errors import Conflict, Forbidden, NotFound


def test_a_profile_says_what_its_account_says() -> None:
    all_of = accounts()
    actor = member(all_of, "hana")
    changed = all_of.people.change(actor.account, "花 🌸\u200d", "I draw.\r\nOften. ", "ja")
    assert (changed.display_name, changed.bio, changed.locale) == ("花 🌸\u200d", "I draw.\nOften.", "ja")
    assert all_of.people.change(actor.account, bio="") == replace(changed, bio="")
    for refused in (
        {"name": ""},
        {"name": "x" * 65},
        {"name": "turned \u202e round"},
        {"name": "a\0b"},
        {"bio": "x" * 501},
        {"bio": "\ud800"},
        {"locale": "en; DROP"},
    ):
        with pytest.raises(RakkanError):
            all_of.people.change(actor.account, **refused)
    assert all_of.profile(actor.account) == replace(changed, bio="")
    with pytest.raises(NotFound):
        all_of.people.change("0" * 26, "Hana")


def test_accounts_are_listed_page_by_page() -> None:
    all_of = accounts()
    made = sorted(member(all_of, f"person{number}").account for number in range(7))
    pages: list[str] = []
    while page := all_of.people.listed(pages[-1] if pages else "", limit=3):
        pages += [one.identifier for one in page]
    assert pages == made
    assert set(all_of.people.profiles([*made[:2], "0" * 26])) == set(made[:2])
    assert all_of.people.listed(state="suspended") == []


def test_who_may_suspend_whom() -> None:
    heard = Heard()
    all_of = accounts(audit=heard)
    ruler, hana, mika, sora = owner(all_of), *(member(all_of, one) for one in ("hana", "mika", "sora"))
    all_of.people.set_role(ruler, hana.account, "moderator")
    all_of.people.set_role(ruler, mika.account, "moderator")
    moderator = replace(hana, role="moderator")
    all_of.people.set_state(moderator, sora.account, "suspended")
    assert [one.identifier for one in all_of.people.listed(state="suspended")] == [sora.account]
    all_of.people.set_state(moderator, sora.account, "active")
    for by, account in ((moderator, mika.account), (moderator, ruler.account), (sora, mika.account)):
        with pytest.raises(Forbidden):
            all_of.people.set_state(by, account, "suspended")
    for by in (moderator, sora, VISITOR):
        with pytest.raises(Forbidden):
            all_of.people.set_role(by, sora.account, "owner")
    with pytest.raises(RakkanError):
        all_of.people.set_role(ruler, sora.account, "visitor")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        all_of.people.set_role(ruler, "0" * 26, "member")
    assert ("account suspended", moderator.account, sora.account) in heard.told
    assert ("role set to moderator", ruler.account, mika.account) in heard.told


def test_a_role_is_in_force_at_the_next_request() -> None:
    all_of = accounts()
    ruler, hana = owner(all_of), member(all_of, "hana")
    _, secret = all_of.keys.make(hana, "a key", ["read"])
    all_of.people.set_role(ruler, hana.account, "moderator")
    found = all_of.actor_of_key(secret)
    assert found is not None and found.role == "moderator"


def test_one_owner_always_stays() -> None:
    all_of = accounts()
    ruler, hana = owner(all_of), member(all_of, "hana")
    for attempt in (
        lambda: all_of.people.set_role(ruler, ruler.account, "member"),
        lambda: all_of.people.set_state(ruler, ruler.account, "suspended"),
        lambda: all_of.close(ruler.account),
    ):
        with pytest.raises(Conflict):
            attempt()
    all_of.people.set_role(ruler, hana.account, "owner")
    all_of.people.set_role(ruler, ruler.account, "member")
    with pytest.raises(Conflict):
        all_of.close(hana.account)


def test_a_key_has_no_more_than_its_maker() -> None:
    all_of = accounts()
    ruler, hana = owner(all_of), member(all_of, "hana")
    _, secret = all_of.keys.make(hana, "for my desk", ["read", "account"])
    by_key = all_of.actor_of_key(secret)
    assert by_key is not None and (by_key.way, by_key.scopes) == ("key", {"read", "account"})
    for by, scopes in ((by_key, ["create"]), (hana, ["moderate"]), (VISITOR, ["read"])):
        with pytest.raises(Forbidden):
            all_of.keys.make(by, "", scopes)
    for scopes in ([], ["everything"]):
        with pytest.raises(RakkanError):
            all_of.keys.make(hana, "", scopes)
    for days in (0, 4000):
        with pytest.raises(RakkanError):
            all_of.keys.make(hana, "", ["read"], days)
    assert all_of.keys.make(ruler, "", ["moderate"])[0].scopes == {"moderate"}
    (key,) = all_of.keys.of(hana.account)
    assert (key.label, secret.startswith(key.prefix), len(key.prefix)) == ("for my desk", True, 9)
    assert len(secret) == 3 + 64


def test_there_are_fifty_keys_at_most() -> None:
    all_of = accounts()
    hana = member(all_of, "hana")
    made = [all_of.keys.make(hana, "", ["read"])[0] for _ in range(50)]
    with pytest.raises(Conflict):
        all_of.keys.make(hana, "", ["read"])
    all_of.keys.revoke(hana.account, made[0].identifier)
    all_of.keys.make(hana, "", ["read"])


@pytest.mark.parametrize("secret", ["", "rk_", "rk_" + "0" * 64, "x" * 100_000, "rk_\ud800", "rk_\0"])
def test_what_is_no_credential_lets_nobody_in(secret: str) -> None:
    all_of = accounts()
    member(all_of, "hana")
    assert all_of.actor_of_key(secret) is None
    assert all_of.actor_of_session(secret) is None


def test_a_session_is_no_key_and_a_key_no_session() -> None:
    all_of = accounts()
    issued = all_of.sign_up("hana", PASSWORD, VISIT)
    _, secret = all_of.keys.make(known(all_of, issued.token), "", ["read"])
    assert all_of.actor_of_key(issued.token) is None
    assert all_of.actor_of_session(secret) is None


def test_the_token_of_a_form_is_its_sessions_and_this_instances() -> None:
    all_of = accounts()
    token = all_of.csrf_token("one session")
    assert all_of.csrf_holds("one session", token)
    assert csrf.token(b"s" * 32, "one session") == token
    other: Accounts = replace(all_of, secret=b"t" * 32)
    assert not other.csrf_holds("one session", token)
    for session, given in (
        ("another session", token),
        ("one session", ""),
        ("one session", token[:-1]),
        ("one session", "\ud800"),
        ("", all_of.csrf_token("")),
    ):
        assert not all_of.csrf_holds(session, given)


def test_a_secret_of_another_length_is_refused_and_shown_nowhere() -> None:
    with pytest.raises(RakkanError):
        Ground(database(), lambda: 0.0, b"short")
    assert "ssss" not in repr(accounts()) + repr(accounts().ground) + repr(accounts().sessions)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("a socket", "a socket"),
    ],
)
def test_a_network_is_what_one_subscriber_has(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "A program"),
        ("", ""),
    ],
)
def test_a_user_agent_is_kept_in_a_few_words(agent: str, words: str) -> None:
    assert describe(agent) == words
