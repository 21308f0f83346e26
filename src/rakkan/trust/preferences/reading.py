"""What a reader of preferences found, and how several findings add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.trust.policy.words import USES
from rakkan.trust.preferences.patterns import normal

#: The largest file that is read, in bytes: RFC 9309, section 2.5, asks for at least 500 KiB.
LARGEST_FILE = 512 * 1024

#: The longest path of a site that is looked up, in characters.
LONGEST_PATH = 2 * 1024


@dataclass(frozen=True)
class Reading:
    """``uses`` maps CAWG uses to ``allowed`` or ``notAllowed``; a use that is missing was not spoken of.
    ``note`` says where that comes from. It can be stated in the ledger as ``Reserved(reading.uses)``."""

    uses: Mapping[str, str]
    note: str

    def reserves(self, use: str) -> bool:
        """Whether the use was said not to be allowed."""
        return self.uses.get(use) == "notAllowed"


def unreadable(what: str, why: str) -> Reading:
    """The reading of what cannot be read: everything is reserved."""
    return Reading(dict.fromkeys(USES, "notAllowed"), f"{what} cannot be read ({why}), so all is reserved")


def silent(what: str) -> Reading:
    """The reading of what says nothing here."""
    return Reading({}, f"{what} says nothing of it")


def combine(*readings: Reading) -> Reading:
    """All readings together: a use that any of them reserves is reserved (AIPREF vocabulary, draft 07,
    section "Combining Preferences")."""
    uses: dict[str, str] = {}
    for reading in readings:
        for use, choice in reading.uses.items():
            uses[use] = "notAllowed" if "notAllowed" in (choice, uses.get(use)) else choice
    return Reading(uses, "; ".join(reading.note for reading in readings if reading.uses) or "nothing is said")


def sound_path(path: str) -> str | None:
    """A path of a site in its normal spelling, or None when it is none or too long."""
    return normal(path) if path.startswith("/") and len(path) <= LONGEST_PATH else None


def text_of(data: bytes | str) -> str | None:
    """The text of a small UTF-8 file, or None when it is too large or not UTF-8."""
    if len(data) > LARGEST_FILE:
        return None
    try:
        return (data.decode("utf-8") if isinstance(data, bytes) else data).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
