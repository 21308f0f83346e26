"""Two servers and two working hosts that share a PostgreSQL, a bucket and the folder of keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service import postgres
from tests.service.hosts import Host, ended, environment, server
from tests.store.servers import ACCESS, BUCKET, SECRET, s3_server


@contextmanager
def running(folder: Path, *, durable: bool = False) -> Iterator[tuple[list[Host], list[Host]]]:
    """The servers and the working hosts, started; nothing of them runs afterwards."""
    with postgres.postgres(durable=durable) as url, s3_server(folder / "s3") as endpoint:
        told = environment(
            folder,
            RAKKAN_DATABASE=url,
            RAKKAN_VAULT=f"s3://{BUCKET}/vault?endpoint={endpoint}&region=us-east-1",
            AWS_ACCESS_KEY_ID=ACCESS,
            AWS_SECRET_ACCESS_KEY=SECRET,
        )
        servers = [server(folder / f"server {number}", told, "--no-worker") for number in (1, 2)]
        others = [Host(("work",), told, folder / f"worker {number}") for number in (1, 2)]
        with ended(*servers, *others):
            # The last one's link is the one that holds.
            for host in (servers[1], servers[0], *others):
                host.start()
            yield servers, others
