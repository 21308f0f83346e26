"""Reports of pictures as they come in: hidden at once, until a moderator has decided."""

from __future__ import annotations

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.errors import Conflict
from rakkan.service.pictures.visibility import demand_account
from rakkan.trust.instance import INSTANCE

#: What a picture can be reported as; what concerns somebody's rights is a claim at the takedown desk, too.
REASONS: dict[str, str] = {"unsafe": "", "person": "my likeness", "copyright": "my work", "spam": ""}
LONGEST_TEXT = 1000
#: Who hides a picture when a report says so: nobody's decision yet.
_HAND = Actor(INSTANCE, "moderator")


def report(service: Service, actor: Actor, picture: str, reason: str, text: str = "") -> None:
    """Report a picture that the actor can see. All but spam is hidden at once. What was written is kept in
    the audit log, or with the desk's case. Raises NotFound, Forbidden for a visitor, RakkanError for an
    unknown reason, Conflict when it is hidden already."""
    from rakkan.trust.takedown.digests import digests_of_bytes

    demand_account(actor)
    if reason not in REASONS:
        raise RakkanError(f"{reason[:40]!r} is no reason", f"Choose from {', '.join(REASONS)}")
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise RakkanError(f"The report has {len(text)} characters", f"Keep to {LONGEST_TEXT}")
    shown = service.catalogue.openable(actor, picture)
    if shown.state != "published":
        raise Conflict("Only what is published can be reported", "Delete it if it is your own")
    because = f"reported as {reason}"
    if REASONS[reason]:
        found = digests_of_bytes(service.vault.read(shown.account, shown.file))
        case = assemble.takedown().report(REASONS[reason], [found], words=text)
        because += f", case {case.name}"
    elif text:
        because += f": {text}"
    service.catalogue.audit.write(actor.account, "picture report", picture, because)
    if reason != "spam":
        service.catalogue.hide(_HAND, picture, because)


def take_down(service: Service, actor: Actor, picture: str, because: str) -> None:
    """Take a picture down by a moderator's decision. Raises Forbidden, NotFound, Conflict, and RakkanError
    without a reason."""
    if not because.strip():
        raise RakkanError("No reason is given", "Say why, in a sentence; it stands in the audit log")
    service.catalogue.remove(actor, picture, because.strip())
