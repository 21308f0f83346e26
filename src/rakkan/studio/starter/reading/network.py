"""The network that reads figures (torch): two heads on the early layers of a network by others.

The layers are those of `evaluation.backbone`, EfficientNet-Lite0, which has learnt edges, colours and parts
from a million photographs; they stay as they are. What is learnt here are the heads: one tells attributes,
the other which part each place belongs to. From renders alone no network of this size would learn as much in
hours.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import openvino
import torch
from torch import Tensor, nn
from torch.nn import functional

from rakkan.corpus.figures.canvas import PARTS
from rakkan.studio.starter.evaluation import backbone
from rakkan.studio.starter.vocabulary import SLOT_VALUES

#: Pixels a side that it looks at, and that it says the parts for.
SIDE, PARTS_SIDE = 256, 128
#: Channels and sides of the maps that the heads are shown: at a quarter, an eighth and a sixteenth.
QUARTER_LAYER = 2
MAPS = ((24, SIDE // 4), (backbone.EIGHTH_CHANNELS, SIDE // 8), (backbone.SIXTEENTH_CHANNELS, SIDE // 16))
#: Channels that parts are told from, and numbers that attributes are told from.
_PART_WIDTH, _FEATURES = 48, 256
#: Answers a slot has: its values, and that it cannot be seen.
ANSWERS: tuple[int, ...] = tuple(len(values) + 1 for values in SLOT_VALUES.values())


class Trunk(nn.Module):
    """Pictures [B, 3, 256, 256], 0 to 1 -> the three maps of `MAPS`. Nothing in it is learnt here."""

    def __init__(self) -> None:
        super().__init__()
        network = backbone.network()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.layers = nn.ModuleList(network._blocks[: backbone.SIXTEENTH_LAYER + 1])
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        features = self.stem((pictures * 255 - 127) / 128)
        kept = []
        for number, layer in enumerate(self.layers):
            features = layer(features)
            if number in (QUARTER_LAYER, backbone.EIGHTH_LAYER, backbone.SIXTEENTH_LAYER):
                kept.append(features)
        return tuple(kept)


class Heads(nn.Module):
    """The three maps -> logits of all slots in a row [B, sum of `ANSWERS`]; ``parts`` gives the logits of the
    parts [B, parts, 128, 128].

    Within a slot the values come in their order, and last that it cannot be seen. What lies where stays known
    up to the last layer (a grid of 4 by 4 places), for a face is always above a collar.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = [channels for channels, _ in MAPS]
        self.even = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.fine = _convolution(widths[0], 32, 2)
        self.middle = _convolution(32 + widths[1], 64, 2)
        self.joined = nn.Sequential(_convolution(64 + widths[2], 128, 2), _convolution(128, 128, 1))
        self.gather = nn.Linear(16 * 128, _FEATURES)
        self.dropout = nn.Dropout(0.15)
        self.slots = nn.Linear(_FEATURES, sum(ANSWERS))
        self.lateral = nn.ModuleList(nn.Conv2d(width, _PART_WIDTH, 1) for width in (*widths, 128))
        self.mix = nn.ModuleList(_convolution(_PART_WIDTH, _PART_WIDTH, 1) for _ in widths)
        self.places = nn.Conv2d(_PART_WIDTH, 4 * len(PARTS), 3, padding=1)

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        quarter, eighth, sixteenth = (even(one) for even, one in zip(self.even, maps, strict=True))
        fine = torch.cat([self.fine(quarter), eighth], dim=1)
        joined = self.joined(torch.cat([self.middle(fine), sixteenth], dim=1))
        held = functional.avg_pool2d(joined, 2).flatten(1)
        features = functional.relu(self.gather(self.dropout(held)))
        return self.slots(features), joined

    def parts(self, maps: tuple[Tensor, ...], joined: Tensor) -> Tensor:
        even = [norm(one) for norm, one in zip(self.even, maps, strict=True)]
        wide = self.lateral[-1](joined)
        for number in reversed(range(len(even))):
            wide = functional.interpolate(wide, scale_factor=2.0, mode="nearest")
            wide = self.mix[number](wide + self.lateral[number](even[number]))
        return functional.pixel_shuffle(self.places(wide), 2)


class FigureNetwork(nn.Module):
    """The whole as it ships: pictures [B, 3, 256, 256], 0 to 1 -> logits of the slots, and the probabilities of
    the parts."""

    def __init__(self, heads: Heads) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.heads = heads

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.trunk(pictures)
        slots, joined = self.heads(maps)
        return slots, torch.softmax(self.heads.parts(maps, joined), dim=1)


def maps_of(pictures: Tensor) -> list[Tensor]:
    """The maps of pictures float32 [n, 3, 256, 256], float16, by OpenVINO: a fifth of torch's time."""
    run = _compiled()
    kept: list[list[Tensor]] = [[] for _ in MAPS]
    for picture in pictures:
        result = run(picture[None].numpy())
        for number, made in enumerate(kept):
            made.append(torch.from_numpy(result[number][0]).half())
    return [torch.stack(made) for made in kept]


@cache
def _compiled() -> Any:
    example = torch.zeros(1, 3, SIDE, SIDE)
    model = openvino.convert_model(Trunk(), example_input=example, input=[tuple(example.shape)])
    return openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
