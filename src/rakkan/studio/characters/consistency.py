"""How much the drawings of a character look like one another, in a number that a person understands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]

_MEASURED = Path(__file__).parent / "percentiles.json"
#: Which probability is sure.
SURE = 0.5


@dataclass(frozen=True)
class Score:
    """How alike a drawing is to the one it is compared with: ``cosine``, -1 to 1, and the ``percent`` of
    other characters that would be less alike, 0 to 100. ``slots`` is what the reader is sure to see in it."""

    cosine: float
    percent: float
    slots: Mapping[str, str] = field(default_factory=dict)


def scores(drawings: Sequence[Pixels], references: Sequence[Pixels] = ()) -> list[Score]:
    """A score for each drawing, uint8 [height, width, 3], against the references, or the first drawing when
    there are none. With several references the nearest counts. Raises RakkanError for a damaged reader."""
    from rakkan.features.figures.reading import read

    found = [read(one) for one in drawings]
    known = [read(one).embedding for one in references] or [found[0].embedding]
    made = []
    for one in found:
        cosine = max(float(one.embedding @ other) for other in known)
        slots = {slot: value for slot, (value, share) in one.slots.items() if share >= SURE}
        made.append(Score(round(min(1.0, cosine), 4), percent_of(cosine), slots))
    return made


def percent_of(cosine: float) -> float:
    """How many of 100 other characters are less alike than this: 0 to 100, never decreasing."""
    import numpy

    different = percentiles()
    return round(float(numpy.interp(cosine, different, range(len(different)))), 1)


@cache
def percentiles() -> tuple[float, ...]:
    """How alike the reader finds two different characters (cosines of embeddings): percentiles 0 to 100 over
    every pair of those that were drawn for docs/measurements/consistency.json.

    Raises RakkanError when they were measured with other weights than the reader has.
    """
    from rakkan.features.figures.reading import digest

    told = json.loads(_MEASURED.read_bytes())
    if told["reader"] != digest():
        raise RakkanError(
            "The scores of sheets were measured with another reader", "python -m benchmarks.consistency"
        )
    return tuple(told["percentiles"])
