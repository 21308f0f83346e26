"""``rakkan identity``: who this instance is to others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def identity(
    name: Annotated[str | None, typer.Option(help="Sign under another name from now on.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for the public half (root.pem, ledger.vkey, witness.vkey), for others."),
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="A root certificate (PEM) of another instance, to trust from now on.")
    ] = None,
) -> None:
    """Show this instance's name, root and ledger; made at first use."""
    from rakkan import assemble, config
    from rakkan.trust.instance import read_root, rename
    from rakkan.trust.seal.authority import fingerprint, in_groups

    if name is not None:
        rename(assemble.keyring(), name)
        assemble.forget()
    if trust is not None:
        pem = read_root(trust)
        folder = config.load().home / "roots"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{fingerprint(pem)}.pem").write_text(pem.decode("ascii"), encoding="ascii")
    me = assemble.instance()
    rows = {
        "name": me.name,
        "root": in_groups(me.fingerprint),
        "ledger": str(me.ledger_key.verification_key()),
        "home": str(config.load().home),
        "master key": config.load().key,
    }
    for label, text in rows.items():
        typer.echo(f"{label:<12}{text}")
    for other in assemble.trusted_roots()[1:]:
        typer.echo(f"{'trusts':<12}{in_groups(fingerprint(other))}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "root.pem").write_text(me.root.decode("ascii"), encoding="ascii")
        witness = assemble.witness({}).verification_key()
        (out / "ledger.vkey").write_text(f"{me.ledger_key.verification_key()}\n", encoding="utf-8")
        (out / "witness.vkey").write_text(f"{witness}\n", encoding="utf-8")
        typer.echo(f"{'wrote':<12}{out / 'root.pem'}, {out / 'ledger.vkey'}, {out / 'witness.vkey'}")
