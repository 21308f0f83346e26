"""``rakkan grid``: an X/Y plot on one labelled sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.cli.create import (
    ClipSkip,
    Disclosure,
    Guidance,
    Model,
    Negative,
    Noise,
    Prompt,
    SamplerName,
    ScheduleName,
    Seed,
    Size,
    Steps,
    Vae,
)
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.studio.bring import BringPlan, Brought
    from rakkan.studio.grid.axes import Axis, Cell
    from rakkan.studio.grid.drawing import Draw, Plot

_AXIS = "'seed: 1-4', 'guidance: 1, 2', 'S/R: smile, sad', steps, size, prompt, negative, sampler, model, …"


def grid(
    prompt: Prompt,
    x: Annotated[str, typer.Option(help=f"What varies from column to column: {_AXIS}.")],
    y: Annotated[str | None, typer.Option(help="What varies from row to row.")] = None,
    z: Annotated[str | None, typer.Option(help="What varies from page to page.")] = None,
    negative: Negative = "",
    seed: Seed = None,
    steps: Steps = None,
    guidance: Guidance = None,
    size: Size = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The sheet's .png, .jpg or .webp file (default: in the pictures folder)."),
    ] = None,
    singles: Annotated[
        Path | None,
        typer.Option(help="A folder for each picture by itself; a grid that was stopped goes on from there."),
    ] = None,
    disclosure: Disclosure = None,
    model: Model = "",
    sampler: SamplerName = None,
    schedule: ScheduleName = None,
    clip_skip: ClipSkip = None,
    vae: Vae = "",
    noise: Noise = None,
) -> None:
    """Draw a picture for each pair of values, and all of them on one labelled sheet."""
    import secrets

    from rakkan import assemble
    from rakkan.api import equipment
    from rakkan.api.creating import place_and_disclosure
    from rakkan.cli.create import list_made
    from rakkan.cli.progress import bar
    from rakkan.recipes.taking_over import taken_over
    from rakkan.studio.grid.axes import axis
    from rakkan.studio.grid.drawing import draw_plot
    from rakkan.studio.requests import check_place, destination
    from rakkan.trust.checks import MEDIA_TYPES

    place, told = place_and_disclosure(out, disclosure)
    check_place(place, 1)
    if singles is not None:
        check_place(singles, 2)
    axes = (axis(x), axis(y) if y else None, axis(z) if z else None)
    more: dict[str, Any] = {"sampler": sampler, "schedule": schedule, "clip_skip": clip_skip, "noise": noise}
    more |= {"steps": steps, "guidance": guidance, "size": size}
    chosen = {name: value for name, value in more.items() if value is not None}
    chosen |= {"prompt": prompt, "negative": negative, "telling": told == "full"}
    chosen["seed"] = secrets.randbelow(2**32) if seed is None else seed
    plot, draw, digest = _plotted(axes, chosen, model, vae)
    release = assemble.release(told)

    def found(cell: Cell, path: Path) -> Any:
        named = cell.model or model
        wanted = assemble.models().resolve(named).card.digest if named else digest
        return taken_over(path, cell.request, equipment.told, wanted)

    named = place.suffix.lower() in MEDIA_TYPES and not place.is_dir()
    sheet = place if named else destination(place, prompt, f"{chosen['seed']}-grid", told == "full")
    with bar("drawing", len(plot.cells) * plot.cells[0].request.steps) as progress:
        made = draw_plot(plot, draw, sheet, singles, release, found, progress)
    list_made(made)


def _plotted(
    axes: tuple[Axis, Axis | None, Axis | None], chosen: dict[str, Any], model: str, vae: str
) -> tuple[Plot, Draw, str]:
    """The plot, what draws its cells, and the digest of the starter model where that does."""
    from rakkan import assemble
    from rakkan.studio.bring import BringRequest
    from rakkan.studio.create import CreateRequest
    from rakkan.studio.grid.axes import MODEL, cells
    from rakkan.studio.grid.drawing import Plot
    from rakkan.studio.grid.making import by_models, by_starter, titled

    consider = assemble.gate().consider
    if model or any(one is not None and one.name == MODEL for one in axes):
        brought = BringRequest(**chosen)
        plot = Plot(*axes, cells(brought, axes), titled(brought, model, axes))
        return plot, by_models(plot, model, _bringing(vae), consider), ""
    if given := sorted(chosen.keys() & {"sampler", "schedule", "clip_skip", "noise"}):
        option = given[0].replace("_", "-")
        raise RakkanError(f"--{option} is for models that you bring", "Name one with --model")
    usual = dict(zip(("steps", "guidance"), assemble.usual_sampling(), strict=True))
    request = CreateRequest(**usual | chosen)
    plot = Plot(*axes, cells(request, axes), titled(request, "", axes))
    draw = by_starter(plot, assemble.engine, assemble.upscaler(), consider)
    return plot, draw, assemble.engine().model_digest


def _bringing(vae: str) -> Callable[[str, BringPlan], Brought]:
    from rakkan import assemble
    from rakkan.bringing.showing import Wanted
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bytes_bar

    def bring(name: str, planned: BringPlan) -> Brought:
        words = (planned.request.prompt, planned.request.negative)
        with bytes_bar("reading") as shown:
            return assemble.bring(name, words, vae, shown, say, Wanted((), "", planned.size))

    return bring
