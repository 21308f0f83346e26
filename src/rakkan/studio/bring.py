"""Drawing with a model that somebody brought: read a request, draw, release. Each step is a plain function.

What draws and the way out are handed in, so this knows of no engine, no registry and no gate.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.records import Ingredient, Recipe
from rakkan.studio import ranges
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
from rakkan.studio.wording import consider_all

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.engines.start import Variation

    Pixels = NDArray[numpy.uint8]

SAMPLER, STEPS, GUIDANCE = "dpmpp_2m", 20, 7.0
#: Whose noise a seed may mean: torch's on a processor, CUDA's, our own.
NOISES = ("cpu", "gpu", "rakkan")
MOST_CLIP_SKIP = 12


class Engine(Protocol):
    """Something that draws with one checkpoint."""

    @property
    def name(self) -> str:
        """Name in recipes: ``openvino``, ``torch``."""
        ...

    @property
    def precision(self) -> str:
        """Arithmetic the networks run in."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Versions of what computes the pixels."""
        ...

    @property
    def batch(self) -> int:
        """How many pictures it draws at once."""
        ...

    def sample(self, prompt: str, negative: str = "", **options: Any) -> Pixels:
        """One picture, uint8 [height, width, 3]; options as ``draw`` gives them."""
        ...

    def sample_batch(self, prompt: str, negative: str = "", *, count: int, **options: Any) -> Pixels:
        """So many pictures at once, of seeds that follow each other: uint8 [count, height, width, 3]."""
        ...


@dataclass(frozen=True)
class Brought:
    """A model ready to draw: its name, its digest, the pixels a side that it was trained at, and what engine
    it has. ``adapters`` are the further files that it draws with, and ``references`` the pictures that it is
    shown, as recipes name them; ``ingredients`` are these pictures for the seal."""

    name: str
    digest: str
    resolution: int
    engine: Engine
    adapters: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    ingredients: tuple[Ingredient, ...] = ()


@dataclass(frozen=True)
class BringRequest:
    """What a person asks for. ``size`` is ``WIDTHxHEIGHT`` in pixels, None the model's own; ``schedule`` ""
    the sampler's own; ``clip_skip`` as A1111 counts it, 0 for the model's own; the rest as in
    ``CreateRequest``, ``settings`` too."""

    prompt: str
    negative: str = ""
    seed: int | None = None
    count: int = 1
    steps: int = STEPS
    guidance: float = GUIDANCE
    size: str | None = None
    out: Path = Path("pictures")
    telling: bool = True
    sampler: str = SAMPLER
    schedule: str = ""
    clip_skip: int = 0
    noise: str = "cpu"
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BringPlan:
    """A request that has been checked: ``size`` is width and height in pixels, None the model's own; picture
    ``i`` has the seed ``seed + i``."""

    request: BringRequest
    seed: int
    size: tuple[int, int] | None
    sampler: str
    schedule: str


def plan(request: BringRequest, consider: Consider = lambda prompt, negative: None) -> BringPlan:
    """Check a request. Raises RakkanError, before anything is loaded, for what cannot be done."""
    from rakkan.studio.clip import grammar
    from rakkan.studio.diffusion.names import key
    from rakkan.studio.diffusion.samplers import AUTOMATIC, find_sampler
    from rakkan.studio.diffusion.schedules import find_schedule

    prompt, negative = checked_prompt(request.prompt), checked_negative(request.negative)
    grammar.subprompts(grammar.adapters(prompt)[0])
    check_numbers(request.count, request.steps, request.guidance, request.seed)
    check_place(request.out, request.count)
    if not 0 <= request.clip_skip <= MOST_CLIP_SKIP:
        raise RakkanError(f"The clip skip {request.clip_skip} is out of range", f"Give 0 to {MOST_CLIP_SKIP}")
    if request.noise not in NOISES:
        raise RakkanError(f"There is no noise {request.noise!r}", f"Choose one of {', '.join(NOISES)}")
    size = _size(request.size) if request.size is not None else None
    sampler = find_sampler(request.sampler)
    own = key(request.schedule) in ("", AUTOMATIC)
    schedule = sampler.schedule if own else find_schedule(request.schedule).name
    consider_all(consider, prompt, negative, request.steps)
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    return BringPlan(request, seed, size, sampler.name, schedule)


def create(
    planned: BringPlan,
    brought: Brought,
    release: Release,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Draw the pictures of a plan, as many at once as the engine does best, and release them one by one;
    several are followed by a contact sheet. Raises RakkanError; pictures released before it stay."""
    request = planned.request
    width, height = planned.size or (brought.resolution, brought.resolution)
    ready: list[tuple[Pixels, Recipe]] = []

    def draw(index: int) -> tuple[Pixels, Recipe]:
        if not ready:
            count = min(brought.engine.batch, request.count - index) if request.count > 1 else 1
            found = _sampled(planned, brought, (width, height), index, count, progress)
            for number, pixels in enumerate(found):
                seed = planned.seed + index + number
                ready.append((pixels, recipe_of(planned, brought, seed, width, height, count)))
        return ready.pop(0)

    return draw_all(
        request.count, draw, request.out, request.prompt, request.telling, release, brought.ingredients
    )


def create_each(
    plans: Sequence[BringPlan],
    brought: Callable[[BringPlan], Brought],
    release: Release,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """The first picture of each plan, as ``create`` does those of one; the first plan says where to.

    ``brought`` is the model for a plan, whose prompt may call LoRAs of its own.
    """
    request = plans[0].request
    first = brought(plans[0])

    def draw(index: int) -> tuple[Pixels, Recipe]:
        ready = brought(plans[index]) if index else first
        return drawn(plans[index], ready, 0, part_of(progress, index, len(plans)))

    made = (len(plans), draw, request.out, request.prompt, request.telling, release)
    return draw_all(*made, first.ingredients)


def drawn(
    planned: BringPlan, brought: Brought, index: int, progress: Progress, variation: Variation | None = None
) -> tuple[Pixels, Recipe]:
    """One picture of a plan, by its number from 0, drawn alone, and its recipe, which says nothing of a
    ``variation``; it is not released."""
    width, height = planned.size or (brought.resolution, brought.resolution)
    (pixels,) = _sampled(planned, brought, (width, height), index, 1, progress, variation)
    return pixels, recipe_of(planned, brought, planned.seed + index, width, height, 1)


def _sampled(
    planned: BringPlan,
    brought: Brought,
    size: tuple[int, int],
    index: int,
    count: int,
    progress: Progress,
    variation: Variation | None = None,
) -> Sequence[Pixels]:
    """``count`` pictures from the one with this index on, drawn at once."""
    request = planned.request

    def step(done: int, total: int) -> None:
        progress(index * total + done * count, request.count * total)

    options: dict[str, Any] = {
        "width": size[0],
        "height": size[1],
        "seed": planned.seed + index,
        "steps": request.steps,
        "guidance": float(request.guidance),
        "sampler": planned.sampler,
        "schedule": planned.schedule,
        "clip_skip": request.clip_skip,
        "noise": request.noise,
        "progress": step,
    }
    if variation is not None:
        options["variation"] = variation
    if count == 1:
        return [brought.engine.sample(request.prompt, request.negative, **options)]
    return list(brought.engine.sample_batch(request.prompt, request.negative, count=count, **options))


def recipe_of(planned: BringPlan, brought: Brought, seed: int, width: int, height: int, batch: int) -> Recipe:
    """How a picture of a plan is made, drawn at once with ``batch`` of them."""
    request, engine = planned.request, brought.engine
    settings = {"noise": request.noise, **request.settings}
    if batch > 1:  # a GPU rounds otherwise with company
        settings["batch"] = str(batch)
    if request.clip_skip:
        settings["clip skip"] = str(request.clip_skip)
    return Recipe(
        prompt=request.prompt.strip(),
        negative=request.negative.strip(),
        model=brought.name,
        model_digest=brought.digest,
        sampler=planned.sampler,
        schedule=planned.schedule,
        steps=request.steps,
        guidance=float(request.guidance),
        seed=seed,
        width=width,
        height=height,
        engine=engine.name,
        precision=engine.precision,
        versions={"rakkan": __version__, **engine.versions()},
        adapters=dict(brought.adapters),
        references=dict(brought.references),
        settings=settings,
    )


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})\s*[x×]\s*(\d{1,5})", text.strip().lower())
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(ranges.SHORTEST <= side <= ranges.LONGEST and side % ranges.CELL == 0 for side in sides):
        raise RakkanError(
            f"Pictures of {text[:40]!r} cannot be drawn",
            f"Give WIDTHxHEIGHT in multiples of {ranges.CELL} from {ranges.SHORTEST} to {ranges.LONGEST},"
            " such as 512x768",
        )
    return sides
