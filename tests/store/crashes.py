"""One crash of each kind, from a seeded source: a kill, a failing disk, a loss of power; then the check."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from rakkan.errors import RakkanError

from .disks import FailingDisk, HookedDisk, PowerCut, PowerDisk
from .workload import Broken, State, Step, check, do, open_vault, steps

ROOT = Path(__file__).resolve().parent.parent.parent
LENGTH = 24


def kill_point(random: Random, folder: Path) -> None:
    """Kill a process that leads a life, at a chosen change of the disk or at any moment; check what is left.

    Everything it said it had done must be done, and the step it was at done or not.
    """
    seed = str(random.getrandbits(64))
    command = [sys.executable, str(Path(__file__).with_name("workload.py")), str(folder), seed, str(LENGTH)]
    planned = random.random() < 0.7
    if planned:
        command += [str(random.randint(1, 350)), random.choice(["before", "after"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    # Unbuffered, or lines read along with the first would be lost to communicate().
    process = subprocess.Popen(
        command, bufsize=0, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        if not planned:
            time.sleep(random.random() * 0.8)
            process.kill()
        said, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    if b"Traceback" in errors:
        raise Broken(errors.decode())
    done = said.count(b"\n")
    life = list(steps(seed, LENGTH))
    if done == len(life):
        check(folder, life[-1][1], None)
        return
    step, state = life[done]
    check(folder, state, step)


def failing_disk(
    life: Iterable[tuple[Step, State]], folder: Path, at: int, number: int, lasting: bool
) -> bool:
    """Lead a life on a disk that fails at one operation; every step must still keep its promises.

    A step may fail only with RakkanError, leaves all as it was or does all, and works when it is tried
    again on a disk that has recovered. False when the life was over before the disk failed.
    """
    disk = FailingDisk(at, number, lasting)
    for step, state in life:
        try:
            do(step, open_vault(folder, state.masters, disk), folder, state.masters, disk)
        except RakkanError as fault:
            if "\n" in str(fault) or not fault.hint:
                raise Broken(f"an error that helps no one: {fault}") from fault
            disk.healed = True
            check(folder, state, step)
            masters = state.masters
            if step.kind != "rotate master":  # the check has done it again itself
                do(step, open_vault(folder, masters, HookedDisk()), folder, masters, HookedDisk())
            check(folder, state.after(step), None)
            return True
    check(folder, state, None)
    return disk.count >= at


def power_loss(
    random: Random, folder: Path, at: int, forgetful: Sequence[str] = (), length: int = 10
) -> bool:
    """Cut the power at one change of the disk; what remains must keep all promises, whatever got lost.

    False when the life was over before.
    """
    disk = PowerDisk(folder / "before", at, forgetful)
    (folder / "before").mkdir()
    life = steps(str(random.getrandbits(64)), length)
    step = None
    try:
        for step, state in life:
            do(
                step,
                open_vault(folder / "before", state.masters, disk),
                folder / "before",
                state.masters,
                disk,
            )
            step = None
        finished = True
    except PowerCut:
        finished = False
    disk.remains(random, folder / "after")
    check(folder / "after", state, step)
    return not finished
