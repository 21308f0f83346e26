"""``rakkan import``: files from outside, through the gate into the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(help="Pictures (PNG, JPEG, WebP) or models (safetensors).", show_default=False),
    ],
) -> None:
    """Let files in: parsed in a sandbox, inspected, kept encrypted, stated in the ledger."""
    from rakkan import assemble
    from rakkan.cli.faults import printable
    from rakkan.trust.gate import Source

    gate = assemble.gate()
    for file in files:
        admission = gate.admit(Source(file))
        found = admission.inspected
        what = (
            f"{found.width}x{found.height} {found.kind}"
            if found.media_type.startswith("image/")
            else f"{found.tensors} tensors, {found.parameters} parameters"
        )
        typer.echo(f"{admission.digest}  {what}, ledger entry {admission.entry}  {printable(str(file))}")
        typer.echo(f"  {'; '.join(admission.remarks)}")
