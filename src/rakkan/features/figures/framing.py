"""Where the head of a figure is, and the frame around head and shoulders that the starter model draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rakkan.features.figures.parts import Parts

#: A place belongs to a part from this probability on.
_LEAST = 0.5
#: The smallest face, a share of the picture's area, and the fewest places of eyes, of those looked at.
_SMALLEST, _FEWEST_EYES = 0.0008, 4
#: Rows and columns that faces are looked for in, and how many separate areas are compared.
_GRID, _MOST_AREAS = 256, 12
#: In a bust by the renderer, where a unit is the height from the chin to the eyes: the frame's side, and how
#: far its middle lies above the chin. Where no eyes are seen, how many units a face is high.
BUST_SIDE, BUST_ABOVE, FACE_HEIGHT = 4.57, 0.91, 1.62


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels: it may reach past the edges."""

    left: float
    top: float
    width: float
    height: float


def bust_of(parts: Parts) -> Box | None:
    """The square around head and shoulders of the most prominent figure, as busts are drawn; it may reach
    past the picture. None where no face is found."""
    height, width = parts.size
    scale = _GRID / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    seen = parts.at("eyes", size) >= _LEAST
    face = _face(parts.at("face", size) >= _LEAST, seen)
    if face.sum() < max(_FEWEST_EYES, _SMALLEST * face.size):
        return None
    rows, columns = numpy.nonzero(face)
    # Past the last half of a percent are stray places, not the chin.
    top, chin = numpy.percentile(rows, [0.5, 99.5])
    eyes = numpy.nonzero(face & seen)[0]
    unit = chin - eyes.mean() if len(eyes) >= _FEWEST_EYES else 0.0
    unit = max(unit, (chin - top) / (2 * FACE_HEIGHT)) if unit else (chin - top) / FACE_HEIGHT
    down, across = height / size[0], width / size[1]
    side = BUST_SIDE * max(unit, 1.0) * down
    middle = float(numpy.percentile(columns, [2, 98]).mean()) * across
    centre = float((chin - BUST_ABOVE * unit) * down)
    return Box(middle - float(side) / 2, centre - float(side) / 2, float(side), float(side))


def _face(mask: NDArray[numpy.bool_], eyes: NDArray[numpy.bool_]) -> NDArray[numpy.bool_]:
    """Of the connected areas that are found first the one with most of eyes in it, and the largest where none
    has any: the larger one may be an arm, and a stray place of eyes on it makes it no face."""
    best, score, rest = numpy.zeros_like(mask), (0, 0), mask.copy()
    for _ in range(_MOST_AREAS):
        if not rest.any():
            break
        grown = numpy.zeros_like(mask)
        grown[numpy.unravel_index(int(rest.argmax()), mask.shape)] = True
        while True:
            wider = _spread(grown) & mask
            if (wider == grown).all():
                break
            grown = wider
        looking = int((grown & eyes).sum())
        found = (looking if looking >= _FEWEST_EYES else 0, int(grown.sum()))
        best, score = (grown, found) if found > score else (best, score)
        rest &= ~grown
    return best


def _spread(mask: NDArray[numpy.bool_]) -> NDArray[numpy.bool_]:
    """Each place with its eight neighbours."""
    wide = numpy.pad(mask, 1)
    rows = wide[:-2] | wide[1:-1] | wide[2:]
    made: NDArray[numpy.bool_] = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return made
