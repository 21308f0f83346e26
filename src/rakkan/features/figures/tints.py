"""What colours the parts of a figure have, from the picture's own pixels under what the network says of them.

The network's features have learnt shapes from photographs and keep little of a small part's colour. Here the
pixels of a part are counted by colour, and two small layers for each slot say what that amounts to, given
what the network holds likely.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy
from numpy.typing import NDArray

from rakkan.features.networks import verified
from rakkan.features.oklab import oklab

#: Slot -> the part, as the network calls it, whose pixels are counted.
PARTS = {
    "hair_colour": ("hair",),
    "hair_tone": ("hair",),
    "eye_colour": ("eyes",),
    "skin": ("skin", "face"),
    "outfit_colour": ("outfit",),
    "accessory_colour": ("accessories",),
    "background_colour": ("background",),
}
#: Colours are counted by lightness, and by hue at two chromas, those of the least chroma together.
_LIGHTNESSES, _HUES, _GREY, _VIVID = 6, 18, 0.025, 0.09
BINS = _LIGHTNESSES * (1 + 2 * _HUES)
#: What is told of a part: its colours, and how large it is.
NUMBERS = BINS + 1
_WEIGHTS = Path(__file__).parent / "weights" / "tints.safetensors"
WEIGHTS_SHA256 = "27d7674b9d5267d2bd1ab081df18d1770eef71f50ab231bfddf49af984a50d95"

Floats = NDArray[numpy.float32]
#: A slot's layers: two matrices [n, m] and two rows of biases [m].
Layers = tuple[Floats, Floats, Floats, Floats]


def counted(picture: Floats, maps: Mapping[str, Floats]) -> dict[str, Floats]:
    """The numbers of every slot of `PARTS`, float32 [NUMBERS]: the square roots of the shares that colours
    have of a part, and the logarithm of its share of the picture.

    ``picture`` is float32 [3, n, n], 0 to 1, and ``maps`` the network's parts, float32 [m, m], n a multiple
    of m.
    """
    side = picture.shape[1] // next(iter(maps.values())).shape[0]
    codes = _codes(picture)
    made: dict[tuple[str, ...], Floats] = {}
    for parts in set(PARTS.values()):
        likely = numpy.asarray(sum(maps[part] for part in parts), numpy.float64)
        # What is a part as likely as not counts little: edges are mixtures of two colours.
        weights = numpy.kron(likely**3, numpy.ones((side, side))).ravel()
        found = numpy.bincount(codes, weights, BINS)
        size = float(found.sum())
        shares = numpy.sqrt(found / (size + 4.0))
        made[parts] = numpy.append(shares, numpy.log(size / codes.size + 1e-4)).astype(numpy.float32)
    return {slot: made[parts] for slot, parts in PARTS.items()}


def answered(numbers: Mapping[str, Floats], answers: Mapping[str, Floats]) -> dict[str, Floats]:
    """The probabilities of every slot's answers, those of `PARTS` in the light of the colours.

    ``answers`` are the network's own. Raises RakkanError when the layers are not those that shipped.
    """
    made = dict(answers)
    for slot, (first, first_bias, second, second_bias) in layers().items():
        given = numpy.concatenate([numbers[slot], numpy.log(answers[slot] + numpy.float32(1e-4))])
        logits = numpy.maximum(given @ first + first_bias, 0) @ second + second_bias
        raised = numpy.exp(logits - logits.max())
        made[slot] = (raised / raised.sum()).astype(numpy.float32)
    return made


@cache
def layers() -> dict[str, Layers]:
    """The layers of every slot, as they shipped."""
    from safetensors.numpy import load

    held = load(verified(_WEIGHTS, WEIGHTS_SHA256))
    return {
        slot: tuple(held[f"{slot}.{name}"].astype(numpy.float32) for name in range(4))  # type: ignore[misc]
        for slot in PARTS
    }


def _codes(picture: Floats) -> NDArray[numpy.int64]:
    """A number for each pixel's bin, [n * n]."""
    lab = oklab(picture.reshape(3, -1).T * 255)
    light = numpy.clip(lab[:, 0] * _LIGHTNESSES, 0, _LIGHTNESSES - 1).astype(numpy.int64)
    chroma = numpy.hypot(lab[:, 1], lab[:, 2])
    hue = numpy.floor((numpy.arctan2(lab[:, 2], lab[:, 1]) / (2 * numpy.pi) + 1) % 1 * _HUES).astype(
        numpy.int64
    )
    hue = numpy.minimum(hue, _HUES - 1)
    colour = numpy.where(chroma < _GREY, 0, 1 + hue + _HUES * (chroma >= _VIVID))
    return light * (1 + 2 * _HUES) + colour
