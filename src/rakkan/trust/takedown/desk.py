"""Reports, decisions and appeals: what a web page and the command line call.

Whatever happens here is one statement in the ledger, which is what makes it so; before it, what people wrote
goes into the case's file. Stopped anywhere, there is a whole case or none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rakkan.errors import RakkanError
from rakkan.features.fingerprints import Catalogue, Look, catalogue
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Appealed, Decided, Reported, Statement, Subject
from rakkan.store.vault import Vault
from rakkan.trust.policy.nearest import nearest
from rakkan.trust.policy.words import DECISION_REASONS
from rakkan.trust.takedown import files
from rakkan.trust.takedown.digests import Digests, checked
from rakkan.trust.takedown.docket import Case, Docket, work_of
from rakkan.trust.takedown.files import Note
from rakkan.trust.takedown.states import (
    ACCOUNT,
    APPEAL,
    OUTCOMES,
    REPORT,
    REPORTER,
    SPEAKER,
    TERM,
    UPHELD,
)
from rakkan.trust.takedown.subjects import (
    COMMON_LOOK,
    LOOK,
    MODERATOR,
    case_subject,
    look_subject,
    picture_subject,
)

CLAIMS = ("my work", "my likeness", "unsafe", "spam")

#: Works an unverified report covers at most, those it finds included.
MOST_WORKS = 100
#: Pictures here that one reported picture may hide by its looks before a moderator has decided.
MOST_HIDDEN = 20
#: Pictures a moderator's decision covers at most: a statement has 1,000 subjects.
MOST_DECIDED = 800
#: Seconds after a decision in which it can be appealed against, and after which the file is shredded.
APPEAL_TERM = 30 * 24 * 3600
#: Seconds after which a file without a case is what an interrupted report left.
ABANDONED = 3600


@dataclass(frozen=True)
class Desk:
    """``secret`` is 32 bytes: names of moderators are kept as keyed digests."""

    vault: Vault
    ledger: Ledger
    docket: Docket
    secret: bytes
    clock: Callable[[], float] = time.time

    def report(self, claim: str, found: Sequence[Digests], contact: str = "", words: str = "") -> Case:
        """Someone says that pictures are their work or show them: hidden at once, until a moderator decides.

        Nothing is asked about who they are. Pictures a moderator has restored stay as they are until one
        looks again. Raises RakkanError, with nothing kept, for an unknown claim and for digests that are
        none or too many.
        """
        if claim not in CLAIMS:
            raise RakkanError(f"{claim[:80]!r} is no claim", f"Did you mean {nearest(claim, CLAIMS)!r}?")
        given = [checked(one) for one in found]
        if not 1 <= len(given) <= MOST_WORKS:
            raise RakkanError(
                f"A report is about 1 to {MOST_WORKS} pictures, not {len(given)}", "Make several"
            )
        files.checked(words, contact)
        self.tidy()
        name, now = secrets.token_hex(16), int(self.clock())
        subjects = [case_subject(name), *self._reported(given)]
        if contact or words:
            self.docket.register.expect_file(name, now)
            files.add(self.vault, name, Note(REPORT, now, words, contact, REPORTER))
        self._state(Reported(name, claim, now + TERM), subjects, now)
        return self.docket.find(name)

    def decide(
        self, case: Case, outcome: str, reason: str, because: str, moderator: str, alike: bool = False
    ) -> Case:
        """A moderator's decision, the first of a report or the last after an appeal.

        Upheld, it covers every near copy there is here, and with ``alike`` what ``Desk.alike`` lists.
        Raises RakkanError when there is nothing to decide,
        the reason is not in the table, or the moderator decided it before and another one could now.
        """
        if outcome not in OUTCOMES:
            raise RakkanError(f"{outcome[:80]!r} is no outcome", f"Give one of {', '.join(OUTCOMES)}")
        if reason not in DECISION_REASONS:
            close = nearest(reason, DECISION_REASONS)
            raise RakkanError(f"{reason[:80]!r} is no reason of the table", f"Did you mean {close!r}?")
        files.checked(because)
        if not case.state.waits:
            held = f"it was {case.state.outcome}" if case.state.outcome else "nobody has appealed against it"
            raise RakkanError(
                f"There is nothing to decide about case {case.name}: {held}", "See rakkan takedown show"
            )
        stage = APPEAL if case.state.appealed else REPORT
        mark = self._mark(moderator)
        others = {one for other in self.docket.cases() for one in other.moderators} - {mark}
        if stage == APPEAL and mark in case.moderators and others:
            raise RakkanError(
                f"{moderator} took the first decision in case {case.name}", "Let another moderator decide"
            )
        subjects = list(case.subjects())
        if outcome == UPHELD and not case.state.refusal:
            subjects = self._widened(case, alike)
        now = self._moment(case)
        self._note(case.name, Note("decision", now, because, by=moderator))
        self._state(
            Decided(case.name, stage, outcome, reason), [*subjects, Subject(MODERATOR, {"hmac": mark})], now
        )
        self.tidy()
        return self.docket.find(case.name)

    def appeal(self, case: Case, by: str, because: str = "", contact: str = "") -> Case:
        """Someone, the ``reporter`` or the ``account`` concerned, asks for a second decision.

        Raises RakkanError when there is no decision yet, the second one was taken, or it is too late.
        """
        if by not in (REPORTER, ACCOUNT) or (case.state.refusal and by != ACCOUNT):
            raise RakkanError(
                f"{by[:80]!r} cannot appeal in this case", f"Give {ACCOUNT!r} or, of a report, {REPORTER!r}"
            )
        files.checked(because, contact)
        state, now = case.state, self._moment(case)
        if state.final or (state.outcome and now >= state.since + APPEAL_TERM and not state.appealed):
            raise RakkanError(
                f"Case {case.name} is closed: it was {state.outcome}", "Report anew what is new"
            )
        if state.appealed:
            raise RakkanError(f"An appeal in case {case.name} is waiting already", "Wait for the decision")
        if state.waits:
            raise RakkanError(f"Case {case.name} is not decided yet", "Wait for the decision, then appeal")
        self._note(case.name, Note(APPEAL, now, because, contact, by))
        self._state(Appealed(case.name, by), list(case.subjects()), now)
        return self.docket.find(case.name)

    def notes(self, case: Case) -> list[Note]:
        """What people wrote about a case, as long as it is kept."""
        return files.notes(self.vault, case.name)

    def closed(self, case: Case) -> bool:
        """Whether a case is closed for good: decided twice, or nobody appealed in time."""
        state = case.state
        return state.final or (
            bool(state.outcome) and not state.waits and self.clock() >= state.since + APPEAL_TERM
        )

    def tidy(self) -> int:
        """Shred the files of cases that are closed for good, and what interrupted reports left; how many."""
        cases = {case.name: case for case in self.docket.cases()}
        shredded = 0
        for name, since in self.docket.register.files():
            case = cases.get(name) or self.docket.read(name)
            if self.closed(case) if case else self.clock() >= since + ABANDONED:
                files.shred(self.vault, name)
                self.docket.register.file_gone(name)
                shredded += 1
        return shredded

    def _reported(self, given: Sequence[Digests]) -> list[Subject]:
        """The subjects of a report: its pictures, their looks, and the nearest copies here, capped."""
        subjects = [picture_subject(one.exact) for one in given if one.exact]
        stored = self._stored()
        copies: list[tuple[int, str]] = []
        for one in given:
            near = stored.copies(one.looks)
            name = COMMON_LOOK if len(near) > MOST_HIDDEN else LOOK
            subjects += [look_subject(look, name) for look in one.looks]
            copies += near[:MOST_HIDDEN]
        found = list(dict.fromkeys(work for _, work in sorted(copies)))[: MOST_WORKS - len(given)]
        return [*subjects, *(picture_subject(exact) for work in found for exact in stored.works[work])]

    def _widened(self, case: Case, alike: bool) -> list[Subject]:
        """The subjects of a decision that upholds: all looks count now, and every copy of them here."""
        looks = (*case.looks, *case.common)
        stored = self._stored()
        found = stored.alike(looks) if alike else stored.copies(looks)
        copies = [exact for _, work in found for exact in stored.works[work]]
        exact = {tuple(sorted(one.items())): one for one in (*case.pictures, *copies)}
        pictures = list(exact.values())[:MOST_DECIDED]
        return [
            case_subject(case.name),
            *(picture_subject(one) for one in pictures),
            *(look_subject(one) for one in looks),
        ]

    def alike(self, case: Case) -> list[dict[str, str]]:
        """Pictures here that PDQ alone takes for copies and that the case does not cover, by their exact
        digests: for a moderator to look at."""
        stored = self._stored()
        covered = {work_of(one) for one in case.pictures}
        found = [work for _, work in stored.alike((*case.looks, *case.common)) if work not in covered]
        return [stored.works[work][0] for work in found]

    def _stored(self) -> _Stored:
        works: dict[str, list[dict[str, str]]] = {}
        looks: list[Look] = []
        owners: list[str] = []
        for exact, own in self.docket.stored():
            works.setdefault(work_of(exact), []).append(exact)
            looks += own
            owners += [work_of(exact)] * len(own)
        return _Stored(catalogue(looks), owners, works)

    def _note(self, case: str, note: Note) -> None:
        if note.words or note.contact or note.what == "decision":
            self.docket.register.expect_file(case, note.time)
            files.add(self.vault, case, note)

    def _moment(self, case: Case) -> int:
        # A clock that was set back must not put a decision before what it decides.
        return max(int(self.clock()), case.state.since, case.time)

    def _mark(self, moderator: str) -> str:
        if not moderator.strip():
            raise RakkanError("The moderator has no name", "Name an account")
        return hmac.new(self.secret, f"moderator\n{moderator}".encode(), hashlib.sha256).hexdigest()

    def _state(self, predicate: Any, subjects: Sequence[Subject], now: int) -> None:
        self.ledger.append([Statement(predicate, tuple(subjects), SPEAKER, now)])


@dataclass(frozen=True)
class _Stored:
    """Pictures here: a catalogue of their looks, whose work each is, and each work's exact digests, of which
    there are several when the same pixels came in several files."""

    looks: Catalogue
    owners: Sequence[str]
    works: Mapping[str, Sequence[dict[str, str]]]

    def copies(self, query: Sequence[Look]) -> list[tuple[int, str]]:
        """Distance and work of each near copy, nearest first, each once."""
        return self._once(self.looks.copies(query))

    def alike(self, query: Sequence[Look]) -> list[tuple[int, str]]:
        """The same of what PDQ alone takes for one."""
        return self._once(self.looks.alike(query))

    def _once(self, rows: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
        nearest: dict[str, int] = {}
        for row, distance in rows:
            nearest.setdefault(self.owners[row], distance)
        return [(distance, work) for work, distance in nearest.items()]
