"""Which refusals a person may overturn."""

from __future__ import annotations

from rakkan.trust.safety import likeness
from rakkan.trust.safety.prompts import judging


def overturnable() -> frozenset[str]:
    """The rules of which a moderator may overturn a refusal, for exactly what was refused."""
    words = {rule.name for rule in judging.rules() if rule.overturnable}
    return frozenset(words | {rule.name for rule in likeness.RULES.values() if rule.overturnable})
