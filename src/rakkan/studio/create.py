"""From a prompt to picture files: read, draw, enlarge, release. Each step is a plain function.

What draws, what enlarges and the way out are handed in, so this knows of no engine and no gate.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER, Picture, Recipe, SheetRecipe
from rakkan.studio.prompts import checked_negative, checked_prompt
from rakkan.studio.starter.lexicon import Reading, Unknown, read
from rakkan.trust.checks import MEDIA_TYPES

if TYPE_CHECKING:  # whoever only plans needs neither numpy nor an engine
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.engines.engine import Engine

    Pixels = NDArray[numpy.uint8]

MODEL = "rakkan-starter"
SAMPLER = "euler"
SCHEDULE = "uniform"

#: Sizes that can be asked for -> the sizes (width, height) the model draws them at, before enlarging.
SIZES: dict[str, tuple[int, int]] = {"512x512": (256, 256), "512x768": (256, 384)}
ENLARGEMENT = 2

MOST_PICTURES = 64
MOST_STEPS = 250
MOST_GUIDANCE = 30.0
_SHEET_COLUMNS = 6
#: What only looks like the ending of a picture file.
_OTHER_FORMATS = frozenset({".gif", ".bmp", ".tif", ".tiff", ".svg", ".avif", ".jxl"})
#: Poses that a bust does not show.
_WIDE_POSES = frozenset({"hand on hip", "arms crossed", "hands clasped", "arms behind back"})
_CLAUSES_FOR_A_NAME = 16
#: Slots that say little about one picture, so they make no file name.
_DULL_SLOTS = frozenset({"presentation", "framing", "view", "style"})

#: (steps done, steps in all) over all the pictures of a request.
Progress = Callable[[int, int], object]
#: The gate: refuses a prompt and its negative prompt that nothing may be drawn from.
Consider = Callable[[str, str], None]
#: The gate: writes a picture at a path or beside it, and says where.
Release = Callable[[Picture, Path], Path]


@dataclass(frozen=True)
class CreateRequest:
    """What a person asks for. ``seed`` None is drawn at random, ``size`` None follows the framing, and
    ``out`` is a folder or, for one picture, a file that ends in ``.png``, ``.jpg``, ``.jpeg`` or
    ``.webp``. ``telling`` lets file names tell the prompt and the seed."""

    prompt: str
    negative: str = ""
    seed: int | None = None
    count: int = 1
    steps: int = 4
    guidance: float = 1.0
    size: str | None = None
    out: Path = Path("pictures")
    telling: bool = True


@dataclass(frozen=True)
class Plan:
    """A request that has been checked and read: everything decided that can be without drawing.

    ``condition`` and ``negative_condition`` map slots to values, ``width`` and ``height`` are pixels of
    the finished pictures, and picture ``i`` has the seed ``seed + i``.
    """

    request: CreateRequest
    condition: Mapping[str, str]
    negative_condition: Mapping[str, str]
    seed: int
    width: int
    height: int
    unknown: tuple[Unknown, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Upscaler:
    """What doubles a picture's sides, with the name and the digest of its weights for recipes."""

    name: str
    digest: str
    enlarge: Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Created:
    """One file that was written, how it was made, and the seconds that took (wall time)."""

    path: Path
    recipe: Recipe | SheetRecipe
    seconds: float


def plan(request: CreateRequest, consider: Consider = lambda prompt, negative: None) -> Plan:
    """Check and read a request. Raises RakkanError, before anything is loaded, for what cannot be done:
    numbers out of range, an unknown size, a prompt in which no word is known, a place not to be written to.

    ``consider`` refuses words early that the gate would not release a picture of.
    """
    prompt, negative = checked_prompt(request.prompt), checked_negative(request.negative)
    _check_numbers(request)
    _check_place(request.out, request.count)
    consider(prompt, negative)
    reading, avoided = read(prompt), read(negative)
    if not reading.condition:
        raise _nothing_known(reading)
    notes = [*reading.notes, *(f"negative prompt: {note}" for note in avoided.notes)]
    condition = dict(reading.condition)
    size = _canonical_size(request.size) if request.size is not None else None
    condition.setdefault("framing", _framing(condition, size))
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
    )


def create(
    planned: Plan,
    engine: Engine,
    upscaler: Upscaler,
    release: Release,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Draw the pictures of a plan, one by one, each released as soon as it is finished.

    Several pictures are followed by a contact sheet, the last of the list. Raises RakkanError; pictures
    released before it stay.
    """
    request = planned.request
    made: list[Created] = []
    drawn: list[Pixels] = []
    for index in range(request.count):
        started = time.perf_counter()
        recipe = _recipe(planned, planned.seed + index, engine, upscaler)
        pixels = upscaler.enlarge(_sample(planned, index, engine, progress))
        path = release(Picture(pixels, recipe), _destination(planned, str(recipe.seed)))
        made.append(Created(path, recipe, time.perf_counter() - started))
        drawn.append(pixels)
    if len(drawn) > 1:
        started = time.perf_counter()
        recipes = [created.recipe for created in made if isinstance(created.recipe, Recipe)]
        columns = min(_SHEET_COLUMNS, math.ceil(math.sqrt(len(drawn))))
        place = _destination(planned, f"{planned.seed}-sheet")
        path, sheet = release_sheet(drawn, recipes, columns, place, release)
        made.append(Created(path, sheet, time.perf_counter() - started))
    return made


def draft(planned: Plan, engine: Engine) -> tuple[Pixels, Recipe]:
    """The first picture of a plan as the model draws it, not enlarged, and its recipe."""
    recipe = replace(
        _recipe(planned, planned.seed, engine),
        width=planned.width // ENLARGEMENT,
        height=planned.height // ENLARGEMENT,
    )
    return _sample(planned, 0, engine, lambda done, total: None), recipe


def release_sheet(
    drawn: Sequence[Pixels], recipes: Sequence[Recipe], columns: int, place: Path, release: Release
) -> tuple[Path, SheetRecipe]:
    """Release pictures together on a contact sheet; where it was written, and its recipe."""
    from rakkan.formats.sheet import contact_sheet

    pixels = contact_sheet(drawn, columns)
    recipe = SheetRecipe(columns, int(pixels.shape[1]), int(pixels.shape[0]), tuple(recipes))
    return release(Picture(pixels, recipe, "sheet"), place), recipe


def _check_numbers(request: CreateRequest) -> None:
    if not 1 <= request.count <= MOST_PICTURES:
        raise RakkanError(f"Cannot draw {request.count} pictures", f"Ask for 1 to {MOST_PICTURES}")
    if not 1 <= request.steps <= MOST_STEPS:
        raise RakkanError(f"Cannot draw in {request.steps} steps", f"Give 1 to {MOST_STEPS}; 4 are enough")
    if not (math.isfinite(request.guidance) and 0 <= request.guidance <= MOST_GUIDANCE):
        raise RakkanError(
            f"The guidance scale {request.guidance} is out of range",
            f"Give 0 to {MOST_GUIDANCE:g}; 1 means none",
        )
    if request.seed is not None and not 0 <= request.seed <= LARGEST_INTEGER - MOST_PICTURES:
        raise RakkanError(
            f"The seed {request.seed} is out of range",
            f"Give a whole number from 0 to {LARGEST_INTEGER - MOST_PICTURES}",
        )


def _check_place(out: Path, count: int) -> None:
    """Find out before drawing what would stop the gate from writing."""
    suffix = out.suffix.lower()
    is_folder = out.is_dir()
    if suffix in _OTHER_FORMATS and not is_folder:
        raise RakkanError(
            f"Pictures are written as PNG, JPEG or WebP, not {suffix[1:]}", f"Name it {out.stem}.png"
        )
    if suffix in MEDIA_TYPES and not is_folder and count > 1:
        raise RakkanError(f"{count} pictures do not fit into one file, {out.name}", "Name a folder instead")
    folder = out.parent if suffix in MEDIA_TYPES and not is_folder else out
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise RakkanError(f"{existing} is a file, not a folder", "Name another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise RakkanError(f"The folder {existing} may not be written to", "Name another folder")


def _nothing_known(reading: Reading) -> RakkanError:
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


def _framing(condition: Mapping[str, str], size: str | None) -> str:
    """How much of the figure to show when the prompt leaves it open."""
    if size == "512x768":
        return "full body"
    return "half body" if condition.get("pose") in _WIDE_POSES else "bust"


def _sample(planned: Plan, index: int, engine: Engine, progress: Progress) -> Pixels:
    from rakkan.studio.starter.completion import complete
    from rakkan.studio.starter.vocabulary import encode

    request, seed = planned.request, planned.seed + index

    def step(done: int, total: int) -> None:
        progress(index * total + done, request.count * total)

    return engine.sample(
        encode(complete(planned.condition, seed, planned.negative_condition)),
        encode(planned.negative_condition) if planned.negative_condition else None,
        width=planned.width // ENLARGEMENT,
        height=planned.height // ENLARGEMENT,
        seed=seed,
        steps=request.steps,
        guidance=request.guidance,
        progress=step,
        sampler=SAMPLER,
    )


def _recipe(planned: Plan, seed: int, engine: Engine, upscaler: Upscaler | None = None) -> Recipe:
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
    )


def _destination(planned: Plan, middle: str) -> Path:
    """The file asked for, or ``0001-<seed>-silver-twin-tails.png`` with the folder's next number;
    ``0001.png`` when the name is to tell nothing."""
    out = planned.request.out
    if out.suffix.lower() in MEDIA_TYPES and not out.is_dir():
        return out
    numbers = [0]
    if out.is_dir():
        found = (re.match(r"(\d{4,9})[-.]", path.name) for path in out.iterdir())
        numbers.extend(int(match.group(1)) for match in found if match)
    telling = f"-{middle}-{slug(planned.request.prompt)}" if planned.request.telling else ""
    return out / f"{max(numbers) + 1:04d}{telling}.png"


def slug(prompt: str) -> str:
    """Up to forty characters (a-z, 0-9 and hyphens) from the first telling clause of a prompt."""
    # A name takes the first few words that tell something; a long prompt is not read through for it.
    clauses = re.split(r"[,.;\n\u3001\u3002\uff0c]", prompt)[:_CLAUSES_FOR_A_NAME]
    telling = next((clause for clause in clauses if read(clause).condition.keys() - _DULL_SLOTS), clauses[0])
    words = re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|:[\d.]+", " ", telling.lower()))
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > 40:
            break
        name += f"-{word}" if name else word
    return name or "figure"
