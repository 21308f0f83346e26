"""``rakkan ledger``: read the log of statements, check it, and have others watch it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Read, check and witness the ledger of signed statements.", no_args_is_help=True)

_BROKEN = 1


@app.command()
def show(
    last: Annotated[int, typer.Option(min=1, help="How many entries, counted from the end.")] = 20,
) -> None:
    """List entries: their number, kind, commitment, and whether the statement is still there."""
    from rakkan import assemble
    from rakkan.store.ledger.entry import parse_leaf

    ledger = assemble.ledger()
    size = ledger.size()
    for index in range(max(0, size - last), size):
        leaf = parse_leaf(ledger.leaf(index))
        typer.echo(f"{index:>8}  {leaf.kind:<10} {leaf.commitment[:16]}…  {ledger.state(index)}")
    typer.echo(f"{size} entries in {assemble.instance().ledger_key.name}")


@app.command()
def check() -> int:
    """Compute the whole log anew and compare. Exit status 1 when anything is wrong."""
    from rakkan import assemble, config
    from rakkan.errors import RakkanError
    from rakkan.store.ledger import audit

    keys = [assemble.instance().ledger_key.verification_key()]
    folder = config.load().home / "ledger"
    try:
        ledger = assemble.ledger()
        faults = audit.check(folder, keys, ledger.remembered())
    except RakkanError:
        faults = audit.check(folder, keys)  # it does not even open: say what is wrong in which file
        if not faults:
            raise
    for fault in faults:
        typer.echo(f"WRONG: {fault}")
    if faults:
        typer.echo(f"{len(faults)} faults; whether statements are lost was not checked")
        return _BROKEN
    lost = [index for index in range(ledger.size()) if ledger.state(index) == "lost"]
    for index in lost:
        typer.echo(f"LOST: the statement of entry {index}")
    typer.echo(f"{ledger.size()} entries checked, 0 faults, {len(lost)} statements lost")
    return _BROKEN if lost else 0


@app.command()
def witness(
    folder: Annotated[
        Path,
        typer.Argument(help="The ledger folder of another instance, or a copy of it.", show_default=False),
    ],
    key: Annotated[
        str,
        typer.Option(help="That ledger's verification key, from its rakkan identity.", show_default=False),
    ],
) -> None:
    """Cosign another instance's ledger, if it only added to what this witness has seen before."""
    from rakkan import assemble
    from rakkan.store.ledger.notes import parse_key
    from rakkan.store.ledger.witness import watch

    log = parse_key(key)
    me = assemble.witness({log.name: [log]})
    typer.echo(watch(me, folder, [log]), nl=False)
    typer.echo(f"signed by the witness {me.verification_key()}", err=True)


@app.command()
def cosign(
    file: Annotated[Path, typer.Argument(help="What rakkan ledger witness printed.", show_default=False)],
    key: Annotated[str, typer.Option(help="The witness' verification key.", show_default=False)],
) -> None:
    """Keep a witness' cosignature of this ledger; proofs of the entries it has seen carry it from now on."""
    from rakkan import assemble
    from rakkan.store.ledger.notes import parse, parse_key

    signed = file.read_bytes()
    size = parse(signed).text.split("\n")[1]
    for one in assemble.ledger().keep_cosigned(signed, [parse_key(key)]):
        typer.echo(f"{size} entries cosigned by {one.name}")
