"""Reporting a picture, and taking one down, as its page does it."""

from __future__ import annotations

from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.moderation.reports import KINDS

#: What a picture can be reported as.
REASONS = tuple(KINDS)
#: What a picture counts as reported as that is taken down for a word of the table; else it is unsafe.
_KINDS = {"work": "copyright", "likeness": "person"}


def report(service: Service, actor: Actor, picture: str, reason: str, text: str = "") -> str:
    """An account reports a picture; the report's identifier. Raises what ``Reports.report`` does."""
    return service.reports.report(actor, picture, reason, text)


def take_down(service: Service, actor: Actor, picture: str, text: str, reason: str = "unsafe") -> None:
    """A moderator takes a picture down, for a word of the table of reasons. Raises what
    ``Reports.take_down`` does."""
    service.reports.take_down(actor, picture, _KINDS.get(reason, "unsafe"), reason, text)
