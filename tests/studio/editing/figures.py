"""A stand-in for the reader of figures: a picture in bands, each of one part, as far as a test needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan import assemble
from rakkan.studio.create import Upscaler
from rakkan.studio.editing.editing import Edit, perform, prepare
from rakkan.studio.editing.opening import opened
from rakkan.studio.editing.requests import EditRequest, plan
from rakkan.studio.editing.starter import StarterArtist
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.requests import Created

Pixels = npt.NDArray[np.uint8]

#: From the top down, in eighths of the picture.
BANDS = {"background": (0, 1), "hair": (1, 3), "eyes": (3, 4), "mouth": (4, 5), "outfit": (5, 8)}
COLOURS = {
    "background": (248, 247, 245),
    "hair": (201, 47, 53),
    "eyes": (47, 158, 79),
    "mouth": (255, 225, 207),
    "outfit": (59, 104, 189),
}
SLOTS = {
    "presentation": ("woman", 0.9),
    "hair_colour": ("red", 0.9),
    "hairstyle": ("bob cut", 0.8),
    "eye_colour": ("green", 0.9),
    "outfit": ("hoodie", 0.9),
    "outfit_colour": ("blue", 0.9),
    "background": ("plain background", 0.9),
    "background_colour": ("white", 0.9),
    "expression": ("neutral", 0.7),
}


@dataclass(frozen=True)
class Banded:
    """What is read off a picture in bands."""

    parts: Mapping[str, npt.NDArray[np.float32]]
    slots: Mapping[str, tuple[str, float]]
    bust: None = None


def band(height: int, name: str) -> slice:
    start, end = BANDS[name]
    return slice(height * start // 8, height * end // 8)


def drawing(height: int, width: int, seed: int = 0) -> Pixels:
    """Bands of the parts' colours with a little noise: what the inspectors take for a drawing."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.int64)
    for name in BANDS:
        picture[band(height, name)] = COLOURS[name]
    columns = (np.arange(width) // 9 % 3 == 0)[None, :, None] * 14
    noise = random.integers(0, 9, (height, width, 3))
    return np.clip(picture - columns - noise, 0, 255).astype(np.uint8)


def banded(pixels: Pixels) -> Banded:
    """The parts of ``drawing``, whatever is on the picture."""
    height, width = pixels.shape[:2]
    parts = {}
    for name in BANDS:
        part = np.zeros((height, width), np.float32)
        part[band(height, name)] = 1
        parts[name] = part
    parts["skin"] = parts["mouth"]
    return Banded(parts, SLOTS)


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


def artist(**more: Any) -> StarterArtist:
    """The fake engine as it draws edits."""
    return StarterArtist(
        FakeEngine(), Upscaler("doubling", "00" * 32, doubled), **{"steps": 4, "guidance": 1.0, **more}
    )


def saved(folder: Path, pixels: npt.NDArray[np.uint8], name: str = "in.png") -> Path:
    from PIL import Image

    path = folder / name
    Image.fromarray(pixels).save(path)
    return path


def prepared(request: EditRequest, **more: Any) -> Edit:
    """A request with its picture and mask let in."""
    planned = plan(request, lambda *words: assemble.gate().consider(*words), **more)
    return prepare(planned, opened(request.file, assemble.let_in), banded, assemble.let_in)


def edited(request: EditRequest, **more: Any) -> list[Created]:
    """The edit done by the fake engine, through the instance's own gate."""
    consider = assemble.gate().consider
    return perform(prepared(request), artist(**more), assemble.release(), consider)
