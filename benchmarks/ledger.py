"""``python -m benchmarks.ledger``: the ledger against pymerkle's SQLite tree, in turns in one run.

Measured are durable appends a second by batch (of Rakkan with signing, bodies and index, and of its log
alone; of the peer a bare tree of such entries), the bytes of a proof, and the time to make and to verify
one in a large log, which is built of synthetic entries through the same tiles without flushing. For ten
times its size the bytes are by arithmetic: each doubling adds one hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.bench import machine, summarise
from pymerkle import SqliteTree, verify_inclusion

from rakkan.checkout import commit
from rakkan.store import database
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.ledger.entry import Leaf
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.notes import SigningKey
from rakkan.store.ledger.statements import Generated, Statement, Subject
from rakkan.store.ledger.verify import Evidence, verify_evidence
from rakkan.store.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
KEY = SigningKey("benchmark.example/ledger", hashlib.sha256(b"benchmark").digest())
BATCHES = (1, 16, 256, 1024)
#: Entries added to the large log at a time.
CHUNK = 65_536
#: A hash of a proof in base64, with its newline.
HASH_LINE = 45


class Unflushed(Folder):
    """A folder that leaves flushing to the system, to build a large log quickly."""

    def write(self, contents: Mapping[str, bytes]) -> None:
        for name, data in contents.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def statement(random: Random) -> Statement:
    predicate = Generated("create", random.randbytes(32).hex(), "full", "starter", "ab" * 32)
    return Statement(predicate, (Subject("picture", {"sha256": random.randbytes(32).hex()}),), "local", 1)


def entry(random: Random) -> bytes:
    return bytes(Leaf("generated", 1, random.randbytes(32).hex()))


@contextmanager
def opened(folder: Path, disk: Folder | None = None) -> Iterator[Ledger]:
    folder.mkdir(parents=True, exist_ok=True)
    engine = database.connect(database.url_of(folder / "index.sqlite"))
    vault = Vault(FolderStorage(folder / "vault"), KeyFile(folder / "master.key"))
    yield Ledger(folder / "log", vault, KEY, Index(engine, bytes(32)), disk=disk)
    engine.dispose()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def appends(folder: Path, seconds: float, rounds: int, seed: int) -> dict[str, Any]:
    """Durable appends a second, by batch, for both in turns."""
    random = Random(seed)
    rates: dict[str, dict[int, list[float]]] = {
        name: {batch: [] for batch in BATCHES} for name in ("rakkan", "rakkan log", "pymerkle")
    }
    log = Log(Folder(folder / "log alone"), KEY)
    log.create()
    with opened(folder / "rakkan") as ledger, SqliteTree(str(folder / "peer.sqlite")) as peer:
        for _ in range(rounds):
            for batch in BATCHES:
                said = [statement(random) for _ in range(batch)]
                rates["rakkan"][batch].append(batch / _each(lambda said=said: ledger.append(said), seconds))
                leaves = [entry(random) for _ in range(batch)]
                rates["rakkan log"][batch].append(
                    batch / _each(lambda leaves=leaves: log.append(leaves), seconds)
                )
                rates["pymerkle"][batch].append(
                    batch / _each(lambda leaves=leaves: peer.append_entries(leaves), seconds)
                )
    return {
        name: {str(batch): asdict(summarise(values)) for batch, values in by_batch.items()}
        for name, by_batch in rates.items()
    }


def _each(work: Callable[[], object], seconds: float) -> float:
    """Seconds a call takes, over as many as fit."""
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds or not count:
        work()
        count += 1
    return passed / count


def proofs(folder: Path, entries: int, samples: int, seed: int) -> dict[str, Any]:
    """Bytes and times of proofs in a log of ``entries``, the real statements standing first."""
    random = Random(seed)
    real = min(samples, entries)
    disk = Unflushed(folder / "rakkan" / "log")
    with opened(folder / "rakkan", disk) as ledger, SqliteTree(str(folder / "peer.sqlite")) as peer:
        ledger.append([statement(random) for _ in range(real)])
        log = Log(disk, KEY)
        built = 0.0
        peer.append_entries([ledger.inclusion(at).leaf for at in range(real)])
        for start in range(real, entries, CHUNK):
            leaves = [entry(random) for _ in range(min(CHUNK, entries - start))]
            built += timed(lambda leaves=leaves: log.append(leaves))
            peer.append_entries(leaves)
        sizes = [
            len(one.leaf) + len(one.proof)
            for one in (ledger.inclusion(random.randrange(entries)) for _ in range(samples))
        ]
        evidence: list[Evidence] = []
        making = [timed(lambda at=at: evidence.append(ledger.evidence(at))) for at in range(real)]
        keys = [KEY.verification_key()]
        verifying = [timed(lambda one=one: verify_evidence(one, keys)) for one in evidence]
        theirs = _peer_proofs(peer, min(real, 20))
    largest = max(sizes) + 32  # the salt
    return {
        "entries": entries,
        "built_entries_per_second": (entries - real) / built if built else 0.0,
        "rakkan": {
            "proof_bytes": asdict(summarise(sizes)),
            "proof_with_salt_bytes_largest": largest,
            "proof_with_salt_bytes_largest_at_ten_times": at_ten_times(largest, entries),
            "envelope_bytes": len(evidence[0].envelope),
            "make_milliseconds": asdict(summarise([1000 * one for one in making])),
            "verify_milliseconds": asdict(summarise([1000 * one for one in verifying])),
        },
        "pymerkle": theirs,
    }


def at_ten_times(largest: int, entries: int) -> int:
    """The largest proof of a log ten times as long: a hash more for each doubling, a digit more in two
    numbers (the index and the size)."""
    deeper = math.ceil(math.log2(10 * entries)) - math.ceil(math.log2(entries))
    return largest + deeper * HASH_LINE + 2


def _peer_proofs(peer: SqliteTree, samples: int) -> dict[str, Any]:
    found: list[Any] = []
    making = [timed(lambda at=at: found.append(peer.prove_inclusion(at))) for at in range(1, samples + 1)]
    root = peer.get_root()
    verifying = [timed(lambda one=one: verify_inclusion(one.path[0], root, one)) for one in found]
    sizes = [len(json.dumps(one.serialize(), separators=(",", ":"))) for one in found]
    return {
        "proof_bytes": asdict(summarise(sizes)),
        "make_milliseconds": asdict(summarise([1000 * one for one in making])),
        "verify_milliseconds": asdict(summarise([1000 * one for one in verifying])),
    }


def ratios(appended: dict[str, Any], proven: dict[str, Any]) -> dict[str, float]:
    """Rakkan's figure over the peer's, by name."""
    found = {
        f"{name}: appends per second, {batch} at a time": appended[name][str(batch)]["median"]
        / appended["pymerkle"][str(batch)]["median"]
        for name in ("rakkan", "rakkan log")
        for batch in BATCHES
    }
    for name in ("proof_bytes", "make_milliseconds", "verify_milliseconds"):
        found[name.replace("_", " ")] = proven["rakkan"][name]["median"] / proven["pymerkle"][name]["median"]
    return found


def show(report: dict[str, Any]) -> str:
    lines = ["durable appends a second (rakkan signs and keeps bodies, pymerkle keeps a bare tree):"]
    for batch in BATCHES:
        rates = (f"{name} {rate[str(batch)]['median']:.0f}" for name, rate in report["appends"].items())
        lines.append(f"  {batch:5d} at a time: {', '.join(rates)}")
    own = report["proofs"]["rakkan"]
    lines += [
        f"proof with entry and salt in a log of {report['proofs']['entries']}: at most "
        f"{own['proof_with_salt_bytes_largest']} bytes, in one ten times as long "
        f"{own['proof_with_salt_bytes_largest_at_ten_times']} (by arithmetic)",
        f"making evidence {own['make_milliseconds']['median']:.2f} ms, "
        f"verifying it {own['verify_milliseconds']['median']:.2f} ms",
        "ratios, rakkan to pymerkle:",
        *(f"  {value:8.3f} × {name}" for name, value in report["ratios"].items()),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--entries", type=int, default=1_000_000, help="size of the large log")
    parser.add_argument("--samples", type=int, default=200, help="proofs that are measured")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each batch and round")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="rakkan-ledger-") as name:
        folder = Path(name)
        (folder / "appends").mkdir()
        (folder / "proofs").mkdir()
        appended = appends(folder / "appends", given.seconds, given.rounds, given.seed)
        proven = proofs(folder / "proofs", given.entries, given.samples, given.seed)
    report = {
        "command": " ".join(
            ["python -m benchmarks.ledger", *(sys.argv[1:] if arguments is None else arguments)]
        ),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        "seed": given.seed,
        "n": given.samples,
        "interval": "95 % of the median, from order statistics",
        **machine(),
        "bodies": "the vault in a folder",
        "appends": appended,
        "proofs": proven,
        "ratios": ratios(appended, proven),
    }
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n")
    print(show(report))


if __name__ == "__main__":
    main()
