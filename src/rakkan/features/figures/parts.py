"""Where the parts of a figure are, as large as the picture, out of what the network says of a small
square."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from rakkan.features.figures.framing import Box

#: Pixels a side that the network looks at.
SIDE = 256
#: What is asked for -> the network's own parts that it consists of.
PARTS: dict[str, tuple[str, ...]] = {
    "background": ("background",),
    "skin": ("skin", "face"),
    "face": ("face", "eyes", "mouth"),
    "hair": ("hair",),
    "eyes": ("eyes",),
    "mouth": ("mouth",),
    "outfit": ("outfit",),
    "accessories": ("accessories",),
}
#: The part of a closer look's sides over which the whole picture's answer fades into it.
_FADE = 0.08

Map = NDArray[numpy.float32]


@dataclass(frozen=True, eq=False)
class Look:
    """One look at a picture: the box that was looked at, and the network's parts there, float32 [n, n] over
    the square around the middle of the box."""

    box: Box
    maps: Mapping[str, Map]


@dataclass(frozen=True, eq=False)
class Parts(Mapping[str, Map]):
    """Parts by name, each float32 [height, width] of the picture; later looks win where they looked."""

    size: tuple[int, int]
    looks: tuple[Look, ...]

    def __getitem__(self, name: str) -> Map:
        return self.at(name, self.size)

    def __iter__(self) -> Iterator[str]:
        return iter(PARTS)

    def __len__(self) -> int:
        return len(PARTS)

    def at(self, name: str, size: tuple[int, int]) -> Map:
        """A part at another size (height, width), of the same proportions as the picture or nearly."""
        made = numpy.zeros(size, numpy.float32)
        for number, look in enumerate(self.looks):
            coarse: Map = numpy.asarray(sum(look.maps[own] for own in PARTS[name]), numpy.float32)
            self._lay(made, coarse, look.box, fade=number > 0)
        return made.clip(0, 1)

    def _lay(self, made: Map, coarse: Map, box: Box, fade: bool) -> None:
        """Lay what was seen in a box over ``made``."""
        from PIL import Image

        down, across = made.shape[0] / self.size[0], made.shape[1] / self.size[1]
        top, left = round(box.top * down), round(box.left * across)
        height = max(1, round((box.top + box.height) * down) - top)
        width = max(1, round((box.left + box.width) * across) - left)
        longer = max(box.width, box.height)
        # The box lies in the middle of the square that the network saw.
        cell = longer / coarse.shape[0]
        edge = ((longer - box.width) / 2 / cell, (longer - box.height) / 2 / cell)
        within = (edge[0], edge[1], coarse.shape[1] - edge[0], coarse.shape[0] - edge[1])
        wide = Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR, box=within)
        seen = numpy.asarray(wide, numpy.float32)
        rows, columns = slice(max(top, 0), top + height), slice(max(left, 0), left + width)
        there = made[rows, columns]
        seen = seen[max(-top, 0) :, max(-left, 0) :][: there.shape[0], : there.shape[1]]
        share = _fading(height, width)[max(-top, 0) :, max(-left, 0) :][: there.shape[0], : there.shape[1]]
        made[rows, columns] = there + (seen - there) * (share if fade else 1)


def fitted(pixels: NDArray[numpy.uint8], box: Box) -> Map:
    """What lies in a box as the network takes it: float32 [1, 3, 256, 256], 0 to 1, the whole of it in the
    middle of the square. What is past the edge repeats the edge."""
    from PIL import Image

    height, width = pixels.shape[:2]
    longer = max(box.width, box.height)
    scale = SIDE / longer
    left, top = max(box.left, 0), max(box.top, 0)
    right, bottom = min(box.left + box.width, width), min(box.top + box.height, height)
    shape = max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale))
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    image = Image.fromarray(pixels).resize((shape[1], shape[0]), way, box=(left, top, right, bottom))
    small = numpy.asarray(image)
    before = (
        round((top - box.top + (longer - box.height) / 2) * scale),
        round((left - box.left + (longer - box.width) / 2) * scale),
    )
    rows = numpy.clip(numpy.arange(SIDE) - before[0], 0, shape[0] - 1)
    columns = numpy.clip(numpy.arange(SIDE) - before[1], 0, shape[1] - 1)
    square = small[rows][:, columns].astype(numpy.float32) / 255
    made: Map = numpy.ascontiguousarray(square.transpose(2, 0, 1)[None])
    return made


def _fading(height: int, width: int) -> Map:
    """How much of a closer look counts, [height, width]: all but at its edges."""

    def ramp(count: int) -> Map:
        from_edge = numpy.minimum(numpy.arange(count) + 0.5, count - 0.5 - numpy.arange(count))
        made: Map = (from_edge / (_FADE * count)).clip(0, 1).astype(numpy.float32)
        return made

    return ramp(height)[:, None] * ramp(width)[None]
