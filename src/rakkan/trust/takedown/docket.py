"""All cases as the ledger tells them, kept up with it; the register makes a start quick."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rakkan.errors import RakkanError
from rakkan.features.fingerprints import Look
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Erased, Refused, Reported, Statement, Subject
from rakkan.trust.takedown.register import CASES, PICTURES, Register
from rakkan.trust.takedown.states import State, state_of
from rakkan.trust.takedown.subjects import (
    COMMON_LOOK,
    LOOK,
    MODERATOR,
    case_subject,
    first_digest,
    look_subject,
    looks_among,
    picture_subject,
    pictures,
    unpacked,
)

#: Kinds of statement that change cases. Refusals that nobody appeals against change nothing.
_KINDS = frozenset({"reported", "decided", "appealed"})
_PICTURES = frozenset({"generated", "derived", "admitted"})
_GONE = "erased"
#: Entries without a case after which the register is told all the same.
_STRIDE = 4096


@dataclass(frozen=True)
class Case:
    """A case: ``name`` is 32 hexadecimal digits. ``claim`` is what a report claims, "" of a refusal;
    ``action`` and ``rule`` are a refusal's. ``pictures`` are the exact digests of all it covers; ``looks``
    find copies of what was reported, ``common`` those too, but only once a moderator has decided.
    ``moderators`` are the keyed digests of who has decided."""

    name: str
    state: State
    time: int = 0
    claim: str = ""
    action: str = ""
    rule: str = ""
    about: str = ""
    pictures: tuple[dict[str, str], ...] = ()
    looks: tuple[Look, ...] = ()
    common: tuple[Look, ...] = ()
    moderators: tuple[str, ...] = ()

    @property
    def works(self) -> int:
        """How many pictures it covers; the same pixels in several files are one."""
        return len({work_of(one) for one in self.pictures})

    def subjects(self) -> tuple[Subject, ...]:
        """What a statement about this case is about."""
        refused = (Subject("refusal", {"hmac": self.about}),) if self.about else ()
        return (
            case_subject(self.name),
            *refused,
            *(picture_subject(one) for one in self.pictures),
            *(look_subject(one) for one in self.looks),
            *(look_subject(one, COMMON_LOOK) for one in self.common),
        )


def case_of(name: str, statements: Sequence[Statement]) -> Case | None:
    """The case that these statements make; None when they make none."""
    state = state_of(statements)
    if state is None:
        return None
    subjects = [subject for one in statements for subject in one.subjects]
    opening = min(
        (one for one in statements if isinstance(one.predicate, Reported | Refused)),
        key=lambda one: one.time,
        default=None,
    )
    said = opening.predicate if opening else None
    found, common = looks_among(subjects, LOOK), looks_among(subjects, COMMON_LOOK)
    moderators = (first_digest(one.subjects, MODERATOR) for one in statements)
    return Case(
        name,
        state,
        opening.time if opening else state.since,
        getattr(said, "claim", ""),
        getattr(said, "action", ""),
        getattr(said, "rule", ""),
        first_digest(subjects, "refusal"),
        tuple(dict(one) for one in pictures(subjects)),
        found,
        tuple(one for one in common if one not in found),
        tuple(dict.fromkeys(filter(None, moderators))),
    )


@dataclass
class Docket:
    """The cases of ``ledger``. Any number of processes may use the same register."""

    ledger: Ledger
    register: Register
    clock: Callable[[], float] = time.time
    #: Raised whenever a case has changed.
    version: int = 0
    _cases: dict[str, Case] = field(default_factory=dict)
    _seen: int = -1
    _told: int = 0

    def refresh(self) -> None:
        """Take in what the ledger says by now. Raises RakkanError when a statement about a case is lost."""
        size = self.ledger.size()
        if self._seen < 0:
            self._begin(size)
        if size == self._seen:
            return
        changed: dict[str, Case] = {}
        for index, said in self.ledger.since(self._seen, _KINDS):
            if said is None:
                raise RakkanError(
                    f"The statement of entry {index}, about a case, is lost",
                    "Rebuild the ledger's index or restore the vault",
                )
            if said.predicate.case not in changed and (case := self.read(said.predicate.case)):
                changed[case.name] = case
        self._cases |= changed
        self._seen = size
        self.version += bool(changed)
        if changed or size - self._told > _STRIDE:
            packed = {name: _packed(case) for name, case in changed.items()}
            self.register.put_cases(packed, size, int(self.clock()))
            self._told = size

    def cases(self) -> list[Case]:
        """Every report, and every refusal someone has appealed against, oldest first."""
        self.refresh()
        return sorted(self._cases.values(), key=lambda case: (case.time, case.name))

    def read(self, name: str) -> Case | None:
        """A case as the ledger tells it now, a refusal too; None when there is none of that name."""
        return case_of(name, [said for _, said in self.ledger.about(name)])

    def find(self, given: str) -> Case:
        """The case whose name begins so. Raises RakkanError when there is none, or more than one."""
        self.refresh()
        wanted = given.strip().lower()
        if len(wanted) == 32 and not set(wanted) - set("0123456789abcdef"):
            exact = self.read(wanted)
            found = [exact] if exact else []
        else:
            found = [case for name, case in self._cases.items() if wanted and name.startswith(wanted)]
        if len(found) != 1:
            many = f"{len(found)} cases begin" if found else "No case begins"
            raise RakkanError(
                f"{many} with {given[:40]!r}", "See rakkan takedown list, or give all 32 digits"
            )
        return found[0]

    def stored(self) -> list[tuple[dict[str, str], tuple[Look, ...]]]:
        """The exact digests and the looks of every picture that was released or let in here."""
        self._take_in_pictures()
        found = []
        for _, data in self.register.pictures():
            value = json.loads(data)
            looks = tuple(_unpacked_looks(value["looks"]))
            found.append((value["exact"], looks))
        return found

    def forget_erased(self) -> None:
        """Delete what is remembered of pictures whose account was erased, leaving no trace on the disk."""
        if self._take_in_pictures():
            self.register.forget_deleted()

    def rebuild(self) -> int:
        """Make the register again from the ledger; how many cases there are."""
        self.register.clear()
        self._cases, self._seen = {}, -1
        self._take_in_pictures()
        return len(self.cases())

    def _begin(self, size: int) -> None:
        reached = self.register.reached(CASES)
        if reached > size:  # another ledger, or one that was restored: nothing remembered can be relied on
            self.register.clear()
            reached = 0
        self._cases = {name: _read(name, data) for name, data in self.register.cases()}
        self._seen = self._told = reached
        self.version += 1

    def _take_in_pictures(self) -> bool:
        reached = self.register.reached(PICTURES)
        size = self.ledger.size()
        if reached > size:
            self.register.clear()
            reached = 0
        known, gone = {}, []
        for index, said in self.ledger.since(reached, _PICTURES | {_GONE}):
            if said is None:
                continue
            if isinstance(said.predicate, Erased):
                gone += list(said.predicate.entries)
            elif found := looks_among(said.subjects):
                known[index] = _picture(said, found)
        if size == reached:
            return False
        return self.register.put_pictures(known, gone, size)


def work_of(exact: Mapping[str, str]) -> str:
    """What tells pictures apart by their exact digests: their pixels, or else the first of the digests."""
    return exact.get("pixels") or min(exact.values())


def _picture(said: Statement, found: Sequence[Look]) -> bytes:
    exact = {key: value for one in pictures(said.subjects) for key, value in one.items()}
    return json.dumps({"exact": exact, "looks": [_hex(one) for one in found]}).encode()


def _packed(case: Case) -> bytes:
    value = asdict(case) | {"looks": [_hex(one) for one in case.looks]}
    return json.dumps(value | {"common": [_hex(one) for one in case.common]}).encode()


def _read(name: str, data: bytes) -> Case:
    value: dict[str, Any] = json.loads(data)
    value["state"] = State(**value["state"])
    for key in ("looks", "common"):
        value[key] = tuple(_unpacked_looks(value[key]))
    for key in ("pictures", "moderators"):
        value[key] = tuple(value[key])
    return Case(**value)


def _hex(look: Look) -> str:
    return (b"".join(look.hashes) + look.layout).hex()


def _unpacked_looks(packed: Iterable[str]) -> Iterable[Look]:
    return (unpacked(bytes.fromhex(one)) for one in packed)
