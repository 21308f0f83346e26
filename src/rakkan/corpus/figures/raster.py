"""From SVG to pixels, by ThorVG (resvg, four times slower here, checks it in the tests)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from thorvg_python import Engine, Picture, Result, SwCanvas

from rakkan.errors import RakkanError


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(threads=0)


def rasterise(svg: str, width: int, height: int) -> NDArray[np.uint8]:
    """Pixels [height, width, 3] (uint8 RGB) of an opaque SVG with the proportions of the size asked for.

    Raises RakkanError when the text is not an SVG that ThorVG can read.
    """
    engine = _engine()
    canvas = SwCanvas(engine)
    try:
        canvas.set_target(width, height)
        buffer = memoryview(canvas.buffer_arr or b"")
        picture = Picture(engine)
        # The base path is of no use here; the binding wants it as long as the name of the type.
        if picture.load_data(svg.encode(), "svg", "/x/", True) != Result.SUCCESS:
            raise RakkanError("a drawing could not be rasterised", "Report this with the seed that made it")
        picture.set_size(width, height)
        canvas.add(picture)
        canvas.update()
        canvas.draw(True)
        canvas.sync()
        return np.array(np.frombuffer(buffer, np.uint8).reshape(height, width, 4)[..., :3])
    finally:
        canvas.destroy()
