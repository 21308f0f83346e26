"""What is asked of whoever moderates before anything is done."""

from __future__ import annotations

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.errors import Forbidden

LONGEST_NOTE = 1000


def demand_moderator(by: Actor) -> None:
    """Raise Forbidden for anybody who does not moderate."""
    if not by.at_least("moderator"):
        raise Forbidden("Only a moderator may do this", "Report what is wrong")


def demand_reason(note: str) -> str:
    """Why somebody did something, in their words: 1 to 1,000 characters. Raises RakkanError."""
    told = " ".join(note.split())
    if not told:
        raise RakkanError("No reason is given", "Say why, in a sentence; it stands in the audit log")
    if len(told) > LONGEST_NOTE:
        raise RakkanError(f"The reason has {len(told)} characters", f"Keep to {LONGEST_NOTE}")
    return told
