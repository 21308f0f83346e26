"""Characters that nobody asked for: drawn from the attribute space at a temperature.

How common a value is: what ``completion`` chooses unasked counts for three quarters, every value alike for
the rest. Probabilities are raised to the power beta = 2 - 2 creativity, the inverse of a temperature, and
normalised: at creativity 0 the common is favoured twice over (temperature one half), at 0.5 values come as
common as they are (temperature 1), at 1 the rarest comes as often as any (temperature without end), so that
rare combinations are the rule. It is the words that are drawn at a temperature; the model draws them as ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

from rakkan.corpus.figures.attributes import (
    ACCESSORY_PLACES,
    COLOURED_ACCESSORIES,
    GROUPS,
    Attributes,
    consistent,
)
from rakkan.corpus.figures.captions import slots
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE, WORDS
from rakkan.errors import RakkanError
from rakkan.studio.starter.completion import MODEST

_MODEST_SHARE = 0.75
#: How often a figure wears nothing at a place, among what is common.
_BARE = {"head": 0.7, "hair": 0.85, "face": 0.8, "ears": 0.9, "neck": 0.8}
_FRAMINGS = {"bust": 6, "half body": 3, "full body": 1}


def imagined(seed: int, creativity: float) -> Attributes:
    """A figure of that seed: the same for the same seed and creativity, 0 (common) to 1 (anything).

    Raises RakkanError for a creativity out of range.
    """
    beta = inverse_temperature(creativity)
    random = Random(f"rakkan gallery {seed} {creativity:.6g}")
    chosen = {group: _drawn(random, common(group), beta) for group in GROUPS}
    worn = []
    for place, names in ACCESSORY_PLACES.items():
        share = (1 - _BARE[place]) / len(names)
        odds = {BARE: _BARE[place], **dict.fromkeys(names, share)}
        worn.append(_drawn(random, odds, beta))
    return consistent(Attributes(**chosen, accessories=tuple(name for name in worn if name != BARE)))


def inverse_temperature(creativity: float) -> float:
    """The power that probabilities are raised to: 2 at creativity 0, 1 at 0.5, 0 at 1."""
    if not 0 <= creativity <= 1:
        raise RakkanError(
            f"A creativity of {creativity:g} is out of range", "Give 0 (common) to 1 (anything)"
        )
    return 2 - 2 * creativity


def common(group: str) -> dict[str, float]:
    """How common each value of a group is; the sum is 1."""
    values = GROUPS[group]
    chosen = Counter(_FRAMINGS) if group == "framing" else Counter(MODEST.get(group, values))
    total = sum(chosen.values())
    rest = (1 - _MODEST_SHARE) / len(values)
    return {value: _MODEST_SHARE * chosen[value] / total + rest for value in values}


def tempered(odds: Mapping[str, float], beta: float) -> dict[str, float]:
    """Probabilities raised to the power ``beta`` and normalised."""
    raised = {value: share**beta for value, share in odds.items()}
    total = sum(raised.values())
    return {value: share / total for value, share in raised.items()}


def _drawn(random: Random, odds: Mapping[str, float], beta: float) -> str:
    shares = tempered(odds, beta)
    return random.choices(list(shares), list(shares.values()))[0]


def words_of(attributes: Attributes) -> str:
    """A figure in tags that the lexicon reads back to the same figure."""
    seen = slots(attributes)

    def word(slot: str) -> str:
        return WORDS[slot][seen[slot]][0] if slot in seen else ""

    parts = [word("presentation"), f"{word('hair_colour')} hair", word("hairstyle"), word("fringe")]
    if "hair_accent" in seen:
        accent = WORDS["hair_colour"][seen["hair_accent"]][0]
        place = {"dipped tips": "tips", "streaks": "streaks"}.get(seen["hair_tone"], "on one side")
        parts.append(f"{accent} {place}")
    else:
        parts.append(word("hair_tone"))
    parts += [word("eye_shape"), f"{word('eye_colour')} eyes" if "eye_colour" in seen else ""]
    parts += [word("expression"), word("skin")]
    pattern = word("outfit_pattern") if seen.get("outfit_pattern") != "plain" else "plain"
    parts.append(" ".join(filter(None, (pattern, word("outfit_colour"), word("outfit")))))
    coloured = False
    for slot in ACCESSORY_SLOTS:
        if seen.get(slot, BARE) != BARE:
            takes = seen[slot] in COLOURED_ACCESSORIES and not coloured and "accessory_colour" in seen
            coloured = coloured or takes
            parts.append(f"{word('accessory_colour')} {word(slot)}" if takes else word(slot))
    parts += [word("pose"), word("view"), word("framing")]
    parts.append(" ".join(filter(None, (word("background_colour"), word("background")))))
    parts.append(word("style"))
    return ", ".join(filter(None, parts))
