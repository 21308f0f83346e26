"""How photographic a picture is, from two kinds of evidence.

*Content*: a logistic head on the features and classes of the network that knows drawings
(``rakkan.features.content.drawn``): what is shown, and in which manner. *Statistics*: a small network of our
own on the means and deviations of what the first layers of the same network respond with: edges, strokes and
textures, wherever they are. A logistic regression joins the two. ``weights/manifest.json`` lists every
picture source that they have learned from, with its licence; ``benchmarks/drawing`` is how.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError
from rakkan.features.content import drawn
from rakkan.features.drawing.views import framed, hidden, parts, shown
from rakkan.features.networks import Network, Run, load

if TYPE_CHECKING:
    from rakkan.features.networks import Answers

_WEIGHTS = Path(__file__).parent / "weights"
HEAD = Network(
    _WEIGHTS / "head",
    graph_sha256="403d81729a4ce051f283954cedaeb92c5b98bf220b37206cbe061d94cac3b5f0",
    weights_sha256="2fa44517500f5be7bce4dbdd068ef9056c3476499665cca02f24cbac45e2efc3",
)
STATISTICS = Network(
    _WEIGHTS / "statistics",
    graph_sha256="80e954f75ab7ee6ad13be918739457303d06436c09245ceb0030f8e01fc70963",
    weights_sha256="ce014c7213b2823456c5ac5384274e0919c4258c32248546e86524e8057b6e52",
)

#: How the logits of content and statistics are joined: by what was judged of whole pictures of sources that
#: were left out of the learning.
JOINED = (0.7, 0.74)
OFFSET = 0.0
#: From this share on for its drawn classes, the network that knows drawings settles it by itself: it saw many
#: more of them than the pool holds, painted ones with the texture of photographs among them.
SURELY_DRAWN = 0.9
#: No single logit counts for more than this.
MOST = 8.0

Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class Scores:
    """How photographic a picture is, 0 (a drawing) to 1: as a whole, with or without a flat frame, and the
    most photographic part of it.

    The whole is judged by both kinds of evidence joined, a part by the weaker of the two: a painted face
    alone has the content of a photograph, a busy corner its statistics.
    ``content`` and ``statistics`` are what each kind of evidence says of the whole alone, 0-1, and ``drawn``
    is the share of the drawn classes of the network that knows drawings.
    """

    whole: float
    part: float
    content: float
    statistics: float
    drawn: float = 0.0


@dataclass(frozen=True)
class Judge:
    """The networks in use: content with its classes, features and responses, the head on the first two of
    them, and the one on the responses."""

    content: Run
    head: Run
    counted: Run

    def scores(self, pixels: Pixels, in_parts: bool = True) -> Scores:
        """Judge ``pixels``, uint8 [height, width, 3 or 4]; without parts no frame is taken off.

        Of a transparent picture the whole is also what it hides. Raises RakkanError when a network answers
        with anything but numbers.
        """
        seen, under = shown(pixels), hidden(pixels)
        logits, drawn_share = self._seen(seen)
        whole, part = joined(logits), agreed(logits)
        if under is not None:
            whole = max(whole, joined(self.logits(under)))
        if in_parts:
            inside = framed(seen)
            whole = max(whole, joined(self.logits(seen[inside]))) if inside else whole
            boxes = parts(*seen.shape[:2])
            part = max([part, *(agreed(self.logits(seen[rows, columns])) for rows, columns in boxes)])
        content, counted = (_share(logit) for logit in logits)
        return Scores(whole, part, content, counted, drawn_share)

    def logits(self, pixels: Pixels) -> tuple[float, float]:
        """Of one view, uint8 [height, width, 3]: by its content and by its statistics, each -8 to 8; -8 both
        for what is surely drawn."""
        return self._seen(pixels)[0]

    def photographic(self, pixels: Pixels) -> float:
        """How photographic one view is whatever it shows, as a logit: what the classes say, and half of what
        statistics do. For faces, where the head is no use: all that it learned from were drawn."""
        (_, counted), drawn_share = self._seen(pixels)
        return _odds(drawn_share) + counted / 2

    def _seen(self, pixels: Pixels) -> tuple[tuple[float, float], float]:
        """The logits of one view, and the share of its drawn classes, 0-1."""
        value = drawn.prepare(pixels)
        classes, features, responses = self.content(value)
        shares = dict(zip(drawn.CLASSES, numpy.ravel(classes).tolist(), strict=True))
        drawn_share = float(shares["drawing"] + shares["hentai"])
        if drawn_share >= SURELY_DRAWN:
            return (-MOST, -MOST), drawn_share
        row = numpy.append(numpy.ravel(features), _odds(drawn_share)).astype(numpy.float32)[None]
        return (_logit(self.head(row)), _logit(self.counted(responses))), drawn_share


def judge() -> Judge:
    """The judge, loaded. Raises RakkanError when its files are not the ones that shipped."""
    return Judge(load(drawn.NETWORK), load(HEAD), load(STATISTICS))


def joined(logits: tuple[float, float]) -> float:
    """The two logits as one score, 0-1."""
    return _share(sum(weight * logit for weight, logit in zip(JOINED, logits, strict=True)) + OFFSET)


def agreed(logits: tuple[float, float]) -> float:
    """What both kinds of evidence say at least, 0-1."""
    return _share(min(logits))


def _logit(answers: Answers) -> float:
    logit = float(numpy.ravel(answers[0])[0])
    if not math.isfinite(logit):
        raise RakkanError("What tells photographs from drawings answered something that is no number")
    return max(-MOST, min(MOST, logit))


def _odds(drawn_share: float) -> float:
    """The logit of the classes that are not drawn."""
    share = min(max(drawn_share, 1e-4), 1 - 1e-4)
    return math.log((1 - share) / share)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
