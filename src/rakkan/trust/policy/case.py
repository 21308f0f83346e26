"""One request laid beside the statements that stand: what the rules look at.

What stands is worked out once, in this order:

1. A ``Revoked`` takes away the statement with its digest when the same account made both; it cannot be
   revoked itself.
2. Of the reservations, consents and licences one account states of one thing, only the latest stand.
   Bans and leak reports add up instead: a newer, milder one must not undo an older one unnoticed.
3. What has an end no longer stands at that second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rakkan.store.ledger.statements import (
    Consented,
    Derived,
    Generated,
    Licensed,
    Reserved,
    Revoked,
    Subject,
    Trained,
)
from rakkan.trust.policy.records import Known, Request, account_subject
from rakkan.trust.policy.tables import Tables
from rakkan.trust.policy.words import canonical_use

#: Kinds of which an account's latest word replaces its earlier ones.
REPLACED = (Reserved, Consented, Licensed)

#: Kinds that show who made a thing here.
MAKING = (Generated, Derived, Trained)


@dataclass(frozen=True)
class Part:
    """One thing the request is about: its ``role`` (``subject``, ``source``, ``account``) and itself."""

    role: str
    subject: Subject

    def __str__(self) -> str:
        digest = min(self.subject.digests.values(), default="")
        return f"the {self.subject.name} {digest[:12]}".rstrip()


@dataclass(frozen=True)
class Case:
    """The request, the tables, its parts (subject, sources, account) and what stands about each."""

    request: Request
    now: int
    tables: Tables
    parts: tuple[Part, ...]
    _standing: tuple[tuple[Known, ...], ...]

    def things(self) -> Iterator[tuple[int, Part]]:
        """The subject and the sources, numbered."""
        return ((index, part) for index, part in enumerate(self.parts) if part.role != "account")

    def about(self, index: int, *kinds: type[Any]) -> list[Known]:
        """What stands about a part, of these kinds, in the order of its digests."""
        return [known for known in self._standing[index] if isinstance(known.statement.predicate, kinds)]

    def consents(self, index: int, use: str, account: str | None = None) -> list[Known]:
        """Consents that cover ``use`` for this request; with ``account`` only those it gave. Where one
        account gave several in the same second, they cover only what each of them covers."""
        given: dict[str, list[Known]] = {}
        for known in self.about(index, Consented):
            if account is None or known.statement.account == account:
                given.setdefault(known.statement.account, []).append(known)
        return [
            consents[0]
            for consents in given.values()
            if all(_covers(known.statement.predicate, use, self.request) for known in consents)
        ]

    def licences(self, index: int) -> list[Known]:
        """Licences that bind whoever asks: all but those they gave for what they made here."""
        asks = self.request.account
        made = any(known.statement.account == asks for known in self.about(index, *MAKING))
        return [
            known for known in self.about(index, Licensed) if not (made and known.statement.account == asks)
        ]


def lay_out(request: Request, statements: Iterable[Known], now: int, tables: Tables) -> Case:
    """The case of a request. Linear in the statements and the sources, but for sorting."""
    parts = (
        Part("subject", request.subject),
        *(Part("source", source) for source in request.sources),
        Part("account", account_subject(request.account)),
    )
    known_by_name: dict[tuple[bool, str, str], list[Known]] = {}
    for known in _unrevoked(list(statements)):
        for name in {name for subject in known.statement.subjects for name in _names(subject)}:
            known_by_name.setdefault(name, []).append(known)
    standing = tuple(_standing(part.subject, known_by_name, now) for part in parts)
    return Case(request, now, tables, parts, standing)


def _covers(consent: Consented, use: str, request: Request) -> bool:
    if consent.terms and request.commercial:
        return False  # terms are for people to read: whether they let money be made is not known here
    uses = {canonical_use(word) for word in consent.uses}
    return use in uses and (not consent.accounts or request.account in consent.accounts)


def _unrevoked(statements: list[Known]) -> list[Known]:
    revoked = {
        (known.statement.predicate.statement, known.statement.account)
        for known in statements
        if isinstance(known.statement.predicate, Revoked)
    }
    return [known for known in statements if (known.digest, known.statement.account) not in revoked]


def _names(subject: Subject) -> set[tuple[bool, str, str]]:
    # An account is named by the hash of its name; a file that holds that name must not be taken for it.
    return {(subject.name == "account", kind, digest) for kind, digest in subject.digests.items()}


def _standing(
    subject: Subject, known_by_name: dict[tuple[bool, str, str], list[Known]], now: int
) -> tuple[Known, ...]:
    about = {id(known): known for name in _names(subject) for known in known_by_name.get(name, [])}.values()
    latest: dict[tuple[type[Any], str], int] = {}
    for known in about:
        key = (type(known.statement.predicate), known.statement.account)
        latest[key] = max(latest.get(key, known.statement.time), known.statement.time)
    standing = [
        known
        for known in about
        if not (
            isinstance(known.statement.predicate, REPLACED)
            and known.statement.time < latest[type(known.statement.predicate), known.statement.account]
        )
        and not 0 < getattr(known.statement.predicate, "until", 0) <= now
    ]
    return tuple(sorted(standing, key=lambda known: known.digest))
