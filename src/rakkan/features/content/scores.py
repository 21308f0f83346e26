"""What the networks say of one window of a picture, read so that nothing but probabilities can come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.features.networks import begin

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.features.content.resize import Pixels, Values
    from rakkan.features.networks import Answers

#: How far the probabilities of all classes may be from 1 together.
SLACK = 1e-3


@dataclass(frozen=True)
class Scorer:
    """A network in use: its name, its classes, what makes its input of pixels, and what runs it."""

    name: str
    classes: tuple[str, ...]
    prepare: Callable[[Pixels], Values]
    run: Callable[[Values], Answers]

    def scores(self, pixels: Pixels) -> Mapping[str, float]:
        """The probability of each class for ``pixels``, uint8 [height, width, 3].

        Raises RakkanError when the network's answer is not one probability for each class.
        """
        return self.begin(pixels)()

    def begin(self, pixels: Pixels) -> Callable[[], Mapping[str, float]]:
        """Start the network on ``pixels``; what waits for its ``scores``."""
        finish = begin(self.run, self.prepare(pixels))
        return lambda: probabilities(self.name, self.classes, finish())


def probabilities(name: str, classes: tuple[str, ...], answers: Answers) -> dict[str, float]:
    """The first of a network's outputs, [1, classes], by class; RakkanError when it is anything else."""
    answer: NDArray[numpy.float32] | None = answers[0] if answers else None
    if answer is None or answer.shape != (1, len(classes)):
        shape = "nothing" if answer is None else f"an array of {list(answer.shape)}"
        raise RakkanError(f"The network {name} answered {shape}, not {len(classes)} scores")
    values = [float(value) for value in answer[0]]
    if not (min(values) >= 0 and abs(sum(values) - 1) <= SLACK):  # so written, NaN is refused too
        raise RakkanError(f"The network {name} answered {values}, which are no probabilities")
    return dict(zip(classes, values, strict=True))


def drawn_scorer() -> Scorer:
    """The network that knows drawings. Raises RakkanError when its files are not the ones that shipped."""
    from rakkan.features.content import drawn
    from rakkan.features.networks import load

    return Scorer("nsfwjs", drawn.CLASSES, drawn.prepare, load(drawn.NETWORK))


def photographic_scorer() -> Scorer:
    """The second opinion, of photographs. Raises RakkanError as ``drawn_scorer`` does."""
    from rakkan.features.content import photographic
    from rakkan.features.networks import load

    run = load(photographic.NETWORK)
    return Scorer("open_nsfw", photographic.CLASSES, photographic.prepare, run)
