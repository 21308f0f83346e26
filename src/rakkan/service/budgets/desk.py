"""The desk where alarms are raised, shown, appealed against and decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from rakkan.service.budgets import alarms, rows
from rakkan.service.budgets.alarms import Alarm, State
from rakkan.service.budgets.clusters import Cluster
from rakkan.service.budgets.decide import Decision, Restriction
from rakkan.service.budgets.limits import LIMITS, Limits
from rakkan.service.errors import NotFound
from rakkan.service.schema import new_identifier
from rakkan.store import sealing
from rakkan.store.ledger import canonical
from rakkan.store.ledger.notes import SigningKey

_APPEAL = b"rakkan appeal of an alarm"
LONGEST_APPEAL = 4_000


@dataclass(frozen=True)
class Desk:
    """``clock`` gives seconds since 1970, ``secret`` is 32 bytes, ``sign`` the key of the instance's ledger.
    ``changed`` is called after an alarm came into another state, with whether it was forgiven."""

    engine: Engine
    clock: Callable[[], float]
    secret: bytes = field(repr=False)
    sign: SigningKey = field(repr=False)
    changed: Callable[[], None] = field(default=lambda: None, repr=False)
    limits: Limits = LIMITS

    def alarms(self, state: str = "", account: str = "") -> list[Alarm]:
        """Alarms, newest first, at most 100: of a state, of an account, or all."""
        return [_parsed(one) for one in rows.alarms(self.engine, state, account)]

    def concerned(self, identifier: str) -> list[str]:
        """The accounts an alarm was raised for: for moderators alone."""
        return rows.alarmed(self.engine, identifier)

    def evidence(self, identifier: str, account: str = "") -> bytes:
        """The signed bundle of an alarm; with ``account`` only if it concerns it. Raises NotFound."""
        return alarms.bundle(self._alarm(identifier, account), self.sign)

    def appeal(self, identifier: str, account: str, words: str) -> Alarm:
        """An account appeals against an alarm, once; from now on replies are only reduced.

        Of the words the first ``LONGEST_APPEAL`` characters are kept, sealed. Raises NotFound, and Conflict
        when it cannot be appealed against (any more).
        """
        text = words.strip()[:LONGEST_APPEAL].encode("utf-8", "replace")
        sealed = sealing.seal(self._key, text, _APPEAL + identifier.encode())
        return self._moved(self._alarm(identifier, account), "appealed", sealed)

    def words(self, identifier: str) -> str:
        """What was said in an appeal, for moderators; "" without one. Raises NotFound."""
        found = rows.alarm(self.engine, identifier)
        if found is None:
            raise _missing(identifier)
        if found[1] is None:
            return ""
        return sealing.unseal(self._key, found[1], _APPEAL + identifier.encode(), "The appeal").decode()

    def settle(self, identifier: str, upheld: bool) -> Alarm:
        """A moderator decides. What is lifted is forgiven: nothing before it counts as long tail or canary.

        Raises NotFound, Conflict when it was decided for good.
        """
        found = self._moved(self._alarm(identifier), "upheld" if upheld else "lifted", None)
        if not upheld:
            rows.forgive(self.engine, rows.alarmed(self.engine, identifier))
            self.changed()
        return found

    def report(self, cluster: Cluster, decision: Decision) -> Alarm | None:
        """Raise the alarm that a decision gives cause for; None when one of the same weight stands already
        for any of the accounts."""
        now = self.clock()
        for known in rows.standing(self.engine, cluster.accounts):
            facts = _parsed(known).facts
            recent = now - facts.raised / 1000 < alarms.LASTS
            if recent and (facts.sure or facts.cause == decision.alarm):
                return None
        made = alarms.raised(self.secret, new_identifier(now), cluster, decision, now, self.limits.evidence)
        rows.add_alarm(self.engine, made.facts.identifier, _text(made), cluster.accounts)
        return made

    def restriction(self, accounts: Sequence[str]) -> Restriction:
        """The hardest of what standing alarms put on any of the accounts."""
        now = self.clock()
        found = {alarms.restriction(_parsed(one), now) for one in rows.standing(self.engine, accounts)}
        return "refused" if "refused" in found else "reduced" if "reduced" in found else ""

    def _alarm(self, identifier: str, account: str = "") -> Alarm:
        found = rows.alarm(self.engine, identifier)
        if found is None or (account and account not in rows.alarmed(self.engine, identifier)):
            raise _missing(identifier)
        return _parsed(found[0])

    def _moved(self, alarm: Alarm, state: State, appeal: bytes | None) -> Alarm:
        made = alarms.moved(alarm, state, self.clock())
        identifier = alarm.facts.identifier
        if not rows.change_alarm(self.engine, identifier, alarm.state, state, _text(made), appeal):
            # Somebody else was quicker: what they did decides whether this can still follow.
            return self._moved(self._alarm(identifier), state, appeal)
        self.changed()
        return made

    @property
    def _key(self) -> bytes:
        return sealing.derive(self.secret, "rakkan appeals of alarms")


def _parsed(text: str) -> Alarm:
    return alarms.parsed(json.loads(text))


def _text(alarm: Alarm) -> str:
    return canonical.encode(alarms.content(alarm)).decode()


def _missing(identifier: str) -> NotFound:
    return NotFound(f"There is no alarm {identifier[:40]}", "Look at the list of alarms")
