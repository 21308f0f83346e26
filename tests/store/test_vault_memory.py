"""Large blobs pass through in little memory, on either storage; and the benchmark runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MIB = 2**20
#: Of which Python and its libraries take about 45.
MOST = {"folder": 100 * MIB, "s3": 200 * MIB}

PROGRAM = """
import sys
from pathlib import Path
from rakkan.store.keys import KeyFile
from rakkan.store.places import storage_at
from rakkan.store.vault import Vault

class Zeros:
    left = int(sys.argv[3])
    def read(self, length):
        piece = bytes(min(length, self.left))
        self.left -= len(piece)
        return piece

vault = Vault(storage_at(sys.argv[1]), KeyFile(Path(sys.argv[2])))
blob = vault.put("alice", Zeros())
assert blob.size == int(sys.argv[3])
vault.verify("alice", blob.digest)
with vault.open("alice", blob.digest) as file:
    while file.read(5_000_000):
        pass
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024)
"""


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_memory_does_not_grow_with_the_blob(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    place = str(tmp_path / "vault") if kind == "folder" else request.getfixturevalue("bucket")
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        place,
        str(tmp_path / "master"),
        str((256 if kind == "folder" else 160) * MIB),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST[kind]


def test_the_benchmark_runs_and_says_how(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "vault.py"), "--size", "0.01", "--rounds", "1"]
    command += ["--reads", "5", "--json", str(tmp_path / "out.json"), "--folder", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    assert {"command", "seed", "commit", "n", "interval", "processor"} <= set(report)
    assert report["results"]["ratios"]["put"]["median"] > 0
    assert "of a plain copy" in done.stdout
