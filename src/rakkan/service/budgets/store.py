"""The budgets of a service: a memory that answers, a database that remembers.

A request is checked before it is served and reported as done afterwards:

    decision = budgets.check(account, Asked("picture", picture=identifier, popular=…))
    … act on decision.answer …
    budgets.done(account, sent=bytes that left)          # when the answer was "serve" or "decoy"

Whoever has a rate used up, or stands under an alarm, is answered from memory. Counts are written by
``flush``, which the server calls every few seconds: a crash forgets at most what was counted since. Alarms
are written at once. Several processes on one database see each other's counts within ``REFRESH`` seconds.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import Engine

from rakkan.service.budgets import alarms, canaries, grouping, pairs, rows, shedding, windows
from rakkan.service.budgets.clusters import Cluster, Kind, Link
from rakkan.service.budgets.decide import Decision, Request, Standing, after, decide, met, shed
from rakkan.service.budgets.desk import Desk
from rakkan.service.budgets.front import Front, State
from rakkan.service.budgets.limits import LIMITS, Holder, Limits
from rakkan.service.budgets.memory import Shown
from rakkan.service.budgets.pairs import Fetch
from rakkan.service.budgets.shedding import Class
from rakkan.store.ledger.notes import SigningKey

#: Seconds after which counts are read again, clusters are formed again, and a refused one is looked at again.
REFRESH, REGROUP, LOOK_AGAIN = 300.0, 30.0, 30.0
#: Prefix of a visitor's account, and the cluster all of them are in.
VISITOR, VISITORS = "visitor:", "visitors"

#: What can be asked for, with the class in which it is shed; the costs stand in ``limits``.
CLASSES: dict[str, Class] = {
    "page": "interactive",
    "list": "interactive",
    "recipe": "interactive",
    "picture": "interactive",
    "job": "interactive",
    "batch": "batch",
    "draft": "draft",
    "bulk": "bulk",
}
What = Literal["page", "list", "recipe", "picture", "job", "batch", "draft", "bulk"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is for. ``picture`` is the identifier when a recipe or a full picture is asked for,
    ``own`` whether it is the account's own, ``popular`` whether many know it; ``essential`` what must work
    for anyone at any time (signing in, reports, appeals, one's own account); ``holder`` the row of limits."""

    what: What = "page"
    picture: str = ""
    own: bool = False
    popular: bool = False
    essential: bool = False
    holder: Holder = "member"


@dataclass(frozen=True)
class Used:
    """A line of the account page: how much of what was used, of how much; ``span`` in seconds."""

    what: str
    span: int
    used: int
    limit: int


@dataclass(frozen=True)
class Budgets:
    """``clock`` gives seconds since 1970, ``secret`` is 32 bytes, ``sign`` the ledger's key."""

    engine: Engine
    clock: Callable[[], float]
    secret: bytes = field(repr=False)
    sign: SigningKey = field(repr=False)
    limits: Limits = LIMITS
    front: Front = field(default_factory=Front, repr=False, compare=False)

    # ---- requests

    def check(self, account: str, asked: Asked) -> Decision:
        """What to do with a request; whatever is served is counted at once."""
        turned = None if asked.essential else self.turned(account)
        if turned is not None:
            return turned
        self.regroup()
        with self.front.lock:
            decision = self._check(account, asked, self.clock())
        if decision.alarm:
            self._raise(account, decision)
        return decision

    def turned(self, account: str) -> Decision | None:
        """What is known without looking to be the answer to all but the essential; None for nothing."""
        now = self.clock()
        # A pool of visitors or a cluster is turned away as one.
        for name in (account, self.group(account)):
            turned = self.front.turned.get(name)
            if turned is not None and now < turned[0]:
                return turned[1]
        return None

    def done(self, account: str, sent: int) -> None:
        """A request that was served is over; ``sent`` bytes have left. Waits for nothing."""
        self.front.ended.append((account, sent, True, self.clock()))

    def sent(self, account: str, sent: int) -> None:
        """More bytes have left, of a stream or of something else that is only counted by its bytes. Waits for
        nothing."""
        self.front.ended.append((account, sent, False, self.clock()))

    def shown(self, account: str, pictures: Iterable[str]) -> None:
        """Feed, search, a profile or a link has just shown these pictures to the account. Never to be called
        for the plain catalogue."""
        with self.front.lock:
            seen = self.front.shown.get(account, Shown)
            for picture in pictures:
                seen.add(self._digest(picture, 0))

    def waited(self, delay: float) -> None:
        """A request has waited ``delay`` seconds before it was looked at: what shedding goes by."""
        with self.front.lock:
            self.front.pressure = shedding.observed(
                self.front.pressure, delay, self.clock(), self.limits.delays
            )

    def shed(self, klass: Class) -> Decision | None:
        """The refusal of a class that is not served under the load there is, whoever asks; None where it
        is. For what counts towards no budget."""
        with self.front.lock:
            return shed(klass, self.front.pressure.standing, self.limits)

    def visitor(self, address: str) -> str:
        """The account of someone who is not signed in, by a keyed digest of an address."""
        return VISITOR + self._keyed("visitor", address)

    def has_given(self, account: str, picture: str) -> bool:
        """Whether the account was given this pair this month, so that it counts no more."""
        with self.front.lock:
            own = self._states(account, self.clock())[0]
            return self._digest(picture, own.month) in own.given

    def is_canary(self, picture: str) -> bool:
        """Whether an identifier is a canary's: such pictures stand in the plain catalogue alone."""
        return canaries.is_canary(self.secret, picture)

    # ---- links

    def linked(self, account: str, kind: Kind, value: str) -> None:
        """The account has a value (a label) by what somebody says; only its keyed digest is kept, at once."""
        link = Link(account, kind, self._keyed(f"link {kind}", value))
        with self.front.lock:
            self.front.regroup |= self.front.sightings.add(link, self.clock(), is_bounded=False)
        grouping.write_links(self.engine, self.front)

    def seen(self, account: str, kind: Kind, value: str) -> None:
        """The account has shown a value itself (an address, a browser's label): as ``linked``, but written at
        the next flush, and only the first of a day."""
        link = Link(account, kind, self._keyed(f"link {kind}", value))
        with self.front.lock:
            self.front.regroup |= self.front.sightings.add(link, self.clock())

    def cluster(self, account: str) -> Cluster:
        """The accounts that are counted together with this one, and why."""
        self.regroup()
        return self.front.groups.get(account, Cluster((account,)))

    @property
    def desk(self) -> Desk:
        """Where alarms are shown, appealed against and decided."""
        return Desk(self.engine, self.clock, self.secret, self.sign, self._changed, self.limits)

    # ---- accounts

    def used(self, account: str, holder: Holder = "member") -> list[Used]:
        """What an account has used of its budgets, for its own page."""
        now = self.clock()
        with self.front.lock:
            self._settle()
            usage = self._states(account, now)[0].usage
        row = self.limits.rows[holder]
        tables = (("pairs", usage.pairs, row.pairs), ("bytes", usage.egress, row.egress))
        return [
            Used(what, span, round(windows.total(counter, now, span)), limit)
            for what, counters, limits in tables
            for counter, span, limit in zip(counters, windows.SPANS, limits, strict=True)
        ]

    def forget(self, account: str) -> None:
        """Delete all that is kept of an account."""
        self.flush()
        rows.forget(self.engine, account)
        with self.front.lock:
            self.front.states.clear()
            self.front.shown.drop(account)
            self.front.regroup = True

    def flush(self) -> None:
        """Write what was counted since the last time. Raises RakkanError when the database cannot; then
        nothing is lost."""
        grouping.write_links(self.engine, self.front)
        with self.front.lock:
            self._settle()
        self._write()

    def _write(self) -> None:
        with self.front.writing() as (found, sizes):
            if found or sizes:
                rows.write(self.engine, found, sizes)

    def expire(self) -> None:
        """Delete what is too old to count; to be called once a day."""
        rows.expire(self.engine, self.clock(), grouping.LINKS_LAST)

    # ---- within

    def _check(self, account: str, asked: Asked, now: float) -> Decision:
        self._settle()
        states = self._states(account, now)
        own, whole = states[0], states[-1]
        group: Holder = "visitors" if account.startswith(VISITOR) else asked.holder
        fetch = self._fetch(account, asked, own, whole)
        standing = Standing(
            own.usage, whole.usage, asked.holder, group, whole.restriction or own.restriction, whole.flying
        )
        if fetch is not None and fetch.canary:
            standing = met(standing, now)
            own.usage, whole.usage = standing.account, standing.cluster
        request = Request(_class(asked), self.limits.costs[asked.what], fetch)
        decision = decide(standing, request, self.front.pressure.standing, now, self.limits)
        standing = after(standing, request, decision, now, self.limits)
        own.usage, whole.usage = standing.account, standing.cluster
        if fetch is not None:
            self._remember(account, asked.picture, fetch, decision.answer == "serve", states, now)
        if decision.answer in ("serve", "decoy"):
            for state in states:
                state.flying += 1
        elif not asked.essential:
            self._turn(account, decision, now)
        return decision

    def _raise(self, account: str, decision: Decision) -> None:
        """Raise an alarm, unless another thread is raising one for the same accounts. Written without the
        lock: until it stands, the counts that gave cause for it decide."""
        name = self.group(account)
        with self.front.lock:
            if name in self.front.raising:
                return
            self.front.raising.add(name)
        try:
            made = self.desk.report(self.front.groups.get(account, Cluster((account,))), decision)
        finally:
            with self.front.lock:
                self.front.raising.discard(name)
        if made is not None:
            with self.front.lock:
                whole = self._states(account, self.clock())[-1]
                whole.restriction = alarms.restriction(made, self.clock())

    def _fetch(self, account: str, asked: Asked, own: State, whole: State) -> Fetch | None:
        if not pairs.counts(asked.own, bool(asked.picture)):
            return None
        digest = self._digest(asked.picture, own.month)
        seen = self.front.shown.peek(account)
        tail = not asked.popular and (seen is None or self._digest(asked.picture, 0) not in seen)
        canary = digest not in whole.canaries and self.is_canary(asked.picture)
        return Fetch(digest not in own.given, digest not in whole.given, tail, canary)

    def _remember(
        self, account: str, picture: str, fetch: Fetch, given: bool, states: list[State], now: float
    ) -> None:
        """Note a pair that was given, or a canary that was asked for, in memory and for the next flush."""
        if not (given and fetch.new) and not fetch.canary:
            return
        month = states[0].month
        digest = self._digest(picture, month)
        for state in states:
            if given:
                state.given.add(digest)
            if fetch.canary:
                state.canaries.add(digest)
        if account.startswith(VISITOR):
            return
        self.front.pairs[account, month, digest] = {
            "account": account,
            "month": month,
            "digest": digest,
            "at": int(now * 1000),
            "given": given,
            "tail": fetch.tail,
            "canary": fetch.canary or digest in states[-1].canaries,
        }

    def _turn(self, account: str, decision: Decision, now: float) -> None:
        """Whom to answer from memory: a rate is known to be used up until then, an alarm stands a while."""
        reason = decision.reasons[0]
        name = account if reason.subject == "account" else self.group(account)
        if decision.answer == "refuse":
            self.front.turn_away(self.group(account), now + LOOK_AGAIN, decision)
        elif reason.fact == "rate" and decision.retry_after is not None:
            self.front.turn_away(name, now + decision.retry_after, decision)

    def _changed(self) -> None:
        with self.front.lock:
            self.flush()
            self.front.states.clear()
            self.front.turned.clear()

    def _states(self, account: str, now: float) -> list[State]:
        """The state of the account, and after it that of its cluster if it is in one."""
        states = [self._state(account, (account,), now)]
        if account.startswith(VISITOR):
            states.append(self._state(VISITORS, (VISITORS,), now))
        elif account in self.front.groups:
            states.append(self._state(self.group(account), self.front.groups[account].accounts, now))
        return states

    def _state(self, name: str, accounts: tuple[str, ...], now: float) -> State:
        month = int(now // windows.MONTH)
        if name == VISITORS or name.startswith(VISITOR):
            # Strangers' counts live in memory alone: what rotates must not reach the database.
            found = self.front.visitors.get(name, lambda: State(now, month))
            if found.month != month:
                found.month, found.given, found.canaries = month, set(), set()
            return found
        found = self.front.states.get(name, lambda: State(-1e18, 0))
        if found.month != month or now - found.loaded > REFRESH:
            if any(key[0] in accounts for key in self.front.pairs):
                self._write()
            kept = rows.load(self.engine, accounts, now)
            usage = replace(kept.usage, arrival=found.usage.arrival)
            found.usage, found.given, found.canaries = usage, kept.given, kept.canaries
            found.loaded, found.month = now, month
            if self.front.is_writing(accounts):
                found.loaded -= REFRESH  # something may be missing: it is read again at the next look
            found.restriction = self.desk.restriction(accounts)
        return found

    def group(self, account: str) -> str:
        """The name under which an account is turned away together with those it is linked to."""
        if account.startswith(VISITOR):
            return VISITORS
        cluster = self.front.groups.get(account)
        return account if cluster is None else f"cluster:{cluster.name}"

    def regroup(self, every: float = REGROUP) -> None:
        """Form the clusters anew when there are new links, ``every`` so many seconds. Who finds another at it
        goes on with those of before."""
        now = self.clock()
        if now - self.front.grouped >= (every if self.front.regroup else REFRESH):
            grouping.regroup(self.engine, self.front, now)

    def _settle(self) -> None:
        """Take in what has ended."""
        now = self.clock()
        while self.front.ended:
            account, sent, was_let_in, at = self.front.ended[0]
            states = self._states(account, now)
            self.front.ended.popleft()
            for state in states:
                state.flying = max(state.flying - was_let_in, 0)
                state.usage = pairs.sent(state.usage, sent, at)
            if not account.startswith(VISITOR):
                key = (account, int(at // windows.DAY))
                self.front.sizes[key] = self.front.sizes.get(key, 0) + sent

    def _digest(self, picture: str, month: int) -> int:
        return pairs.digest(self.secret, "", picture, month)

    def _keyed(self, purpose: str, value: str) -> str:
        text = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.secret, text, hashlib.sha256)[:8].hex()


def _class(asked: Asked) -> Class:
    if asked.essential:
        return "essential"
    return "anonymous" if asked.holder == "visitor" else CLASSES[asked.what]
