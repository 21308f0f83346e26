"""A copy of a character that somebody else shares: its versions, and one more that says where it is from."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Copied, Statement, Subject
from rakkan.studio.characters import records
from rakkan.studio.characters.keeping import COPIED, Kept, Loan
from rakkan.studio.characters.records import Character

if TYPE_CHECKING:
    from rakkan.casting import Casting


def copy(casting: Casting, loan: Loan, name: str, because: str, maker: str, account: str) -> Kept[Character]:
    """Keep what is on loan for ``account`` too, under ``name``; the version that says so. It names the
    original by its digest, as each version names the one before, and a statement names its ``maker`` besides,
    by the SHA-256 that bans name accounts by.

    Its words and its pictures pass the gate as those of a file that somebody brings. Raises RakkanError, with
    nothing kept, for what the gate refuses, a name that is taken, and a picture that is no longer kept.
    """
    shelf, original = casting.characters, loan.kept
    called = shelf.check_new(name, account)
    history = list(shelf.since(original.digest, original.version.name, loan.account))
    if history[-1].version.number != 1:
        raise RakkanError("Not every version of it is kept", "Draw with it instead")
    if casting.vault.holds(account, original.digest):
        raise RakkanError("You have a copy of this version already", "See your characters")
    number, now = original.version.number + 1, int(time.time())
    mine = replace(
        original.version, name=called, number=number, parent=original.digest, because=because, time=now
    )
    versions = [*(one.version for one in reversed(history)), mine]
    for one in versions:
        casting.gate.consider_character(records.words(one))
    pictures, new = casting.pictures(account), list[str]()
    try:
        for digest in mine.references:
            data = casting.pictures(loan.account).recall(digest, original.version.name).data
            new += [] if casting.vault.holds(account, digest) else [digest]
            if pictures.take(data) != digest:
                raise RakkanError(f"The picture {digest[:12]} changed while it was read", "Try again")
        shelf.commit(versions, ("", ""), account, COPIED)
    except BaseException:
        for digest in new:
            casting.vault.shred(account, digest)
        raise
    made = Kept(mine, records.digest(mine))
    said = Statement(
        Copied(original.digest, maker), (Subject("character", {"sha256": made.digest}),), account, now
    )
    casting.ledger.append([said])
    return made
