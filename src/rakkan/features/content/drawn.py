"""The network that knows drawings: nsfwjs 4.4.0's MobileNetV2 with five classes, two of them of drawings.

Weights: Infinite Red, MIT (npm ``nsfwjs``; trained by GantMan/nsfw_model). ``convert.py`` made the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.features.keeping import last_kept
from rakkan.features.networks import Network

if TYPE_CHECKING:
    from rakkan.features.content.resize import Pixels, Values

SIDE = 224
#: The classes, in the order of the first output.
CLASSES = ("drawing", "hentai", "neutral", "porn", "sexy")
#: The second output: what the classes are computed from.
FEATURES = 1280
#: The third: means and deviations of what the ends of five blocks respond with, at 112, 56, 28, 14 and 14
#: pixels a side: how a picture is drawn more than what it shows.
BLOCKS = ("Add_46", "Add_130", "Add_255", "Add_421", "Add_542")
RESPONSES = 464


def _with_responses(model: Any) -> Any:
    import numpy
    import openvino
    from openvino import opset13 as operations

    nodes = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    places = operations.constant(numpy.array([2, 3]))
    found = []
    for name in BLOCKS:
        mean = operations.reduce_mean(nodes[name].output(0), places, True)
        apart = operations.subtract(nodes[name].output(0), mean)
        variance = operations.reduce_mean(operations.multiply(apart, apart), places, False)
        found += [operations.squeeze(mean, places), operations.sqrt(variance)]
    answers = [result.input_value(0) for result in model.get_results()]
    return openvino.Model([*answers, operations.concat(found, 1).output(0)], model.get_parameters())


NETWORK = Network(
    Path(__file__).parent / "weights" / "nsfwjs-mobilenet-v2",
    graph_sha256="7b0aebb7c733dc49cd4c6e0a35e59b70329d51bb7e0497711a97a497468dd717",
    weights_sha256="6e46b9eefe5009ef7c741cda5bf152b3341833beda6154cbdaf29b84f4e3eeee",
    extend=_with_responses,
)


@last_kept
def prepare(pixels: Pixels) -> Values:
    """What the network takes: ``pixels``, uint8 [height, width, 3], as float32 [1, 224, 224, 3], 0-1.

    Below 448 pixels a side it is what nsfwjs makes of a picture; a larger one is averaged down first,
    since nsfwjs reads single places of it and never sees the rest.
    """
    from rakkan.features.content.resize import bilinear_aligned, covered

    values = bilinear_aligned(covered(pixels, SIDE), SIDE)
    values *= 1 / 255
    return values[None]
