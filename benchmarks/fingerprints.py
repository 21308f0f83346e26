"""``python -m benchmarks.fingerprints``: how many near copies are found, how many others are taken for one.

Originals are the renderer's figures and samples of the starter model, each changed in the ways below. False
matches are counted between different figures (every pair) and between expressions of one figure, for the rule
in use and for PDQ alone. The blocklist is timed on 512x512 pixels against 10,000 blocked looks.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy
from benchmarks.bench import machine, summarise
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from rakkan.checkout import commit
from rakkan.features.fingerprints import Look, catalogue, looks

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "fingerprints.json"
Pixels = NDArray[numpy.uint8]

BLOCKED = 10_000


def _jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        memory = io.BytesIO()
        image.save(memory, "JPEG", quality=quality)
        return Image.open(memory).convert("RGB")

    return change


def _size(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((round(image.width * factor), round(image.height * factor)))


def _crop(share: float) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        across, down = round(image.width * share / 2), round(image.height * share / 2)
        return image.crop((across, down, image.width - across, image.height - down))

    return change


def _matte(colour: str) -> Callable[[Image.Image], Image.Image]:
    """A cut-out of the picture, laid on a colour; the original is the cut-out itself."""

    def change(image: Image.Image) -> Image.Image:
        flat = Image.new("RGB", image.size, colour)
        flat.paste(image, mask=oval(image))
        return flat

    return change


def oval(image: Image.Image) -> Image.Image:
    y, x = numpy.mgrid[0 : image.height, 0 : image.width]
    inside = ((x / image.width - 0.5) ** 2 + (y / image.height - 0.5) ** 2) < 0.22
    return Image.fromarray((inside * 255).astype(numpy.uint8))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": _size(0.5),
    "a quarter of the size": _size(0.25),
    "twice the size": _size(2),
    "JPEG quality 75": _jpeg(75),
    "JPEG quality 30": _jpeg(30),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "a quarter turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "inverted": ImageOps.invert,
    "blurred by 1 pixel": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "white border of a tenth": lambda image: ImageOps.expand(image, image.width // 10, "white"),
    "black border, then JPEG 75": lambda image: _jpeg(75)(ImageOps.expand(image, 40, "black")),
    "cut-out on white": _matte("white"),
    "cut-out on black": _matte("black"),
    "brightened by a tenth": lambda image: image.point(lambda value: min(255, value * 11 // 10)),
    "cropped by 1 in 100": _crop(0.01),
    "cropped by 1 in 50": _crop(0.02),
    "cropped by 1 in 20": _crop(0.05),
}


def share(hits: int, n: int) -> dict[str, Any]:
    from rakkan.studio.starter.evaluation.statistics import wilson

    low, high = wilson(hits, n)
    return {"share": hits / n, "low": low, "high": high, "hits": hits, "n": n}


def recall(originals: Sequence[Pixels]) -> dict[str, Any]:
    """For each change the share of originals whose copy is found, by the rule in use and by PDQ alone."""
    found: dict[str, list[tuple[bool, bool]]] = {name: [] for name in CHANGES}
    for pixels in originals:
        image = Image.fromarray(pixels)
        cut = image.copy()
        cut.putalpha(oval(image))
        known = {False: catalogue(looks(pixels)), True: catalogue(looks(numpy.array(cut)))}
        for name, change in CHANGES.items():
            seen = looks(numpy.array(change(image)))
            own = known[name.startswith("cut-out")]
            found[name].append((bool(own.copies(seen)), bool(own.alike(seen))))
    return {
        name: {
            "rule": share(sum(one for one, _ in pairs), len(pairs)),
            "PDQ alone": share(sum(other for _, other in pairs), len(pairs)),
        }
        for name, pairs in found.items()
    }


def false_matches(originals: Sequence[Pixels]) -> dict[str, Any]:
    """Pairs of different pictures taken for copies of each other."""
    seen = [looks(pixels) for pixels in originals]
    owners = [number for number, own in enumerate(seen) for _ in own]
    known = catalogue([look for own in seen for look in own])
    pairs: dict[str, set[tuple[int, int]]] = {"rule": set(), "PDQ alone": set()}
    for number, own in enumerate(seen):
        for name, rows in (("rule", known.copies(own)), ("PDQ alone", known.alike(own))):
            others = {owners[row] for row, _ in rows} - {number}
            pairs[name] |= {(min(number, other), max(number, other)) for other in others}
    n = len(originals) * (len(originals) - 1) // 2
    return {name: share(len(found), n) for name, found in pairs.items()}


def expressions(count: int, random: Random) -> dict[str, Any]:
    """Pairs of expressions of one figure taken for copies, by how much of the picture they change."""
    from rakkan.corpus.figures import attributes, render

    results: list[tuple[float, bool, bool]] = []
    for _ in range(count):
        figure, seed = attributes.sample(random), random.getrandbits(32)
        plain = render(figure, seed, 2)
        known = catalogue(looks(plain))
        for name in random.sample(list(attributes.EXPRESSIONS), 3):
            other = attributes.consistent(replace(figure, expression=name))
            pixels = render(other, seed, 2)
            changed = float((numpy.abs(plain.astype(int) - pixels).max(2) > 16).mean())
            if changed:
                seen = looks(pixels)
                results.append((changed, bool(known.copies(seen)), bool(known.alike(seen))))
    bands = {
        "all": (0.0, 1.0),
        "under 0.1 % of pixels differ": (0.0, 0.001),
        "0.1 to 0.5 % of pixels differ": (0.001, 0.005),
        "over 0.5 % of pixels differ": (0.005, 1.0),
    }
    return {
        name: {
            "rule": share(sum(one for at, one, _ in results if low < at <= high), len(own)),
            "PDQ alone": share(sum(other for at, _, other in results if low < at <= high), len(own)),
        }
        for name, (low, high) in bands.items()
        if (own := [at for at, *_ in results if low < at <= high])
    }


def renders(count: int, random: Random) -> Iterator[Pixels]:
    from rakkan.corpus.figures import attributes, render

    for _ in range(count):
        yield render(attributes.sample(random), random.getrandbits(32), 2)


def samples(count: int, random: Random) -> Iterator[Pixels]:
    """What the starter model draws from the renderer's own captions."""
    from rakkan import assemble
    from rakkan.corpus.figures import attributes, captions
    from rakkan.studio.create import CreateRequest, draft, plan

    engine = assemble.engine()
    for _ in range(count):
        words = captions.caption(attributes.sample(random, framing="bust"), random)
        yield draft(plan(CreateRequest(words, seed=random.getrandbits(32))), engine)[0]


def speed(n: int, random: Random) -> dict[str, Any]:
    """Milliseconds for the looks of 512x512 pixels, and to ask 10,000 blocked looks about them."""
    noise = numpy.random.default_rng(random.getrandbits(32))
    blocked = catalogue([Look(100, (noise.bytes(32),), noise.bytes(256)) for _ in range(BLOCKED)])
    times: dict[str, list[float]] = {"looks": [], "asking": [], "both": []}
    for _ in range(n + 1):
        pixels = noise.integers(0, 256, (512, 512, 3), numpy.uint8)
        start = time.perf_counter()
        seen = looks(pixels)
        middle = time.perf_counter()
        blocked.copies(seen)
        end = time.perf_counter()
        for name, took in (("looks", middle - start), ("asking", end - middle), ("both", end - start)):
            times[name].append(1000 * took)
    return {name: asdict(summarise(values[1:])) for name, values in times.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure what fingerprints find, and what they mistake.")
    parser.add_argument("--renders", type=int, default=400)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--figures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    random = Random(given.seed)
    drawn = list(renders(given.renders, random))
    sampled = list(samples(given.samples, random))
    report: dict[str, Any] = {
        "command": "python -m benchmarks.fingerprints "
        f"--renders {given.renders} --samples {given.samples} --figures {given.figures}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": {"renders": given.renders, "samples": given.samples, "figures": given.figures},
        "interval": "95 %, Wilson; times: 95 % of the median, from order statistics",
        "thresholds": "frozen before this run",
        "milliseconds": speed(200, random),
        "blocked": BLOCKED,
        "recall": {"renders": recall(drawn), "samples": recall(sampled)},
        "false_matches": {"renders": false_matches(drawn), "samples": false_matches(sampled)},
        "expressions": expressions(given.figures, random),
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(
        json.dumps(
            {name: report[name] for name in ("milliseconds", "false_matches", "expressions")}, indent=1
        )
    )


if __name__ == "__main__":
    main()
