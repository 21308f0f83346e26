"""The soak itself: it finds a planted fault, goes on where it stopped, and repeats one case alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).resolve().parent

#: Runs the soak with two cases of its own: one that holds and one that breaks now and then.
PLANTED = f"""
import runpy, sys
sys.path.insert(0, {str(SOAK)!r})
import cases
def holds(random, folder):
    (folder / "x").write_text("an empty folder of its own")
def breaks(random, folder):
    cases.check(random.random() < 0.5, "planted")
cases.CASES[:] = [cases.Case("holds", 1, holds), cases.Case("breaks", BREAKS, breaks)]
runpy.run_path({str(SOAK / "__main__.py")!r}, run_name="__main__")
"""


def soak(*arguments: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
    program = [str(SOAK)] if code is None else ["-c", code]
    return subprocess.run(
        [sys.executable, *program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_short_soak_of_the_real_cases_holds(tmp_path: Path) -> None:
    done = soak("--minutes", "0.08", "--seed", "suite", "--state", str(tmp_path / "state.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* cases held, 0 broke", done.stdout)


def test_a_planted_fault_is_found_and_can_be_repeated_alone(tmp_path: Path) -> None:
    code = PLANTED.replace("BREAKS", "1")
    done = soak("--minutes", "0.5", "--state", str(tmp_path / "state.json"), code=code)
    assert done.returncode == 1
    failed = re.search(r"FAILED case (\d+) \(breaks\): AssertionError\('planted'\)", done.stdout)
    assert failed
    alone = soak("--only", failed[1], code=code)
    assert alone.returncode == 1
    assert "planted" in alone.stderr


def test_a_stopped_run_goes_on_and_another_seed_begins_anew(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    code = PLANTED.replace("BREAKS", "0")
    soak("--minutes", "0.001", "--seed", "a", "--state", str(state), code=code)
    first = json.loads(state.read_text())
    again = soak("--minutes", "0.002", "--seed", "a", "--state", str(state), code=code)
    assert f"from case {first['number']}," in again.stdout
    assert json.loads(state.read_text())["number"] > first["number"] > 0
    anew = soak("--minutes", "0.001", "--seed", "b", "--state", str(state), code=code)
    assert "from case 0," in anew.stdout
    state.write_text("{damaged")
    assert (
        "from case 0," in soak("--minutes", "0.001", "--seed", "b", "--state", str(state), code=code).stdout
    )
