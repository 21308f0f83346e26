"""What draws the cells of a plot: the starter model, or models of one's own. All are planned first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rakkan.records import Ingredient, Recipe
from rakkan.studio import bring as bringing
from rakkan.studio import create as creating
from rakkan.studio.bring import BringPlan, BringRequest, Brought
from rakkan.studio.create import CreateRequest, Plan, Upscaler
from rakkan.studio.grid.axes import Axis, Cell
from rakkan.studio.grid.drawing import Draw, Plot, check_size
from rakkan.studio.requests import Consider, Progress

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.engines.engine import Engine

    Pixels = NDArray[numpy.uint8]

#: Pixels a side that a model is taken to draw at when nobody says so.
_LARGE = (1024, 1024)
#: A model's name and a cell's plan -> the model, ready for its prompts.
Bring = Callable[[str, BringPlan], Brought]


def by_starter(plot: Plot, engine: Callable[[], Engine], upscaler: Upscaler, consider: Consider) -> Draw:
    """What draws cells with the starter model. Raises RakkanError, before anything is drawn, for a cell that
    cannot be, and for a sheet that is too large."""
    plans: dict[int, Plan] = {}
    for cell in plot.cells:
        assert isinstance(cell.request, CreateRequest)
        plans[id(cell)] = creating.plan(cell.request, consider)
    check_size(plot, [(plans[id(cell)].width, plans[id(cell)].height) for cell in plot.cells])

    def draw(cell: Cell, progress: Progress) -> tuple[Pixels, Recipe, tuple[Ingredient, ...]]:
        pixels, recipe = creating.drawn(plans[id(cell)], 0, engine(), upscaler, progress)
        return pixels, recipe, ()

    return draw


def by_models(plot: Plot, model: str, bring: Bring, consider: Consider) -> Draw:
    """What draws cells with the ``model`` of the plot, or each with its own. Raises as ``by_starter``."""
    plans: dict[int, BringPlan] = {}
    for cell in plot.cells:
        assert isinstance(cell.request, BringRequest)
        plans[id(cell)] = bringing.plan(cell.request, consider)
    check_size(plot, [plans[id(cell)].size or _LARGE for cell in plot.cells])
    ready: dict[tuple[str, str, str], Brought] = {}

    def draw(cell: Cell, progress: Progress) -> tuple[Pixels, Recipe, tuple[Ingredient, ...]]:
        planned, name = plans[id(cell)], cell.model or model
        key = (name, planned.request.prompt, planned.request.negative)
        if key not in ready:
            ready.clear()  # one at a time: models are large
            ready[key] = bring(name, planned)
        brought = ready[key]
        pixels, recipe = bringing.drawn(planned, brought, 0, progress)
        return pixels, recipe, brought.ingredients

    return draw


def titled(request: CreateRequest | BringRequest, model: str, axes: Sequence[Axis | None]) -> str:
    """What stands above a plot: its prompt, and what is the same in all of it."""
    varying = {one.name for one in axes if one is not None}
    told = {
        "seed": f"seed {request.seed}",
        "steps": f"{request.steps} steps",
        "guidance": f"guidance {request.guidance:g}",
        "model": model,
    }
    facts = ", ".join(text for name, text in told.items() if text and name not in varying)
    prompt = "" if "prompt" in varying else " ".join(request.prompt.split()) + " | "
    return prompt + facts
