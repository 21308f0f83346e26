"""Shrinking a picture to what a network sees, so that every pixel has its say."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]
Values = NDArray[numpy.float32]


def bilinear_aligned(values: NDArray[numpy.number], side: int) -> Values:
    """Resize [height, width, channels] to float32 [side, side, channels], corners on corners.

    Output pixel ``i`` of ``n`` is read at ``i (m − 1) / (n − 1)`` of ``m`` input pixels and mixed of the two
    beside that place: TensorFlow's ``resizeBilinear`` with ``alignCorners``. Input pixels that no such
    place is near count for nothing; ``covered`` first shrinks what would lose some.
    """
    low, high, share = _places(values.shape[0], side)
    rows = _mixed(values[low].astype(numpy.float32), values[high], share[:, None, None])
    low, high, share = _places(values.shape[1], side)
    return _mixed(rows[:, low], rows[:, high], share[None, :, None])


def covered(pixels: Pixels, side: int) -> Pixels:
    """``pixels`` averaged in boxes until neither side is twice ``side`` or longer.

    A resize that reads single places can be shown one picture in the places and another between them
    (Xiao et al., "Seeing is Not Believing", USENIX Security 2019). Averaging whole boxes first leaves no
    pixel out. What is smaller than twice ``side`` comes back as it is.
    """
    height, width = pixels.shape[:2]
    rows, columns = max(1, height // side), max(1, width // side)
    if rows == columns == 1:
        return pixels
    from PIL import Image

    return numpy.asarray(Image.fromarray(pixels).reduce((columns, rows)))


def _places(length: int, side: int) -> tuple[NDArray[numpy.intp], NDArray[numpy.intp], Values]:
    scale = numpy.float32(length - 1) / numpy.float32(side - 1)
    places = numpy.arange(side, dtype=numpy.float32) * scale
    low = numpy.minimum(places.astype(numpy.intp), length - 1)
    high = numpy.minimum(numpy.ceil(places).astype(numpy.intp), length - 1)
    return low, high, places - low.astype(numpy.float32)


def _mixed(low: NDArray[numpy.number], high: NDArray[numpy.number], share: Values) -> Values:
    mixed: Values = (low + (high.astype(numpy.float32) - low) * share).astype(numpy.float32, copy=False)
    return mixed
