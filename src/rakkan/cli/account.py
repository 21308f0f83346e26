"""``rakkan account``: what is kept for someone."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Accounts and what is kept for them.", no_args_is_help=True)


@app.command()
def link(
    handle: Annotated[str, typer.Argument(help="The account's handle in the hub.", show_default=False)],
    payment: Annotated[str, typer.Option(help="What it is paid by: the same words for the same purse.")],
) -> None:
    """Count a hub's accounts together that one purse pays for. Only a keyed digest is kept, for 90 days."""
    from rakkan.service import linking, wiring

    linking.link(*wiring.linking(), handle, payment)
    typer.echo(f"{handle} is counted together with all that are paid by the same")


@app.command()
def erase(
    name: Annotated[str, typer.Argument(help="The account.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Shred everything kept for an account, its statements too. It cannot be undone."""
    from rakkan import assemble

    kept = sum(1 for _ in assemble.vault().list(name))
    if not yes:
        typer.confirm(f"Shred {kept} things kept for {name!r}? This cannot be undone", abort=True)
    entry = assemble.erase(name)
    typer.echo(f"{kept} things of {name!r} were shredded; the ledger says so in entry {entry.index}")
