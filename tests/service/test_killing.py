"""Servers and workers are killed at any moment: no accepted job is lost, and none is delivered twice."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.service import many_hosts, postgres, surviving
from tests.service.hosts import ended, environment, server


@pytest.mark.slow
def test_kills_lose_no_job_and_deliver_none_twice(tmp_path: Path) -> None:
    told = environment(tmp_path)
    host = server(tmp_path / "a", told)
    with ended(host):
        host.start()
        done = surviving.survive(Random(7), told, [host], [], kills=6)
    assert done.servers and done.workers and done.jobs >= 3, done


@pytest.mark.slow
@pytest.mark.skipif(not postgres.is_there(), reason="there is no PostgreSQL here")
def test_two_servers_and_two_working_hosts_share_one_queue(tmp_path: Path) -> None:
    with many_hosts.running(tmp_path) as (servers, others):
        done = surviving.survive(Random(11), servers[0].environment, servers, others, kills=3)
    assert done.servers + done.workers == 3 and done.jobs, done
