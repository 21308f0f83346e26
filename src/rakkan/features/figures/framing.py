"""Where the head of a figure is, and the frame around head and shoulders that the starter model draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rakkan.features.figures.parts import Parts

#: A place belongs to a part from this probability on.
_LEAST = 0.5
#: The smallest face, a share of the picture's area, and the fewest places of eyes, of those looked at.
_SMALLEST, _FEWEST_EYES = 0.0008, 4
#: Rows and columns that faces are looked for in.
_GRID = 256
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
    face = _largest(parts.at("face", size) >= _LEAST)
    if face.sum() < max(_FEWEST_EYES, _SMALLEST * face.size):
        return None
    rows, columns = numpy.nonzero(face)
    # Past the last half of a percent are stray places, not the chin.
    top, chin = numpy.percentile(rows, [0.5, 99.5])
    eyes = numpy.nonzero(face & (parts.at("eyes", size) >= _LEAST))[0]
    unit = chin - eyes.mean() if len(eyes) >= _FEWEST_EYES else 0.0
    unit = max(unit, (chin - top) / (2 * FACE_HEIGHT)) if unit else (chin - top) / FACE_HEIGHT
    down, across = height / size[0], width / size[1]
    side = BUST_SIDE * max(unit, 1.0) * down
    middle = float(numpy.percentile(columns, [2, 98]).mean()) * across
    return Box(middle - side / 2, (chin - BUST_ABOVE * unit) * down - side / 2, side, side)


def _largest(mask: NDArray[numpy.bool_]) -> NDArray[numpy.bool_]:
    """The connected area with most around its middle: two faces are not taken for one."""
    if not mask.any():
        return mask
    dense = mask.astype(numpy.int32)
    for _ in range(3):  # how much of it lies around each place
        dense = _spread(dense, numpy.add)
    seed = numpy.zeros_like(mask)
    seed[numpy.unravel_index(int((dense * mask).argmax()), mask.shape)] = True
    while True:
        grown = _spread(seed, numpy.logical_or) & mask
        if (grown == seed).all():
            return grown
        seed = grown


def _spread(values: NDArray[Any], joined: Callable[..., Any]) -> NDArray[Any]:
    """Each place with its eight neighbours, added or united."""
    wide = numpy.pad(values, 2)
    rows = joined(joined(wide[:-2], wide[1:-1]), wide[2:])
    whole = joined(joined(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    made: NDArray[Any] = whole[1:-1, 1:-1]
    return made
