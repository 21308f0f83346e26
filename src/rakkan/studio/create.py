"""From a prompt to picture files: read, draw, enlarge, release. Each step is a plain function.

What draws, what enlarges and the way out are handed in, so this knows of no engine and no gate.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.records import Recipe
from rakkan.studio.prompts import checked_negative, checked_prompt
from rakkan.studio.requests import (
    Consider,
    Created,
    Progress,
    Release,
    check_numbers,
    check_place,
    draw_all,
    part_of,
)
from rakkan.studio.starter.lexicon import Unknown, read
from rakkan.studio.starter.stepwise import Stepwise, read_steps
from rakkan.studio.wording import consider_all

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.engines.engine import Engine, Figure
    from rakkan.studio.engines.start import Variation
    from rakkan.studio.starter.guiding import Guide

    Pixels = NDArray[numpy.uint8]

MODEL = "rakkan-starter"
SAMPLER = "euler"
SCHEDULE = "uniform"

#: Sizes that can be asked for -> the sizes (width, height) the model draws them at, before enlarging.
SIZES: dict[str, tuple[int, int]] = {"512x512": (256, 256), "512x768": (256, 384)}
ENLARGEMENT = 2

#: Poses that a bust does not show.
_WIDE_POSES = frozenset({"hand on hip", "arms crossed", "hands clasped", "arms behind back"})


@dataclass(frozen=True)
class CreateRequest:
    """What a person asks for. ``seed`` None is drawn at random, ``size`` None follows the framing, and
    ``out`` is a folder or, for one picture, a file that ends in ``.png``, ``.jpg``, ``.jpeg`` or
    ``.webp``. ``telling`` lets file names tell the prompt and the seed. ``settings`` are what the recipe is
    to hold besides: the ``template`` that the prompt was drawn from, the character."""

    prompt: str
    negative: str = ""
    seed: int | None = None
    count: int = 1
    steps: int = 4
    guidance: float = 1.0
    size: str | None = None
    out: Path = Path("pictures")
    telling: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A request that has been checked and read: everything decided that can be without drawing.

    ``condition`` (what holds at every step; ``said`` has them all) and ``negative_condition`` map slots to
    values, ``width`` and ``height`` are pixels of the finished pictures, and picture ``i`` has the seed
    ``seed + i``.
    """

    request: CreateRequest
    condition: Mapping[str, str]
    negative_condition: Mapping[str, str]
    seed: int
    width: int
    height: int
    unknown: tuple[Unknown, ...]
    notes: tuple[str, ...]
    said: Stepwise = field(default_factory=lambda: Stepwise((), (), ()))


@dataclass(frozen=True)
class Upscaler:
    """What doubles a picture's sides, with the name and the digest of its weights for recipes."""

    name: str
    digest: str
    enlarge: Callable[[Pixels], Pixels]


def plan(request: CreateRequest, consider: Consider = lambda prompt, negative: None) -> Plan:
    """Check and read a request. Raises RakkanError, before anything is loaded, for what cannot be done:
    numbers out of range, an unknown size, a prompt in which no word is known, a place not to be written to.

    ``consider`` refuses words early that the gate would not release a picture of.
    """
    prompt, negative = checked_prompt(request.prompt), checked_negative(request.negative)
    check_numbers(request.count, request.steps, request.guidance, request.seed)
    check_place(request.out, request.count)
    consider_all(consider, prompt, negative, request.steps)
    reading, avoided = read_steps(prompt, request.steps), read(negative)
    if not any(step.condition for step in reading.steps):
        raise _nothing_known(reading)
    notes = [*reading.notes, *(f"negative prompt: {note}" for note in avoided.notes)]
    condition = reading.common
    size = _canonical_size(request.size) if request.size is not None else None
    condition.setdefault("framing", framing_of(condition, size))
    tall = condition["framing"] == "full body"
    size = size or ("512x768" if tall else "512x512")
    if tall != (size == "512x768"):
        notes.append(
            f"the starter model learnt 512x768 for full bodies only; {condition['framing']} may look odd"
        )
    if negative and request.guidance == 1:
        notes.append("at guidance 1 the negative prompt only bars free choices: for more, try --guidance 2")
    width, height = SIZES[size]
    return Plan(
        request=request,
        condition=condition,
        negative_condition=avoided.condition,
        seed=secrets.randbelow(2**32) if request.seed is None else request.seed,
        width=width * ENLARGEMENT,
        height=height * ENLARGEMENT,
        unknown=tuple(dict.fromkeys((*reading.unknown, *avoided.unknown))),
        notes=tuple(notes),
        said=reading,
    )


def create(
    planned: Plan,
    engine: Engine,
    upscaler: Upscaler,
    release: Release,
    progress: Progress = lambda done, total: None,
    guide: Guide | None = None,
) -> list[Created]:
    """Draw the pictures of a plan, one by one, each released as soon as it is finished. A ``guide`` answers
    what its kind says and the prompt does not.

    Several pictures are followed by a contact sheet, the last of the list. Raises RakkanError; pictures
    released before it stay.
    """
    request = planned.request

    def draw(index: int) -> tuple[Pixels, Recipe]:
        return drawn(planned, index, engine, upscaler, progress, guide)

    ingredients = (guide.picture.ingredient,) if guide else ()
    return draw_all(request.count, draw, request.out, request.prompt, request.telling, release, ingredients)


def create_each(
    plans: Sequence[Plan],
    engine: Engine,
    upscaler: Upscaler,
    release: Release,
    progress: Progress = lambda done, total: None,
    guide: Guide | None = None,
) -> list[Created]:
    """The first picture of each plan, as ``create`` does those of one; the first plan says where to."""
    request = plans[0].request

    def draw(index: int) -> tuple[Pixels, Recipe]:
        return drawn(plans[index], 0, engine, upscaler, part_of(progress, index, len(plans)), guide)

    ingredients = (guide.picture.ingredient,) if guide else ()
    return draw_all(len(plans), draw, request.out, request.prompt, request.telling, release, ingredients)


def drawn(
    planned: Plan,
    index: int,
    engine: Engine,
    upscaler: Upscaler,
    progress: Progress,
    guide: Guide | None = None,
    variation: Variation | None = None,
) -> tuple[Pixels, Recipe]:
    """One picture of a plan, by its number from 0, enlarged, and its recipe, which says nothing of a
    ``variation``; it is not released."""
    recipe = recipe_of(planned, planned.seed + index, engine, upscaler, guide)
    return upscaler.enlarge(_sample(planned, index, engine, progress, guide, variation)), recipe


def draft(
    planned: Plan,
    engine: Engine,
    guide: Guide | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Pixels, Recipe]:
    """The first picture of a plan as the model draws it, not enlarged, and its recipe."""
    recipe = replace(
        recipe_of(planned, planned.seed, engine, guide=guide),
        width=planned.width // ENLARGEMENT,
        height=planned.height // ENLARGEMENT,
    )
    return _sample(planned, 0, engine, progress, guide), recipe


def _nothing_known(reading: Stepwise) -> RakkanError:
    if not reading.unknown:
        return RakkanError(
            "The prompt names nothing that can be drawn", 'Describe a figure: "1girl, silver hair"'
        )
    words = ", ".join(repr(word.text[:40]) for word in reading.unknown[:3])
    near = next((word.nearest for word in reading.unknown if word.nearest), "1girl")
    return RakkanError(f"No word of the prompt is known: {words}", f"The nearest known is {near!r}")


def _canonical_size(text: str) -> str:
    size = text.strip().lower().replace("×", "x").replace(" ", "")
    if size not in SIZES:
        raise RakkanError(f"Pictures of {text[:40]!r} cannot be drawn", f"Sizes are {' and '.join(SIZES)}")
    return size


def framing_of(condition: Mapping[str, str], size: str | None) -> str:
    """How much of the figure to show when the prompt leaves it open."""
    if size == "512x768":
        return "full body"
    return "half body" if condition.get("pose") in _WIDE_POSES else "bust"


def _sample(
    planned: Plan,
    index: int,
    engine: Engine,
    progress: Progress,
    guide: Guide | None = None,
    variation: Variation | None = None,
) -> Pixels:
    request, figure = planned.request, figure_of(planned, planned.seed + index, guide)

    def step(done: int, total: int) -> None:
        progress(index * total + done, request.count * total)

    return engine.sample(
        figure.tokens,
        figure.negative,
        width=planned.width // ENLARGEMENT,
        height=planned.height // ENLARGEMENT,
        seed=figure.seed,
        steps=request.steps,
        guidance=request.guidance,
        progress=step,
        sampler=SAMPLER,
        reference=guide.reference if guide else None,
        variation=variation,
    )


def figure_of(planned: Plan, seed: int, guide: Guide | None = None) -> Figure:
    """What the engine is told of a plan's picture with this seed: nothing is left open."""
    from rakkan.studio.engines.engine import Figure
    from rakkan.studio.starter.completion import complete
    from rakkan.studio.starter.vocabulary import encode
    from rakkan.studio.steps import conditions

    asked = guide.asked(planned.condition) if guide else planned.condition
    full = complete(asked, seed, planned.negative_condition)
    return Figure(
        conditions(guide.left_open(full, asked) if guide else full, planned.said, planned.request.steps),
        encode(planned.negative_condition) if planned.negative_condition else None,
        seed,
    )


def recipe_of(
    planned: Plan, seed: int, engine: Engine, upscaler: Upscaler | None = None, guide: Guide | None = None
) -> Recipe:
    """How a plan's picture with this seed is made."""
    request = planned.request
    return Recipe(
        prompt=request.prompt.strip(),
        negative=request.negative.strip(),
        model=MODEL,
        model_digest=engine.model_digest,
        sampler=SAMPLER,
        schedule=SCHEDULE,
        steps=request.steps,
        guidance=float(request.guidance),
        seed=seed,
        width=planned.width,
        height=planned.height,
        upscaler=upscaler.name if upscaler else "",
        upscaler_digest=upscaler.digest if upscaler else "",
        engine=engine.name,
        precision=engine.precision,
        versions={"rakkan": __version__, **engine.versions()},
        settings=dict(request.settings),
        references={guide.picture.digest: guide.use} if guide else {},
    )
