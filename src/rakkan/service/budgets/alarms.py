"""Alarms: facts and how sure they are, what became of them, and a bundle of evidence anyone can verify.

An alarm says what was counted, of which accounts, and by what these are *linked to* each other; it never says
who wanted it. It restricts from the moment it is raised and can be appealed against at once; a moderator
decides. The bundle is a signed note (``rakkan.store.ledger.notes``) over canonical JSON in whole numbers.
It holds keyed digests in place of accounts, addresses and labels, and no prompt, so it can be shown to the
accused and to strangers. Probabilities are parts in a million.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from rakkan.errors import RakkanError
from rakkan.service.budgets import canaries
from rakkan.service.budgets.clusters import Cluster
from rakkan.service.budgets.decide import Cause, Decision, Reason, Restriction
from rakkan.service.budgets.limits import LIMITS, Evidence
from rakkan.service.errors import Conflict
from rakkan.store.ledger import canonical, notes
from rakkan.store.ledger.notes import SigningKey, VerificationKey

State = Literal["open", "appealed", "upheld", "lifted"]
STATES: tuple[State, ...] = get_args(State)
#: What may follow what; after an appeal was decided there is no second one.
FOLLOWS: Mapping[State, tuple[State, ...]] = {
    "open": ("appealed", "upheld", "lifted"),
    "appealed": ("upheld", "lifted"),
    "upheld": ("appealed", "lifted"),
    "lifted": (),
}

#: Seconds after which an alarm that nobody decided no longer refuses but only reduces.
UNDECIDED = 3 * 86_400
#: Seconds after which an alarm no longer restricts at all, whatever was decided.
LASTS = 90 * 86_400
#: Accounts and ties named in a bundle; of more ties, only how many there are.
MOST_ACCOUNTS, MOST_TIES = 1_000, 200
_HEADER = "rakkan alarm 1"
_MILLION = 1_000_000


@dataclass(frozen=True)
class TieFact:
    """Two accounts (pseudonyms of this bundle), the kinds of evidence, and the confidence in a million."""

    one: str
    other: str
    kinds: tuple[str, ...]
    confidence: int


@dataclass(frozen=True)
class Facts:
    """What an alarm says. ``accounts`` are pseudonyms that hold in this bundle alone; ``linked`` and
    ``enumeration`` are confidences in a million: that the weakest tie holds, and that the counts are not
    chance. ``sure`` is whether it refuses; ``raised`` milliseconds since 1970."""

    identifier: str
    raised: int
    cause: Cause
    sure: bool
    accounts: tuple[str, ...]
    linked: int
    enumeration: int
    reasons: tuple[Reason, ...]
    ties: tuple[TieFact, ...]
    more_ties: int = 0


@dataclass(frozen=True)
class Step:
    """That the alarm came into a state, and when (milliseconds since 1970)."""

    state: State
    at: int


@dataclass(frozen=True)
class Alarm:
    """An alarm and what became of it; ``steps`` begin with ``open``."""

    facts: Facts
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """What it is now."""
        return self.steps[-1].state


def pseudonym(secret: bytes, identifier: str, account: str) -> str:
    """What an account is called in one bundle: 16 hexadecimal digits that no other bundle has for it."""
    text = f"alarm\0{identifier}\0{account}".encode()
    return hmac.digest(secret, text, hashlib.sha256)[:8].hex()


def raised(
    secret: bytes,
    identifier: str,
    cluster: Cluster,
    decision: Decision,
    now: float,
    evidence: Evidence = LIMITS.evidence,
) -> Alarm:
    """The alarm that a decision gives cause for, at ``now`` (seconds)."""
    at = int(now * 1000)
    names = {account: pseudonym(secret, identifier, account) for account in cluster.accounts}
    ties = [
        TieFact(names[tie.one], names[tie.other], tie.kinds, int(tie.confidence * _MILLION))
        for tie in cluster.ties
    ]
    facts = Facts(
        identifier,
        at,
        decision.alarm,
        decision.sure,
        tuple(sorted(names.values())[:MOST_ACCOUNTS]),
        int(cluster.confidence * _MILLION),
        int(_confidence(decision, evidence) * _MILLION),
        decision.reasons,
        tuple(ties[:MOST_TIES]),
        max(len(ties) - MOST_TIES, 0),
    )
    return Alarm(facts, (Step("open", at),))


def _confidence(decision: Decision, evidence: Evidence) -> float:
    """How unlikely the canaries are for who meets ``evidence.expected`` in a month. Without canaries: one
    half, which means that it is not known."""
    hits = max((one.measured for one in decision.reasons if one.fact == "canaries in month"), default=0)
    return 1.0 - canaries.by_chance(hits, evidence.expected) if hits else 0.5


def moved(alarm: Alarm, state: State, now: float) -> Alarm:
    """The alarm in its next state. Raises Conflict for one that cannot follow, such as a second appeal."""
    appealed_before = any(step.state == "appealed" for step in alarm.steps)
    if state not in FOLLOWS[alarm.state] or (state == "appealed" and appealed_before):
        raise Conflict(
            f"The alarm {alarm.facts.identifier} is {alarm.state} and cannot become {state}",
            "It can be appealed against once; after that the decision stands"
            if state == "appealed"
            else "Look at it again: someone may have decided meanwhile",
        )
    return replace(alarm, steps=(*alarm.steps, Step(state, max(int(now * 1000), alarm.steps[-1].at))))


def restriction(alarm: Alarm, now: float) -> Restriction:
    """What an alarm does to its cluster at ``now`` (seconds).

    A sure one refuses, for three days until somebody decides; while it is appealed against it only reduces.
    An unsure one reduces once it is upheld.
    """
    age = now - alarm.facts.raised / 1000
    if alarm.state == "lifted" or age > LASTS:
        return ""
    if not alarm.facts.sure:
        return "reduced" if alarm.state == "upheld" else ""
    if alarm.state == "upheld":
        return "refused"
    return "refused" if alarm.state == "open" and age <= UNDECIDED else "reduced"


def bundle(alarm: Alarm, key: SigningKey) -> bytes:
    """The evidence, signed with the key the ledger is signed with; it says how things stand now."""
    text = canonical.encode(content(alarm)).decode()
    return bytes(notes.sign(f"{_HEADER}\n{text}\n", key))


def content(alarm: Alarm) -> dict[str, Any]:
    """What a bundle says, in words and whole numbers."""
    facts = alarm.facts
    return {
        "accounts": list(facts.accounts),
        "cause": facts.cause,
        "claim": "these accounts are linked to each other; who asked for it is not known",
        "enumeration": facts.enumeration,
        "identifier": facts.identifier,
        "linked": facts.linked,
        "more_ties": facts.more_ties,
        "raised": facts.raised,
        "reasons": [list(one) for one in facts.reasons],
        "steps": [[step.state, step.at] for step in alarm.steps],
        "sure": facts.sure,
        "ties": [[one.one, one.other, list(one.kinds), one.confidence] for one in facts.ties],
    }


def read(data: bytes, keys: Sequence[VerificationKey]) -> Alarm:
    """The alarm in a bundle, verified without anything but the instance's public key.

    Raises RakkanError for what is not signed by one of ``keys``, was altered, or is no alarm.
    """
    note = notes.parse(data)
    notes.verify(note, keys)
    header, _, text = note.text.partition("\n")
    if header != _HEADER:
        raise RakkanError("This note is no evidence of an alarm", "Give the bundle as it was downloaded")
    return parsed(canonical.decode(text.encode(), "The evidence", notes.MOST_BYTES))


def parsed(found: Any) -> Alarm:
    """The alarm that ``content`` was made of. Raises RakkanError when it is none."""
    try:
        facts = Facts(
            found["identifier"],
            found["raised"],
            found["cause"],
            found["sure"],
            tuple(found["accounts"]),
            found["linked"],
            found["enumeration"],
            tuple(Reason(*one) for one in found["reasons"]),
            tuple(TieFact(one, other, tuple(kinds), sure) for one, other, kinds, sure in found["ties"]),
            found["more_ties"],
        )
        steps = tuple(Step(state, at) for state, at in found["steps"])
    except (KeyError, TypeError, ValueError) as error:
        raise RakkanError("The evidence lacks a part that every alarm has", "It is damaged") from error
    if not steps or any(step.state not in STATES for step in steps):
        raise RakkanError("The evidence is in a state that no alarm has", "It is damaged")
    return Alarm(facts, steps)
