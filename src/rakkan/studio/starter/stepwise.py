"""A prompt in A1111's syntax, read for the starter model: a condition for each step, and weights of slots.

``(x:1.3)`` and ``[x]`` scale what the slots that x fills say; ``[a:b:0.5]`` and ``[a|b]`` give each step a
reading of its own; ``BREAK`` ends a clause; ``AND`` joins prompts into one, which is said; adapters are left
out, which is said, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.studio.clip import grammar, schedule
from rakkan.studio.starter.lexicon import Reading, Unknown, read

MOST_WEIGHT = 2.0
#: A prompt with more weighted texts than this, or more readings, is a maze; what goes beyond counts plainly.
_MOST_SPANS, _MOST_TEXTS = 24, 64
_BREAK = re.compile(r"\bBREAK\b")
_AND = re.compile(r"\bAND\b")

Condition = Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """What a prompt says at a step: slot -> value, and slot -> weight where that is not 1."""

    condition: Condition
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Stepwise:
    """What a prompt says: ``steps`` from the first on, only one where it says the same at all of them.
    Unknown words and remarks are those of all steps."""

    steps: tuple[Step, ...]
    unknown: tuple[Unknown, ...]
    notes: tuple[str, ...]

    @property
    def common(self) -> dict[str, str]:
        """What holds at every step."""
        first = self.steps[0].condition
        return {
            slot: value
            for slot, value in first.items()
            if all(step.condition.get(slot) == value for step in self.steps)
        }

    @property
    def is_plain(self) -> bool:
        """Whether it says the same at every step, and all with the weight 1."""
        return len(self.steps) == 1 and not self.steps[0].weights


def read_steps(prompt: str, steps: int) -> Stepwise:
    """Read a prompt for a picture of so many steps.

    Raises RakkanError for weights past ±100 and for square brackets that nest too deep.
    """
    texts = [prompt]
    if schedule.changes(prompt):
        texts = [schedule.at_step(prompt, step, steps) for step in range(1, steps + 1)]
    distinct = list(dict.fromkeys(texts))
    notes: list[str] = []
    if len(distinct) > _MOST_TEXTS:
        raise RakkanError(
            f"The prompt changes {len(distinct)} times", f"Let it change {_MOST_TEXTS} times at most"
        )
    read_of = {text: _read(text, notes) for text in distinct}
    readings = [reading for reading, _ in read_of.values()]
    made = tuple(Step(read_of[text][0].condition, read_of[text][1]) for text in texts)
    return Stepwise(
        made[:1] if all(step == made[0] for step in made) else made,
        tuple(dict.fromkeys(word for reading in readings for word in reading.unknown)),
        tuple(dict.fromkeys([*(note for reading in readings for note in reading.notes), *notes])),
    )


def _read(text: str, notes: list[str]) -> tuple[Reading, dict[str, float]]:
    """The reading of a text that changes no more, and the weights of its slots."""
    text = _joined(_BREAK.sub(",", text), notes)
    reading = read(text)
    spans = grammar.spans(text)
    weighted = [number for number, span in enumerate(spans) if span.weight != 1 and _says(span.text)]
    if len(weighted) > _MOST_SPANS:
        notes.append(f"{len(weighted)} weighted texts are too many: the first {_MOST_SPANS} count")
    weights: dict[str, float] = {}
    for number in weighted[:_MOST_SPANS]:
        others = " ".join(span.text if one != number else "," for one, span in enumerate(spans))
        without = read(others).condition
        slots = [slot for slot, value in reading.condition.items() if without.get(slot) != value]
        weight = min(max(spans[number].weight, 0.0), MOST_WEIGHT)
        weights |= dict.fromkeys(slots, weight)
        if weight != spans[number].weight:
            notes.append(f"the weight {spans[number].weight:g} is held to {weight:g} with the starter model")
    return reading, {slot: weight for slot, weight in weights.items() if weight != 1}


def _joined(text: str, notes: list[str]) -> str:
    """The prompts that ``AND`` joins as one."""
    if not _AND.search(text):
        return text
    notes.append("the starter model reads prompts joined by AND as one, and takes no share of each")
    try:
        return ", ".join(one.text for one in grammar.subprompts(text))
    except RakkanError:  # inside brackets
        return _AND.sub(",", text)


def _says(text: str) -> bool:
    """Whether there is a word in it."""
    return any(sign.isalnum() for sign in text)
