"""The words that statements may use, and the nearest one for those that they may not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Banned, Consented, Decided, Licensed, Reserved
from rakkan.trust.policy.licences import find
from rakkan.trust.policy.nearest import nearest
from rakkan.trust.policy.records import Action

#: CAWG Training and Data Mining Assertion 1.1, section "Overview": the uses it defines.
USES: Mapping[str, str] = {
    "cawg.data_mining": "looking for patterns in it",
    "cawg.ai_inference": "giving it to a model as input",
    "cawg.ai_generative_training": "training models that make things",
    "cawg.ai_training": "training models that make nothing, such as classifiers",
}

#: The same section: what may be said of a use. ``constrained`` without more counts as ``notAllowed``.
CHOICES = ("allowed", "notAllowed", "constrained")

#: What a ban may give as its reason: public words that say nothing of a person.
BAN_REASONS: Mapping[str, str] = {
    "abuse": "it was used against someone",
    "law": "the law demands it",
    "leak": "it is stolen, or deals in what is",
    "likeness": "it shows a real person",
    "scraping": "it collected other accounts' work wholesale",
    "takedown": "its artist asked for it to be taken down",
    "unsafe": "it holds or makes what Rakkan does not draw",
}

#: What a moderator may give as the reason of a decision: public words that say nothing of a person.
DECISION_REASONS: Mapping[str, str] = {
    "work": "it is the reporter's work, or made from it without leave",
    "likeness": "it shows the reporter",
    "unsafe": "it is what Rakkan does not draw",
    "rule": "the rule that refused it says so",
    "unrelated": "it is not what the report claims",
    "permitted": "whoever made it may use it so",
    "unproven": "nothing supports the claim",
    "abuse": "the report was made to silence someone",
    "mistake": "the rule that refused it was wrong here",
}


def canonical_use(word: str) -> str:
    """The CAWG name of a use; C2PA 1.x wrote ``c2pa.`` where CAWG writes ``cawg.``."""
    return "cawg." + word[5:] if word.startswith("c2pa.") else word


def check_words(predicate: Any) -> None:
    """Refuse a statement the policy would not understand, before it is made.

    Raises RakkanError with the nearest known word for an unknown use, choice, action, ban reason or
    licence. The policy itself reads such words as strictly as it can.
    """
    if isinstance(predicate, Reserved):
        for use, choice in predicate.uses.items():
            _check(canonical_use(use), USES, "use")
            _check(choice, CHOICES, "choice")
    elif isinstance(predicate, Consented):
        for use in predicate.uses:
            _check(canonical_use(use), USES, "use")
    elif isinstance(predicate, Banned):
        _check(predicate.reason, BAN_REASONS, "reason for a ban")
        for action in predicate.actions:
            _check(action, list(Action), "action")
    elif isinstance(predicate, Decided):
        _check(predicate.reason, DECISION_REASONS, "reason for a decision")
    elif isinstance(predicate, Licensed):
        find(predicate.licence)


def _check(word: str, known: Collection[str], what: str) -> None:
    if word not in known:
        raise RakkanError(f"{word!r} is no {what} of the policy", f"Did you mean {nearest(word, known)!r}?")
