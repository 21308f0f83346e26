"""``rakkan vault``: look after what is kept encrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look after the encrypted vault.", no_args_is_help=True)

_DAMAGED = 1

Account = Annotated[str, typer.Option(help="Whose part of the vault.")]


@app.command("list")
def list_blobs(account: Account = "local") -> None:
    """List what is kept: SHA-256 and bytes."""
    from rakkan import assemble

    for blob in sorted(assemble.vault().list(account), key=lambda one: one.digest):
        typer.echo(f"{blob.digest}  {blob.size:>14,}")


@app.command()
def verify(account: Account = "local") -> int:
    """Read all that is kept and check it. Exit status 1 when something is damaged."""
    from rakkan import assemble
    from rakkan.store.faults import Damaged

    checked = damaged = 0
    try:
        for found in assemble.vault().check(account):
            checked += 1
            if isinstance(found, Damaged):
                typer.echo(f"DAMAGED: {found}")
                damaged += 1
    except Damaged as error:  # the account's keys, without which nothing can be read
        typer.echo(f"DAMAGED: {error}")
        damaged += 1
    typer.echo(f"{checked} blobs checked, {damaged} damaged")
    return _DAMAGED if damaged else 0


@app.command()
def rotate(
    account: Account = "local",
    key: Annotated[
        Path | None,
        typer.Option(help="Change the master key instead: the file of the new one, made if there is none."),
    ] = None,
) -> None:
    """Wrap the data keys by a new key; what is kept is not written again."""
    from rakkan import assemble, config

    if key is None:
        wrapped = assemble.vault().rotate_owner(account)
        typer.echo(f"{wrapped} data keys of {account!r} are wrapped by a new key")
        return
    from rakkan.errors import RakkanError
    from rakkan.store.keys import KeyFile

    new = KeyFile(key)
    if new.identifier == assemble.master().identifier:
        raise RakkanError(
            f"{key} is the master key already", "Name another file, or one that is not there yet"
        )
    secrets = assemble.keyring().rotate_master(new)
    owners = assemble.vault().rotate_master(new)
    typer.echo(f"{owners} owners' keys and {secrets} secrets are wrapped by {key}")
    old = config.load().key
    forget = "forget the passphrase" if old == config.PASSPHRASE else f"delete {old}"
    typer.echo(f'Set key = "{key.absolute()}" in the settings (or RAKKAN_KEY) and {forget}')


@app.command()
def shred(
    digest: Annotated[
        str, typer.Argument(help="SHA-256 of what to shred, or its beginning.", show_default=False)
    ],
    account: Account = "local",
) -> None:
    """Destroy one thing that is kept: its key first, then the rest."""
    from rakkan import assemble
    from rakkan.errors import RakkanError

    vault = assemble.vault()
    found = [blob.digest for blob in vault.list(account) if digest and blob.digest.startswith(digest.lower())]
    if len(found) != 1:
        many = f"{len(found)} things begin" if found else "Nothing begins"
        raise RakkanError(f"{many} with {digest!r} in the vault of {account!r}", "See rakkan vault list")
    vault.shred(account, found[0])
    typer.echo(f"{found[0]}  shredded")


@app.command()
def sweep() -> None:
    """Remove what interrupted writes left behind more than a day ago."""
    from rakkan import assemble

    typer.echo(f"{assemble.vault().sweep()} leftovers removed")
