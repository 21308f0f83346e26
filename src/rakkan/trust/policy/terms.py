"""The rules about licences: what is granted, what must be stated, and what sharing asks in return."""

from __future__ import annotations

from collections.abc import Iterator

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Licensed
from rakkan.trust.policy.case import Case, Part
from rakkan.trust.policy.licences import UNKNOWN, Licence, Permission, find
from rakkan.trust.policy.records import Known, Reason
from rakkan.trust.policy.tables import Need

#: Permissions whose use owes the author attribution.
_ATTRIBUTED = (Permission.SHARE, Permission.SHARE_ADAPTED)


def licence(case: Case) -> Iterator[Reason]:
    """Denies what a stated licence does not grant, unless the account that stated it consents."""
    for need, index, part in _needs(case):
        for known in case.licences(index):
            row, hint = _row(case, known)
            wanted = [need.permission] + ([need.commercial] if case.request.commercial else [])
            lacking = [permission for permission in wanted if permission not in row.grants]
            if not lacking:
                text = f"{part} is under {row.name}, which grants: {', '.join(wanted)}"
                yield Reason("licence", True, text, "", known.digest)
            elif consents := _consents(case, index, known.statement.account):
                text = f"{part} is under {row.name}, and its artist consents beyond it"
                yield Reason("licence", True, text, "", consents[0].digest)
            else:
                text = f"{part} is under {_stated(known)}, which does not grant: {', '.join(lacking)}"
                yield Reason("licence", False, text, hint or _instead(part), known.digest)


def missing_licence(case: Case) -> Iterator[Reason]:
    """Denies what needs stated terms and has none; a consent that covers the use is terms enough."""
    for need, index, part in _needs(case):
        if not (need.unstated or case.about(index, Licensed) or _consents(case, index)):
            text = f"no terms are stated for {part}, and {case.request.action} needs them"
            hint = f"State the licence of {part}, or leave it out"
            yield Reason("missing licence", False, text, hint)


def attribution(case: Case) -> Iterator[Reason]:
    """Denies sharing without naming the authors, where a licence asks for it."""
    if case.request.attributed:
        return
    for need, index, part in _needs(case):
        for known in case.licences(index):
            if need.permission in _ATTRIBUTED and _row(case, known)[0].attribution:
                text = f"{part} is under {_stated(known)}, which asks that its author is named"
                hint = "Name the author, the licence and what was changed where it is shared"
                yield Reason("attribution", False, text, hint, known.digest)


def same_licence(case: Case) -> Iterator[Reason]:
    """Denies offering an adaptation under a licence its sources do not allow, or under none."""
    offered = case.about(0, Licensed)
    for need, index, part in _needs(case):
        for known in case.licences(index):
            allowed = _row(case, known)[0].offer_under
            if need.permission != Permission.SHARE_ADAPTED or not allowed:
                continue
            names = [_row(case, offer)[0].name for offer in offered]
            if not names or not set(names) <= set(allowed):
                under = " and ".join(sorted(set(names))) or "no licence"
                text = f"{part} is under {_stated(known)}; what is made from it is offered under {under}"
                hint = f"Offer it under {' or '.join(allowed)}"
                yield Reason("same licence", False, text, hint, known.digest)


def _needs(case: Case) -> Iterator[tuple[Need, int, Part]]:
    """The rows of the table of needs that speak of this action, with the parts they speak of."""
    for need in case.tables.needs:
        if need.action != case.request.action:
            continue
        for index, part in case.things():
            if part.subject.name == need.name and part.role in need.parts and part.subject.digests:
                yield need, index, part


def _consents(case: Case, index: int, account: str | None = None) -> list[Known]:
    row = next((row for row in case.tables.uses if row.action == case.request.action), None)
    return case.consents(index, row.uses[0], account) if row else []


def _row(case: Case, known: Known) -> tuple[Licence, str]:
    """The row of a licence, or that of ``unknown`` and what to do about its name."""
    try:
        return find(known.statement.predicate.licence, case.tables.licences), ""
    except RakkanError as error:
        return find(UNKNOWN, case.tables.licences), f"{error.message}. {error.hint}"


def _stated(known: Known) -> str:
    return repr(known.statement.predicate.licence[:100])


def _instead(part: Part) -> str:
    return f"Use something other than {part}, or ask its author for more"
