"""One picture after another for a sheet: drawn by the starter model or a checkpoint, and not yet released."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.records import Picture
    from rakkan.studio.bring import Brought
    from rakkan.studio.characters.cast import Cast
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.engine import Engine
    from rakkan.studio.requests import Consider
    from rakkan.studio.starter.guiding import Guide

#: Draws one picture of a cast.
Drawing = Callable[["Cast"], "Picture"]


def with_the_starter(
    engine: Engine,
    upscaler: Upscaler,
    consider: Consider,
    guide: Callable[[Cast], Guide | None],
    steps: int,
    guidance: float,
) -> Drawing:
    """Drawing with the starter model, enlarged as ``create`` does; ``guide`` recalls what guides a cast."""
    from rakkan.studio.create import CreateRequest, create, plan

    guides: dict[tuple[tuple[str, str], ...], Guide | None] = {}

    def draw(cast: Cast) -> Picture:
        request = CreateRequest(
            cast.prompt,
            cast.negative,
            cast.seed,
            steps=steps if cast.steps is None else cast.steps,
            guidance=guidance if cast.guidance is None else cast.guidance,
            out=Path("cell.png"),
            settings=cast.settings,
        )
        planned = plan(request, consider)
        if cast.references and cast.references not in guides:
            guides[cast.references] = guide(cast)
        found = guides.get(cast.references)
        return _caught(lambda release: create(planned, engine, upscaler, release, guide=found))

    return draw


def with_a_checkpoint(
    bring: Callable[[tuple[str, str]], Brought], consider: Consider, size: str | None
) -> Drawing:
    """Drawing with a model that somebody brought; ``bring`` makes it ready for a prompt and a negative."""
    from rakkan.studio.bring import GUIDANCE, SAMPLER, STEPS, BringRequest, create, plan

    def draw(cast: Cast) -> Picture:
        prompt = cast.prompt + "".join(f" <lora:{one}>" for one in cast.loras)
        request = BringRequest(
            prompt,
            cast.negative,
            cast.seed,
            steps=cast.steps or STEPS,
            guidance=GUIDANCE if cast.guidance is None else cast.guidance,
            size=size,
            out=Path("cell.png"),
            sampler=cast.sampler or SAMPLER,
            settings=cast.settings,
        )
        planned = plan(request, consider)
        return _caught(lambda release: create(planned, bring((prompt, cast.negative)), release))

    return draw


def _caught(drawn: Callable[[Callable[[Picture, Path], Path]], object]) -> Picture:
    """The picture that would have been released."""
    found: list[Picture] = []

    def catch(picture: Picture, path: Path) -> Path:
        found.append(picture)
        return path

    drawn(catch)
    if not found:
        raise RakkanError("Nothing was drawn", "Ask again")
    return found[0]
