"""What the soak does to the service: kills of real servers and workers, on one host and on many."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import Case, check
from tests.service import many_hosts, postgres, studio_kills, surviving
from tests.service.hosts import ended, environment, server

#: Seconds of kills in one case.
_SECONDS = 300.0


def _a_killed_service_loses_nothing(random: Random, folder: Path) -> None:
    told = environment(folder)
    host = server(folder / "server", told)
    with ended(host):
        host.start()
        done = surviving.survive(random, told, [host], [], kills=60, seconds=_SECONDS)
    check(done.jobs > 0, "nothing was asked for")


def _killed_hosts_lose_nothing(random: Random, folder: Path) -> None:
    if not postgres.is_there():
        return
    with many_hosts.running(folder, durable=True) as (servers, others):
        told = servers[0].environment
        done = surviving.survive(random, told, servers, others, kills=60, seconds=_SECONDS)
    check(done.jobs > 0, "nothing was asked for")


def _killed_passes_and_cancellations_deliver_all_or_none(random: Random, folder: Path) -> None:
    states = studio_kills.studio_is_killed(random, folder, environment(folder), kills=20, workers=2)
    check(states["done"] > 0, "nothing was done")


def _the_same_holds_in_postgres(random: Random, folder: Path) -> None:
    if not postgres.is_there():
        return
    with postgres.postgres() as url:
        told = environment(folder, RAKKAN_DATABASE=url)
        states = studio_kills.studio_is_killed(random, folder, told, kills=20, workers=3)
    check(states["done"] > 0, "nothing was done")


CASES = [
    Case("killed_passes_and_cancellations", 0.05, _killed_passes_and_cancellations_deliver_all_or_none),
    Case("killed_passes_in_postgres", 0.05, _the_same_holds_in_postgres),
    Case("a_killed_service_loses_nothing", 0.02, _a_killed_service_loses_nothing),
    Case("killed_hosts_lose_nothing", 0.02, _killed_hosts_lose_nothing),
]
