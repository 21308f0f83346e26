"""What people wrote about a case: contact, words, reasons. It lies in the vault under an owner of its own,
never in the ledger, and is shredded with that owner's key when the case is closed for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rakkan.errors import RakkanError
from rakkan.store.vault import Vault

#: Caps on what is kept, in characters.
MOST_CONTACT = 200
MOST_WORDS = 4000


@dataclass(frozen=True)
class Note:
    """``what`` is ``report``, ``decision`` or ``appeal``; ``by`` a moderator's name, ``reporter`` or
    ``account``; ``time`` seconds since 1970."""

    what: str
    time: int
    words: str = ""
    contact: str = ""
    by: str = ""


def checked(words: str, contact: str = "") -> None:
    """Raise RakkanError for text that is too long or no Unicode, before anything is done with it."""
    for what, text, most in (("The contact", contact, MOST_CONTACT), ("What you wrote", words, MOST_WORDS)):
        if len(text) > most:
            raise RakkanError(f"{what} has {len(text)} characters, more than {most}", "Say it shorter")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RakkanError(f"{what} is not valid Unicode", "Remove the broken character") from error


def add(vault: Vault, case: str, note: Note) -> None:
    """Keep a note with a case, durable on return."""
    vault.put(_owner(case), json.dumps(asdict(note), sort_keys=True).encode())


def notes(vault: Vault, case: str) -> list[Note]:
    """The notes kept with a case, oldest first; none when they were shredded."""
    return sorted(_notes(vault, case), key=lambda note: (note.time, note.what))


def shred(vault: Vault, case: str) -> None:
    """Destroy all notes of a case: their key first."""
    vault.erase(_owner(case))


def _notes(vault: Vault, case: str) -> Iterator[Note]:
    for blob in vault.list(_owner(case)):
        yield Note(**json.loads(vault.read(_owner(case), blob.digest)))


def _owner(case: str) -> str:
    return f"case {case}"
