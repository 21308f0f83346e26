"""The network that reads figures (torch): two heads on the early layers of a network by others.

The layers are those of `evaluation.backbone`, EfficientNet-Lite0, which has learnt edges, colours and parts
from a million photographs; they stay as they are. What is learnt here are the heads: one tells attributes,
the other which part each place belongs to. From renders alone no network of this size would learn as much in
hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Found:
    """What a pass through the heads gives: logits of all slots in a row [B, sum of `ANSWERS`], of the parts
    at an eighth of the picture [B, parts, 32, 32], and what finer parts are told from."""

    slots: Tensor
    coarse: Tensor
    wide: Tensor
    quarter: Tensor

    def first(self, count: int) -> Found:
        """Of the first pictures of a batch alone."""
        return Found(self.slots[:count], self.coarse[:count], self.wide[:count], self.quarter[:count])


class Heads(nn.Module):
    """The three maps -> `Found`; ``parts`` gives the logits of the parts [B, parts, 128, 128].

    Within a slot the values come in their order, and last that it cannot be seen. Attributes are told from
    two things: a grid of 4 by 4 places, for a face is always above a collar; and what each part looks like,
    the mean of the fine features over it, for an eye's colour is in the eye.
    """

    def __init__(self) -> None:
        super().__init__()
        quarter, eighth, sixteenth = (channels for channels, _ in MAPS)
        self.even = nn.ModuleList(nn.BatchNorm2d(channels) for channels, _ in MAPS)
        self.fine = _convolution(quarter, 32, 2)
        self.middle = _convolution(32 + eighth, 64, 2)
        self.joined = nn.Sequential(_convolution(64 + sixteenth, 128, 2), _convolution(128, 128, 1))
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, _PART_WIDTH, 1) for channels in (quarter, eighth, sixteenth, 128)
        )
        self.mix = nn.ModuleList(_convolution(_PART_WIDTH, _PART_WIDTH, 1) for _ in MAPS)
        self.coarse = nn.Conv2d(_PART_WIDTH, len(PARTS), 1)
        self.places = nn.Conv2d(_PART_WIDTH, 4 * len(PARTS), 3, padding=1)
        self.gather = nn.Linear(16 * 128 + len(PARTS) * (32 + eighth + 1), _FEATURES)
        self.dropout = nn.Dropout(0.15)
        self.slots = nn.Linear(_FEATURES, sum(ANSWERS))

    def forward(self, maps: Sequence[Tensor]) -> Found:
        quarter, eighth, sixteenth = (even(one) for even, one in zip(self.even, maps, strict=True))
        fine = torch.cat([self.fine(quarter), eighth], dim=1)
        joined = self.joined(torch.cat([self.middle(fine), sixteenth], dim=1))
        wide = self.mix[2](_doubled(self.lateral[3](joined)) + self.lateral[2](sixteenth))
        wide = self.mix[1](_doubled(wide) + self.lateral[1](eighth))
        coarse = self.coarse(wide)
        held = functional.avg_pool2d(joined, 2).flatten(1)
        features = torch.cat([held, _of_parts(fine, coarse)], dim=1)
        features = functional.relu(self.gather(self.dropout(features)))
        return Found(self.slots(features), coarse, wide, quarter)

    def parts(self, found: Found) -> Tensor:
        wide = self.mix[0](_doubled(found.wide) + self.lateral[0](found.quarter))
        return functional.pixel_shuffle(self.places(wide), 2)


def _doubled(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2.0, mode="nearest")


def _of_parts(fine: Tensor, coarse: Tensor) -> Tensor:
    """The mean of features [B, C, h, w] over each part, and how large it is: [B, parts * (C + 1)]."""
    shares = torch.softmax(coarse.float(), dim=1).flatten(2)
    size = shares.sum(2, keepdim=True)
    means = (shares / (size + 0.1)) @ fine.float().flatten(2).transpose(1, 2)
    return torch.cat([means, torch.log(size + 0.1)], dim=2).flatten(1)


class FigureNetwork(nn.Module):
    """The whole as it ships: pictures [B, 3, 256, 256], 0 to 1 -> logits of the slots, and the probabilities
    of the parts."""

    def __init__(self, heads: Heads) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.heads = heads

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        found = self.heads(self.trunk(pictures))
        return found.slots, torch.softmax(self.heads.parts(found), dim=1)


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
