"""Has the model copied? The training renders nearest to what it draws, and to fresh renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.drawing import NATIVE_SIZES
from rakkan.studio.starter.evaluation import distances

Pictures = list[NDArray[np.uint8]]

_WIDTH, _HEIGHT = NATIVE_SIZES["bust"]
#: What a stock writes into its ``.uses`` where it holds nothing yet (``data.Stock``).
_EMPTY = 255
#: Renders looked through at once; more would only take memory.
_CHUNK = 512


def neighbours(pictures: Pictures, renders: Pictures, training: Path) -> dict[str, Any]:
    """How near each picture comes to the nearest training render, beside how near fresh renders come.

    Square pictures only. ``training`` is the folder of the run that the weights come from; ``n`` is 0
    when it holds no renders (a GPU keeps only latents). A model that had memorised its renders would
    come nearer to them than fresh renders do, which cannot be copies.
    """
    square = [picture for picture in pictures if picture.shape[:2] == (_HEIGHT, _WIDTH)]
    fresh = [picture for picture in renders if picture.shape[:2] == (_HEIGHT, _WIDTH)]
    count, among = min(len(square), len(fresh)), 0
    if not count:
        return {"n": 0}
    compared = np.stack([*square[:count], *fresh[:count]])
    most = np.full(2 * count, -1.0)
    for file in sorted((training / "stock").glob("renders-*-square.items")):
        items, held = _held(file)
        among += len(held)
        for start in range(0, len(held), _CHUNK):
            _, similarity = distances.nearest(compared, items[held[start : start + _CHUNK]])
            most = np.maximum(most, similarity)
    if not among:
        return {"n": 0}
    made, true = most[:count], most[count:]
    return {
        "n": count,
        "among": among,
        "median": float(np.median(made)),
        "largest": float(made.max()),
        "median_of_renders": float(np.median(true)),
        "largest_of_renders": float(true.max()),
    }


def _held(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The places of a stock of square renders [n, H, W, 3] (not read yet), and which of them are taken."""
    uses_file, each = file.with_suffix(".uses"), _HEIGHT * _WIDTH * 3
    if not file.exists() or not uses_file.exists() or file.stat().st_size % each:
        return np.zeros((0, _HEIGHT, _WIDTH, 3), np.uint8), np.zeros(0, np.int64)
    items = np.memmap(file, np.uint8, "r").reshape(-1, _HEIGHT, _WIDTH, 3)
    held = np.flatnonzero(np.fromfile(uses_file, np.uint8)[: len(items)] != _EMPTY)
    return items, held
