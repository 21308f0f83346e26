"""Stable Diffusion on a processor: Rakkan against its peers, on the same random weights, in one run.

``python -m benchmarks.checkpoints`` makes a full-size Stable Diffusion 1.5 with random weights, converts it
once for each that wants it converted, and then lets every contestant draw in turns, each in a process of its
own: 512x512, 20 steps with guidance and 4 without. After that Rakkan alone converts and draws with a
full-size SDXL at 1024x1024, of which the peak of memory counts. What is measured is kept in ``--work``, so a
run that was stopped goes on where it was, and tries again what failed. ``--write`` puts the result into
``docs/measurements``. ``--python`` names the interpreter for peers that need packages of other versions; a
peer that cannot be had is reported as such.

Those in ``SCALED`` would take too long: they draw once with one step and once with three, and from these two
follows what all the steps would have taken.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from benchmarks import checkpoint_contestants as contestants  # noqa: E402
from rakkan.formats.checkpoints.architecture import SD1, SDXL  # noqa: E402

REPORT = ROOT / "docs" / "measurements" / "checkpoint-speed.json"

SIDE, LARGE_SIDE = 512, 1024
#: Steps and guidance of the two kinds of picture.
KINDS = {"20 steps with guidance": (20, 7.5), "4 steps without": (4, 1.0)}
CONTESTANTS = tuple(contestants.NEEDS)
#: Those with packages that may live in another interpreter.
ELSEWHERE = ("openvino-genai", "optimum-intel", "stable-diffusion-cpp")
SCALED = ("diffusers-f32", "stable-diffusion-cpp")
SCALED_STEPS = 2


def contest(name: str, work: Path, threads: int, kind: str) -> dict[str, Any]:
    """What one contestant's process does: load, draw one step to warm up, and draw."""
    steps, guidance = KINDS[kind]
    start = time.perf_counter()
    paint = contestants.painter(name, work, threads, SIDE, guidance)
    paint(1, guidance, 0)
    loaded = time.perf_counter() - start
    start = time.perf_counter()
    if name not in SCALED:
        paint(steps, guidance, 1)
        return {"load_seconds": loaded, "seconds": time.perf_counter() - start}
    paint(1, guidance, 1)
    one = time.perf_counter() - start
    start = time.perf_counter()
    paint(1 + SCALED_STEPS, guidance, 1)
    more = time.perf_counter() - start
    return {"load_seconds": loaded, "seconds": scaled(steps, one, more)}


def scaled(steps: int, one: float, more: float) -> float:
    """Seconds for all steps, from those for one step and those for one and ``SCALED_STEPS`` more."""
    return one + (steps - 1) * (more - one) / SCALED_STEPS


def draw_large(work: Path, threads: int) -> dict[str, Any]:
    """Two steps of SDXL with guidance, as many as show what memory it needs."""
    paint = contestants.rakkan(work, threads, LARGE_SIDE, SDXL)
    start = time.perf_counter()
    paint(2, 7.5, 1)
    return {"seconds": time.perf_counter() - start, "steps": 2}


def rates(threads: int) -> dict[str, float]:
    """What the machine multiplies matrices of 2,048 with, FLOP/s, the best of ten by torch."""
    import torch

    torch.set_num_threads(threads)
    found = {}
    for name, kind in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        one = torch.randn(2048, 2048).to(kind)
        times = []
        for _ in range(10):
            start = time.perf_counter()
            one @ one
            times.append(time.perf_counter() - start)
        found[name] = 2 * 2048**3 / min(times)
    return found


def operations() -> dict[str, float]:
    """FLOP of one pass of each network at this size, counted by torch on tensors without numbers."""
    import torch
    from tests.checkpoints.architectures import architecture
    from torch.utils.flop_counter import FlopCounterMode

    from rakkan.studio.engines.torch import networks

    made = architecture(SD1, width=contestants.WIDTH, layout="diffusers")
    assert made.unet is not None and made.vae is not None
    side = SIDE // 8
    latents = torch.zeros(1, 4, side, side, device="meta")
    text = torch.zeros(1, 77, made.text[0].width, device="meta")
    time_of = torch.zeros(1, device="meta")
    found = {}
    unet, vae = networks.unet_of(made, made.unet), networks.vae_of(made, made.vae)
    for name, call in (
        ("unet", lambda: unet(latents, time_of, text)),
        ("decoder", lambda: vae.decode(latents)),
    ):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            call()
        found[name] = float(counter.get_total_flops())
    return found


def child(python: str, given: argparse.Namespace, *job: str) -> dict[str, Any]:
    """Run a job of this file in a process of its own: its answer, its wall seconds and its peak of resident
    memory in bytes; or, as ``fault``, the last line of what went wrong."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [python, str(Path(__file__).resolve()), "--job", *job]
    command += ["--threads", str(given.threads), "--work", str(given.work)]
    errors = given.work / "errors.txt"
    start = time.perf_counter()
    with errors.open("w") as complaints:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, env=environment, text=True
        )
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    measured = {"wall_seconds": time.perf_counter() - start, "peak_bytes": usage.ru_maxrss * 1024}
    answers = [line for line in text.splitlines() if line.startswith("{")]
    if process.returncode or not answers:
        last = [line for line in errors.read_text().splitlines() if line.strip()][-1:]
        return {**measured, "fault": last[0] if last else f"status {process.returncode}"}
    return {**measured, **json.loads(answers[-1])}


def is_installed(python: str, name: str) -> bool:
    """Whether an interpreter has what a contestant needs."""
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({contestants.NEEDS[name]!r}) is None)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([python, "-c", code], env=environment, capture_output=True).returncode == 0


def compare(given: argparse.Namespace) -> dict[str, Any]:
    """All contestants in turns, keeping what was measured already; all results by what they are of."""
    given.work.mkdir(parents=True, exist_ok=True)
    state = given.work / "results.json"
    results: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}

    def keep(key: str, value: Any) -> None:
        results[key] = value
        state.write_text(json.dumps(results, indent=1))
        print(key, value, flush=True)

    def once(key: str, python: str, *job: str) -> None:
        if "fault" in results.get(key, {"fault": "not run"}):
            keep(key, child(python, given, *job))

    pythons = {name: given.python if name in ELSEWHERE else sys.executable for name in CONTESTANTS}
    chosen = [name for name in given.contestants if is_installed(pythons[name], name)]
    contestants.make_checkpoint(given.work, SD1)
    if "stable-diffusion-cpp" in chosen:
        contestants.make_file(given.work)
    for part in contestants.parts(SD1):
        once(f"convert {SD1} {part}", sys.executable, "convert", "--family", SD1, "--part", part)
    if {"openvino-genai", "optimum-intel"} & set(chosen):
        once("convert for peers", given.python, "convert-for-peers")
    if "operations" not in results:
        keep("operations", operations())
    keep("rates", rates(given.threads))
    for number in range(given.rounds):
        for kind in KINDS:
            for name in chosen:
                if number == 0 or name not in SCALED:
                    job = ("contest", "--name", name, "--kind", kind)
                    once(f"{name} / {kind} / {number}", pythons[name], *job)
    if given.large:
        contestants.make_checkpoint(given.work, SDXL)
        for part in contestants.parts(SDXL):
            once(f"convert {SDXL} {part}", sys.executable, "convert", "--family", SDXL, "--part", part)
        once("large", sys.executable, "large")
    return results


def summarise(results: dict[str, Any], threads: int, rounds: int) -> dict[str, Any]:
    """Medians over rounds, FLOP/s beside the machine's rate, and how many times as fast Rakkan is."""
    from rakkan.checkout import commit
    from rakkan.studio.engines.device import processor

    once = {kind: passes(kind) * results["operations"]["unet"] for kind in KINDS}
    work_of = {kind: once[kind] + results["operations"]["decoder"] for kind in KINDS}
    table: dict[str, Any] = {}
    for kind in KINDS:
        rows = {name: _row(name, kind, results, work_of[kind]) for name in CONTESTANTS}
        own = rows["rakkan"].get("seconds")
        peers = {name: row["seconds"] for name, row in rows.items() if name != "rakkan" and "seconds" in row}
        ratios = {name: seconds / own for name, seconds in peers.items()} if own else {}
        fastest = min(ratios, key=lambda name: ratios[name]) if ratios else None
        table[kind] = {"contestants": rows, "times_as_fast": ratios, "fastest_peer": fastest}
    converted = [one for key, one in results.items() if key.startswith(f"convert {SD1}")]
    summary = {
        "command": f"python -m benchmarks.checkpoints --rounds {rounds} --write",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "seed": 1,
        "n": rounds,
        "size": f"{SIDE}x{SIDE}",
        "interval": "lowest and highest",
        "matmul_gigaflops": {name: rate / 1e9 for name, rate in results["rates"].items()},
        "operations": {**results["operations"], **work_of},
        "conversion": _conversion(converted),
        "results": table,
    }
    if "seconds" in results.get("large", {}):
        converted = [one for key, one in results.items() if key.startswith(f"convert {SDXL}")]
        size = f"{LARGE_SIDE}x{LARGE_SIDE}"
        summary["large"] = {
            "size": size,
            "steps": results["large"]["steps"],
            "seconds": results["large"]["seconds"],
            "peak_gigabytes": results["large"]["peak_bytes"] / 1e9,
            "conversion": _conversion(converted),
        }
    return summary


def passes(kind: str) -> int:
    """How often the denoiser runs for a picture."""
    steps, guidance = KINDS[kind]
    return steps * (2 if guidance > 1 else 1)


def _row(name: str, kind: str, results: dict[str, Any], work: float) -> dict[str, Any]:
    found = [one for key, one in results.items() if key.startswith(f"{name} / {kind} / ")]
    drawn = [one for one in found if "seconds" in one]
    if not drawn:
        return {"fault": next((one["fault"] for one in found), "not installed")}
    seconds = [one["seconds"] for one in drawn]
    return {
        "seconds": statistics.median(seconds),
        "low": min(seconds),
        "high": max(seconds),
        "n": len(seconds),
        "gigaflops": work / statistics.median(seconds) / 1e9,
        "peak_gigabytes": max(one["peak_bytes"] for one in drawn) / 1e9,
        "load_seconds": statistics.median(one["load_seconds"] for one in drawn),
        "scaled": name in SCALED,
    }


def _conversion(parts: list[dict[str, Any]]) -> dict[str, float]:
    return {
        "seconds": sum(one["wall_seconds"] for one in parts),
        "peak_gigabytes": max((one["peak_bytes"] for one in parts), default=0) / 1e9,
    }


def show(summary: dict[str, Any]) -> str:
    """The result as the documents print it."""
    rate = summary["matmul_gigaflops"]
    lines = [
        f"{summary['processor']}, {summary['threads']} threads, n = {summary['n']}, random weights. It",
        f"multiplies matrices with {rate['bf16']:.0f} GFLOP/s in bfloat16 and {rate['f32']:.0f} in 32 bits.",
    ]
    for kind, found in summary["results"].items():
        lines += [
            "",
            f"| {kind} | seconds | Rakkan is faster | GFLOP/s | memory, GB |",
            "|---|---|---|---|---|",
        ]
        for name, row in found["contestants"].items():
            if "fault" in row:
                lines.append(f"| {name} | {row['fault']} | | | |")
                continue
            spread = "scaled" if row["scaled"] else f"{row['low']:.1f} to {row['high']:.1f}"
            times = f"{found['times_as_fast'][name]:.2f}×" if name in found["times_as_fast"] else ""
            lines.append(
                f"| {name} | {row['seconds']:.1f} ({spread}) | {times} | {row['gigaflops']:.0f} "
                f"| {row['peak_gigabytes']:.1f} |"
            )
    own = summary["conversion"]
    lines += [
        "",
        f"Converting took {own['seconds']:.0f} s and {own['peak_gigabytes']:.1f} GB of memory.",
    ]
    if large := summary.get("large"):
        lines.append(
            f"SDXL at {large['size']} draws in {large['peak_gigabytes']:.1f} GB and is converted in "
            f"{large['conversion']['peak_gigabytes']:.1f} GB."
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    jobs = ["compare", "contest", "convert", "convert-for-peers", "large"]
    parser.add_argument("--job", choices=jobs, default="compare", help=argparse.SUPPRESS)
    parser.add_argument("--name", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=list(KINDS), help=argparse.SUPPRESS)
    parser.add_argument("--family", choices=[SD1, SDXL], help=argparse.SUPPRESS)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--python", default=sys.executable, help="interpreter for peers with other packages")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-large", dest="large", action="store_false", help="leave out SDXL")
    parser.add_argument("--write", action="store_true", help="write docs/measurements/checkpoint-speed.json")
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".proof" / "checkpoints", help="a folder with 30 GB of room"
    )
    given = parser.parse_args(arguments)
    if given.job == "compare":
        summary = summarise(compare(given), given.threads, given.rounds)
        print(show(summary))
        if given.write:
            REPORT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        return
    answer: dict[str, Any] = {}
    if given.job == "contest":
        answer = contest(given.name, given.work, given.threads, given.kind)
    elif given.job == "large":
        answer = draw_large(given.work, given.threads)
    elif given.job == "convert":
        contestants.convert_rakkan(given.work, given.family, given.part, given.threads)
    else:
        contestants.convert_optimum(given.work)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
