"""Pictures of several requests drawn in one pass of the starter model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.studio.create import ENLARGEMENT, SAMPLER, Plan, Upscaler, figure_of, recipe_of
from rakkan.studio.ranges import told_integer

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    from collections.abc import Mapping

    from rakkan.records import Recipe
    from rakkan.studio.create import Pixels
    from rakkan.studio.engines.engine import Engine
    from rakkan.studio.requests import Progress

#: The setting of a recipe that tells how many were drawn in one pass.
BATCH = "batch"


def alike(planned: Plan) -> tuple[int, int, int, float]:
    """What plans must have in common to be drawn in one pass."""
    return planned.width, planned.height, planned.request.steps, float(planned.request.guidance)


def parts_of(count: int) -> list[int]:
    """How many pictures each pass draws when there are ``count``."""
    from rakkan.studio.engines.engine import TOGETHER

    parts: list[int] = []
    for size in (*TOGETHER, 1):
        parts += [size] * ((count - sum(parts)) // size)
    return parts


def drawn_together(
    plans: Sequence[Plan],
    engine: Engine,
    upscaler: Upscaler,
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[Pixels, Recipe]]:
    """The first picture of each plan, all of them from one pass, each enlarged when its turn comes, and its
    recipe; not released. There are as many plans as ``engine.TOGETHER`` has, ``alike`` says the same of all.

    Raises RakkanError, before anything is drawn, for plans that do not go together.
    """
    first = plans[0]
    if any(alike(one) != alike(first) for one in plans):
        raise RakkanError("These pictures cannot be drawn in one pass", "Draw them one by one")
    drawn = engine.sample_together(
        [figure_of(one, one.seed) for one in plans],
        width=first.width // ENLARGEMENT,
        height=first.height // ENLARGEMENT,
        steps=first.request.steps,
        guidance=first.request.guidance,
        progress=progress,
        sampler=SAMPLER,
    )
    for planned, pixels in zip(plans, drawn, strict=True):
        recipe = recipe_of(planned, planned.seed, engine, upscaler)
        settings = {**recipe.settings, BATCH: str(len(plans))}
        yield upscaler.enlarge(pixels), replace(recipe, settings=settings)


def batch_of(settings: Mapping[str, str]) -> int:
    """How many pictures a recipe's settings say were drawn in one pass. Raises RakkanError for a number that
    no engine of here draws."""
    from rakkan.studio.engines.engine import TOGETHER

    count = told_integer(BATCH, settings.get(BATCH, "1"))
    if count not in (1, *TOGETHER):
        raise RakkanError(
            f"The recipe tells of {count} pictures in one pass", "Give a picture that Rakkan made"
        )
    return count
