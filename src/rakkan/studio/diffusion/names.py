"""Names of samplers and schedules as other tools write them: found whatever their case and signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from rakkan.errors import RakkanError


def key(name: str) -> str:
    """``DPM++ 2M``, ``dpmpp_2m`` and ``k_dpmpp_2m`` are the same."""
    lowered = name.strip().lower().replace("+", "p")
    return re.sub(r"[\s_\-()]+", "", re.sub(r"^(sample|k)_", "", lowered))


def unknown(kind: str, name: str, keys: Mapping[str, str], known: Iterable[str]) -> RakkanError:
    """The error for a name that is not there. ``keys`` leads from keys to names to suggest."""
    near = get_close_matches(key(name), keys, n=1)
    hint = f"Did you mean {keys[near[0]]!r}?" if near else f"Choose one of {', '.join(known)}"
    return RakkanError(f"There is no {kind} {name!r}", hint)
