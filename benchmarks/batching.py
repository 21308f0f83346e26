"""``python -m benchmarks.batching``: what drawing several pictures in one pass gains.

Four pictures, alone, in two passes of two, and in one of four, in turns in one warm process. *Drawing* is the
model with its decoder; *finishing* is the enlarger, which no pass shares, and *all of it* both: what a worker
does for a job but for the gate. Ratios are of medians, of wall time and of processor time, which other work
on the machine disturbs less. Writes ``docs/measurements/batching.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine

from rakkan import assemble
from rakkan.checkout import commit
from rakkan.studio.create import ENLARGEMENT, CreateRequest, Plan, figure_of, plan
from rakkan.studio.engines.device import has_bf16
from rakkan.studio.engines.engine import Figure
from rakkan.studio.engines.openvino_engine import OpenVinoEngine

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "batching.json"
PICTURES = 4
PROMPTS = ("smile, red hoodie", "silver twin tails, kimono", "blue eyes, night sky", "short hair, wink")


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall time and of processor time."""
    wall, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - spent


def passes(engine: OpenVinoEngine, figures: list[Figure], batch: int, **asked: Any) -> list[Any]:
    """The pictures of so many figures, ``batch`` in a pass."""
    if batch == 1:
        return [engine.sample(one.tokens, one.negative, seed=one.seed, **asked) for one in figures]
    drawn: list[Any] = []
    for at in range(0, len(figures), batch):
        drawn += engine.sample_together(figures[at : at + batch], **asked)
    return drawn


def measured(engine: OpenVinoEngine, size: str, steps: int, rounds: int) -> dict[str, Any]:
    plans: list[Plan] = [
        plan(CreateRequest(prompt, seed=at, steps=steps, size=size)) for at, prompt in enumerate(PROMPTS)
    ]
    figures = [figure_of(one, one.seed) for one in plans]
    sides = {"width": plans[0].width // ENLARGEMENT, "height": plans[0].height // ENLARGEMENT}
    upscaler = assemble.upscaler()
    pictures = {batch: passes(engine, figures, batch, **sides, steps=steps) for batch in (1, 2, 4)}
    upscaler.enlarge(pictures[1][0])
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ("1", "2", "4", "finishing")}
    for _ in range(rounds):
        for batch in (1, 2, 4):
            times[str(batch)].append(
                timed(lambda batch=batch: passes(engine, figures, batch, **sides, steps=steps))  # type: ignore[misc]
            )
        times["finishing"].append(timed(lambda: [upscaler.enlarge(one) for one in pictures[1]]))
    wall, spent = (
        {name: statistics.median(one[kind] for one in found) for name, found in times.items()}
        for kind in (0, 1)
    )
    found: dict[str, Any] = {"pictures a second, wall time, drawing": {}, "times as fast as alone": {}}
    for batch in ("1", "2", "4"):
        found["pictures a second, wall time, drawing"][batch] = round(PICTURES / wall[batch], 2)
        for name, kind in (("wall time", wall), ("processor time", spent)):
            whole = (kind["1"] + kind["finishing"]) / (kind[batch] + kind["finishing"])
            ratios = {"drawing": round(kind["1"] / kind[batch], 3), "all of it": round(whole, 3)}
            found["times as fast as alone"].setdefault(name, {})[batch] = ratios
    apart = [numpy.abs(one.astype(int) - other) for one, other in zip(pictures[1], pictures[4], strict=True)]
    found["levels apart from alone, of 255, four in a pass"] = {
        "mean": round(float(numpy.mean(apart)), 4),
        "most": int(numpy.max(apart)),
    }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    load = [os.getloadavg()[0]]
    found: dict[str, Any] = {}
    for precision in ("bf16", "f32") if has_bf16() else ("f32",):
        engine = OpenVinoEngine(precision=precision)  # type: ignore[arg-type]
        for size, steps in (("512x512", 4),):
            found[f"{precision}, {size}, {steps} steps"] = measured(engine, size, steps, asked.rounds)
            load.append(os.getloadavg()[0])
    report = {
        "command": f"python -m benchmarks.batching --rounds {asked.rounds}",
        **machine(),
        "seed": 0,  # pictures are drawn from 0, 1, 2, …
        "commit": commit(ROOT),
        "load of the machine, a minute": {"least": round(min(load), 2), "most": round(max(load), 2)},
        "n": asked.rounds,
        "results": found,
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
