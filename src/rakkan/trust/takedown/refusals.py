"""The gate's refusals as cases: stated by the instance, open to appeal, and overturned for one thing alone.

What was refused is kept only as a keyed digest, and who was refused not at all.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection

from rakkan.errors import RakkanError
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Refused, Statement, Subject
from rakkan.trust.gate import Finding
from rakkan.trust.takedown.states import DOWN, OVERTURNED, PROVISIONAL, SPEAKER, state_of
from rakkan.trust.takedown.subjects import case_subject

#: Rules whose findings name the case to appeal in themselves.
_OWN_CASE = frozenset({PROVISIONAL, DOWN})


def refuser(
    ledger: Ledger, secret: bytes, clock: Callable[[], float] = time.time
) -> Callable[[str, Finding], str]:
    """What states a refusal and returns what to do about it, for ``Gate.refuse``.

    A refusal stands whether or not it can be stated.
    """

    def refuse(action: str, finding: Finding) -> str:
        case = secrets.token_hex(16)
        keyed = _keyed(secret, finding)
        subjects = (case_subject(case), *([Subject("refusal", {"hmac": keyed})] if keyed else []))
        try:
            ledger.append([Statement(Refused(case, action, finding.rule), subjects, SPEAKER, int(clock()))])
        except (RakkanError, OSError):
            return finding.hint
        if finding.rule in _OWN_CASE:
            return finding.hint
        appeal = f'If this is a mistake: rakkan takedown appeal {case} --because "…"'
        return f"{finding.hint.rstrip('.')}. {appeal}" if finding.hint else appeal

    return refuse


def overturner(
    ledger: Ledger, secret: bytes, overturnable: Collection[str] = ()
) -> Callable[[Finding], bool]:
    """What says whether a moderator overturned a refusal of exactly this by this rule, for
    ``Gate.overturned``. Only of the rules in ``overturnable`` can that be so."""

    def overturned(finding: Finding) -> bool:
        keyed = _keyed(secret, finding)
        if not keyed or finding.rule not in overturnable:
            return False
        cases = {
            said.predicate.case
            for _, said in ledger.about(keyed)
            if isinstance(said.predicate, Refused)
            and said.predicate.rule == finding.rule
            and said.account == SPEAKER
        }
        states = (state_of(said for _, said in ledger.about(case)) for case in sorted(cases))
        return any(state is not None and state.refusal and state.outcome == OVERTURNED for state in states)

    return overturned


def _keyed(secret: bytes, finding: Finding) -> str:
    if not finding.about:
        return ""
    return hmac.new(secret, f"refusal\n{finding.rule}\n{finding.about}".encode(), hashlib.sha256).hexdigest()
