"""What can be counted on pixels, whatever they show: flat areas, colours, gradients, residuals, scales.

A drawing has areas of one colour with sharp edges between them, a photograph has sensor noise, fine texture
and many colours; either may be blurred or compressed, so none of these decides alone.
"""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]
Values = NDArray[numpy.float32]

#: How many numbers ``statistics`` gives.
COUNT = 48
_EDGES = (0.5, 1, 2, 4, 7, 12, 20, 35, 60, 100)
_SHARES = (1, 2, 4, 8, 16, 32, 64)
_POINTS = (10, 30, 50, 70, 90, 99)


def statistics(pixels: Pixels) -> Values:
    """48 numbers of ``pixels``, uint8 [height, width, 3], about 224 pixels a side; each about 0 to 10."""
    red, green, blue = planes = pixels.transpose(2, 0, 1).astype(numpy.float32, order="C")
    grey = numpy.float32(0.299) * red + numpy.float32(0.587) * green + numpy.float32(0.114) * blue
    across, down = numpy.diff(grey, axis=1)[:-1], numpy.diff(grey, axis=0)[:, :-1]
    steps = numpy.hypot(across, down)
    found = [numpy.array([(steps <= edge).mean() for edge in _EDGES])]
    spread = _spread(grey)
    found.append(numpy.array([(spread <= most).mean() for most in (0.5, 2, 5, 10)]))
    found.append(_colours(pixels))
    beside = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    residual = numpy.abs(grey[1:-1, 1:-1] - beside / 4)
    found.append(numpy.log1p(numpy.percentile(residual[::2, ::2], _POINTS)))
    quiet = residual[spread <= 12] if (spread <= 12).any() else numpy.zeros(1, numpy.float32)
    found.append(numpy.log1p([quiet.mean(), quiet.std()]))
    found.append(_scales(grey))
    high, low = planes.max(0), planes.min(0)
    vivid = (high - low) / 255
    found.append(numpy.array([vivid.mean(), vivid.std(), (vivid < 0.03).mean(), (vivid > 0.6).mean()]))
    found.append(numpy.array([(low >= 250).mean(), (high <= 6).mean(), grey.mean() / 255, grey.std() / 100]))
    found.append(_between_channels(planes))
    return numpy.concatenate(found).astype(numpy.float32)


def _spread(grey: Values) -> Values:
    """The range of levels in each neighbourhood of 3 × 3."""
    rows = numpy.stack([grey[:-2], grey[1:-1], grey[2:]])
    high, low = rows.max(0), rows.min(0)
    high = numpy.maximum(numpy.maximum(high[:, :-2], high[:, 1:-1]), high[:, 2:])
    made: Values = high - numpy.minimum(numpy.minimum(low[:, :-2], low[:, 1:-1]), low[:, 2:])
    return made


def _colours(pixels: Pixels) -> NDArray[numpy.float64]:
    """The share that the most frequent colours take, at 5 bits a channel, and how many there are."""
    reduced = (pixels >> 3).astype(numpy.int32)
    codes = (reduced[..., 0] << 10) | (reduced[..., 1] << 5) | reduced[..., 2]
    counts = numpy.sort(numpy.bincount(codes.ravel(), minlength=1))[::-1]
    shares = counts[counts > 0] / codes.size
    taken = numpy.cumsum(shares)
    entropy = -(shares * numpy.log(shares)).sum()
    most = [taken[min(number, len(taken)) - 1] for number in _SHARES]
    return numpy.array([*most, numpy.log1p(len(shares)) / 10, entropy / 10])


def _scales(grey: Values) -> NDArray[numpy.float64]:
    """How much detail there is at each of four scales, by Haar's wavelet, and how it grows between them."""
    detail = []
    for _ in range(4):
        height, width = (side // 2 * 2 for side in grey.shape)
        if min(height, width) < 2:
            detail.append(0.0)
            continue
        blocks = grey[:height, :width].reshape(height // 2, 2, width // 2, 2)
        smaller = blocks.mean((1, 3))
        detail.append(float(numpy.abs(blocks - smaller[:, None, :, None]).mean()))
        grey = smaller
    logs = numpy.log1p(detail)
    return numpy.array([*logs, *numpy.diff(logs)])


def _between_channels(planes: Values) -> NDArray[numpy.float64]:
    """How alike the finest detail of two channels is: an inked line runs through all of them."""
    fine = [numpy.diff(plane, axis=1).ravel() for plane in planes]
    found = []
    for one, other in ((0, 1), (1, 2)):
        scale = float(fine[one].std() * fine[other].std())
        found.append(float((fine[one] * fine[other]).mean()) / (scale + 1e-3))
    return numpy.array(found)
