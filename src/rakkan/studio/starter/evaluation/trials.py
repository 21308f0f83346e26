"""What is asked of the model in a measurement: prompts, with the figures they describe in full."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from random import Random

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, GROUPS, Attributes
from rakkan.corpus.figures.captions import caption
from rakkan.corpus.figures.words import BARE
from rakkan.studio.starter.holdout import PAIRS, held_out, held_out_combinations
from rakkan.studio.starter.renders import SCOPES, Scope
from rakkan.studio.starter.vocabulary import SLOTS, condition_of


@dataclass(frozen=True)
class Trial:
    """One request: the figure, the prompt that names all that is visible of it, the picture's seed."""

    attributes: Attributes
    prompt: str
    seed: int

    @property
    def asked(self) -> dict[str, str]:
        """Slot -> value for all that the prompt names (a bare place is not named)."""
        return {slot: value for slot, value in condition_of(self.attributes).items() if value != BARE}


#: Every figure there is.
ALL = SCOPES["all"]
#: Figures looked at to find the slots of a scope; the rarest is seen in one of ten.
_LOOKED_AT = 500


def chance_trials(count: int, seed: int, scope: Scope = ALL) -> list[Trial]:
    """Trials as chance has them: any figure of the scope, nothing chosen and nothing left out."""
    random = Random(f"chance {seed}")
    return [_trial(scope.sample(random), random) for _ in range(count)]


def slots_of(scope: Scope) -> tuple[str, ...]:
    """The slots that figures of a scope can be asked for: all, or fewer.

    A bust shows no pose, and what is the same in all figures says nothing.
    """
    random, seen = Random("slots"), defaultdict[str, set[str]](set)
    for _ in range(_LOOKED_AT):
        for slot, value in condition_of(scope.sample(random)).items():
            seen[slot].add(value)
    return tuple(slot for slot in SLOTS if len(seen[slot]) > 1)


def balanced_trials(least: int, seed: int, scope: Scope = ALL) -> list[Trial]:
    """Trials of combinations seen in training until every slot is asked for ``least`` times or more.

    Figures and slots are those of the ``scope`` that the model was trained on.
    """
    random, trials, counts = Random(f"trials {seed}"), list[Trial](), Counter[str]()
    slots = slots_of(scope)
    while short := [slot for slot in slots if counts[slot] < least]:
        # Mostly plain chance; once only rare slots are short, ask for those.
        fixed = _asking_for(random.choice(short), random) if len(trials) > 1.5 * least else {}
        attributes = scope.sample(random, **fixed)
        if not held_out(attributes):
            trials.append(_trial(attributes, random))
            counts.update(trials[-1].asked.keys())
    return trials


def held_out_trials(count: int, seed: int, scope: Scope = ALL) -> list[Trial]:
    """Trials of combinations that training never showed, ``count`` for each pair of groups."""
    random, trials = Random(f"held out {seed}"), []
    for pair in PAIRS:
        combinations = held_out_combinations(pair)
        for number in range(count):
            first, second = combinations[number % len(combinations)]
            given = {pair[0]: first, pair[1]: second}
            if pair[0] == "hairstyle":
                given["hair_tone"] = "plain"
            if pair[0] == "outfit":
                given["outfit_pattern"] = "plain"
            trials.append(_trial(scope.sample(random, **given), random))
    return trials


def _trial(attributes: Attributes, random: Random) -> Trial:
    return Trial(attributes, caption(attributes, random), random.getrandbits(31))


def _asking_for(slot: str, random: Random) -> dict[str, str | tuple[str, ...]]:
    """Attributes under which a slot can be read off the picture."""
    if slot.startswith("accessory "):
        names = ACCESSORY_PLACES[slot.removeprefix("accessory ")]
        return {"accessories": (random.choice(names),), "hairstyle": random.choice(("bob cut", "long bob"))}
    if slot == "accessory_colour":
        return {"accessories": (random.choice(("scarf", "hair bow", "headphones", "hairband")),)}
    if slot == "background_colour":
        return {"background": random.choice(("plain background", "gradient background"))}
    if slot == "hair_accent":
        return {"hair_tone": random.choice(GROUPS["hair_tone"][1:])}
    if slot == "pose":
        return {"framing": random.choice(("half body", "full body"))}
    return {"expression": "neutral"}
