"""``rakkan figures``: what the renderer draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look at the figures the starter model learns from.", no_args_is_help=True)

_COLUMNS = 6


@app.callback()
def _figures() -> None:
    """Keep ``sheet`` a command of its own name although it is the only one."""


@app.command()
def sheet(
    seed: Annotated[int, typer.Option(min=0, max=2**53 - 1, help="The same seed draws the same sheet.")] = 7,
    count: Annotated[int, typer.Option(min=1, max=240, help="How many figures.")] = 24,
    out: Annotated[
        Path | None, typer.Option(help="The PNG to write (default: figures-SEED.png among the pictures).")
    ] = None,
) -> None:
    """Draw random figures on one sheet."""
    from random import Random

    from rakkan import __version__, assemble, config
    from rakkan.corpus.figures import attributes, render
    from rakkan.corpus.figures.drawing import RENDERER_VERSION
    from rakkan.formats.sheet import contact_sheet
    from rakkan.records import FiguresRecipe, Picture

    random = Random(seed)
    drawn = [render(attributes.sample(random), random.getrandbits(32)) for _ in range(count)]
    drawn.sort(key=len)  # full bodies last, so that rows are of one height
    columns = min(_COLUMNS, count)
    pixels = contact_sheet(drawn, columns)
    recipe = FiguresRecipe(
        seed=seed,
        count=count,
        columns=columns,
        width=pixels.shape[1],
        height=pixels.shape[0],
        renderer=f"rakkan.corpus.figures {RENDERER_VERSION}",
        versions={"rakkan": __version__},
    )
    destination = out or config.load().pictures / f"figures-{seed}.png"
    typer.echo(str(assemble.gate().release(Picture(pixels, recipe), destination)))
