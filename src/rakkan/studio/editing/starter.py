"""Edits by the starter model: it is told the whole figure as a condition, and draws at its own size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.records import Recipe
from rakkan.studio.create import MODEL, SAMPLER, SCHEDULE, Upscaler
from rakkan.studio.editing.editing import Said
from rakkan.studio.editing.passes import Painter
from rakkan.studio.editing.windows import Window, starter_window
from rakkan.studio.engines.start import Start
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.lexicon import nearest_tag, read
from rakkan.studio.starter.tags import changed, description

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.editing.editing import Edit
    from rakkan.studio.editing.opening import Opened
    from rakkan.studio.editing.requests import EditPlan, EditRequest
    from rakkan.studio.engines.engine import Engine, Reference
    from rakkan.studio.requests import Progress

    Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class StarterArtist:
    """The starter model as it draws edits. ``steps`` are those of a whole drawing, of which a round takes the
    share that its strength leaves; ``knows_references`` shows it the picture itself for who it is of."""

    engine: Engine
    upscaler: Upscaler
    steps: int
    guidance: float
    negative: str = ""
    knows_references: bool = False
    polishes: bool = False
    beyond: float = 0.35

    def said(self, opened: Opened, figure: Callable[[], Mapping[str, str]], planned: EditPlan) -> Said:
        """The figure with what is changed. Raises RakkanError for a prompt in which no word is known."""
        request, now = planned.request, dict(figure())
        for change in planned.changes:
            now = changed(now, change.values)
        if request.prompt:
            wanted = read(request.prompt)
            if not wanted.condition:
                word = wanted.unknown[0].text if wanted.unknown else request.prompt.strip()
                raise RakkanError(
                    f"No word of the prompt is known: {word[:40]!r}",
                    f"The nearest known is {nearest_tag(word) or '1girl'!r}",
                )
            now = changed(now, wanted.condition)
        return Said(now, description(now))

    def painter(self, said: Said, seed: int, edit: Edit, progress: Progress) -> Painter:
        """Draws rounds of the figure that is said."""
        from rakkan.studio.starter.vocabulary import encode

        avoided = read(self.negative).condition
        tokens = encode(complete(said.figure, seed, avoided))
        reference = self._itself(edit) if self.knows_references else None

        def draw(pixels: Pixels, mask: Any, strength: float, number: int, window: Window) -> Pixels:
            def step(done: int, total: int) -> None:
                progress(number * self.steps + done * self.steps // total, (number + 1) * self.steps)

            return self.engine.sample(
                tokens,
                encode(avoided) if avoided else None,
                width=window.drawn[0],
                height=window.drawn[1],
                seed=seed,
                steps=self.steps,
                guidance=self.guidance,
                progress=step,
                sampler=SAMPLER,
                reference=reference,
                start=Start(pixels, strength, mask),
            )

        return Painter(
            partial(starter_window, framing=said.figure.get("framing", "")), draw, self.upscaler.enlarge
        )

    def recipe(self, said: Said, seed: int, size: tuple[int, int]) -> Recipe:
        """The recipe of a picture of a size, without the edit's settings."""
        made = starter_recipe(self.engine, self.upscaler, said.prompt, seed, size)
        made = replace(made, negative=self.negative.strip(), steps=self.steps, guidance=float(self.guidance))
        return replace(made, settings={"reference": "identity 1"} if self.knows_references else {})

    def _itself(self, edit: Edit) -> Reference:
        from rakkan.studio.engines.engine import Reference
        from rakkan.studio.starter.guiding import framed_as_taught

        return Reference(framed_as_taught(edit.opened.pixels, edit.reading.bust))


def artist_for(
    request: EditRequest, engine: Engine, upscaler: Upscaler, usual: tuple[int, float], knows: bool
) -> StarterArtist:
    """The starter model for a request; ``usual`` are the steps and guidance it was made for, and ``knows``
    whether its weights know references."""
    return StarterArtist(
        engine,
        upscaler,
        usual[0] if request.steps is None else request.steps,
        usual[1] if request.guidance is None else request.guidance,
        request.negative,
        knows,
    )


def starter_recipe(
    engine: Engine, upscaler: Upscaler, prompt: str, seed: int, size: tuple[int, int]
) -> Recipe:
    """The recipe of a picture by the starter model, one step without guidance."""
    return Recipe(
        prompt=prompt,
        negative="",
        model=MODEL,
        model_digest=engine.model_digest,
        sampler=SAMPLER,
        schedule=SCHEDULE,
        steps=1,
        guidance=1.0,
        seed=seed,
        width=size[0],
        height=size[1],
        upscaler=upscaler.name,
        upscaler_digest=upscaler.digest,
        engine=engine.name,
        precision=engine.precision,
        versions={"rakkan": __version__, **engine.versions()},
    )
