"""``rakkan again``: a picture once more from its recipe, and how near that came."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rakkan.cli.create import Disclosure

#: Exit status when what was drawn is another picture.
ANOTHER = 1


def again(
    file: Annotated[Path, typer.Argument(help="A picture that tells how it was made.", show_default=False)],
    model: Annotated[
        str, typer.Option(help="The model to draw with, where the file's own is not here or not named.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="A folder, or a .png, .jpg or .webp file (default: the pictures folder)."),
    ] = None,
    disclosure: Disclosure = None,
) -> int:
    """Make a picture again: bit-exact, visually similar, or not the same (exit status 1), and why."""
    from rakkan import assemble
    from rakkan.api import equipment
    from rakkan.api.creating import place_and_disclosure
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar
    from rakkan.recipes.again import again as make
    from rakkan.recipes.tiers import EXACT, OTHER
    from rakkan.studio.references import let_in

    place, told = place_and_disclosure(out, disclosure)
    given = let_in(file, assemble.gate().admit, assemble.vault().read)
    said = equipment.told(given.data, file.name)
    workshop = equipment.workshop(told, say=say)
    with bar("drawing", getattr(said.recipe, "steps", 0) or 1) as progress:
        made = make(said, given.pixels, place, workshop, model, told == "full", progress)
    near = made.likeness
    apart = "" if near.tier == EXACT else f", {near.distance} of 256 bits of its fingerprint differ"
    typer.echo(f"{made.path}  {near.tier}{apart}  {made.seconds:.1f} s")
    for reason in made.reasons:
        typer.echo(f"  {reason}")
    return ANOTHER if near.tier == OTHER else 0
