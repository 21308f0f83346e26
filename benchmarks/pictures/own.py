"""Pictures made here: the renderer's, the starter model's, and avatars of openly licensed styles."""

from __future__ import annotations

import io
import json
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
from benchmarks.pictures.sources import DEVELOPMENT, HELD_OUT
from numpy.typing import NDArray

#: Styles by half, each with its licence. The halves share no artist's style.
STYLES = {
    DEVELOPMENT: {"lorelei": "CC0-1.0", "open-peeps": "CC0-1.0", "toon-head": "CC-BY-4.0"},
    HELD_OUT: {"adventurer": "CC-BY-4.0", "micah": "CC-BY-4.0", "notionists": "CC0-1.0"},
}
#: The seeds of the halves never meet.
FIRST_SEED = {DEVELOPMENT: 1_000_000, HELD_OUT: 2_000_000}


def _seeds(half: str, count: int, skip: int) -> range:
    return range(FIRST_SEED[half] + skip, FIRST_SEED[half] + skip + count)


def renders(half: str, count: int, skip: int = 0) -> Iterator[NDArray[numpy.uint8]]:
    """Pixels of ``count`` characters by our own renderer, after the first ``skip``."""
    from rakkan.corpus.figures import attributes, render

    for seed in _seeds(half, count, skip):
        yield render(attributes.sample(random.Random(seed)), seed)


def sheets(half: str, count: int, skip: int = 0) -> Iterator[NDArray[numpy.uint8]]:
    """Pixels of ``count`` contact sheets of 2, 6 and 24 characters in turn by our own renderer."""
    from rakkan.formats.sheet import contact_sheet

    drawn = renders(half, count * 24, skip)
    for number in range(count):
        some = [next(drawn) for _ in range((2, 6, 24)[number % 3])]
        yield contact_sheet(some, math.ceil(math.sqrt(len(some))))


def starter_samples(half: str, count: int, skip: int = 0) -> Iterator[NDArray[numpy.uint8]]:
    """Pixels of ``count`` pictures by the starter model, of the renderer's own captions."""
    from rakkan import assemble
    from rakkan.corpus.figures import attributes, captions
    from rakkan.studio.create import CreateRequest, draft, plan

    engine = assemble.engine()
    for seed in _seeds(half, count, skip):
        source = random.Random(seed)
        prompt = captions.write(captions.slots(attributes.sample(source)), source)
        yield draft(plan(CreateRequest(prompt=prompt, seed=seed)), engine)[0]


def avatars(folder: Path, half: str, count: int, skip: int = 0) -> Iterator[tuple[str, NDArray[numpy.uint8]]]:
    """Style and pixels of ``count`` avatars of every style of a half, 320 pixels square."""
    import resvg_py
    from PIL import Image

    if str(folder / "dicebear-styles") not in sys.path:
        sys.path.append(str(folder / "dicebear-styles"))
    from dicebear import Avatar, Style

    for name in STYLES[half]:
        text = (folder / "dicebear-styles" / "dicebear_styles" / f"{name}.json").read_text("utf-8")
        style = Style(json.loads(text))
        for seed in _seeds(half, count, skip):
            svg = Avatar(style, {"seed": str(seed), "size": 320}).to_string()
            with Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=320)))) as image:
                yield name, numpy.asarray(image.convert("RGBA"))
