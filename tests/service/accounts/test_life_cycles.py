"""The lives of keys and sessions against a model of them in plain Python."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from tests.service.accounts.device import Device
from tests.service.accounts.kit import DAY, PASSWORD, VISIT, Clock, accounts, known, member, owner
from tests.service.accounts.test_passkeys import registered, signed_in

from rakkan.service.access.actors import SCOPES, Actor
from rakkan.service.accounts.ground import SEEN_EVERY
from rakkan.service.accounts.passwords import Passwords
from rakkan.service.accounts.tables import CEREMONIES, KEYS, SESSIONS
from rakkan.service.errors import NotFound

IDLE_DAYS, LONGEST_DAYS = 30, 90
HANDLES = ("hana", "mika")


class Instant(Passwords):
    """Hashes nothing, so that many lives can be lived."""

    def encode_known(self, password: str) -> str:
        return f"hash of {password}"

    def matches(self, encoded: str | None, password: str) -> bool:
        return encoded == f"hash of {password}"

    def outdated(self, encoded: str) -> bool:
        return False


@dataclass
class Life:
    """A key or a session as it should be."""

    handle: str
    identifier: str
    secret: str
    is_session: bool
    scopes: frozenset[str]
    seen: float
    ends: float
    revoked: bool = False


class LifeCycles(RuleBasedStateMachine):
    lives = Bundle("lives")

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.accounts = accounts(clock=self.clock, passwords=Instant())
        self.ruler = owner(self.accounts)
        self.actors: dict[str, Actor] = {handle: member(self.accounts, handle) for handle in HANDLES}
        self.all: list[Life] = []
        self.suspended: set[str] = set()
        self.banned: set[str] = set()
        self.organisations: dict[str, str] = {}
        for handle, actor in self.actors.items():
            self.organisations[handle] = self.accounts.organisations.create(
                actor, f"club-{handle}"
            ).identifier

    @rule(target=lives, handle=st.sampled_from(HANDLES))
    def sign_in(self, handle: str) -> Life | None:
        if handle in self.suspended:
            return None
        issued = self.accounts.sign_in(handle, PASSWORD, VISIT)
        now = self.clock.seconds
        ends = now + LONGEST_DAYS * DAY
        life = Life(handle, issued.identifier, issued.token, True, frozenset(SCOPES), now, ends)
        self.all.append(life)
        return life

    @rule(
        target=lives,
        handle=st.sampled_from(HANDLES),
        scopes=st.sets(st.sampled_from(sorted(set(SCOPES) - {"moderate"})), min_size=1),
        days=st.none() | st.integers(1, 60),
    )
    def make_key(self, handle: str, scopes: set[str], days: int | None) -> Life:
        key, secret = self.accounts.keys.make(self.actors[handle], "a key", scopes, days)
        now = self.clock.seconds
        ends = float("inf") if days is None else now + days * DAY
        life = Life(handle, key.identifier, secret, False, frozenset(scopes), now, ends)
        self.all.append(life)
        return life

    @rule(life=lives)
    def use(self, life: Life | None) -> None:
        if life is not None:
            self.look(life)

    @rule(life=lives, by=st.sampled_from(HANDLES))
    def revoke(self, life: Life | None, by: str) -> None:
        if life is None:
            return
        part = self.accounts.sessions if life.is_session else self.accounts.keys
        ended = life.is_session and self.expired(life)
        try:
            part.revoke(self.actors[by].account, life.identifier)
        except NotFound:
            assert by != life.handle or life.revoked or ended
        else:
            assert by == life.handle and not life.revoked and not ended
            life.revoked = True

    @rule(life=lives)
    def sign_out_others(self, life: Life | None) -> None:
        if life is None or not life.is_session or not self.holds(life):
            return
        self.accounts.sign_out_others(known(self.accounts, life.secret))
        for other in self.all:
            if other.is_session and other.handle == life.handle and other is not life:
                other.revoked = True
        life.seen = self.clock.seconds

    @rule(handle=st.sampled_from(HANDLES), sessions=st.booleans())
    def revoke_all(self, handle: str, sessions: bool) -> None:
        part = self.accounts.sessions if sessions else self.accounts.keys
        part.revoke_all(self.ruler.account, self.actors[handle].account)
        for life in self.all:
            if life.handle == handle and life.is_session == sessions:
                life.revoked = True

    @rule(handle=st.sampled_from(HANDLES), out=st.booleans())
    def suspend(self, handle: str, out: bool) -> None:
        account = self.actors[handle].account
        self.accounts.people.set_state(self.ruler, account, "suspended" if out else "active")
        (self.suspended.add if out else self.suspended.discard)(handle)

    @rule(handle=st.sampled_from(HANDLES), out=st.booleans())
    def ban(self, handle: str, out: bool) -> None:
        organisation = self.organisations[handle]
        state = "suspended" if out else "active"
        self.accounts.organisations.set_state(self.ruler, organisation, state)  # type: ignore[arg-type]
        (self.banned.add if out else self.banned.discard)(handle)

    @rule(hours=st.sampled_from([1, 23, 24 * 7, 24 * 29, 24 * 30, 24 * 61]))
    def wait(self, hours: int) -> None:
        assert hours * 3_600_000 > SEEN_EVERY  # so that every use after a wait is one that is written down
        self.clock.seconds += hours * 3600

    @rule()
    def sweep(self) -> None:
        self.accounts.sweep()

    @invariant()
    def the_newest_are_as_the_model_says(self) -> None:
        for life in getattr(self, "all", [])[-3:]:
            self.look(life)

    @invariant()
    def the_lists_show_what_holds(self) -> None:
        for handle, actor in getattr(self, "actors", {}).items():
            listed = {session.identifier for session in self.accounts.sessions.of(actor.account)}
            mine = [life for life in self.all if life.is_session and life.handle == handle]
            for life in mine:
                assert (life.identifier in listed) == (not life.revoked and not self.expired(life))

    def look(self, life: Life) -> None:
        find = self.accounts.actor_of_session if life.is_session else self.accounts.actor_of_key
        found = find(life.secret)
        assert (found is not None) == self.holds(life)
        if found is not None:
            assert (found.account, found.credential) == (self.actors[life.handle].account, life.identifier)
            assert found.scopes == life.scopes
            assert dict(found.organisations) == {self.organisations[life.handle]: "admin"}
            life.seen = self.clock.seconds

    def holds(self, life: Life) -> bool:
        out = life.handle in self.suspended | self.banned
        return not out and not life.revoked and not self.expired(life)

    def expired(self, life: Life) -> bool:
        idle = life.is_session and self.clock.seconds >= life.seen + IDLE_DAYS * DAY
        return self.clock.seconds >= life.ends or idle


LifeCycles.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLifeCycles = LifeCycles.TestCase


def test_each_request_asks_the_database_once() -> None:
    """One statement for a session or a key, and one more at most every five minutes."""
    from sqlalchemy import event

    clock = Clock()
    all_of = accounts(clock=clock)
    issued = all_of.sign_up("hana", PASSWORD, VISIT)
    actor = known(all_of, issued.token)
    for handle in ("one", "two", "three"):
        all_of.organisations.create(actor, f"club-{handle}")
    _, secret = all_of.keys.make(actor, "a key", ["read"])
    asked: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement.split()[0])

    event.listen(all_of.engine, "before_cursor_execute", hear)
    assert len(known(all_of, issued.token).organisations) == 3
    assert asked == ["SELECT"]
    all_of.actor_of_key(secret)
    all_of.actor_of_key(secret)
    assert asked == ["SELECT", "SELECT", "UPDATE", "SELECT"]
    clock.seconds += 300
    all_of.actor_of_session(issued.token)
    assert asked[4:] == ["SELECT", "UPDATE"]


def test_what_ended_long_ago_is_swept_away() -> None:
    clock = Clock()
    all_of = accounts(clock=clock)
    actor = member(all_of, "hana")
    all_of.keys.make(actor, "short", ["read"], days=1)
    all_of.keys.make(actor, "endless", ["read"])
    registered(all_of, actor, device := Device())
    signed_in(all_of, device)
    with all_of.engine.connect() as connection:
        assert len(connection.execute(CEREMONIES.select()).all()) == 2
    clock.seconds += 121 * DAY
    all_of.sweep()
    with all_of.engine.connect() as connection:
        assert connection.execute(CEREMONIES.select()).all() == []
        assert connection.execute(SESSIONS.select()).all() == []
        assert len(connection.execute(KEYS.select()).all()) == 1


def test_a_credential_ends_at_its_moment_and_not_before() -> None:
    clock = Clock()
    all_of = accounts(clock=clock)
    issued = all_of.sign_up("hana", PASSWORD, VISIT)
    _, secret = all_of.keys.make(known(all_of, issued.token), "a key", ["read"], days=1)
    start = clock.seconds
    clock.seconds = start + DAY - 1
    assert all_of.actor_of_key(secret) is not None
    clock.seconds = start + DAY
    assert all_of.actor_of_key(secret) is None
    for day in (20, 40, 60, 80):
        clock.seconds = start + day * DAY
        assert all_of.actor_of_session(issued.token) is not None
    clock.seconds = start + LONGEST_DAYS * DAY
    assert all_of.actor_of_session(issued.token) is None
