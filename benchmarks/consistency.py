"""``python -m benchmarks.consistency``: how alike the figure reader finds one character and different ones.

Pairs of renders of the same character (another pose, view, expression, outfit and background) and every
pair of different characters; all with attributes that are known exactly. The percentiles between different
characters are what the scores of character sheets are read off (``studio/characters/consistency.py``).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy
from benchmarks.bench import machine
from numpy.typing import NDArray

from rakkan.checkout import commit
from rakkan.features.figures.reading import digest, read
from rakkan.studio.starter.pairs import draw_pair
from rakkan.studio.starter.renders import BUCKETS, render_figure

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "consistency.json"
SHIPPED = ROOT / "src" / "rakkan" / "studio" / "characters" / "percentiles.json"
SIDE = 256


def embeddings(characters: int, seed: int) -> tuple[NDArray[numpy.float32], NDArray[numpy.float32]]:
    """Two renders of each character, read: float32 [characters, n] each."""
    random = Random(f"consistency {seed}")
    bucket = next(one for one in BUCKETS if (one.width, one.height) == (SIDE, SIDE))
    first, second = [], []
    for number in range(characters):
        one, other, _ = draw_pair(bucket, random, role="identity")
        for found, attributes in ((first, one), (second, other)):
            pixels = render_figure(attributes, random.randrange(2**31) + number, SIDE, SIDE)
            found.append(read(pixels).embedding)
    return numpy.stack(first), numpy.stack(second)


def measure(characters: int, seed: int) -> dict[str, Any]:
    """The figures of the report."""
    started = time.perf_counter()
    first, second = embeddings(characters, seed)
    alike = first @ second.T
    same = numpy.diag(alike)
    different = alike[~numpy.eye(characters, dtype=bool)]
    percentiles = numpy.percentile(different, range(101))
    scores = 100 * numpy.searchsorted(numpy.sort(different), same) / len(different)
    return {
        "command": "python -m benchmarks.consistency",
        **machine(),
        "commit": commit(ROOT),
        "reader": digest(),
        "seed": seed,
        "n": characters,
        "seconds": round(time.perf_counter() - started, 1),
        "different characters, percentiles 0 to 100": [round(float(one), 4) for one in percentiles],
        "same character, percentiles 5 25 50 75 95": [
            round(float(one), 4) for one in numpy.percentile(same, (5, 25, 50, 75, 95))
        ],
        "same character, median score": round(float(numpy.median(scores)), 1),
        "same character, share that scores 95 or more": round(float((scores >= 95).mean()), 3),
        "same character, share that is the nearest of all": round(
            float((alike.argmax(axis=1) == numpy.arange(characters)).mean()), 3
        ),
        "area under the curve": round(float(scores.mean() / 100), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=REPORT)
    given = parser.parse_args()
    report = measure(given.characters, given.seed)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    given.out.write_text(text, encoding="utf-8")
    if given.out == REPORT:
        percentiles = report["different characters, percentiles 0 to 100"]
        told = {"reader": report["reader"], "percentiles": percentiles}
        SHIPPED.write_text(json.dumps(told) + "\n", encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
