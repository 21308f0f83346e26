"""What an engine is told of a prompt that changes from step to step, or weighs its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.engines.conditions import Conditions
    from rakkan.studio.starter.stepwise import Stepwise


def conditions(full: Mapping[str, str], said: Stepwise, steps: int) -> NDArray[numpy.int32] | Conditions:
    """Ids of a condition with everything in it, or one for each step where the prompt changes or weighs.

    ``full`` is what holds at every step with what the prompt leaves open filled in; each step's own words
    take the place of what was filled in.
    """
    import numpy

    from rakkan.studio.engines.conditions import Conditions
    from rakkan.studio.starter.vocabulary import SLOTS, encode

    if not said.steps or said.is_plain:
        return encode(full)
    rows = said.steps if len(said.steps) == steps else said.steps[:1] * steps
    weights = numpy.ones((steps, len(SLOTS)), numpy.float32)
    for number, row in enumerate(rows):
        for slot, weight in row.weights.items():
            weights[number, SLOTS.index(slot)] = weight
    return Conditions(numpy.stack([encode({**full, **row.condition}) for row in rows]), weights)
