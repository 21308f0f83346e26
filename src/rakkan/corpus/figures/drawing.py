"""A whole figure: from attributes and a seed to SVG, or to a map of what each pixel depicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.accessories import draw_accessories
from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.backgrounds import draw_background
from rakkan.corpus.figures.body import draw_body
from rakkan.corpus.figures.canvas import Canvas
from rakkan.corpus.figures.face import draw_face
from rakkan.corpus.figures.hair import draw_hair
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import Scene, build_scene

#: Raised whenever a figure of old attributes and seed would come out otherwise.
RENDERER_VERSION = 1

#: Width and height in pixels of each framing at the starter model's native size.
NATIVE_SIZES = {"bust": (256, 256), "half body": (256, 256), "full body": (256, 384)}


def draw(attributes: Attributes, seed: int) -> str:
    """The figure as SVG, the same for the same attributes and seed."""
    scene = compose(attributes, seed)
    return scene.canvas.svg(scene.frame)


def render(attributes: Attributes, seed: int, scale: float = 1.0) -> NDArray[np.uint8]:
    """The figure's pixels [height, width, 3] at ``scale`` times its native size."""
    width, height = NATIVE_SIZES[attributes.framing]
    return rasterise(draw(attributes, seed), round(width * scale), round(height * scale))


def label_map(attributes: Attributes, seed: int) -> NDArray[np.uint8]:
    """What each pixel of `render` depicts: [height, width], indices into `canvas.REGIONS`."""
    scene = compose(attributes, seed)
    return regions(scene.canvas, scene)


def regions(canvas: Canvas, scene: Scene) -> NDArray[np.uint8]:
    """What each pixel of a canvas in the frame of ``scene`` depicts, as in `label_map`."""
    width, height = NATIVE_SIZES[scene.attributes.framing]
    # Edges are blended by the rasteriser; rounding gives a blended pixel to one of its neighbours.
    return np.asarray((rasterise(canvas.labels(scene.frame), width, height)[..., 0] + 8) // 16, np.uint8)


def part_map(canvas: Canvas, scene: Scene, width: int, height: int) -> NDArray[np.uint8]:
    """What each pixel of a canvas in the frame of ``scene`` belongs to: [height, width], indices into
    `canvas.PARTS`, exact to half a pixel."""
    channels = rasterise(canvas.parts(scene.frame), width, height) >= 128
    return np.asarray(channels @ np.array([4, 2, 1]), np.uint8)


def compose(attributes: Attributes, seed: int) -> Scene:
    """The figure on its canvas, before it is written out."""
    scene = build_scene(attributes, seed)
    for part in (draw_background, draw_body, draw_face, draw_hair, draw_accessories):
        part(scene)
    return scene
