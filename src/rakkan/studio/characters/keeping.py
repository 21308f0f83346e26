"""Keeping characters and styles: each version in the vault and in the ledger, the newest by its name.

The gate's word inspectors hear every word first. A revision is made on the version that was read: when
another came in between, nothing is changed and whoever revises is told, so no revision is ever lost.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from rakkan.errors import RakkanError
from rakkan.store.faults import Missing
from rakkan.store.ledger.statements import Statement, Subject, Versioned
from rakkan.store.vault import Vault
from rakkan.studio.characters import records
from rakkan.studio.characters.index import Index
from rakkan.studio.characters.records import Character, Style, checked_name
from rakkan.trust.gate import LOCAL

Record = TypeVar("Record", Character, Style)

MADE, IMPORTED, COPIED = "made", "imported", "copied"


@dataclass(frozen=True)
class Kept(Generic[Record]):
    """A version and the SHA-256 it is named by."""

    version: Record
    digest: str


@dataclass(frozen=True)
class Loan:
    """A character that whoever draws may draw with: its version, and the ``account`` whose it is."""

    kept: Kept[Character]
    account: str


class Shelf(Generic[Record]):
    """The characters, or the styles, of accounts.

    ``consider`` is the gate's: it refuses words. ``state`` states in the ledger; ``clock`` gives seconds
    since 1970.
    """

    def __init__(
        self,
        kind: type[Record],
        vault: Vault,
        index: Index,
        consider: Callable[[Sequence[str]], None],
        state: Callable[[Statement], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sort = next(name for name, record in records.KINDS.items() if record is kind)
        self._kind: type[Record] = kind
        self._vault, self._index = vault, index
        self._consider, self._state, self._clock = consider, state, clock

    def new(self, name: str, because: str = "", account: str = LOCAL, **said: Any) -> Kept[Record]:
        """Keep the first version of one that is called ``name``; ``said`` are the other fields of its record.

        Raises RakkanError, with nothing kept, for words that the gate refuses and a name that is taken.
        """
        name = self.check_new(name, account)
        first = self._kind(name, 1, "", because, int(self._clock()), **said)
        self.commit([first], (name, ""), account)
        return Kept(first, records.digest(first))

    def check_new(self, name: str, account: str = LOCAL) -> str:
        """The name as it would be kept. Raises RakkanError for what is none, and one that is taken."""
        name = checked_name(name, self._sort)
        held = next(
            (one for one in self._index.all(account, self._sort) if one.casefold() == name.casefold()), ""
        )
        if held:
            raise self._is_taken(held)
        return name

    def revise(
        self, name: str, change: Callable[[Record], Record], because: str = "", account: str = LOCAL
    ) -> Kept[Record]:
        """Keep another version of the one called ``name``: what ``change`` makes of the newest.

        Raises RakkanError, with nothing kept, when nothing is changed, for words that the gate refuses, and
        when somebody else's revision was kept meanwhile.
        """
        head = self.find(name, account)
        changed = change(head.version)
        made = replace(
            changed,
            number=head.version.number + 1,
            parent=head.digest,
            because=because,
            time=int(self._clock()),
        )
        if _said(made) == _said(head.version):
            raise RakkanError(f"Nothing of {head.version.name!r} would change", "Say what is to be otherwise")
        self.commit([made], (head.version.name, head.digest), account)
        return Kept(made, records.digest(made))

    def commit(
        self,
        versions: Sequence[Record],
        before: tuple[str, str],
        account: str = LOCAL,
        source: str = MADE,
    ) -> None:
        """Keep versions that follow each other, the first upon ``before``: a name and the digest of its
        newest version, "" for none. Raises RakkanError, with the name as it was, as ``revise`` does."""
        for version in versions:
            self._consider(records.words(version))
        made = [(version, records.to_json(version)) for version in versions]
        if before[1] and self._index.all(account, self._sort).get(before[0]) != before[1]:
            raise _overtaken(before[0])
        held = [self._vault.holds(account, hashlib.sha256(data).hexdigest()) for _, data in made]
        kept = [self._vault.put(account, data) for _, data in made]
        for version, blob in zip(versions, kept, strict=True):
            said = Versioned(
                self._sort,
                version.number,
                version.parent,
                version.references,
                tuple(sorted(version.adapters)),
                source,
            )
            subject = Subject(self._sort, {"sha256": blob.digest})
            self._state(Statement(said, (subject,), account, int(self._clock())))
        after = (versions[-1].name, kept[-1].digest)
        if not self._index.advance(account, self._sort, before, after):
            if self._index.all(account, self._sort).get(after[0]) == after[1]:
                return  # the very same was kept at the same time
            for blob, was_there in zip(kept, held, strict=True):
                if not was_there:
                    self._vault.shred(account, blob.digest)
            is_called = before[1] and before[0].casefold() == after[0].casefold()
            raise _overtaken(before[0]) if is_called else self._is_taken(after[0])

    def all(self, account: str = LOCAL) -> list[Kept[Record]]:
        """The newest version of each, by name."""
        heads = self._index.all(account, self._sort)
        found = ((digest, self._read(account, digest)) for digest in heads.values())
        return [Kept(version, digest) for digest, version in found if version is not None]

    def find(self, text: str, account: str = LOCAL) -> Kept[Record]:
        """The newest version of a name, or the one that ``NAME@VERSION`` names, by number or by the first
        eight digits or more of its digest. Raises RakkanError, with the nearest name, when there is none."""
        name, marked, wanted = text.rpartition("@")
        name = checked_name(name if marked else text, self._sort)
        heads = self._index.all(account, self._sort)
        called = next((one for one in heads if one.casefold() == name.casefold()), None)
        if called is None:
            near = get_close_matches(name.casefold(), [one.casefold() for one in heads], 1, 0.5)
            meant = next((one for one in heads if near and one.casefold() == near[0]), None)
            hint = f"Did you mean {meant!r}?" if meant else f"See rakkan {self._sort} list"
            raise RakkanError(f"There is no {self._sort} called {name[:60]!r}", hint)
        history = self.history(called, account)
        if not marked:
            return next(history)
        versions = list(history)
        for one in versions:
            is_number = str(one.version.number) == wanted
            if is_number or (len(wanted) >= 8 and one.digest.startswith(wanted.lower())):
                return one
        raise RakkanError(
            f"{called!r} has no version {wanted[:40]!r}", f"Give 1 to {versions[0].version.number}"
        )

    def history(self, name: str, account: str = LOCAL) -> Iterator[Kept[Record]]:
        """The versions of the one that is called exactly ``name``, newest first, as far as they are kept."""
        digest = self._index.all(account, self._sort).get(name, "")
        if not digest:
            raise RakkanError(f"There is no {self._sort} {name[:60]!r}", f"See rakkan {self._sort} list")
        yield from self.since(digest, name, account)

    def since(self, digest: str, name: str, account: str = LOCAL) -> Iterator[Kept[Record]]:
        """A version by its digest and those before it, newest first, as far as they are kept. Raises
        RakkanError, calling it ``name``, when that version is not."""
        first = True
        while digest:
            version = self._read(account, digest)
            if version is None:
                if first:
                    raise RakkanError(
                        f"The newest version of {name!r} is no longer kept", f"rakkan {self._sort} remove it"
                    )
                return
            yield Kept(version, digest)
            digest, first = version.parent, False

    def remove(self, name: str, account: str = LOCAL) -> int:
        """Destroy all versions of one; how many there were. What the ledger says of them stays, and so do
        the pictures it refers to. Raises as ``find``."""
        heads = self._index.all(account, self._sort)
        called = next((one for one in heads if one.casefold() == checked_name(name).casefold()), "")
        if not called:
            self.find(name, account)
        try:
            versions = list(self.history(called, account))
        except RakkanError:  # the newest is gone already: forget the name
            versions = []
        self._index.forget(account, self._sort, called)
        shared = self._digests(account)
        for one in versions:
            if one.digest not in shared:
                self._vault.shred(account, one.digest)
        return len(versions)

    def _digests(self, account: str) -> set[str]:
        """All versions of an account: a copy has its first ones in common with what it was copied from."""
        found: set[str] = set()
        for name, head in self._index.all(account, self._sort).items():
            try:
                found |= {one.digest for one in self.since(head, name, account)}
            except RakkanError:  # its newest is gone: it holds nothing
                continue
        return found

    def _is_taken(self, name: str) -> RakkanError:
        return RakkanError(
            f"There is a {self._sort} called {name!r} already",
            f"Change it with rakkan {self._sort} "
            + ("revise, or give another name" if self._sort == "character" else "save, or take another name"),
        )

    def _read(self, account: str, digest: str) -> Record | None:
        try:
            version = records.from_json(self._vault.read(account, digest))
        except Missing:
            return None
        if not isinstance(version, self._kind):
            raise RakkanError(f"What is kept as a {self._sort} is none", "See rakkan vault verify")
        return version


def _said(version: Character | Style) -> dict[str, Any]:
    """All but what says which version it is."""
    beside = ("number", "parent", "because", "time")
    return {key: value for key, value in vars(version).items() if key not in beside}


def _overtaken(name: str) -> RakkanError:
    return RakkanError(
        f"{name!r} was revised by somebody else meanwhile, and nothing was changed",
        "Look at it with show and revise it again",
    )
