"""``make bench``: Rakkan against plain PyTorch on the same weights, steps and threads, in one run.

Each contestant runs in processes of its own, in turns, so that a busy minute hits all alike. Measured
are the cold command (start to picture), a warm picture, a batch, and the peak of memory; printed are
medians with 95 % intervals and ratios to the faster of the two torches. Everything is written to
``docs/measurements/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
STARTER_WEIGHTS = ROOT / "src" / "rakkan" / "studio" / "starter" / "weights"
REPORT = ROOT / "docs" / "measurements" / "bench.json"
CONTESTANTS = ("rakkan", "torch-bf16", "torch-f32")
PROMPT = "1girl, silver twin tails, red eyes, red hoodie, smile"
ROUNDS = 3


@dataclass(frozen=True)
class Summary:
    """A median with its 95 % interval, over ``n`` measurements."""

    median: float
    low: float
    high: float
    n: int


def summarise(values: Sequence[float]) -> Summary:
    """Median and its distribution-free interval from order statistics.

    The interval runs from the k-th smallest to the k-th largest value, with the largest k for which the
    binomial probability of missing the median is at most 5 %; below six values, which cannot give 95 %,
    it is the whole range. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    count = len(ordered)
    missing, k = 0.0, 0
    for index in range(count // 2):
        missing += 2 * math.comb(count, index) / 2**count
        if missing > 0.05:
            break
        k = index
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Summary(middle, ordered[k], ordered[count - 1 - k], count)


def run_child(command: Sequence[str]) -> tuple[float, int, str]:
    """Run a command to its end: wall seconds, its peak of resident memory in bytes, its output."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, stdout=output, stdin=subprocess.DEVNULL, cwd=ROOT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    if child.returncode:
        raise SystemExit(f"bench: {' '.join(command)} failed with status {child.returncode}")
    return seconds, usage.ru_maxrss * 1024, text


def contestant(name: str, given: argparse.Namespace, *more: str) -> list[str]:
    """The command line of one contestant's process."""
    settings = ["--weights", str(given.weights), "--steps", str(given.steps), "--seed", str(given.seed)]
    script = str(Path(__file__).with_name("contestant.py"))
    return [sys.executable, script, name, *settings, "--threads", str(given.threads), *more]


def cold_command(name: str, given: argparse.Namespace, folder: Path) -> list[str]:
    """What is timed as the cold command: the real one for the shipped weights, else the same work."""
    if name == "rakkan" and given.weights == STARTER_WEIGHTS:
        settings = ["--seed", str(given.seed), "--steps", str(given.steps), "--size", "512x512"]
        settings += ["--guidance", "1"]  # as the other contestants draw
        return [sys.executable, "-m", "rakkan", "create", *settings, "--out", str(folder), "--", PROMPT]
    return contestant(name, given, "--cold")


def measure(given: argparse.Namespace, folder: Path) -> dict[str, dict[str, Any]]:
    """All measurements by contestant, then by kind."""
    raw: dict[str, dict[str, list[float]]] = {
        name: {
            "cold_seconds": [],
            "warm_seconds": [],
            "batch_seconds": [],
            "peak_bytes": [],
            "cold_peak_bytes": [],
        }
        for name in CONTESTANTS
    }
    for turn in range(ROUNDS):
        for name in CONTESTANTS:
            print(f"  round {turn + 1} of {ROUNDS}: {name}", file=sys.stderr, flush=True)
            found = raw[name]
            for _ in range(given.cold):
                seconds, peak, _ = run_child(cold_command(name, given, folder))
                found["cold_seconds"].append(seconds)
                found["cold_peak_bytes"].append(peak)
            more = ("--repeats", str(given.repeats), "--batch", str(given.batch))
            picture = ("--picture", str(folder / f"{name}.npy"))
            answer = json.loads(run_child(contestant(name, given, *more, *picture))[2])
            found["warm_seconds"] += answer["warm_seconds"]
            found["batch_seconds"] += answer["batch_seconds"]
            found["peak_bytes"].append(answer["peak_bytes"])
    return {name: {kind: asdict(summarise(v)) for kind, v in found.items()} for name, found in raw.items()}


def ratios(results: dict[str, dict[str, Any]]) -> dict[str, float]:
    """For each kind, the better torch's median divided by Rakkan's: above 1, Rakkan needs less."""
    kinds = results["rakkan"]
    return {
        kind: min(results[name][kind]["median"] for name in CONTESTANTS[1:]) / kinds[kind]["median"]
        for kind in kinds
    }


def differences(folder: Path) -> dict[str, float]:
    """Mean difference in levels (0-255) of each torch's picture from Rakkan's: the work was the same."""
    own = np.load(folder / "rakkan.npy").astype(int)
    return {
        name: float(np.abs(np.load(folder / f"{name}.npy").astype(int) - own).mean())
        for name in CONTESTANTS[1:]
    }


def machine() -> dict[str, Any]:
    """The processor and what of it counts here."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    facts = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = facts.get("flags", "").split()
    units = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    return {"processor": facts.get("model name", "unknown"), "cores": os.cpu_count(), "units": units}


def show(report: dict[str, Any]) -> str:
    """The report as a table of medians, intervals and ratios."""
    labels = {
        "cold_seconds": ("cold command", 1.0, "s"),
        "warm_seconds": ("warm picture", 1.0, "s"),
        "batch_seconds": (f"batch of {report['batch']}", 1.0, "s"),
        "peak_bytes": ("peak memory", 2.0**-20, "MiB"),
        "cold_peak_bytes": ("peak of the cold command", 2.0**-20, "MiB"),
    }
    lines = [f"{'':26}" + "".join(f"{name:>24}" for name in CONTESTANTS) + f"{'ratio':>9}"]
    for kind, (label, scale, unit) in labels.items():
        line = f"{label + ', ' + unit:26}"
        for name in CONTESTANTS:
            found = report["results"][name][kind]
            low, middle, high = (scale * found[key] for key in ("low", "median", "high"))
            line += f"{middle:>9.4g} [{low:.4g}, {high:.4g}]".rjust(24)
        lines.append(line + f"{report['ratios'][kind]:>8.2f}×")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compare Rakkan with plain PyTorch on this machine.")
    parser.add_argument("--weights", type=Path, default=STARTER_WEIGHTS, help="a weights folder")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--repeats", type=int, default=6, help="warm pictures in each round")
    parser.add_argument("--cold", type=int, default=2, help="cold commands in each round")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    given.weights = given.weights.resolve()
    if not (given.weights / "manifest.json").is_file():
        raise SystemExit(f"bench: there are no weights in {given.weights}. Train the starter model first")

    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[: given.threads])  # the cold command takes no number of threads
    try:
        with tempfile.TemporaryDirectory() as name:
            os.environ |= {"RAKKAN_HOME": f"{name}/instance/home", "RAKKAN_KEY": f"{name}/instance/key"}
            results = measure(given, Path(name))
            apart = differences(Path(name))
    finally:
        os.sched_setaffinity(0, allowed)
    report = {
        "command": "make bench",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        **{name: getattr(given, name) for name in ("threads", "steps", "seed", "batch")},
        "size": "512x512",
        "interval": "95 % of the median, from order statistics",
        "results": results,
        "ratios": ratios(results),
        "mean_difference_in_levels": apart,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(show(report))


if __name__ == "__main__":
    main()
