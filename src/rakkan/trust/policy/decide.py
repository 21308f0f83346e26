"""The one function of the policy."""

from __future__ import annotations

from collections.abc import Iterable

from rakkan.trust.policy.case import lay_out
from rakkan.trust.policy.records import Decision, Known, Reason, Request
from rakkan.trust.policy.rules import RULES
from rakkan.trust.policy.tables import NEEDS, SHAPES, USES_OF_ACTIONS, Tables

TABLES = Tables(RULES, SHAPES, NEEDS, USES_OF_ACTIONS)


def decide(request: Request, statements: Iterable[Known], now: int, tables: Tables = TABLES) -> Decision:
    """Whether the request is allowed, with every rule's reasons.

    ``statements`` are those known about the subject, the sources and the account, in any order, with
    the revocations of any of them; others do no harm. ``now`` is seconds since 1970 (UTC). The answer
    depends on nothing else. Who may state what is settled where it is stated: here a consent lifts only
    what its own account reserved, and a revocation takes back only its own account's word.
    """
    case = lay_out(request, statements, now, tables)
    spoken = [
        reason for rule in tables.rules if request.action in rule.actions for reason in rule.judge(case)
    ]
    reasons = tuple(dict.fromkeys(spoken))
    allowed = all(reason.allows for reason in reasons)
    if not reasons:
        reasons = (Reason("nothing stands against it", True, f"no rule denies {request.action}"),)
    return Decision(allowed, reasons)
