"""Running the service on this machine: the server, and a worker process for each device."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.service.settings import Settings

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp


def check_port(host: str, port: int) -> None:
    """Raise RakkanError where nobody can listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except (OSError, OverflowError) as error:
            raise RakkanError(
                f"Nothing can listen at {host} port {port}: {str(error).lower()}", "Give another --port"
            ) from error


def serve(settings: Settings, host: str, port: int, proxies: str, ready: Callable[[str], None]) -> None:
    """Serve until stopped. ``proxies`` are addresses of proxies whose word on clients is taken; ``ready`` is
    given the owner's link. Raises RakkanError."""
    import uvicorn

    from rakkan.service import wiring
    from rakkan.service.app import build
    from rakkan.service.jobs.process import Supervisor, command

    check_port(host, port)
    service = wiring.service(settings)
    supervisor = Supervisor(service.queue, settings.devices, command(wiring.WORKER))
    supervisor.start()
    ready(f"{settings.origin}/welcome?token={service.accounts.owner_token()}")
    try:
        uvicorn.Server(configured(build(service), host, port, proxies)).run()
    finally:
        supervisor.stop()


def configured(app: ASGIApp, host: str = "127.0.0.1", port: int = 0, proxies: str = "") -> uvicorn.Config:
    """How the server serves: nothing but HTTP, with an end to how much and how long is waited for."""
    import uvicorn

    from rakkan.service.connections import Bounded

    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=5,
        limit_concurrency=512,
    )
