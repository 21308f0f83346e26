"""Pictures of a run before, taken over where they are proven to be what would be drawn now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.recipes.telling import PROVEN, Told
from rakkan.records import Recipe

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.bring import BringRequest
    from rakkan.studio.create import CreateRequest

    Pixels = NDArray[numpy.uint8]


def taken_over(
    path: Path,
    request: CreateRequest | BringRequest,
    told: Callable[[bytes, str], Told],
    digest: str = "",
) -> tuple[Pixels, Recipe] | None:
    """The pixels and recipe of the file at ``path`` when its seal proves that it was drawn for this request,
    by the model of this ``digest``, and holds; None for anything else."""
    from rakkan.formats.inspect import inspect_picture
    from rakkan.trust.arrivals import picture_bytes

    if not path.is_file():
        return None
    try:
        data = picture_bytes(path)
        found = told(data, path.name)
        recipe = found.recipe
        if found.worth != PROVEN or not isinstance(recipe, Recipe) or recipe.model_digest != digest:
            return None
        _, pixels = inspect_picture(data, path.name)
    except RakkanError:
        return None
    if not _is_for(recipe, request):
        return None
    return pixels, recipe


def _is_for(recipe: Recipe, request: CreateRequest | BringRequest) -> bool:
    from rakkan.studio.bring import BringRequest

    same = (recipe.prompt, recipe.negative, recipe.seed, recipe.steps, recipe.guidance) == (
        request.prompt.strip(),
        request.negative.strip(),
        request.seed,
        request.steps,
        float(request.guidance),
    )
    if request.size and request.size.replace(" ", "") != f"{recipe.width}x{recipe.height}":
        return False
    if isinstance(request, BringRequest):
        from rakkan.studio.bring import plan

        planned = plan(request)
        drawn = {"noise": request.noise}
        if request.clip_skip:
            drawn["clip skip"] = str(request.clip_skip)
        same = same and (recipe.sampler, recipe.schedule) == (planned.sampler, planned.schedule)
        return same and dict(recipe.settings) == drawn
    return same and dict(recipe.settings) == dict(request.settings)
