"""``rakkan serve``: the studio in the browser, and a hub for a small community."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = 8420,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Where people reach it, e.g. https://rakkan.example; the first is the usual one."),
    ] = None,
    proxy: Annotated[str, typer.Option(help="Addresses of proxies whose word on clients is taken.")] = "",
    sign_up: Annotated[
        str, typer.Option(help="Who may make an account: open, invited or closed.")
    ] = "invited",
    device: Annotated[list[str] | None, typer.Option(help="A device to draw on; a worker each.")] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Leave drawing to other hosts.")] = False,
    name: Annotated[str, typer.Option(help="What this instance is called.")] = "Rakkan",
    models: Annotated[str, typer.Option(help="Who may bring models: owner or members.")] = "owner",
) -> None:
    """Serve the studio and the hub. Prints a link that lets you in as the owner, once."""
    from rakkan.errors import RakkanError
    from rakkan.service.serving import serve as run
    from rakkan.service.settings import Settings

    if sign_up not in ("open", "invited", "closed"):
        raise RakkanError(f"--sign-up {sign_up!r} is not known", "Say open, invited or closed")
    if models not in ("owner", "members"):
        raise RakkanError(f"--models {models!r} is not known", "Say owner or members")
    is_local = host in ("127.0.0.1", "::1", "localhost")
    if not is_local and not origin:
        raise RakkanError(
            f"{host} can be reached from elsewhere, and sessions need HTTPS",
            "Put a proxy with a certificate before it and give --origin https://…",
        )
    usual = (f"http://localhost:{port}", f"http://127.0.0.1:{port}")
    devices = () if no_worker else tuple(device or ["cpu"])
    settings = Settings(tuple(origin or usual), devices, sign_up, name, models)  # type: ignore[arg-type]

    def ready(link: str) -> None:
        typer.echo(f"Rakkan is served at {settings.origin}")
        typer.echo(f"Come in as its owner, once, within a day: {link}")
        typer.echo("Ctrl-C ends it; what was accepted goes on when it is served again.")

    run(settings, host, port, proxy, ready)


def work(
    device: Annotated[list[str] | None, typer.Option(help="A device to draw on; a worker each.")] = None,
) -> None:
    """Work for a service on another host: lease jobs from its database, draw, deliver."""
    from rakkan.service.serving import work as run

    def ready() -> None:
        typer.echo("Working; Ctrl-C ends it, and gives back what is being done.")

    run(tuple(device or ["cpu"]), ready)
