"""A character's file let in: words, then pictures, then versions; all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rakkan.errors import RakkanError
from rakkan.store.vault import Vault
from rakkan.studio.characters import records
from rakkan.studio.characters.file import Opened
from rakkan.studio.characters.keeping import IMPORTED, Kept, Shelf
from rakkan.studio.characters.pictures import Pictures
from rakkan.studio.characters.records import Character
from rakkan.trust.gate import LOCAL


def take(
    found: Opened,
    shelf: Shelf[Character],
    pictures: Pictures,
    consider: Callable[[Sequence[str]], None],
    vault: Vault,
    account: str = LOCAL,
) -> Kept[Character]:
    """Keep what a file holds; its newest version. ``consider`` is the gate's.

    Raises RakkanError, with nothing kept, for what the gate refuses, and when another character of that name
    is here. What is here already, in full or in its first versions, is not kept twice.
    """
    versions = list(found.versions)
    digests = [records.digest(one) for one in versions]
    before = _before(shelf, versions, digests, account)
    held = digests.index(before[1]) + 1 if before[1] else 0
    if held == len(versions):
        return Kept(versions[-1], digests[-1])
    for one in versions[held:]:
        consider(records.words(one))
    new: list[str] = []
    try:
        for digest, data in found.pictures.items():
            if vault.holds(account, digest):
                pictures.take(data)
                continue
            new.append(digest)
            if pictures.take(data) != digest:
                raise RakkanError(f"The picture {digest[:12]} changed while it was read", "Try again")
        shelf.commit(versions[held:], before, account, IMPORTED)
    except BaseException:
        for digest in new:
            vault.shred(account, digest)
        raise
    return Kept(versions[-1], digests[-1])


def _before(
    shelf: Shelf[Character], versions: Sequence[Character], digests: Sequence[str], account: str
) -> tuple[str, str]:
    """The name and newest version of what is here of the same character, ("", "") for nothing."""
    names = {one.name.casefold() for one in versions}
    for kept in shelf.all(account):
        if kept.digest in digests:
            return kept.version.name, kept.digest
        if kept.version.name.casefold() in names:
            here = {one.digest for one in shelf.history(kept.version.name, account)}
            if digests[-1] in here:
                raise RakkanError(
                    f"{kept.version.name!r} is here already, and was revised since",
                    "See rakkan character show",
                )
            if kept.version.name.casefold() == versions[-1].name.casefold():
                raise RakkanError(
                    f"There is another character called {kept.version.name!r}",
                    "Rename the one that is here first: rakkan character rename",
                )
    return "", ""
