"""What an instance did in a quarter, counted from its ledger alone: the transparency report.

Counts are of statements by the time they state (UTC). Nothing personal can get in: of the words in a
statement only those of a table, or of the shape of a rule's name, are printed.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rakkan.errors import RakkanError
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.reading import Said
from rakkan.store.ledger.statements import (
    Admitted,
    Appealed,
    Banned,
    Consented,
    Copied,
    Decided,
    Derived,
    Erased,
    Generated,
    Leaked,
    Licensed,
    Refused,
    Reported,
    Reserved,
    Revoked,
    Trained,
    Versioned,
)
from rakkan.trust.checks import MEDIA_TYPES
from rakkan.trust.instance import INSTANCE
from rakkan.trust.policy.words import BAN_REASONS, DECISION_REASONS
from rakkan.trust.seal.operations import OPERATIONS
from rakkan.trust.takedown.states import ACCOUNT, APPEAL, OUTCOMES, REPORT, REPORTER, TERM

#: What is printed for a word that no table knows.
OTHER = "another word"

_CLAIMS = ("my work", "my likeness", "unsafe", "spam")
_STAGES = (REPORT, APPEAL)
_APPELLANTS = (REPORTER, ACCOUNT)
_ACTIONS = ("create", "release", "admit", "protect")
_SORTS = ("character", "style")
_MODEL = "application/x-safetensors"
_NAME = re.compile(r"[a-z][a-z-]{0,23}(?: [a-z-]{1,23}){0,4}")
_QUARTER = re.compile(r"([0-9]{4})Q([1-4])")
_DIGITS = re.compile(r"[0-9]{4}|[1-4]")

Cells = tuple[str, ...]

#: Where statements of no effect are counted.
_IDLE: tuple[str, Cells] = ("other statements", ("of no effect",))


@dataclass(frozen=True)
class Quarter:
    """Three months of a year, UTC: from ``start`` to before ``end``, in seconds since 1970."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """Such as ``2026Q4``."""
        return f"{self.year:04d}Q{self.number}"

    @property
    def start(self) -> int:
        """Its first second."""
        return int(datetime(self.year, 3 * self.number - 2, 1, tzinfo=UTC).timestamp())

    @property
    def end(self) -> int:
        """The first second after it."""
        year, number = (self.year + 1, 1) if self.number == 4 else (self.year, self.number + 1)
        return Quarter(year, number).start


@dataclass(frozen=True)
class Report:
    """The counts of a quarter. ``counts`` maps a section to its rows, a row's cells to how many; ``waits``
    are the seconds from each report to its first decision, in order; ``until`` is when ``open`` and
    ``overdue`` reports were counted; ``erased`` and ``lost`` count by kind statements of any time that can no
    longer be read, on request or not; ``checkpoint`` is the signed one that all this was counted from."""

    quarter: Quarter
    until: int
    counts: Mapping[str, Mapping[Cells, int]]
    waits: tuple[int, ...]
    open: int
    overdue: int
    erased: Mapping[Cells, int]
    lost: Mapping[Cells, int]
    checkpoint: str


def parse_quarter(text: str, now: float) -> Quarter:
    """Read such as ``2026Q4``. Raises RakkanError, with the nearest, for what is none or has not begun."""
    current = quarter_of(now)
    match = _QUARTER.fullmatch(text.strip().upper())
    if match and int(match[1]) >= 1970:
        asked = Quarter(int(match[1]), int(match[2]))
        if asked.start <= current.start:
            return asked
        raise RakkanError(f"{asked.name} has not begun", f"Ask for {current.name} or an earlier one")
    years = [int(found) for found in _DIGITS.findall(text[:40]) if len(found) == 4]
    numbers = [int(found) for found in _DIGITS.findall(text[:40]) if len(found) == 1]
    near = Quarter(years[0], numbers[0]) if years and numbers else current
    if near.year < 1970 or near.start > current.start:
        near = current
    raise RakkanError(f"{text[:40]!r} is no quarter", f"Did you mean {near.name}?")


def quarter_of(moment: float) -> Quarter:
    """The quarter in which a moment lies, given in seconds since 1970."""
    at = datetime.fromtimestamp(moment, UTC)
    return Quarter(at.year, (at.month + 2) // 3)


def report(ledger: Ledger, quarter: Quarter, now: float) -> Report:
    """Count a quarter. The same ledger and quarter give the same report, whenever it is asked for after the
    quarter's end; before it (by ``now``), what is open is counted at the newest statement.

    Reads every statement once. Raises RakkanError when one, or the log, is not what was committed to.
    """
    signed = ledger.checkpoint()
    count = _Count(quarter)
    for one in ledger.each(signed):
        count.add(one)
    until = quarter.end if now >= quarter.end else max(quarter.start, min(count.newest + 1, quarter.end))
    waiting = [case.time for case in count.cases.values() if case.claim and case.waits(until)]
    return Report(
        quarter=quarter,
        until=until,
        counts={name: dict(rows) for name, rows in count.counts.items()},
        waits=tuple(sorted(count.waits)),
        open=len(waiting),
        overdue=sum(1 for time in waiting if until - time > TERM),
        erased=count.erased,
        lost=count.lost,
        checkpoint=signed.decode(),
    )


@dataclass
class _Case:
    """What was reported (``claim``) or refused (``rule``), when, and when a report was first decided."""

    time: int
    claim: str = ""
    rule: str = ""
    decided: int | None = None

    def waits(self, until: int) -> bool:
        return self.time < until and (self.decided is None or self.decided >= until)


@dataclass
class _Count:
    quarter: Quarter
    counts: dict[str, Counter[Cells]] = field(default_factory=dict)
    cases: dict[str, _Case] = field(default_factory=dict)
    waits: list[int] = field(default_factory=list)
    erased: Counter[Cells] = field(default_factory=Counter)
    lost: Counter[Cells] = field(default_factory=Counter)
    bans: set[str] = field(default_factory=set)
    decided: set[tuple[str, str]] = field(default_factory=set)
    newest: int = 0

    def add(self, one: Said) -> None:
        if one.statement is None:
            (self.erased if one.erased else self.lost)[(one.leaf.kind,)] += 1
            return
        said, time = one.statement.predicate, one.statement.time
        self.newest = max(self.newest, time)
        within = self.quarter.start <= time < self.quarter.end
        if isinstance(said, Banned):
            self.bans.add(hashlib.sha256(one.envelope).hexdigest())
        if self._is_idle(said, one.statement.account):
            rows: Iterable[tuple[str, Cells]] = [_IDLE]
        else:
            self._open_case(said, time)
            rows = self._rows(said)
            if isinstance(said, Decided) and said.stage == "report":
                self._first_decision(said.case, time, within)
        for section, cells in rows if within else ():
            self.counts.setdefault(section, Counter())[cells] += 1

    def _is_idle(self, said: Any, account: str) -> bool:
        """Whether it is of no effect: of a case, but not said by the instance, or decided before."""
        if not isinstance(said, Refused | Reported | Decided | Appealed):
            return False
        if account != INSTANCE:
            return True
        before = len(self.decided)
        if isinstance(said, Decided):
            self.decided.add((said.case, said.stage))
        return isinstance(said, Decided) and len(self.decided) == before

    def _open_case(self, said: Any, time: int) -> None:
        if isinstance(said, Refused):
            self.cases.setdefault(said.case, _Case(time, rule=_named(said.rule)))
        elif isinstance(said, Reported):
            self.cases.setdefault(said.case, _Case(time, claim=_known(said.claim, _CLAIMS)))

    def _first_decision(self, name: str, time: int, within: bool) -> None:
        case = self.cases.get(name)
        if case is None or not case.claim:
            return
        case.decided = time
        if within:
            self.waits.append(max(0, time - case.time))

    def _rows(self, said: Any) -> Iterable[tuple[str, Cells]]:
        """The rows a statement counts in."""
        simple = _SECTIONS.get(type(said))
        if simple is not None:
            section, cells = simple
            yield section, cells(said)
        elif isinstance(said, Appealed):
            yield "appeals", (self._about(said.case), _known(said.by, _APPELLANTS))
        elif isinstance(said, Decided):
            stage, outcome = _known(said.stage, _STAGES), _known(said.outcome, OUTCOMES)
            yield "decisions", (self._about(said.case), stage, outcome, _known(said.reason, DECISION_REASONS))
            case = self.cases.get(said.case)
            if stage == "appeal" and case and case.rule:
                yield "rules on appeal", (case.rule, outcome)
        elif isinstance(said, Revoked):
            lifted = said.statement in self.bans
            yield ("bans lifted" if lifted else "other statements"), (() if lifted else ("revoked",))

    def _about(self, name: str) -> str:
        case = self.cases.get(name)
        if case is None:
            return "unknown"
        return "report" if case.claim else "refusal"


def _known(word: str, table: Collection[str]) -> str:
    return word if word in table else OTHER


def _named(word: str) -> str:
    return word if _NAME.fullmatch(word) else OTHER


def _operation(said: Any) -> Cells:
    return (_known(said.operation, OPERATIONS),)


#: The kinds that count in one row each: the section, and the cells that a statement counts in.
_SECTIONS: Mapping[type, tuple[str, Callable[[Any], Cells]]] = {
    Generated: ("pictures made", _operation),
    Derived: ("pictures made", _operation),
    Admitted: (
        "files admitted",
        lambda said: (_known(said.media_type, {*MEDIA_TYPES.values(), _MODEL}),),
    ),
    Refused: ("refusals", lambda said: (_known(said.action, _ACTIONS), _named(said.rule))),
    Reported: ("reports", lambda said: (_known(said.claim, _CLAIMS),)),
    Banned: ("bans", lambda said: (_known(said.reason, BAN_REASONS),)),
    Leaked: ("leaks", lambda said: ("confirmed" if said.confirmed else "reported",)),
    Reserved: ("wishes of artists", lambda said: ("reserved",)),
    Consented: ("wishes of artists", lambda said: ("consented",)),
    Erased: ("erasures", lambda said: ()),
    Licensed: ("other statements", lambda said: ("licensed",)),
    Trained: ("other statements", lambda said: ("trained",)),
    Copied: ("other statements", lambda said: ("copied",)),
    Versioned: ("other statements", lambda said: (f"{_known(said.sort, _SORTS)} kept",)),
}
