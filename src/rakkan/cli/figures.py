"""``rakkan figures``: what the renderer draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look at the figures the starter model learns from.", no_args_is_help=True)

_COLUMNS = 6
_WIDTH = 256
#: Height of a figure on the sheet, by framing; 2:3 for a full body.
_HEIGHTS = {"bust": 256, "half body": 256, "full body": 384}


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
    from rakkan.corpus.figures import attributes, draw, rasterise
    from rakkan.formats.sheet import contact_sheet
    from rakkan.records import FiguresRecipe, Picture

    random = Random(seed)
    drawn = []
    for _ in range(count):
        figure = attributes.sample(random)
        svg = draw(figure, random.getrandbits(32))
        drawn.append(rasterise(svg, _WIDTH, _HEIGHTS[figure.framing]))
    columns = min(_COLUMNS, count)
    pixels = contact_sheet(drawn, columns)
    recipe = FiguresRecipe(
        seed=seed,
        count=count,
        columns=columns,
        width=pixels.shape[1],
        height=pixels.shape[0],
        renderer="rakkan.corpus.figures",
        versions={"rakkan": __version__},
    )
    destination = out or config.load().pictures / f"figures-{seed}.png"
    typer.echo(str(assemble.gate().release(Picture(pixels, recipe), destination)))
