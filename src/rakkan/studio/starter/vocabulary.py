"""The words the starter model knows: one slot per attribute, one token per value.

A *condition* is a dict from slot to value; a slot that is missing is unspecified, and the model then
chooses for itself. Slots and values come from the renderer's attribute space, so the two can never
drift apart: whoever changes that space gets another vocabulary and must train again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from rakkan.corpus.figures.attributes import GROUPS, Attributes
from rakkan.corpus.figures.captions import slots
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE
from rakkan.errors import RakkanError

#: Every slot with its values, in the order of the token ids.
SLOT_VALUES: dict[str, tuple[str, ...]] = {
    **GROUPS,
    **{slot: (BARE, *names) for slot, names in ACCESSORY_SLOTS.items()},
}

SLOTS: tuple[str, ...] = tuple(SLOT_VALUES)


def _first_ids() -> tuple[int, ...]:
    first = [0]
    for values in SLOT_VALUES.values():
        first.append(first[-1] + 1 + len(values))
    return tuple(first)


_FIRST_IDS = _first_ids()

#: Size of the token table.
TOKEN_COUNT: int = _FIRST_IDS[-1]

#: The condition that says nothing: each slot's own 'unspecified' id. int32 [slots].
UNSPECIFIED: npt.NDArray[np.int32] = np.array(_FIRST_IDS[:-1], dtype=np.int32)

_IDS: dict[str, dict[str, int]] = {
    slot: {value: first + 1 + index for index, value in enumerate(values)}
    for (slot, values), first in zip(SLOT_VALUES.items(), _FIRST_IDS, strict=False)
}


def encode(condition: Mapping[str, str]) -> npt.NDArray[np.int32]:
    """Token ids of a condition: int32 [slots], each slot's id being its value's or its 'unspecified'.

    Raises RakkanError for a slot or a value that does not exist, with the nearest one that does.
    """
    ids = UNSPECIFIED.copy()
    for slot, value in condition.items():
        if slot not in _IDS:
            raise RakkanError(f"the starter model has no slot {slot!r}", _nearest(slot, SLOTS))
        if value not in _IDS[slot]:
            raise RakkanError(f"{value!r} is no value of {slot!r}", _nearest(value, SLOT_VALUES[slot]))
        ids[SLOTS.index(slot)] = _IDS[slot][value]
    return ids


def decode(ids: Sequence[int] | npt.NDArray[np.int32]) -> dict[str, str]:
    """The condition behind token ids [slots]; unspecified slots are left out. The inverse of ``encode``."""
    if len(ids) != len(SLOTS):
        raise RakkanError(f"a condition has {len(SLOTS)} token ids, not {len(ids)}", "encode it again")
    condition: dict[str, str] = {}
    for slot, first, raw in zip(SLOTS, _FIRST_IDS, ids, strict=False):
        offset = int(raw) - first
        if not 0 <= offset <= len(SLOT_VALUES[slot]):
            raise RakkanError(f"token id {int(raw)} is none of {slot!r}", "encode the condition again")
        if offset:
            condition[slot] = SLOT_VALUES[slot][offset - 1]
    return condition


def condition_of(attributes: Attributes) -> dict[str, str]:
    """Everything a viewer can read off the figure, as a condition; places without an accessory are bare."""
    condition = slots(attributes)
    for slot in ACCESSORY_SLOTS:
        condition.setdefault(slot, BARE)
    return condition


def fingerprint() -> str:
    """SHA-256 (hex) of the slots and values: weights serve only the vocabulary they grew up with."""
    text = "\n".join(f"{slot}\t{'|'.join(values)}" for slot, values in SLOT_VALUES.items())
    return hashlib.sha256(text.encode()).hexdigest()


def _nearest(word: str, known: Sequence[str]) -> str:
    matches = get_close_matches(word, known, n=1, cutoff=0.0)
    return f"did you mean {matches[0]!r}?" if matches else ""
