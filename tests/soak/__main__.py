"""Do what may go wrong, over and over, for as long as asked: ``python tests/soak --minutes 60``.

Every case has its own seed, made from the run's seed and its number, so a failure is repeated alone
with ``--only NUMBER``. The state is kept in a file: a run that is stopped goes on where it was, and a
run of another seed begins anew. Exit status 1 when a case failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "src"))

from cases import CASES, Case

STATE = Path(".soak/state.json")
MOST_FAILURES = 20


@dataclass
class State:
    """How far a run has come. ``done`` counts by name of case; ``failures`` are lines of text."""

    seed: str
    number: int = 0
    seconds: float = 0.0
    done: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long in all, earlier runs included")
    parser.add_argument("--seed", default="0", help="any text; CI gives the commit")
    parser.add_argument("--state", type=Path, default=STATE, help="where progress is kept")
    parser.add_argument("--only", type=int, help="run this one case, with its traceback")
    options = parser.parse_args()
    # Started in the background, a process ignores Ctrl-C and so do its children, those that test it too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rakkan-soak-instance-") as instance:
        # One instance lives through all cases, whatever they do to it.
        os.environ |= {"RAKKAN_HOME": f"{instance}/home", "RAKKAN_KEY": f"{instance}/key"}
        return work(options)


def work(options: argparse.Namespace) -> int:
    """Do what the command line asks; the exit status."""
    if options.only is not None:
        attempt(options.seed, options.only)
        print(f"soak: case {options.only} of seed {options.seed} passed")
        return 0
    state = load(options.state, options.seed)
    print(f"soak: seed {state.seed}, from case {state.number}, {options.minutes:g} minutes", flush=True)
    try:
        soak(state, options.minutes * 60, options.state)
    except KeyboardInterrupt:
        save(state, options.state)
        print(f"soak: stopped after {state.number} cases; the same command goes on from there")
        return 130
    return report(state)


def soak(state: State, seconds: float, path: Path) -> None:
    """Run cases until ``seconds`` are used up, counting earlier runs of the same state."""
    last_saved = time.monotonic()
    while state.seconds < seconds and len(state.failures) < MOST_FAILURES:
        start = time.monotonic()
        chosen = choose(state.seed, state.number)
        try:
            attempt(state.seed, state.number)
        except Exception as fault:
            where = traceback.extract_tb(fault.__traceback__)[-1]
            line = f"case {state.number} ({chosen.name}): {fault!r} at {where.filename}:{where.lineno}"
            state.failures.append(line)
            print(f"soak: FAILED {line}", flush=True)
        state.done[chosen.name] = state.done.get(chosen.name, 0) + 1
        state.number += 1
        state.seconds += time.monotonic() - start
        if time.monotonic() - last_saved > 5:
            save(state, path)
            last_saved = time.monotonic()
    save(state, path)


def attempt(seed: str, number: int) -> None:
    """Run one case; it raises when a promise is broken."""
    with tempfile.TemporaryDirectory(prefix="rakkan-soak-") as folder:
        choose(seed, number).work(source(seed, number, "work"), Path(folder))


def choose(seed: str, number: int) -> Case:
    weights = [case.weight for case in CASES]
    return source(seed, number, "choice").choices(CASES, weights)[0]


def source(seed: str, number: int, purpose: str) -> Random:
    return Random(hashlib.sha256(f"{seed}/{number}/{purpose}".encode()).digest())


def load(path: Path, seed: str) -> State:
    """The state of an unfinished run of this seed, or a new one."""
    try:
        state = State(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return State(seed)
    return state if state.seed == seed else State(seed)


def save(state: State, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(asdict(state), indent=1))
    temporary.replace(path)


def report(state: State) -> int:
    for name, count in sorted(state.done.items()):
        print(f"soak: {count:7d} × {name}")
    for failure in state.failures:
        print(f"soak: FAILED {failure}")
    failed = len(state.failures)
    print(f"soak: {state.number - failed} cases held, {failed} broke, in {state.seconds / 60:.1f} minutes")
    if failed:
        print(f"soak: repeat one with: python tests/soak --seed {state.seed} --only NUMBER")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
