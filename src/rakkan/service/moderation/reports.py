"""Reports of pictures: what people say is wrong, and what a moderator decides about it.

Cases are the takedown desk's, in the ledger. What is reported as unsafe, as somebody's work or as showing
somebody is hidden at once; spam is not, and gets a case only when a moderator takes it down.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.moderation import cases
from rakkan.service.moderation.tables import REPORTS
from rakkan.service.moderation.words import demand_moderator, demand_reason
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.service.schema import new_identifier
from rakkan.service.sharing.records import Shared
from rakkan.service.sharing.sharing import Sharing
from rakkan.service.sharing.tables import SHARED
from rakkan.store import sealing
from rakkan.store.database import transaction
from rakkan.trust.takedown.digests import Digests, digests_of_bytes
from rakkan.trust.takedown.docket import Case
from rakkan.trust.takedown.states import ACCOUNT, OVERTURNED, REPORTER, UPHELD

if TYPE_CHECKING:
    from rakkan.store.vault import Vault
    from rakkan.trust.takedown.desk import Desk
    from rakkan.trust.takedown.files import Note

#: What a picture can be reported as, and what the desk calls it.
KINDS = {"unsafe": "unsafe", "person": "my likeness", "copyright": "my work", "spam": "spam"}
#: What an artist, or somebody who is shown, can claim.
CLAIMS = {"author": "my work", "depicted": "my likeness", "agent": "my work"}
CLAIM = "claim"
LONGEST_TEXT = 4000
_MOST_OPEN = 20


@dataclass(frozen=True)
class Report:
    """A report as it came in; ``docket`` is its case, "" as long as it has none; ``text`` only of those."""

    identifier: str
    kind: str
    picture: str
    docket: str
    reporter: str
    created: int
    text: str = ""


@dataclass(frozen=True)
class Thing:
    """What a report is about: whose it is, how it stands, and what a case knows it by."""

    account: str
    state: str
    digests: Callable[[], Digests]


@dataclass(frozen=True)
class Claimed:
    """A claim that came in: its case, the secret that its page is found by, and how many pictures of here
    were found and hidden."""

    case: Case
    secret: str
    found: int


@dataclass(frozen=True)
class Reports:
    """Reports on the pictures of a catalogue, and on the characters that are shared beside it: where a method
    takes a ``picture``, it takes a shared character, too. ``desk`` gives the takedown desk, ``key`` is 32
    bytes."""

    catalogue: Catalogue
    vault: Vault
    desk: Callable[[], Desk]
    key: bytes = field(repr=False)
    sharing: Sharing
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    # ---- what anybody can do

    def report(self, by: Actor, picture: str, kind: str, text: str = "") -> str:
        """An account says that a picture is ``kind``; the report's identifier. Raises NotFound for a picture
        it may not see, Conflict for what is not published, for a second report while the first is open and
        for more than 20, Forbidden for a visitor (who makes a claim), RakkanError for an unknown kind."""
        if not by.account:
            raise Forbidden("This takes an account", "Without one, use the page “Someone used my picture”")
        if kind not in KINDS:
            raise RakkanError(f"{kind[:40]!r} is no reason", f"Choose from {', '.join(KINDS)}")
        _demand_short(text)
        thing = self._thing(by, picture)
        if thing.state != "published":
            raise Conflict("Only what is published can be reported", "Delete it if it is your own")
        self._demand_new(by, picture)
        if kind == "spam":
            return self._add(kind, picture, "", by.account, text)
        with self._one_at_a_time:
            case = self.desk().report(KINDS[kind], [thing.digests()], words=text)
            identifier = self._add(kind, picture, case.name, by.account)
            self._follow(case)
        return identifier

    def claim(
        self, right: str, found: Sequence[Digests], picture: str = "", contact: str = "", text: str = ""
    ) -> Claimed:
        """Somebody, with or without an account, says that pictures are their work or show them: they and
        their copies here are hidden at once. ``found`` are the digests of what they show, ``picture`` one of
        here that anybody can see. Raises RakkanError for what cannot be searched for, NotFound."""
        if right not in CLAIMS:
            raise RakkanError("It is not said whose right this is", f"Choose from {', '.join(CLAIMS)}")
        given = list(found)
        if picture:
            shown = self.catalogue.openable(VISITOR, picture)
            given.append(digests_of_bytes(self.vault.read(shown.account, shown.file)))
        if not given:
            raise RakkanError("There is nothing to look for", "Send the picture, or a link to the one here")
        with self._one_at_a_time:
            case = self.desk().report(CLAIMS[right], given, contact, text)
            self._add(CLAIM, picture, case.name, "")
            self._follow(case)
        return Claimed(case, self.secret(case.name), len(self.covered(case)))

    def secret(self, case: str) -> str:
        """What a case's reporter finds its page by: nobody else can make it."""
        tag = hmac.digest(sealing.derive(self.key, "rakkan claims 1"), case.encode(), hashlib.sha256)
        return f"{case}{tag[:16].hex()}"

    def opened(self, secret: str) -> Case:
        """The case of a secret. Raises NotFound for one that does not hold."""
        case = secret[:32]
        if not secret.isascii() or not hmac.compare_digest(self.secret(case), secret):
            raise NotFound("There is no such claim", "Look at the link again")
        with self._one_at_a_time:
            return self.desk().docket.find(case)

    def appeal_as_reporter(self, secret: str, because: str, contact: str = "") -> Case:
        """Whoever made a claim asks for a second decision. Raises NotFound; RakkanError when none can
        follow."""
        return self._appeal(self.opened(secret), REPORTER, because, contact)

    def appeal(self, by: Actor, named: str, because: str) -> Case:
        """An account asks for a second decision about a picture of its own, or about a refusal by its case's
        number. Raises NotFound for what is neither; RakkanError when none can follow."""
        with self._one_at_a_time:
            if len(named) == 32:
                case = self.desk().docket.find(named)
                own = case.state.refusal or by.account in self.makers(case)
            else:
                case, own = self._barring(by, named), True
        if not own:
            raise NotFound("There is no such case", "Give the number of the refusal, or your picture")
        return self._appeal(case, ACCOUNT, because)

    def answer(self, by: Actor, picture: str) -> tuple[Case, str] | None:
        """The case that bars a picture of the actor's own, and what the moderator wrote about it; None when
        none does. Raises NotFound for a picture that is not the actor's."""
        with self._one_at_a_time:
            try:
                case = self._barring(by, picture)
            except Conflict:
                return None
            return case, self.verdict(case)

    def verdict(self, case: Case) -> str:
        """What the newest decision said in its own words, as long as that is kept; "" for none."""
        told = [note.words for note in self.notes(case) if note.what == "decision"]
        return told[-1] if told else ""

    # ---- what moderators do

    def waiting(self) -> list[Case]:
        """The cases that wait for a decision, what is due first."""
        with self._one_at_a_time:
            self.desk().tidy()
            found = [one for one in self.desk().docket.cases() if one.state.waits]
        return sorted(found, key=lambda case: (case.state.due, case.name))

    def unfiled(self, most: int = 100) -> list[Report]:
        """Reports that have no case and wait for a moderator, the oldest first."""
        query = select(REPORTS).where(REPORTS.c.state == "open").order_by(REPORTS.c.identifier).limit(most)
        return self._reports(query)

    def of_case(self, case: str) -> Report | None:
        """How a case came in, None for one that did not come in here."""
        found = self._reports(select(REPORTS).where(REPORTS.c.docket == case).limit(1))
        return found[0] if found else None

    def decide(
        self, by: Actor, named: str, uphold: bool, reason: str, note: str, alike: bool = False
    ) -> None:
        """Decide a case, or a report without one: upheld, the picture stays or comes down; or else it is
        shown. With ``alike``, what PDQ alone takes for copies goes too. Raises Forbidden for those who do not
        moderate and for whoever reported it or made the picture, NotFound, RakkanError for a reason not of
        the table, without a note, and for what is not to be decided."""
        demand_moderator(by)
        note = demand_reason(note)
        with self._one_at_a_time:
            case = self._decidable(by, named, uphold, note)
            if case is not None:
                outcome = UPHELD if uphold else OVERTURNED
                decided = self.desk().decide(case, outcome, reason, note, by.account, alike)
                told = f"{reason}: {note}"
                self.catalogue.audit.write(by.account, f"case {outcome}", case.name, told)
                self._follow(decided, cases.digests_of(case))

    def settle_appeal(self, by: Actor, case: str, grant: bool, reason: str, note: str) -> None:
        """Decide an appeal: granted, the first decision is turned round. Raises what ``decide`` does, and
        Conflict when nobody has appealed."""
        demand_moderator(by)
        with self._one_at_a_time:
            found = self.desk().docket.find(case)
        if not found.state.appealed:
            raise Conflict("Nobody appeals in this case", "Load the page again")
        stood = found.state.refusal or found.state.outcome == UPHELD
        self.decide(by, case, stood != grant, reason, note)

    def take_down(self, by: Actor, picture: str, kind: str, reason: str, note: str) -> None:
        """Take a picture down by a moderator's own decision, with a case that can be appealed against.
        Raises what ``decide`` does."""
        demand_moderator(by)
        note = demand_reason(note)
        thing = self._thing(by, picture)
        if thing.account == by.account:
            raise Forbidden("Nobody decides about what they made", "Delete the picture, or ask another")
        with self._one_at_a_time:
            case = self.desk().report(KINDS.get(kind, "unsafe"), [thing.digests()])
            self._add(kind if kind in KINDS else "unsafe", picture, case.name, "")
            self.decide(by, case.name, True, reason, note)

    def alike(self, case: Case) -> list[str]:
        """Pictures here that PDQ alone takes for copies and the case does not cover."""
        with self._one_at_a_time:
            digests = [one["sha256"] for one in self.desk().alike(case) if "sha256" in one]
        return [one.identifier for one in cases.covered(self.catalogue, digests)]

    def covered(self, case: Case) -> list[cases.Found]:
        """The pictures of the catalogue that a case is about."""
        return cases.covered(self.catalogue, cases.digests_of(case))

    def characters(self, case: Case) -> list[Shared]:
        """The shared characters that a case is about."""
        return self.sharing.covered(cases.digests_of(case))

    def makers(self, case: Case) -> set[str]:
        """The accounts whose pictures and characters a case is about."""
        return {one.account for one in self.covered(case)} | {one.account for one in self.characters(case)}

    def notes(self, case: Case) -> list[Note]:
        """What people wrote about a case, as long as it is kept."""
        return self.desk().notes(case)

    # ---- upkeep

    def follow_all(self) -> int:
        """Let the catalogue show what all cases say, those of the command line too; how many changed."""
        with self._one_at_a_time:
            everything = self.desk().docket.cases()
            about = {digest for case in everything for digest in cases.digests_of(case)}
            changed = cases.follow(self.catalogue, everything, about)
            return changed + cases.follow_characters(self.sharing, everything, about)

    def forget(self, account: str) -> None:
        """Delete what is here of an account that is erased; reports that have a case stay, without a name."""
        own = select(pictures.c.identifier).where(pictures.c.account == account)
        shared = select(SHARED.c.identifier).where(SHARED.c.account == account)
        with transaction(self.catalogue.engine) as connection:
            told = REPORTS.c.reporter == account
            connection.execute(delete(REPORTS).where(told, REPORTS.c.docket == ""))
            connection.execute(update(REPORTS).where(told).values(reporter=""))
            connection.execute(delete(REPORTS).where(REPORTS.c.picture.in_(own.union(shared))))

    # ---- helpers

    def _decidable(self, by: Actor, named: str, uphold: bool, note: str) -> Case | None:
        """The case to decide; None when nothing more is to be done. Spam that is taken down gets one now."""
        if len(named) != 26:
            case = self.desk().docket.find(named)
            came = self.of_case(case.name)
            self._demand_stranger(by, came.reporter if came else "", self.makers(case))
            return case
        found = self._reports(select(REPORTS).where(REPORTS.c.identifier == named, REPORTS.c.state == "open"))
        if not found:
            raise NotFound("There is no such report", "It may have been decided already")
        thing = self._thing(by, found[0].picture)
        self._demand_stranger(by, found[0].reporter, {thing.account})
        one = update(REPORTS).where(REPORTS.c.identifier == named)
        if not uphold:
            with transaction(self.catalogue.engine) as connection:
                connection.execute(one.values(state="kept", sealed=None))
                self.catalogue.audit.write(by.account, "report rejected", named, note, connection)
            return None
        case = self.desk().report(KINDS[found[0].kind], [thing.digests()], words=found[0].text)
        with transaction(self.catalogue.engine) as connection:
            connection.execute(one.values(state="docket", docket=case.name, sealed=None))
        return case

    def _demand_stranger(self, by: Actor, reporter: str, makers: set[str]) -> None:
        if by.account == reporter or by.account in makers:
            raise Forbidden("Nobody decides about what they made or reported", "Let another moderator decide")

    def _demand_new(self, by: Actor, picture: str) -> None:
        own = self._reports(select(REPORTS).where(REPORTS.c.reporter == by.account))
        waiting = {case.name for case in self.waiting()}
        still = [one for one in own if not one.docket or one.docket in waiting]
        if any(one.picture == picture for one in still):
            raise Conflict("You have reported this picture already", "Wait for the decision")
        if len(still) >= _MOST_OPEN:
            raise Conflict(f"You have {_MOST_OPEN} open reports", "Wait for a decision")

    def _thing(self, by: Actor, named: str) -> Thing:
        """A shared character or a picture that the actor may see. Raises NotFound."""
        with suppress(NotFound):
            shared = self.sharing.get(by, named)
            return Thing(shared.account, shared.state, lambda: Digests({"sha256": shared.head}, ()))
        shown = self.catalogue.openable(by, named)
        return Thing(
            shown.account,
            shown.state,
            lambda: digests_of_bytes(self.vault.read(shown.account, shown.file)),
        )

    def _barring(self, by: Actor, named: str) -> Case:
        if named in self.sharing.of(by.account):
            known = self.sharing.versions(named)
        else:
            shown = self.catalogue.get(by, named)
            if shown.account != by.account:
                raise NotFound("There is no such picture", "Look for it among yours")
            known = [shown.digest]
        barred = cases.bars(self.desk().docket.cases())
        found = cases.heaviest(barred[one] for one in known if one in barred)
        if found is None:
            raise Conflict("Nothing was decided about this", "Nothing needs to be done")
        return self.desk().docket.find(found[1])

    def _appeal(self, case: Case, by: str, because: str, contact: str = "") -> Case:
        with self._one_at_a_time:
            return self.desk().appeal(case, by, because[:LONGEST_TEXT], contact)

    def _follow(self, case: Case, more: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        about = cases.digests_of(case) | more
        everything = self.desk().docket.cases()
        cases.follow(self.catalogue, everything, about)
        cases.follow_characters(self.sharing, everything, about)

    def _add(self, kind: str, picture: str, docket: str, reporter: str, text: str = "") -> str:
        now = int(self.catalogue.clock() * 1000)
        identifier = new_identifier(now / 1000)
        sealed = sealing.seal(self._texts, text.encode(), identifier.encode()) if text else None
        row = {"identifier": identifier, "kind": kind, "picture": picture, "docket": docket}
        row |= {"reporter": reporter, "state": "docket" if docket else "open"}
        with transaction(self.catalogue.engine) as connection:
            connection.execute(insert(REPORTS).values(**row, created=now, sealed=sealed))
        return identifier

    def _reports(self, query: Any) -> list[Report]:
        with transaction(self.catalogue.engine) as connection:
            return [self._report(row) for row in connection.execute(query)]

    def _report(self, row: Row[Any]) -> Report:
        text = ""
        if row.sealed is not None:
            bound = row.identifier.encode()
            text = sealing.unseal(self._texts, bytes(row.sealed), bound, "A report").decode()
        return Report(row.identifier, row.kind, row.picture, row.docket, row.reporter, row.created, text)

    @property
    def _texts(self) -> bytes:
        return sealing.derive(self.key, "rakkan reports 1")


def _demand_short(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise RakkanError(f"The text has {len(text)} characters", f"Keep to {LONGEST_TEXT}")
