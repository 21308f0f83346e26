"""The network that reads figures (torch): a small convolutional U-Net with a second head for attributes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rakkan.corpus.figures.canvas import PARTS
from rakkan.studio.starter.vocabulary import SLOT_VALUES

#: Pixels a side that it looks at, and that it says the parts for.
SIDE, PARTS_SIDE = 192, 96
#: Channels at a quarter of that, an eighth, a sixteenth and a thirty-second.
WIDTHS = (40, 80, 120, 160)
#: Channels that parts are told from, numbers that a place of the coarsest map keeps, and what attributes are
#: told from.
_PART_WIDTH, _PLACE_WIDTH, _FEATURES = 48, 24, 256
#: Answers a slot has: its values, and that it cannot be seen.
ANSWERS: tuple[int, ...] = tuple(len(values) + 1 for values in SLOT_VALUES.values())


class FigureNetwork(nn.Module):
    """Pictures [B, 3, 192, 192], 0 to 1 -> logits of all slots in a row [B, sum of `ANSWERS`], and logits of
    the parts [B, parts, 96, 96].

    Within a slot the values come in their order, and last that it cannot be seen. The coarsest map is not
    averaged over the picture: a face is above a collar.
    """

    def __init__(self) -> None:
        super().__init__()
        first, *_ = WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 8, stride=4, padding=2, bias=False), nn.BatchNorm2d(first), nn.SiLU()
        )
        self.levels = nn.ModuleList()
        for number, width in enumerate(WIDTHS):
            down = [_convolution(WIDTHS[number - 1], width, 2)] if number else []
            blocks = [_Block(width) for _ in range(1 if number == len(WIDTHS) - 1 else 2)]
            self.levels.append(nn.Sequential(*down, *blocks))
        self.lateral = nn.ModuleList(nn.Conv2d(width, _PART_WIDTH, 1) for width in WIDTHS)
        self.mix = nn.ModuleList(_convolution(_PART_WIDTH, _PART_WIDTH, 1) for _ in WIDTHS[:-1])
        self.parts = nn.Conv2d(_PART_WIDTH, 4 * len(PARTS), 3, padding=1)
        self.place = _convolution(WIDTHS[-1], _PLACE_WIDTH, 1, 1)
        self.dropout = nn.Dropout(0.1)
        self.gather = nn.Linear(_PLACE_WIDTH * (SIDE // 32) ** 2 + WIDTHS[-1] + WIDTHS[-2], _FEATURES)
        self.slots = nn.Linear(_FEATURES, sum(ANSWERS))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        maps = [self.levels[0](self.stem(pictures * 2 - 1))]
        for level in self.levels[1:]:
            maps.append(level(maps[-1]))
        kept = [self.place(maps[-1]).flatten(1), maps[-1].mean((2, 3)), maps[-2].amax((2, 3))]
        features = functional.silu(self.gather(self.dropout(torch.cat(kept, 1))))
        wide = self.lateral[-1](maps[-1])
        for number in reversed(range(len(maps) - 1)):
            wide = functional.interpolate(wide, scale_factor=2.0, mode="nearest")
            wide = self.mix[number](wide + self.lateral[number](maps[number]))
        return self.slots(features), functional.pixel_shuffle(self.parts(wide), 2)


class _Block(nn.Module):
    """Two convolutions that add to what passes them (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 1)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, given: Tensor) -> Tensor:
        return functional.silu(given + self.second(self.first(given)))


def _convolution(inputs: int, outputs: int, stride: int, side: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    )
