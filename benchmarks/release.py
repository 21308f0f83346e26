"""``python -m benchmarks.release``: what the gate adds to writing a picture, and what checking a seal takes.

The peer of ``release`` is the same picture encoded, written, flushed and linked in its place without policy,
ledger or seal; the peer of checking is c2pa's own reader on the same file. Both in turns in one run, on a
noisy picture, which compresses badly and so makes the files large.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine, summarise

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "release.json"


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def measure(folder: Path, size: int, n: int, seed: int) -> dict[str, list[float]]:
    """Times of everything, in milliseconds, by name."""
    import c2pa

    from rakkan import assemble
    from rakkan.formats import png
    from rakkan.records import Picture, Recipe
    from rakkan.trust.checks import recipe_text
    from rakkan.trust.examination import examine
    from rakkan.trust.gate import Destination
    from rakkan.trust.placing import place
    from rakkan.trust.provenance import digest_of_file
    from rakkan.trust.seal.read import read_seal
    from rakkan.trust.verification import VALID, verify

    random = numpy.random.default_rng(seed)
    gate, roots = assemble.gate(), assemble.trusted_roots()
    settings = {"verify": {"remote_manifest_fetch": False}, "trust": {"trust_anchors": roots[0].decode()}}
    times: dict[str, list[float]] = {
        name: [] for name in ("plain", "release", "added", "c2pa_reader", "verify_core", "examine")
    }
    for number in range(n + 1):
        # Noise alone would not be let out as a drawing.
        fields = random.integers(0, 244, (-(-size // 8), -(-size // 8), 3), numpy.uint8)
        pixels = fields.repeat(8, 0).repeat(8, 1)[:size, :size]
        pixels = pixels + random.integers(0, 12, pixels.shape, numpy.uint8)
        recipe = Recipe("1girl", "", "m", "0" * 64, "euler", "uniform", 4, 1.0, number, size, size)
        picture = Picture(pixels, recipe)
        plain, sealed = folder / f"plain-{number}.png", folder / f"sealed-{number}.png"
        text = recipe_text(picture, Destination(plain))[0].text
        took = {
            "plain": milliseconds(lambda: place(png.encode(pixels, text), plain)),  # noqa: B023
            "release": milliseconds(lambda: gate.release(picture, Destination(sealed))),  # noqa: B023
        }
        took["added"] = took["release"] - took["plain"]
        data = sealed.read_bytes()

        def core(data: bytes = data) -> None:
            assert verify(read_seal(data, roots), digest_of_file(data)).state == VALID

        def reader(data: bytes = data) -> None:
            with c2pa.Reader(
                "image/png", io.BytesIO(data), context=c2pa.Context.from_dict(settings)
            ) as found:
                found.json()

        took["c2pa_reader"] = milliseconds(reader)
        took["verify_core"] = milliseconds(core)
        took["examine"] = milliseconds(lambda: examine(sealed, roots))  # noqa: B023
        if number:  # the first of all loads and starts what the others find there
            for name, value in took.items():
                times[name].append(value)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the gate and the checking of seals on this machine.")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        os.environ |= {"RAKKAN_HOME": f"{name}/home", "RAKKAN_KEY": f"{name}/key"}
        times = measure(Path(name), given.size, given.n, given.seed)
    summaries = {key: asdict(summarise(values)) for key, values in times.items()}
    report: dict[str, Any] = {
        "command": "python -m benchmarks.release",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": given.n,
        "size": f"{given.size}x{given.size}",
        "interval": "95 % of the median, from order statistics",
        "milliseconds": summaries,
        "release_to_plain": summaries["release"]["median"] / summaries["plain"]["median"],
        "verify_core_to_c2pa_reader": summaries["verify_core"]["median"] / summaries["c2pa_reader"]["median"],
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for key, found in summaries.items():
        print(f"{key:>14} {found['median']:8.2f} ms [{found['low']:.2f}, {found['high']:.2f}]")


if __name__ == "__main__":
    main()
