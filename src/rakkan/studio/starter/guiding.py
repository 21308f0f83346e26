"""A picture that guides the starter model: framed as it was taught, and told apart from what the prompt asks.

A reference answers the slots of its kind, so a prompt may leave them open, and what leaves them open must not
be filled in by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray

from rakkan.corpus.figures.words import BARE
from rakkan.errors import RakkanError
from rakkan.studio.engines.engine import MOST_STRENGTH, REFERENCE_SIDE, Reference
from rakkan.studio.starter.roles import ROLES

if TYPE_CHECKING:
    from rakkan.features.figures.framing import Box
    from rakkan.features.figures.reading import FigureReading
    from rakkan.studio.references import LetIn

#: What of a reference is told in words besides, from this probability on; and that a place is bare, for
#: something small may have been missed.
SURE, SURELY_BARE = 0.5, 0.9


@dataclass(frozen=True, eq=False)
class Guide:
    """A reference as a drawing takes it: the picture that was let in, what it is to be remembered for and how
    strongly, and the condition that was ``read`` off it, slot -> value, for the slots that its kind answers.

    ``reference`` is what the engine looks at; None for weights that have not learnt to: what was read then
    stands for the picture.
    """

    picture: LetIn
    kind: str
    strength: float
    read: Mapping[str, str]
    reference: Reference | None

    @property
    def use(self) -> str:
        """As recipes name it: ``identity 0.8``."""
        return f"{self.kind} {self.strength:g}" + ("" if self.reference else ", in words")

    def asked(self, condition: Mapping[str, str]) -> dict[str, str]:
        """What is asked for in words: what the prompt says, and of the rest what was read."""
        return {**self.read, **condition}

    def left_open(self, full: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str]:
        """A completed condition without what was only chosen and the reference answers."""
        from rakkan.studio.starter.pairs import shared_slots

        answered = shared_slots(self.kind) if self.reference else ()
        return {slot: value for slot, value in full.items() if slot in asked or slot not in answered}


def check_kind(kind: str, strength: float) -> None:
    """Raises RakkanError for what a reference cannot be."""
    if kind not in ROLES:
        raise RakkanError(f"There is no reference kind {kind[:40]!r}", f"Choose one of {', '.join(ROLES)}")
    if not 0 < strength <= MOST_STRENGTH:
        raise RakkanError(
            f"The reference's strength {strength:g} is out of range",
            f"Give above 0 to {MOST_STRENGTH:g}; 1 is what the model has learnt",
        )


def guide(picture: LetIn, name: str, kind: str, strength: float, looks: bool = True) -> Guide:
    """What a drawing is to take from a picture that was let in; ``looks`` says whether the weights have
    learnt to look at one. Raises RakkanError, with the file's ``name``, where its kind is of a figure and
    none is seen, and as ``check_kind`` does."""
    from rakkan.features.figures.reading import read

    check_kind(kind, strength)
    reading = read(picture.pixels)
    if reading.bust is None and kind != "style":
        raise RakkanError(
            f"No face is seen in {name}", "Give a drawing of one figure, its face in view, or another kind"
        )
    told = words_for(kind, reading)
    if not (told or looks):
        raise RakkanError(
            f"Nothing about the {kind} in {name} is sure, and these weights have not learnt to look at it",
            "Describe it in the prompt",
        )
    framed = framed_as_taught(picture.pixels, reading.bust)
    return Guide(picture, kind, strength, told, Reference(framed, kind, strength) if looks else None)


def words_for(kind: str, reading: FigureReading) -> dict[str, str]:
    """What was read surely enough of what a reference of this kind answers, slot -> value."""
    from rakkan.studio.starter.describing import known
    from rakkan.studio.starter.pairs import shared_slots

    bare = known(reading, SURELY_BARE)
    return {
        slot: value
        for slot, value in known(reading, SURE).items()
        if slot in shared_slots(kind) and (value != BARE or slot in bare)
    }


def framed_as_taught(pixels: NDArray[numpy.uint8], bust: Box | None) -> NDArray[numpy.uint8]:
    """Head and shoulders of a picture, uint8 [256, 256, 3], as the renderer frames them; the middle of one
    without a head. What lies past the picture repeats its edge."""
    from PIL import Image

    height, width = pixels.shape[:2]
    if bust is None:
        side = min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
    else:
        side, left, top = round(bust.width), bust.left, bust.top
    at_row = numpy.clip(round(top) + numpy.arange(max(1, side)), 0, height - 1)
    at_column = numpy.clip(round(left) + numpy.arange(max(1, side)), 0, width - 1)
    square = numpy.ascontiguousarray(pixels[at_row][:, at_column])
    size = (REFERENCE_SIDE, REFERENCE_SIDE)
    return numpy.asarray(Image.fromarray(square).resize(size, Image.Resampling.LANCZOS))
