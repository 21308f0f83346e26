"""Nobody's likeness: what comes in as a reference is a drawing, and no photoreal person goes out.

Two things look: how photographic a picture is (``rakkan.features.drawing``), and whether it shows a
photographic face (``rakkan.features.faces``). A face counts as photographic when the detector finds it and
what is around it has hardly anything of a drawing, by the classes of the network that knows drawings and by
statistics, since the detector alone also fires on drawn faces. Our own head on content does not count there:
all faces that it learned from were drawn ones.

**Not measurable.** Fewer than 100 openly licensed photographs of faces could be had to test the detector
on (``FACES_TESTED``). How often it misses one is therefore unknown, and "no face found" lets nothing in:
a picture passes only when it is clearly a drawing, by the stricter of two limits, whatever it says.

Nothing is kept: no picture, no face, no description of one. A finding names the rule and the SHA-256 of the
pixels it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.trust.gate import Arrival, Destination, Finding, Source
from rakkan.trust.provenance import pixel_digest

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.features.drawing.judge import Judge, Scores
    from rakkan.features.faces.detect import Detector, Face
    from rakkan.records import Picture

DRAWINGS_ONLY = "drawings only"
LIKENESS = "real person's likeness"


@dataclass(frozen=True)
class Rule:
    """A rule, whether a moderator can overturn it for exactly one picture, and what its refusal advises."""

    name: str
    overturnable: bool
    hint: str


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(DRAWINGS_ONLY, True, "Use a drawing; if this is one, appeal, and a moderator will look at it"),
        Rule(LIKENESS, False, "Use a drawing of an invented character; no one can allow this picture"),
    )
}

#: Photographs of faces that ``docs/measurements/likeness.json`` is from, and how many it takes to say
#: anything of the detector.
FACES_TESTED, FACES_NEEDED = 12, 100
#: From this score on a picture is a photograph, or not clearly a drawing: the latter is where, on sources
#: that were left out of the learning, photographs let in and drawings refused are about as many.
PHOTOGRAPH, UNCLEAR = 0.9, 0.8
#: The same of a part of a picture: it is the most photographic of many, so more is asked of it.
PART_PHOTOGRAPH, PART_UNCLEAR = 0.99, 0.98
#: A face that the detector is this sure of counts; it is photographic, or not clearly drawn, from these means
#: on of ``Judge.photographic`` with so much of its size around it on every side. The development half's six
#: photographs of faces have 6.1 and more.
FACE_SURE = 0.9
FACE_PHOTOGRAPH, FACE_UNCLEAR = 7.0, 5.0
AROUND_FACE = (0.2, 0.5, 1.0)
#: On the way out the detector is asked from this share on by statistics, or below that share of the drawn
#: classes: a face alone may have the statistics of a drawing, but the development half's have 0.0025 at most.
SUSPICIOUS, HARDLY_DRAWN = 0.4, 0.005
#: Nor from this share on of the drawn classes of the network that knows drawings, which has seen faces of
#: both kinds.
RATHER_DRAWN = 0.3
#: A picture that leaves is judged in parts, too, when a side is longer than this.
LARGEST_WHOLE = 768
#: The smallest face looked for on the way out, in pixels where the longer side has 640: there somebody could
#: be recognised, and looking for smaller ones, as on the way in, takes longest.
LARGE = 56
NO_FACE = float("-inf")


@dataclass(frozen=True)
class Eyes:
    """What looks at pictures."""

    judge: Judge
    detector: Detector


Load = Callable[[], Eyes]


@lru_cache(maxsize=1)
def eyes() -> Eyes:
    """The networks that ship, loaded once. Raises RakkanError when a file is missing or another."""
    from rakkan.features.drawing.judge import judge
    from rakkan.features.faces.detect import detector

    return Eyes(judge(), detector())


def measurable() -> bool:
    """Whether enough photographic faces were tested on for the detector's silence to mean anything."""
    return FACES_TESTED >= FACES_NEEDED


def arriving_likeness(arrival: Arrival, source: Source, load: Load = eyes) -> list[Finding]:
    """What comes in is a drawing: refused when it is a photograph, not clearly a drawing, or shows a
    photographic face. A model has no picture. Raises RakkanError when it cannot be judged."""
    if arrival.pixels is None:
        return [Finding(True, "no picture")]
    return _judged(arrival.pixels, load, arriving=True)


def released_likeness(picture: Picture, to: Destination, load: Load = eyes) -> list[Finding]:
    """What leaves is a drawing. The face detector is asked only when the picture's statistics or classes
    could be those of a photograph of a face. Raises RakkanError when it cannot be judged."""
    return _judged(picture.pixels, load, arriving=False)


def _judged(pixels: NDArray[numpy.uint8], load: Load, arriving: bool) -> list[Finding]:
    from rakkan.features.faces import detect

    try:
        looking = load()
        in_parts = arriving or max(pixels.shape[:2]) > LARGEST_WHOLE
        scores = looking.judge.scores(pixels, in_parts)
        drawn = _clearly_drawn(scores)
        harmless = scores.statistics < SUSPICIOUS and scores.drawn >= HARDLY_DRAWN
        harmless = harmless or scores.drawn >= RATHER_DRAWN
        look_for_faces = arriving or not drawn or not harmless
        smallest = detect.SMALLEST if arriving else LARGE
        face = _face(looking, pixels, smallest) if look_for_faces else NO_FACE
    except Exception as error:  # whatever went wrong: a picture that was not judged does not pass
        told = error.message if isinstance(error, RakkanError) else f"{type(error).__name__}: {error}"
        raise RakkanError(
            f"Whether the picture is a drawing could not be judged ({' '.join(told.split())})",
            "Install Rakkan anew; nothing passes without this check",
        ) from error
    findings = []
    if face >= FACE_PHOTOGRAPH:
        findings.append(_refusal(LIKENESS, "it shows a photographic face", pixels))
    if not drawn:
        findings.append(_refusal(DRAWINGS_ONLY, _why(scores), pixels))
    elif FACE_UNCLEAR <= face < FACE_PHOTOGRAPH and not measurable():
        findings.append(_refusal(DRAWINGS_ONLY, "a face in it is not clearly drawn", pixels))
    return findings or [Finding(True, "a drawing")]


def _clearly_drawn(scores: Scores) -> bool:
    """Below both limits: the strict ones as long as the detector's silence means nothing."""
    whole, part = (PHOTOGRAPH, PART_PHOTOGRAPH) if measurable() else (UNCLEAR, PART_UNCLEAR)
    return scores.whole < whole and scores.part < part


def _why(scores: Scores) -> str:
    if scores.whole >= PHOTOGRAPH:
        return "it is a photograph or looks like one"
    if scores.part >= PART_PHOTOGRAPH:
        return "a part of it is a photograph or looks like one"
    return "it is not clearly a drawing"


def _face(looking: Eyes, pixels: NDArray[numpy.uint8], smallest: int) -> float:
    """How photographic the most photographic face is, by what is around it, as a logit."""
    from rakkan.features.drawing.views import shown

    most, seen = NO_FACE, shown(pixels)
    for face in looking.detector.faces(seen, smallest):
        if face.score >= FACE_SURE:
            cuts = [_around(seen, face, share) for share in AROUND_FACE]
            most = max(most, sum(looking.judge.photographic(cut) for cut in cuts) / len(cuts))
    return most


def _around(pixels: NDArray[numpy.uint8], face: Face, share: float) -> NDArray[numpy.uint8]:
    height, width = pixels.shape[:2]
    more = share * max(face.right - face.left, face.bottom - face.top)
    rows = slice(max(0, int(face.top - more)), min(height, int(face.bottom + more) + 1))
    columns = slice(max(0, int(face.left - more)), min(width, int(face.right + more) + 1))
    return pixels[rows, columns]


def _refusal(rule: str, reason: str, pixels: NDArray[numpy.uint8]) -> Finding:
    return Finding(False, reason, rule=rule, hint=RULES[rule].hint, about=pixel_digest(pixels))
