"""Styles to pick from: those that the starter model draws, LoRAs, and presets that people save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.records import LabelledSheetRecipe, Picture, Recipe
from rakkan.studio.characters import records
from rakkan.studio.characters.changes import checked_tags, checked_text
from rakkan.studio.characters.keeping import Kept, Shelf
from rakkan.studio.characters.making import FindLora, adapters_of, recipe_in
from rakkan.studio.characters.pictures import Pictures
from rakkan.studio.characters.records import Style
from rakkan.studio.ranges import check_ranges
from rakkan.studio.references import LetIn
from rakkan.studio.starter import spoken
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.vocabulary import SLOT_VALUES
from rakkan.trust.gate import LOCAL

if TYPE_CHECKING:
    from rakkan.studio.characters.cast import Cast
    from rakkan.studio.requests import Progress

#: What samples show unless something else is asked for.
SAMPLE = "1girl, silver twin tails, red eyes, red hoodie, smile, blue sky"
SAMPLE_SEED = 7
MOST_SAMPLES = 20
MOST_COLUMNS = 5


@dataclass(frozen=True)
class StyleRequest:
    """What a person says of a style; None and empty lists leave what was said before. ``picture`` is one to
    take it from: its recipe's settings, and itself as what the style is to be like."""

    name: str
    tags: str | None = None
    negative: str | None = None
    sampler: str | None = None
    steps: int | None = None
    guidance: float | None = None
    loras: tuple[str, ...] = ()
    references: tuple[Path, ...] = ()
    picture: Path | None = None
    because: str = ""


def shipped() -> list[Style]:
    """The styles that the starter model draws."""
    return [Style(name, 1, "", "", 0, tags=spoken.tag("style", name)) for name in SLOT_VALUES["style"]]


def of_lora(name: str, digest: str, use: str) -> Style:
    """A LoRA as a style."""
    return Style(records.checked_name(name, "style"), 1, "", "", 0, adapters={digest: use})


def saved(
    request: StyleRequest,
    shelf: Shelf[Style],
    pictures: Pictures,
    find_lora: FindLora,
    see_style: Callable[[LetIn], str],
    account: str = LOCAL,
) -> Kept[Style]:
    """Keep a style, or another version of the one of that name. Raises RakkanError for what cannot be read,
    what the gate refuses, a style that says nothing, and the name of one that ships."""
    name = records.checked_name(request.name, "style")
    if name.casefold() in SLOT_VALUES["style"]:
        raise RakkanError(f"{name!r} is a style of the starter model", "Give yours another name")
    because = checked_text(request.because, records.LONGEST_REASON, "reason")
    said = _said(request, find_lora)
    digests: list[str] = []
    if request.picture is not None:
        digest, picture = pictures.let_in(request.picture)
        digests.append(digest)
        said = {**_read_off(picture, see_style), **said}
    digests += [pictures.let_in(path)[0] for path in request.references]
    if digests:
        said["references"] = tuple(dict.fromkeys(digests))[: records.MOST_REFERENCES]
    held = next((one for one in shelf.all(account) if one.version.name.casefold() == name.casefold()), None)
    if held is not None:
        return shelf.revise(name, lambda before: replace(before, **said), because, account)
    if not any(said.values()):
        raise RakkanError(f"Nothing says what {name!r} looks like", "Give tags, --from a picture, or --lora")
    return shelf.new(name, because, account, **said)


def _said(request: StyleRequest, find_lora: FindLora) -> dict[str, Any]:
    steps = 1 if request.steps is None else request.steps
    check_ranges(0, steps, 1.0 if request.guidance is None else request.guidance)
    said: dict[str, Any] = {}
    if request.tags is not None:
        said["tags"] = checked_tags(request.tags)
    if request.negative is not None:
        said["negative"] = checked_tags(request.negative, "negative tags")
    if request.sampler is not None:
        from rakkan.studio.diffusion.samplers import find_sampler

        said["sampler"] = find_sampler(request.sampler).name if request.sampler else ""
    if request.steps is not None:
        said["steps"] = str(request.steps)
    if request.guidance is not None:
        said["guidance"] = f"{request.guidance:g}"
    if request.loras:
        said["adapters"] = adapters_of(request.loras, find_lora)
    return said


def _read_off(picture: LetIn, see_style: Callable[[LetIn], str]) -> dict[str, Any]:
    """What a picture's recipe says of its style; of one without a recipe what is seen."""
    recipe = recipe_in(picture)
    if recipe is None:
        seen = see_style(picture)
        return {"tags": spoken.tag("style", seen)} if seen else {}
    asked = read(recipe.prompt).condition.get("style")
    said: dict[str, Any] = {"tags": spoken.tag("style", asked)} if asked else {}
    if _is_of_a_checkpoint(recipe):
        loras = {key: use for key, use in recipe.adapters.items() if use.startswith("lora ")}
        said |= {"sampler": recipe.sampler, "steps": str(recipe.steps), "guidance": f"{recipe.guidance:g}"}
        said |= {"adapters": loras, "negative": checked_tags(recipe.negative, "negative tags")}
    return said


def _is_of_a_checkpoint(recipe: Recipe) -> bool:
    from rakkan.studio.create import MODEL

    return recipe.model != MODEL


def samples(
    prompt: str,
    found: Sequence[tuple[str, Cast]],
    drawing: Callable[[Cast], Picture],
    progress: Progress = lambda done, total: None,
) -> tuple[Any, LabelledSheetRecipe]:
    """The same figure in each style, laid out: pixels uint8 [height, width, 3] and the sheet's recipe.
    ``found`` are the styles' names with what is drawn for each. Raises RakkanError for none, and too many."""
    from rakkan.studio.characters.layout import Label, Title, laid_out

    if not 1 <= len(found) <= MOST_SAMPLES:
        raise RakkanError(f"{len(found)} styles do not go on a sheet", f"Name 1 to {MOST_SAMPLES} of them")
    drawn = []
    for number, (_, cast) in enumerate(found):
        progress(number, len(found))
        drawn.append(drawing(cast))
    progress(len(found), len(found))
    title = Title("Styles", f"seed {SAMPLE_SEED if found[0][1].seed is None else found[0][1].seed}", prompt)
    labels = [Label(name) for name, _ in found]
    columns = len(found) if len(found) <= MOST_COLUMNS else min((5, 4), key=lambda one: -len(found) % one)
    return laid_out(title, drawn, (), labels, columns)


def told(style: Style) -> str:
    """A style in a line."""
    parts: Mapping[str, str] = {
        "": style.tags,
        "without ": style.negative,
        "LoRA ": ", ".join(use.removeprefix("lora ") for use in style.adapters.values()),
        "sampler ": style.sampler,
        "steps ": style.steps,
        "guidance ": style.guidance,
        "like ": ", ".join(digest[:8] for digest in style.references),
    }
    return "; ".join(f"{word}{text}" for word, text in parts.items() if text)
