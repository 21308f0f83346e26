"""Inspectors of what a picture shows: two independent networks look at all of it, and either can refuse.

One network knows drawings, the other photographs (``features/content``). A picture is refused when one
of them gives one of its unsafe classes as much as its threshold, in the whole picture or in any window of a
large one, on any ground that shows through it. Whatever goes wrong on the way refuses too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.trust.gate import Arrival, Destination, Finding, Source
from rakkan.trust.provenance import pixel_digest

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.features.content.scores import Scorer
    from rakkan.records import Picture

    Pixels = NDArray[numpy.uint8]

RULE = "sexual content"
HINT = "Change the prompt or the picture; nothing sexual is made or kept here"

#: The least probability that refuses, by an unsafe class or by a sum of several joined by +.
Thresholds = Mapping[str, float]


@dataclass(frozen=True)
class Limits:
    """What refuses a picture that is judged as a whole, and what refuses a window of a larger one.

    A window shows a part without what is around it: skies and petals look like skin there.
    """

    whole: Thresholds
    window: Thresholds


#: By network; chosen on the development half of safe pictures, as docs/picture-safety.md tells.
LIMITS: Mapping[str, Limits] = {
    "nsfwjs": Limits(
        whole={"hentai": 0.5, "hentai+porn+sexy": 0.85},
        window={"hentai": 0.5, "hentai+porn+sexy": 0.99},
    ),
    "open_nsfw": Limits(whole={"unsafe": 0.75}, window={"unsafe": 0.85}),
}
#: So many networks must answer, whichever they are.
FEWEST_NETWORKS = 2


@dataclass(frozen=True)
class Opinion:
    """A network and what it may not see."""

    scorer: Scorer
    limits: Limits

    def begin(self, pixels: Pixels, is_whole: bool) -> Callable[[], bool]:
        """Start looking at ``pixels``, uint8 [height, width, 3], as a whole picture or a window of one; what
        waits for the answer whether they reach a threshold.

        That raises RakkanError when the network's answer is not one probability for each class."""
        finish = self.scorer.begin(pixels)
        thresholds = self.limits.whole if is_whole else self.limits.window

        def objects() -> bool:
            scores = finish()
            return any(
                sum(scores[label] for label in labels.split("+")) >= least
                for labels, least in thresholds.items()
            )

        return objects


@dataclass(frozen=True)
class Judge:
    """What looks at pictures: two or more networks, loaded when first needed. ``released_content`` and
    ``arriving_content`` are the gate's inspectors."""

    opinions: Callable[[], Sequence[Opinion]]

    def released_content(self, picture: Picture, to: Destination) -> list[Finding]:
        """Inspector of what leaves. Raises RakkanError when the picture cannot be judged."""
        return self.findings(picture.pixels)

    def arriving_content(self, arrival: Arrival, source: Source) -> list[Finding]:
        """Inspector of what comes in; a model has no pixels. Raises RakkanError as ``released_content``."""
        if arrival.pixels is None:
            return [Finding(True, "no picture to look at")]
        return self.findings(arrival.pixels)

    def part_content(self, pixels: Pixels, to: Destination) -> list[Finding]:
        """Inspector of a part, at full size, of what leaves and is too large to be held: by what refuses a
        window. Raises RakkanError as ``released_content``."""
        return self.findings(pixels, is_whole=False)

    def begin(self, pixels: Pixels) -> None:
        """Start what ``findings`` looks at first, the picture as a whole, on other cores while the caller
        does something else: the networks keep their last answers. What is no picture is left to it.

        Raises RakkanError when a network is missing or is not the one that shipped.
        """
        if _is_picture(pixels):
            seen = next(renditions(pixels))
            for opinion in self.opinions():
                opinion.begin(seen, is_whole=True)

    def findings(self, pixels: Pixels, is_whole: bool = True) -> list[Finding]:
        """What there is to say of ``pixels``, uint8 [height, width, 3], or 4 with alpha: one refusal, or one
        line that all is well. They are a whole picture, or else a window of one.

        Raises RakkanError, so that nothing passes, when a network is missing, is not the one that shipped,
        or answers anything but probabilities, and when anything else goes wrong.
        """
        try:
            return self._judged(pixels, is_whole)
        except RakkanError:
            raise
        except Exception as error:
            told = " ".join(str(error).split())
            raise RakkanError(
                f"The picture could not be judged ({type(error).__name__}: {told})",
                "Nothing passes unjudged: try a smaller picture, or report this",
            ) from error

    def _judged(self, pixels: Pixels, is_whole: bool) -> list[Finding]:
        opinions = self.opinions()
        names = [opinion.scorer.name for opinion in opinions]
        if len(set(names)) < FEWEST_NETWORKS or not all(
            opinion.limits.whole and opinion.limits.window for opinion in opinions
        ):
            raise RakkanError(
                f"Pictures are judged by {FEWEST_NETWORKS} networks or not at all, and here are {names}",
                "Install Rakkan anew",
            )
        if not _is_picture(pixels):
            raise RakkanError(f"Cannot judge an array of {pixels.dtype} {list(pixels.shape)}")
        for seen in renditions(pixels):
            objector = _objector(opinions, seen, is_whole)
            if objector:
                reason = f"the network {objector} takes it, or a part of it, for sexual content"
                return [Finding(False, reason, rule=RULE, hint=HINT, about=pixel_digest(pixels))]
        return [Finding(True, f"looked at by {' and '.join(names)}")]


def _is_picture(pixels: Pixels) -> bool:
    return pixels.dtype == "uint8" and pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.size > 0


def _objector(opinions: Sequence[Opinion], pixels: Pixels, is_whole: bool) -> str:
    """The first network that objects to a part of ``pixels``, or "". All look at a part at the same time, and
    begin with the next before what they say of the last is heard."""
    from rakkan.features.content.windows import windows

    begun: list[tuple[str, Callable[[], bool]]] = []
    for number, (top, left, height, width) in enumerate(windows(*pixels.shape[:2])):
        part = pixels[top : top + height, left : left + width] if number else pixels
        first = is_whole and number == 0
        next_begun = [(opinion.scorer.name, opinion.begin(part, first)) for opinion in opinions]
        if objector := _heard(begun):
            return objector
        begun = next_begun
    return _heard(begun)


def _heard(begun: Sequence[tuple[str, Callable[[], bool]]]) -> str:
    return next((name for name, objects in begun if objects()), "")


def renditions(pixels: Pixels) -> Iterator[Pixels]:
    """How ``pixels`` may be seen, uint8 [height, width, 3]: as they are, or, where anything shows through,
    on white, on black, and by a viewer that ignores alpha."""
    import numpy

    if pixels.shape[2] == 3:
        yield pixels
        return
    colours, alpha = pixels[:, :, :3], pixels[:, :, 3:].astype(numpy.uint16)
    yield numpy.ascontiguousarray(colours)
    if int(alpha.min()) < 255:
        for ground in (255, 0):
            mixed = (colours * alpha + ground * (255 - alpha) + 127) // 255
            yield mixed.astype(numpy.uint8)


@cache
def shipped_opinions() -> tuple[Opinion, ...]:
    """The two networks that ship, with their thresholds; they are read, verified and compiled once.

    Raises RakkanError when a file of theirs is missing or is not the one that shipped.
    """
    from rakkan.features.content.scores import drawn_scorer, photographic_scorer

    scorers = drawn_scorer(), photographic_scorer()
    return tuple(Opinion(scorer, LIMITS[scorer.name]) for scorer in scorers)
