"""Running the service on this machine: the server, and a worker process for each device."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.service.settings import Settings

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

#: Connections, and requests in progress, from which uvicorn turns anybody away: what is worked on at a time
#: is bounded in turns, so that this many cost memory alone.
_MOST = 2048
#: Connections that wait to be taken.
_BACKLOG = 512
#: Seconds that a thread may go on while another one waits. Each request changes threads a few times, and the
#: event loop waits anew for each connection that has something to say.
SWITCH = 0.0001


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises RakkanError where nobody can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        made.close()
        raise RakkanError(
            f"Nothing can listen at {host} port {port}: {str(error).lower()}", "Give another --port"
        ) from error
    return made


def serve(settings: Settings, host: str, port: int, proxies: str, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``proxies`` are addresses of proxies whose word on clients is taken;
    ``ready`` is given the owner's link. Raises RakkanError."""
    # Before numpy comes in: its products are small here, and its threads would wait for each other, spinning.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvicorn

    from rakkan.service import logs, wiring
    from rakkan.service.app import build
    from rakkan.service.jobs.process import Supervisor, command

    with listening(host, port) as taken:
        service = wiring.service(settings)
        logs.set_up()
        sys.setswitchinterval(SWITCH)
        server = uvicorn.Server(configured(build(service), proxies))
        # uvicorn handles them while it runs and raises them again afterwards, for the workers to be ended.
        at_signals(lambda: setattr(server, "should_exit", True))
        supervisor = Supervisor(service.queue, settings.devices, command(wiring.WORKER))
        supervisor.start()
        # Before anybody asks: all of a large gallery takes a second or two, in which others would wait.
        service.catalogue.nearness.refresh()
        # What has been loaded stays: looking through all of it for what is not used took a tenth of a second.
        gc.collect()
        gc.freeze()
        try:
            ready(f"{settings.origin}/welcome?token={service.accounts.owner_token()}")
            server.run([taken])
        finally:
            supervisor.stop()


def work(devices: tuple[str, ...], ready: Callable[[], None]) -> None:
    """Work for servers on other hosts until SIGINT or SIGTERM, with a process for each device; ``ready`` is
    called once they start. Raises RakkanError."""
    from rakkan.service import logs, signals, wiring
    from rakkan.service.jobs.process import Supervisor, command

    stopped = threading.Event()
    queue = wiring.prepared()
    logs.set_up()
    signals.heard((signal.SIGINT, signal.SIGTERM), stopped.set)
    supervisor = Supervisor(queue, devices, command(wiring.WORKER))
    supervisor.start()
    try:
        ready()
        stopped.wait()
    finally:
        supervisor.stop()


def at_signals(do: Callable[[], None]) -> None:
    """Do this at Ctrl-C and at SIGTERM, in place of ending at once."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda number, frame: do())


def configured(app: ASGIApp, proxies: str = "") -> uvicorn.Config:
    """How the server serves: nothing but HTTP, with an end to how much and how long is waited for."""
    import uvicorn

    from rakkan.service.connections import Bounded

    return uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        # Longer than proxies keep a connection that nobody uses (60 s): who closes first decides whether a
        # request can be lost in between.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        limit_concurrency=_MOST,
    )
