"""What is done to a picture to pass for the other kind, or by accident on its way: ``name -> function``.

Each takes a seeded source and uint8 [height, width, 3] and gives pixels of the same kind of array. Used on
the development half to learn from, and on the held-out half as rows of their own.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random
from typing import Any

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]
Change = Callable[[Random, Pixels], Pixels]


def _image(pixels: Pixels) -> Any:
    from PIL import Image

    return Image.fromarray(pixels)


def _clipped(values: NDArray[Any]) -> Pixels:
    return numpy.clip(values + 0.5, 0, 255).astype(numpy.uint8)


def jpeg(random: Random, pixels: Pixels) -> Pixels:
    from PIL import Image

    file = io.BytesIO()
    _image(pixels).save(file, "JPEG", quality=random.randint(15, 90))
    with Image.open(file) as image:
        return numpy.asarray(image.convert("RGB"))


def resized(random: Random, pixels: Pixels) -> Pixels:
    """Made smaller, to 25 to 70 %, and back."""
    from PIL import Image

    height, width = pixels.shape[:2]
    share = random.uniform(0.25, 0.7)
    small = _image(pixels).resize((max(8, int(width * share)), max(8, int(height * share))), Image.BILINEAR)
    return numpy.asarray(small.resize((width, height), random.choice([Image.BICUBIC, Image.NEAREST])))


def blurred(random: Random, pixels: Pixels) -> Pixels:
    """By up to a hundredth of the shorter side."""
    from PIL import ImageFilter

    radius = random.uniform(0.002, 0.01) * min(pixels.shape[:2])
    return numpy.asarray(_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def posterised(random: Random, pixels: Pixels) -> Pixels:
    """To 3 to 5 bits a channel, or to a palette of 16 to 64 colours."""
    if random.random() < 0.5:
        keep = 0xFF & ~((1 << random.randint(3, 5)) - 1)
        return pixels & numpy.uint8(keep)
    return numpy.asarray(_image(pixels).quantize(random.randint(16, 64), dither=0).convert("RGB"))


def noisy(random: Random, pixels: Pixels) -> Pixels:
    """With sensor-like noise of 3 to 15 levels."""
    source = numpy.random.default_rng(random.getrandbits(32))
    return _clipped(pixels + source.normal(0, random.uniform(3, 15), pixels.shape))


def grey(random: Random, pixels: Pixels) -> Pixels:
    return numpy.asarray(_image(pixels).convert("L").convert("RGB"))


def pale(random: Random, pixels: Pixels) -> Pixels:
    """With a quarter to three fifths of its contrast, somewhere between dark and bright."""
    share = random.uniform(0.25, 0.6)
    return _clipped(pixels * share + random.uniform(0, 1 - share) * 255)


def recoloured(random: Random, pixels: Pixels) -> Pixels:
    """With every channel's gamma and gain turned a little."""
    values = (pixels / 255.0) ** numpy.array([random.uniform(0.6, 1.6) for _ in range(3)])
    return _clipped(values * 255 * numpy.array([random.uniform(0.7, 1.2) for _ in range(3)]))


def painted(random: Random, pixels: Pixels) -> Pixels:
    """Through a painterly filter: medians or the most frequent value nearby, then fewer tones."""
    from PIL import ImageFilter

    image = _image(pixels)
    if random.random() < 0.5:
        for _ in range(random.randint(1, 3)):
            image = image.filter(ImageFilter.MedianFilter(5))
    else:
        image = image.filter(ImageFilter.ModeFilter(random.choice([5, 7])))
    if random.random() < 0.4:
        image = image.filter(ImageFilter.EDGE_ENHANCE)
    return numpy.asarray(image)


def bordered(random: Random, pixels: Pixels) -> Pixels:
    """In the middle of a flat frame that takes a third to three fifths of the area."""
    height, width = pixels.shape[:2]
    share = random.uniform(0.63, 0.8)
    inner = numpy.asarray(_image(pixels).resize((max(1, int(width * share)), max(1, int(height * share)))))
    frame = numpy.empty_like(pixels)
    frame[:] = [random.choice([0, 255, random.randint(0, 255)]) for _ in range(3)]
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    frame[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return frame


def screenshot(random: Random, pixels: Pixels) -> Pixels:
    """As a window on a screen: a bar with buttons above, a column of text lines beside."""
    from PIL import ImageDraw

    height, width = pixels.shape[:2]
    dark = random.random() < 0.5
    back, ink = ((32, 34, 37), (200, 200, 205)) if dark else ((244, 244, 246), (60, 60, 66))
    bar, column = height // 10, width // 5
    image = _image(numpy.full_like(pixels, 0))
    image.paste(back, (0, 0, width, height))
    image.paste(_image(pixels).resize((width - column, height - bar)), (column, bar))
    draw = ImageDraw.Draw(image)
    for number in range(3):
        left = width - (number + 1) * bar
        draw.ellipse((left, bar // 4, left + bar // 2, bar - bar // 4), fill=ink)
    for line in range(random.randint(4, 9)):
        top = bar + line * bar
        draw.rectangle(
            (bar // 3, top, random.randint(column // 2, max(column // 2, column - 2)), top + bar // 5),
            fill=ink,
        )
    return numpy.asarray(image)


CHANGES: dict[str, Change] = {
    "jpeg": jpeg,
    "resized": resized,
    "blurred": blurred,
    "posterised": posterised,
    "noise added": noisy,
    "greyscale": grey,
    "low contrast": pale,
    "recoloured": recoloured,
    "painterly filter": painted,
    "flat border": bordered,
    "screenshot": screenshot,
    "cut out": lambda random, pixels: cut_out(random, pixels)[0],
}


def cut_out(random: Random, pixels: Pixels) -> tuple[Pixels, NDArray[numpy.bool_]]:
    """A blob of the picture, 20 to 60 % of it, alone on white or another flat ground, and where it is."""
    height, width = pixels.shape[:2]
    source = numpy.random.default_rng(random.getrandbits(32))
    rows, columns = numpy.mgrid[0:height, 0:width]
    down, across = (rows - height / 2) / height, (columns - width / 2) / width
    angle = numpy.arctan2(down, across)
    edge = source.uniform(0.25, 0.4) * numpy.ones_like(angle)
    for wave in range(2, 8):
        edge = edge + source.normal(0, 0.1 / wave) * numpy.cos(wave * angle + source.uniform(0, 6.3))
    turn = source.uniform(0.6, 1.6)
    where = numpy.hypot(down * turn, across / turn) < edge
    ground = 255 if random.random() < 0.7 else numpy.array([random.randint(0, 255) for _ in range(3)])
    return numpy.where(where[..., None], pixels, ground).astype(numpy.uint8), where


def pasted(random: Random, drawing: Pixels, photograph: Pixels) -> tuple[Pixels, NDArray[numpy.bool_]]:
    """A drawing with a photograph over 15 to 50 % of its area, and where that is [height, width]."""
    height, width = drawing.shape[:2]
    side = random.uniform(0.39, 0.71)
    rows, columns = int(height * side), int(width * side)
    top, left = random.randint(0, height - rows), random.randint(0, width - columns)
    made, where = drawing.copy(), numpy.zeros((height, width), bool)
    made[top : top + rows, left : left + columns] = numpy.asarray(_image(photograph).resize((columns, rows)))
    where[top : top + rows, left : left + columns] = True
    return made, where
