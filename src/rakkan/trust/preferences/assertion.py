"""The CAWG Training and Data Mining Assertion 1.1: written into the seal of a picture, read from others'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rakkan.trust.policy.words import CHOICES, USES, canonical_use
from rakkan.trust.preferences.reading import Reading, silent, text_of, unreadable
from rakkan.trust.preferences.wishes import Preferences

#: The label the assertion stands under, and the one C2PA 1.x gave it.
LABEL = "cawg.training-mining"
LEGACY_LABEL = "c2pa.training-mining"

_WHAT = "the training and data mining assertion"


def training_mining_assertion(preferences: Preferences) -> dict[str, Any]:
    """The data of the ``cawg.training-mining`` assertion (section "Schema and example").

    The schema spells the reason ``constraint_info``, the text above it ``constraints_info``; the schema
    and its example are followed.
    """
    entries: dict[str, dict[str, str]] = {}
    for use, choice in preferences.uses.items():
        entries[use] = {"use": choice}
        if choice == "constrained" and preferences.constraints:
            entries[use]["constraint_info"] = preferences.constraints
    return {"entries": entries}


def read_assertion(data: Mapping[str, Any] | bytes | str) -> Reading:
    """What an assertion allows: its data, or the JSON of them.

    Both the labels of CAWG and those of C2PA 1.x count, the stricter where they differ; ``constrained``
    counts as ``notAllowed`` (section "Overview"). An assertion that cannot be read, or a use of CAWG
    that is not known here, reserves everything.
    """
    if not isinstance(data, Mapping):
        data = _parsed(data)
    entries = data.get("entries")
    if not isinstance(entries, Mapping):
        return unreadable(_WHAT, "it has no entries")
    uses: dict[str, str] = {}
    for word, entry in entries.items():
        use = canonical_use(str(word))
        choice = entry.get("use") if isinstance(entry, Mapping) else None
        if use in USES:
            allowed = choice == "allowed" and uses.get(use) != "notAllowed"
            uses[use] = "allowed" if allowed else "notAllowed"
        elif use.startswith("cawg.") and choice != "allowed":
            return unreadable(_WHAT, f"{use[:60]!r} is not known here")
        elif choice not in CHOICES:
            return unreadable(_WHAT, f"{use[:60]!r} is neither allowed nor not")
    return Reading(uses, _WHAT) if uses else silent(_WHAT)


def _parsed(data: bytes | str) -> Mapping[str, Any]:
    text = text_of(data)
    try:
        value = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}
