"""The vector renderer of anime characters: exact attributes in, SVG and pixels out.

The names below load on first use, so that reading the attribute space or its words does not load the
whole renderer and its rasteriser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rakkan.corpus.figures.drawing import draw, label_map, render
    from rakkan.corpus.figures.raster import rasterise

__all__ = ["draw", "label_map", "rasterise", "render"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from rakkan.corpus.figures import drawing

        return getattr(drawing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
