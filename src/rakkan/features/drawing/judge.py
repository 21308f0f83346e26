"""How photographic a picture is, from two kinds of evidence.

*Content*: a logistic head on the features of the network that knows drawings
(``rakkan.features.content.drawn``): what is shown, and in which manner. *Texture*: a small convolutional
network of our own that looks at 224 × 224 pixels without regard to what they show, and says of every block of
16 × 16 how photographic it is; its mean and its most photographic tenth count. A logistic regression joins
the three. ``weights/manifest.json`` lists every picture source that they have learned from, with its licence;
``benchmarks/drawing`` is how.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError
from rakkan.features.content import drawn
from rakkan.features.drawing.views import layers, parts
from rakkan.features.networks import Network, load

if TYPE_CHECKING:
    from rakkan.features.networks import Answers

_WEIGHTS = Path(__file__).parent / "weights"
TEXTURE = Network(_WEIGHTS / "texture", graph_sha256="T0", weights_sha256="T1")
HEAD = Network(_WEIGHTS / "head", graph_sha256="H0", weights_sha256="H1")

#: How the head's logit, the mean and the most photographic tenth of the blocks' logits are joined.
JOINED = (1.0, 1.0, 1.0)
OFFSET = 0.0
#: No single logit counts for more than this.
MOST = 8.0

Run = Callable[[NDArray[numpy.float32]], "Answers"]
Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class Scores:
    """How photographic a picture is, 0 (a drawing) to 1: as a whole, and the most photographic part of it.

    ``content`` and ``texture`` are what each kind of evidence says of the whole alone, 0-1.
    """

    whole: float
    part: float
    content: float
    texture: float


@dataclass(frozen=True)
class Judge:
    """The networks in use: content features, the head on them, texture."""

    content: Run
    head: Run
    texture: Run

    def scores(self, pixels: Pixels, in_parts: bool = True) -> Scores:
        """Judge ``pixels``, uint8 [height, width, 3 or 4]; without parts ``part`` equals ``whole``.

        The most photographic of a transparent picture's layers counts. Raises RakkanError when a network
        answers with anything but numbers.
        """
        best: list[Scores] = []
        for layer in layers(pixels):
            logits = self.logits(layer)
            whole = part = joined(logits)
            if in_parts:
                boxes = parts(*layer.shape[:2])
                part = max([whole, *(joined(self.logits(layer[rows, columns])) for rows, columns in boxes)])
            best.append(Scores(whole, part, _share(logits[0]), _share((logits[1] + logits[2]) / 2)))
        return Scores(*(max(getattr(scores, name) for scores in best) for name in Scores.__annotations__))

    def logits(self, pixels: Pixels) -> tuple[float, float, float]:
        """Of one view, uint8 [height, width, 3]: the head's logit, the mean of all blocks, the mean of the
        most photographic tenth; each within -8 to 8."""
        value = drawn.prepare(numpy.ascontiguousarray(pixels))
        features = numpy.asarray(self.content(value)[1], numpy.float32).reshape(1, drawn.FEATURES)
        blocks = numpy.clip(numpy.ravel(self.texture(value)[0]), -MOST, MOST)
        top = numpy.sort(blocks)[-(len(blocks) // 10) :]
        head = float(numpy.clip(numpy.ravel(self.head(features)[0])[0], -MOST, MOST))
        found = head, float(blocks.mean()), float(top.mean())
        if not all(math.isfinite(logit) for logit in found):
            raise RakkanError("What tells photographs from drawings answered something that is no number")
        return found


def judge(threads: int = 2) -> Judge:
    """The judge, loaded. Raises RakkanError when its files are not the ones that shipped."""
    return Judge(load(drawn.NETWORK, threads), load(HEAD, threads), load(TEXTURE, threads))


def joined(logits: tuple[float, float, float]) -> float:
    """The three logits as one score, 0-1."""
    return _share(sum(weight * logit for weight, logit in zip(JOINED, logits, strict=True)) + OFFSET)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
