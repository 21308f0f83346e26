"""Edits by a model that somebody brought: it is told a prompt and draws a part of the picture at its size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rakkan.studio.bring import BringPlan, Brought, recipe_of
from rakkan.studio.editing.editing import Said
from rakkan.studio.editing.passes import Painter
from rakkan.studio.editing.windows import Window, checkpoint_window
from rakkan.studio.editing.wording import rewritten
from rakkan.studio.engines.start import Start
from rakkan.studio.starter.tags import description

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.records import Recipe
    from rakkan.studio.editing.editing import Edit
    from rakkan.studio.editing.opening import Opened
    from rakkan.studio.editing.requests import EditPlan
    from rakkan.studio.requests import Progress

    Pixels = NDArray[numpy.uint8]


def prompt_for(opened: Opened, figure: Callable[[], Mapping[str, str]], planned: EditPlan) -> str:
    """The prompt that a checkpoint is told: the one given; else the picture's own, or its figure in tags,
    with what is changed in front."""
    request = planned.request
    if request.prompt:
        return request.prompt.strip()
    own = opened.recipe.prompt if opened.recipe is not None else description(figure())
    return rewritten(own, planned.changes)


@dataclass(frozen=True)
class CheckpointArtist:
    """A checkpoint as it draws edits: ``planned`` holds the numbers of its drawing, ``prompt`` what it was
    made ready for."""

    planned: BringPlan
    brought: Brought
    polishes: bool = True
    beyond: float = 0.9

    @property
    def steps(self) -> int:
        """Steps of a round at most."""
        return self.planned.request.steps

    def said(self, opened: Opened, figure: Callable[[], Mapping[str, str]], planned: EditPlan) -> Said:
        """The prompt that the model was made ready for."""
        return Said({}, self.planned.request.prompt)

    def painter(self, said: Said, seed: int, edit: Edit, progress: Progress) -> Painter:
        """Draws rounds by that prompt."""
        request = self.planned.request

        def draw(pixels: Pixels, mask: Any, strength: float, number: int, window: Window) -> Pixels:
            def step(done: int, total: int) -> None:
                progress(number * self.steps + done * self.steps // total, (number + 1) * self.steps)

            return self.brought.engine.sample(
                said.prompt,
                request.negative,
                width=window.drawn[0],
                height=window.drawn[1],
                seed=seed,
                steps=request.steps,
                guidance=float(request.guidance),
                sampler=self.planned.sampler,
                schedule=self.planned.schedule,
                clip_skip=request.clip_skip,
                noise=request.noise,
                start=Start(pixels, strength, mask),
                progress=step,
            )

        return Painter(partial(checkpoint_window, resolution=self.brought.resolution), draw, _as_it_is)

    def recipe(self, said: Said, seed: int, size: tuple[int, int]) -> Recipe:
        """The recipe of a picture of a size, without the edit's settings."""
        return replace(
            recipe_of(self.planned, self.brought, seed, size[0], size[1], 1), prompt=said.prompt.strip()
        )


def _as_it_is(pixels: Pixels) -> Pixels:
    """Twice the sides by resampling: a checkpoint is shown a part at about the picture's own scale."""
    import numpy
    from PIL import Image

    height, width = pixels.shape[:2]
    return numpy.asarray(Image.fromarray(pixels).resize((2 * width, 2 * height), Image.Resampling.LANCZOS))
