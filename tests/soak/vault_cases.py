"""What the soak does to the vault: kills, failing disks, lost power, and many users at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import Case
from tests.store import crashes, workload


def _a_killed_vault_keeps_what_it_acknowledged(random: Random, folder: Path) -> None:
    crashes.kill_point(random, folder)


def _a_failing_disk_loses_nothing_of_the_vault(random: Random, folder: Path) -> None:
    number = random.choice([errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES, errno.EROFS])
    life = workload.steps(str(random.getrandbits(64)), 10)
    crashes.failing_disk(life, folder, random.randint(1, 500), number, random.random() < 0.5)


def _lost_power_takes_nothing_from_the_vault(random: Random, folder: Path) -> None:
    crashes.power_loss(random, folder, random.randint(1, 500), length=20)


def _processes_that_share_a_vault_agree(random: Random, folder: Path) -> None:
    command = [sys.executable, str(Path(workload.__file__)), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    processes = [
        subprocess.Popen(
            [*command, str(random.getrandbits(64)), "sharing"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            errors = process.communicate(timeout=300)[1]
            if process.returncode:
                raise workload.Broken(errors.decode())
    finally:
        for process in processes:
            process.kill()
            process.wait()
    workload.check_shared(folder)


CASES = (
    Case("a_killed_vault_keeps_what_it_acknowledged", 6, _a_killed_vault_keeps_what_it_acknowledged),
    Case("a_failing_disk_loses_nothing_of_the_vault", 4, _a_failing_disk_loses_nothing_of_the_vault),
    Case("lost_power_takes_nothing_from_the_vault", 6, _lost_power_takes_nothing_from_the_vault),
    Case("processes_that_share_a_vault_agree", 1, _processes_that_share_a_vault_agree),
)
