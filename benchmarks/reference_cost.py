"""``python -m benchmarks.reference_cost``: what a reference adds to the time of a picture.

The same prompts and seeds in turns, with a reference and without, in one process that is warm. *Drawing* is
the model and the enlarger; *all of it* is also reading the reference, which is done once for all pictures of
a request; letting in and releasing, which every picture needs, are left out. Writes
``docs/measurements/reference-cost.json``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.bench import machine, summarise

from rakkan import assemble
from rakkan.checkout import commit
from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.studio.create import CreateRequest, drawn, plan
from rakkan.studio.references import LetIn
from rakkan.studio.starter.guiding import Guide, guide

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "reference-cost.json"
ROUNDS = 25
PROMPT = "smile, red hoodie, night sky"


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    shown = LetIn("00" * 32, "image/png", b"", render(Attributes(hair_colour="green"), 7))
    engine, upscaler, (steps, guidance) = assemble.engine(), assemble.upscaler(), assemble.usual_sampling()
    looks = assemble.knows_references()

    def draw(seed: int, guided: Guide | None) -> None:
        planned = plan(CreateRequest(PROMPT, seed=seed, steps=steps, guidance=guidance))
        drawn(planned, 0, engine, upscaler, lambda done, total: None, guided)

    found = guide(shown, "figure", "identity", 1.0, looks)
    draw(0, None), draw(0, found)
    alone, with_it, all_of_it = [], [], []
    for number in range(ROUNDS):
        alone.append(seconds(lambda at=number: draw(at, None)))  # type: ignore[misc]
        with_it.append(seconds(lambda at=number: draw(at, found)))  # type: ignore[misc]
        read = seconds(lambda: guide(shown, "figure", "identity", 1.0, looks))
        all_of_it.append(with_it[-1] + read)
    report = {
        "command": "python -m benchmarks.reference_cost",
        **machine(),
        "commit": commit(ROOT),
        "seed": f"0 to {ROUNDS - 1}",
        "n": ROUNDS,
        "interval": "order statistics, 95 %",
        "model": engine.model_digest,
        "looked at": looks,
        "seconds without": vars(summarise(alone)),
        "drawing, times": vars(summarise([one / other for one, other in zip(with_it, alone, strict=True)])),
        "all of it, times": vars(
            summarise([one / other for one, other in zip(all_of_it, alone, strict=True)])
        ),
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
