"""What the statements about one case add up to: a pure function, whatever order they come in.

A case is opened by a report (``Reported``) or by a refusal of the gate (``Refused``). Of a report there are
at most two decisions: the first, and, when someone appeals, a second that is final. A refusal is itself the
first decision; on appeal there is one by a person, which is final. What is out of turn counts for nothing:

- an appeal against a report that was stated before the report's first decision;
- a decision at the stage ``appeal`` without an appeal stated before it, or in the same second;
- any decision after the first of its stage. Of those of one second ``upheld`` counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rakkan.store.ledger.statements import Appealed, Decided, Refused, Reported, Statement

#: Who speaks for cases: nobody else's statements count.
SPEAKER = "instance"

UPHELD, OVERTURNED = "upheld", "overturned"
OUTCOMES = (UPHELD, OVERTURNED)
REPORT, APPEAL = "report", "appeal"
REPORTER, ACCOUNT = "reporter", "account"

#: The rules that bar a picture: until someone has looked, and after that.
PROVISIONAL, DOWN = "reported", "taken down"


@dataclass(frozen=True)
class State:
    """``outcome`` is the decision that holds, "" before the first; ``stage`` and ``reason`` are its own.
    ``appealed`` says by whom while a second decision is awaited. ``since`` is when this state began and
    ``due`` when the next decision is (0 when none is), in seconds since 1970. ``refusal`` tells a refusal
    from a report."""

    refusal: bool
    outcome: str = ""
    stage: str = ""
    reason: str = ""
    appealed: str = ""
    since: int = 0
    due: int = 0

    @property
    def waits(self) -> bool:
        """Whether a moderator has to decide."""
        return bool(self.appealed) or not (self.outcome or self.refusal)

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self.stage == APPEAL

    @property
    def bars(self) -> str:
        """The rule that bars the reported pictures now, "" for none."""
        if self.refusal or self.outcome == OVERTURNED:
            return ""
        return DOWN if self.outcome else PROVISIONAL


#: Seconds a moderator has for a report, and for an appeal.
TERM = 48 * 3600


def state_of(statements: Iterable[Statement]) -> State | None:
    """The state of the case that all these statements are about; None when nothing says it exists.

    A decision alone is enough: it may cover pictures that the report did not name.
    """
    heard = [one for one in statements if one.account == SPEAKER]
    opened = [one for one in heard if isinstance(one.predicate, Reported | Refused)]
    refusal = any(isinstance(one.predicate, Refused) for one in opened)
    decided = [one for one in heard if isinstance(one.predicate, Decided) and _is_read(one.predicate)]
    first = None if refusal else _first(decided, REPORT)
    if not opened and first is None:
        late = _first(decided, APPEAL)  # of a picture that only the second decision names
        return None if late is None else _after(False, late, late.time)
    begun = min((one.time for one in opened), default=0)
    if first is None and not refusal:
        due = min((one.predicate.due for one in opened), default=0)
        return State(False, since=begun, due=due)
    appeal = _earliest(heard, begun if first is None else first.time)
    if appeal is None:
        return _after(refusal, first, begun)
    second = _first([one for one in decided if one.time >= appeal.time], APPEAL)
    if second is not None:
        return _after(refusal, second, begun)
    held = _after(refusal, first, begun)
    return State(
        refusal, held.outcome, held.stage, held.reason, appeal.predicate.by, appeal.time, appeal.time + TERM
    )


def how_to_appeal(case: str, state: State) -> str:
    """What whoever is refused because of a case can do about it."""
    if state.final:
        return "It was decided twice; report anew what is new"
    if state.waits:
        return f"Wait for the decision, then: rakkan takedown appeal {case}"
    return f'If this is a mistake: rakkan takedown appeal {case} --because "…"'


def _after(refusal: bool, decided: Statement | None, begun: int) -> State:
    if decided is None:
        return State(refusal, since=begun)
    said: Decided = decided.predicate
    return State(refusal, said.outcome, said.stage, said.reason, since=decided.time)


def _is_read(said: Decided) -> bool:
    return said.outcome in OUTCOMES and said.stage in (REPORT, APPEAL)


def _first(decided: Iterable[Statement], stage: str) -> Statement | None:
    def order(one: Statement) -> tuple[Any, ...]:
        return (one.time, OUTCOMES.index(one.predicate.outcome), one.predicate.reason)

    return min((one for one in decided if one.predicate.stage == stage), key=order, default=None)


def _earliest(heard: Iterable[Statement], after: int) -> Statement | None:
    appeals = [one for one in heard if isinstance(one.predicate, Appealed) and one.time >= after]
    return min(appeals, key=lambda one: (one.time, one.predicate.by != REPORTER), default=None)
