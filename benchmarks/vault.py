"""The vault against a plain copy of the same bytes in the same run: ``python benchmarks/vault.py``.

Each round copies a file (read, write, fsync), puts it into a vault and gets it out again (write and fsync
too), in an order that changes, on the same disk, so that a busy minute hits all alike. Ratios are plain
copy's seconds divided by the vault's: 1 is as fast. Random reads of a MiB are timed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.vault import Vault

sys.path.insert(0, str(Path(__file__).resolve().parent))
MIB = 1024 * 1024


def copy(source: BinaryIO, target: Path) -> None:
    """Read, write and make durable, a MiB at a time."""
    with open(target, "wb") as file:
        while piece := source.read(MIB):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def child(folder: Path, task: str) -> dict[str, Any]:
    """Do one task in a process of its own: seconds, and its peak of resident memory."""
    command = [sys.executable, __file__, "--child", task, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {task} failed: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def work(task: str, folder: Path, seed: int, reads: int) -> dict[str, Any]:
    """What a child does."""
    vault = Vault(FolderStorage(folder / "vault"), KeyFile(folder / "master"))
    source, target = folder / "source", folder / "target"
    answer: dict[str, Any] = {}
    vault.put("bench", b"open it")
    if task == "copy":
        with open(source, "rb") as file:
            answer["seconds"] = timed(lambda: copy(file, target))
    elif task == "put":
        with open(source, "rb") as file:
            answer["seconds"] = timed(lambda: vault.put("bench", file))
    elif task == "get":
        digest = largest(vault)
        with vault.open("bench", digest) as blob:
            answer["seconds"] = timed(lambda: copy(blob, target))
    elif task == "verify":
        digest = largest(vault)
        answer["seconds"] = timed(lambda: vault.verify("bench", digest))
    else:
        answer["milliseconds"] = random_reads(vault, largest(vault), seed, reads)
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    answer["peak_bytes"] = int(status["VmHWM"].split()[0]) * 1024
    return answer


def largest(vault: Vault) -> str:
    return max(vault.list("bench"), key=lambda blob: blob.size).digest


def random_reads(vault: Vault, digest: str, seed: int, count: int) -> list[float]:
    """Milliseconds for each read of a MiB at a random place, the file being open."""
    chosen = random.Random(seed)
    taken = []
    with vault.open("bench", digest) as file:
        size = file.seek(0, os.SEEK_END)
        for _ in range(count):
            place = chosen.randrange(max(1, size - MIB))
            start = time.perf_counter()
            file.seek(place)
            file.read(MIB)
            taken.append(1000 * (time.perf_counter() - start))
    return taken


def small_puts(folder: Path, count: int) -> float:
    """Blobs a second when so many of a statement's size are put together, durably."""
    vault = Vault(FolderStorage(folder / "vault"), KeyFile(folder / "master"))
    bodies = [random.Random(number).randbytes(2000) for number in range(count)]
    return count / timed(lambda: vault.put_many("small", bodies))


def measure(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from bench import summarise

    chosen = random.Random(given.seed)
    with open(folder / "source", "wb") as file:
        for _ in range(int(given.size * 1024)):
            file.write(chosen.randbytes(MIB))
        file.flush()
        os.fsync(file.fileno())
    seconds: dict[str, list[float]] = {"copy": [], "put": [], "get": [], "verify": []}
    peaks = {"put": 0, "get": 0}
    for turn in range(given.rounds):
        print(f"  round {turn + 1} of {given.rounds}", file=sys.stderr, flush=True)
        # The copy stands between and moves round; getting needs something put.
        for task in (["copy", "put", "get"], ["put", "copy", "get"], ["put", "get", "copy"])[turn % 3]:
            time.sleep(given.pause)
            answer = child(folder, task)
            seconds[task].append(answer["seconds"])
            if task in peaks:
                peaks[task] = max(peaks[task], answer["peak_bytes"])
            (folder / "target").unlink(missing_ok=True)
        seconds["verify"].append(child(folder, "verify")["seconds"])
        reads = child(folder, "reads")["milliseconds"]
        vault = Vault(FolderStorage(folder / "vault"), KeyFile(folder / "master"))
        vault.erase("bench")
    ordered = sorted(reads)
    return {
        "n": given.rounds,
        "bytes": int(given.size * 1024) * MIB,
        "seconds": {task: vars(summarise(values)) for task, values in seconds.items()},
        "ratios": {
            task: vars(summarise([c / v for c, v in zip(seconds["copy"], seconds[task], strict=True)]))
            for task in ("put", "get")
        },
        "peak_bytes": peaks,
        "random_read_milliseconds": {
            "n": len(ordered),
            "median": statistics.median(ordered),
            "percentile_95": ordered[int(0.95 * len(ordered))],
        },
        "small_puts_per_second": small_puts(folder, 2000),
    }


def show(report: dict[str, Any]) -> str:
    found = report["results"]
    lines = []
    for task in ("put", "get"):
        ratio = found["ratios"][task]
        lines.append(
            f"{task}: {ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}] of a plain copy,"
            f" {found['bytes'] / found['seconds'][task]['median'] / 2**20:.0f} MiB/s, "
            f"peak {found['peak_bytes'][task] / 2**20:.0f} MiB"
        )
    reads = found["random_read_milliseconds"]
    lines.append(
        f"reads of a MiB: median {reads['median']:.2f} ms, 95 % within {reads['percentile_95']:.2f} ms"
    )
    lines.append(f"small blobs, put together: {found['small_puts_per_second']:.0f}/s")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compare the vault with a plain copy on this machine.")
    parser.add_argument("--size", type=float, default=2.0, help="GiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reads", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--pause",
        type=float,
        default=0.0,
        help="seconds before each task, for a rented disk that writes fast only after a rest",
    )
    parser.add_argument("--json", type=Path, help="write the measurement there")
    parser.add_argument(
        "--folder", type=Path, help="a folder on the disk to measure, default the temporary one"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        print(json.dumps(work(given.child, given.folder, given.seed, given.reads)))
        return
    # Not at the top: a child does without numpy, whose memory is not the vault's.
    from bench import ROOT, machine

    from rakkan.checkout import commit

    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        results = measure(given, Path(name))
    report = {
        "command": f"python benchmarks/vault.py --rounds {given.rounds} --pause {given.pause:g}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": given.rounds,
        "interval": "95 % of the median, from order statistics; below six rounds the whole range",
        "results": results,
    }
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(show(report))


if __name__ == "__main__":
    main()
