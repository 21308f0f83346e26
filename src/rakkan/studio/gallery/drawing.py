"""Drawing a gallery: one character after the other, each shown on the page as soon as it is released."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER, Picture
from rakkan.studio.gallery.keeping import Kept, Shown, keep, kept_in
from rakkan.studio.requests import Consider, Release, check_place

if TYPE_CHECKING:
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.engine import Engine

MOST_SHOWN = 100_000
#: So many refused one after the other are no accident.
_MOST_REFUSED = 12


@dataclass(frozen=True)
class GalleryRequest:
    """What a person asks for: ``creativity`` from lowest to highest, 0 to 1; ``count`` how many the gallery
    is to hold, None for no end; ``seed`` of its first picture, None for the gallery's own or a random one.
    ``telling`` lets the page tell words and seeds."""

    out: Path
    creativity: tuple[float, float] = (0.4, 0.4)
    count: int | None = None
    seed: int | None = None
    steps: int = 4
    guidance: float = 1.0
    telling: bool = True


@dataclass(frozen=True)
class Drawn:
    """One more picture: its file, how it is shown, and the seconds that took."""

    path: Path
    shown: Shown
    seconds: float


def gallery(
    request: GalleryRequest,
    engine: Callable[[], Engine],
    upscaler: Upscaler,
    consider: Consider,
    release: Release,
    say: Callable[[str], object] = lambda line: None,
) -> Iterator[Drawn]:
    """Draw on where the gallery at ``out`` stopped, or begin one; each is on the page before it is given.

    Picture ``i`` has the seed of the gallery plus ``i``, and its words and creativity follow from that alone.
    One that the gate refuses is left out; ``say`` is told. Raises RakkanError for what cannot be done.
    """
    before, first = _checked(request)
    told, number, refused = first if request.telling else None, before.drawn, 0
    while request.count is None or len(before.shown) < request.count:
        if len(before.shown) >= MOST_SHOWN:
            raise RakkanError(f"The gallery holds {MOST_SHOWN} pictures", "Begin another")
        started = time.perf_counter()
        seed = (first + number) % LARGEST_INTEGER
        number += 1
        try:
            path, shown = _one(request, seed, number, engine, upscaler, consider, release)
        except RakkanError as error:
            refused += 1
            if "was not released" not in error.message or refused >= _MOST_REFUSED:
                raise
            say(f"seed {seed} is left out: {error.message}")
            before = Kept(told, number, before.shown)
            continue
        refused = 0
        before = Kept(told, number, (*before.shown, shown))
        keep(request.out, before)
        yield Drawn(path, shown, time.perf_counter() - started)


def _one(
    request: GalleryRequest,
    seed: int,
    number: int,
    engine: Callable[[], Engine],
    upscaler: Upscaler,
    consider: Consider,
    release: Release,
) -> tuple[Path, Shown]:
    from rakkan.studio.create import CreateRequest, drawn, plan
    from rakkan.studio.starter.prior import imagined, words_of

    low, high = request.creativity
    creativity = round(Random(f"rakkan creativity {seed}").uniform(low, high), 2) if low < high else low
    words = words_of(imagined(seed, creativity))
    asked = CreateRequest(
        words,
        seed=seed,
        steps=request.steps,
        guidance=request.guidance,
        settings={"creativity": f"{creativity:g}"},
    )
    pixels, recipe = drawn(plan(asked, consider), 0, engine(), upscaler, lambda done, total: None)
    name = f"{number:05d}-{seed}.png" if request.telling else f"{number:05d}.png"
    path = release(Picture(pixels, recipe), request.out / name)
    told = (words, seed) if request.telling else ("", None)
    return path, Shown(path.name, recipe.width, recipe.height, creativity, *told)


def _checked(request: GalleryRequest) -> tuple[Kept, int]:
    """The gallery as it is and its seed, once what is asked for has been found to be possible."""
    from rakkan.studio.ranges import check_ranges
    from rakkan.studio.starter.prior import inverse_temperature

    low, high = request.creativity
    for one in (low, high):
        inverse_temperature(one)
    if low > high:
        raise RakkanError(f"The creativity goes down from {low:g} to {high:g}", "Write 0.2-0.8")
    if request.count is not None and not 1 <= request.count <= MOST_SHOWN:
        raise RakkanError(f"A gallery of {request.count} pictures is none", f"Give 1 to {MOST_SHOWN}")
    check_ranges(0, request.steps, request.guidance)
    if request.seed is not None and not 0 <= request.seed <= LARGEST_INTEGER - MOST_SHOWN:
        raise RakkanError(f"The seed {request.seed} is out of range", "Give a smaller one, from 0 on")
    check_place(request.out, 2)
    before = kept_in(request.out) or Kept(None, 0, ())
    if before.seed is None:
        return before, secrets.randbelow(2**32) if request.seed is None else request.seed
    if request.seed not in (None, before.seed):
        raise RakkanError(
            f"The gallery in {request.out} was begun with the seed {before.seed}",
            "Leave --seed out to go on with it, or name another folder",
        )
    return before, before.seed
