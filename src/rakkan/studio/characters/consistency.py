"""How much the drawings of a character look like one another, in a number that a person understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]

#: How alike two different characters are found (cosines of embeddings): percentiles 0 to 100 over every
#: pair of those that the renderer drew for docs/measurements/consistency.json.
DIFFERENT: tuple[float, ...] = tuple(n / 100 for n in range(101))


@dataclass(frozen=True)
class Score:
    """How alike a drawing is to the one it is compared with: ``cosine``, -1 to 1, and the ``percent`` of
    other characters that would be less alike, 0 to 100. ``slots`` is what the reader sees in it."""

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
        slots = {slot: value for slot, (value, _) in one.slots.items()}
        made.append(Score(round(min(1.0, cosine), 4), percent_of(cosine), slots))
    return made


def percent_of(cosine: float) -> float:
    """How many of 100 other characters are less alike than this: 0 to 100, never decreasing."""
    import numpy

    return round(float(numpy.interp(cosine, DIFFERENT, range(len(DIFFERENT)))), 1)
