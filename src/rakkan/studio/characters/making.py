"""From what a person says to a version that is kept: characters made, revised and renamed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError
from rakkan.records import Recipe, recipe_from_json
from rakkan.studio.characters import records
from rakkan.studio.characters.changes import (
    changed_tags,
    checked_seed,
    checked_tags,
    checked_text,
    palette_of,
)
from rakkan.studio.characters.keeping import Kept, Shelf
from rakkan.studio.characters.pictures import Pictures
from rakkan.studio.characters.records import Character
from rakkan.studio.references import LetIn
from rakkan.trust.gate import LOCAL

#: From ``NAME`` or ``NAME:STRENGTH`` to the SHA-256 of a LoRA that is kept here and its use.
FindLora = Callable[[str], tuple[str, str]]
#: From a picture to the tags that describe it and its colours as ``#b8c0cc``.
Describe = Callable[[LetIn], "tuple[str, tuple[str, ...]]"]


@dataclass(frozen=True)
class CharacterRequest:
    """What a person says of a new character. ``picture`` is one to read it off: what ``tags`` and ``palette``
    leave open comes from there. ``seed`` None is drawn at random, and then stays."""

    name: str
    tags: str = ""
    description: str = ""
    references: tuple[Path, ...] = ()
    palette: str = ""
    seed: int | None = None
    loras: tuple[str, ...] = ()
    licence: str = ""
    picture: Path | None = None
    because: str = ""


@dataclass(frozen=True)
class Revision:
    """What a person wants to be otherwise; None, and an empty list, leave things as they are.

    ``drop`` are references by the beginning of their SHA-256, or ``all``.
    """

    tags: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    description: str | None = None
    references: tuple[Path, ...] = ()
    drop: tuple[str, ...] = ()
    palette: str | None = None
    seed: int | None = None
    loras: tuple[str, ...] | None = None
    licence: str | None = None
    name: str | None = None
    because: str = ""


def make(
    request: CharacterRequest,
    shelf: Shelf[Character],
    pictures: Pictures,
    find_lora: FindLora,
    describe: Describe,
    account: str = LOCAL,
) -> Kept[Character]:
    """Keep a new character. Raises RakkanError for what cannot be read, what the gate refuses of words or
    pictures, and a name that is taken; no version is kept then."""
    because = checked_text(request.because, records.LONGEST_REASON, "reason")
    said = {
        "description": checked_text(request.description, records.LONGEST_DESCRIPTION, "description"),
        "tags": checked_tags(request.tags),
        "palette": palette_of(request.palette) if request.palette.strip() else (),
        "licence": checked_text(request.licence, 200, "licence"),
        "seed": "" if request.seed is None else checked_seed(request.seed),
        "adapters": adapters_of(request.loras, find_lora),
    }
    shelf.check_new(request.name, account)
    found: list[str] = []
    if request.picture is not None:
        digest, picture = pictures.let_in(request.picture)
        found.append(digest)
        said |= {key: text for key, text in _read_off(picture, describe).items() if not said[key]}
    found += [pictures.let_in(path)[0] for path in request.references]
    if not said["tags"]:
        raise RakkanError(
            "Nothing says what the character looks like", 'Give tags: "1girl, silver twin tails, red eyes"'
        )
    said["seed"] = said["seed"] or str(secrets.randbelow(2**32))
    references = _few(dict.fromkeys(found))
    return shelf.new(request.name, because, account, **said, references=references)


def revise(
    name: str,
    revision: Revision,
    shelf: Shelf[Character],
    pictures: Pictures,
    find_lora: FindLora,
    account: str = LOCAL,
) -> Kept[Character]:
    """Keep another version of a character. Raises RakkanError as ``make`` does, and when nothing changes."""
    because = checked_text(revision.because, records.LONGEST_REASON, "reason")
    shelf.find(name, account)
    said: dict[str, Any] = {}
    if revision.description is not None:
        said["description"] = checked_text(revision.description, records.LONGEST_DESCRIPTION, "description")
    if revision.palette is not None:
        said["palette"] = palette_of(revision.palette) if revision.palette.strip() else ()
    if revision.seed is not None:
        said["seed"] = checked_seed(revision.seed)
    if revision.licence is not None:
        said["licence"] = checked_text(revision.licence, 200, "licence")
    if revision.loras is not None:
        said["adapters"] = adapters_of(revision.loras, find_lora)
    if revision.name is not None:
        said["name"] = records.checked_name(revision.name)
    more = [pictures.let_in(path)[0] for path in revision.references]

    def change(before: Character) -> Character:
        tags = changed_tags(before.tags, revision.tags, revision.add, revision.remove)
        if not tags:
            raise RakkanError("A character without tags looks like nobody", "Leave one, or add others")
        kept = _without(before.references, revision.drop)
        return replace(before, tags=tags, references=_few(dict.fromkeys([*kept, *more])), **said)

    return shelf.revise(name, change, because, account)


def adapters_of(loras: tuple[str, ...], find_lora: FindLora) -> dict[str, str]:
    """LoRAs as versions name them. Raises RakkanError for one that is not here, and too many."""
    found = dict(find_lora(one) for one in loras if one.strip())
    if len(found) > records.MOST_ADAPTERS:
        raise RakkanError(f"{len(found)} LoRAs are too many", f"Give {records.MOST_ADAPTERS} at most")
    return found


def recipe_in(picture: LetIn) -> Recipe | None:
    """The recipe that a picture from here or elsewhere tells, None when it tells none."""
    from rakkan.formats.inspect import inspect_picture
    from rakkan.trust.checks import RECIPE_KEYWORD

    text = inspect_picture(picture.data, "the picture")[0].text.get(RECIPE_KEYWORD, "")
    try:
        recipe = recipe_from_json(text) if text else None
    except RakkanError:
        return None
    return recipe if isinstance(recipe, Recipe) else None


def _read_off(picture: LetIn, describe: Describe) -> Mapping[str, Any]:
    """Tags, palette and seed of a picture: those of its recipe, else what is seen in it."""
    recipe = recipe_in(picture)
    try:
        tags, palette = describe(picture)
    except RakkanError:
        if recipe is None:
            raise
        tags, palette = "", ()
    if recipe is None:
        return {"tags": checked_tags(tags), "palette": palette}
    return {"tags": checked_tags(recipe.prompt), "palette": palette, "seed": checked_seed(recipe.seed)}


def _without(references: tuple[str, ...], drop: tuple[str, ...]) -> tuple[str, ...]:
    for wanted in drop:
        left = tuple(one for one in references if wanted != "all" and not one.startswith(wanted.lower()))
        if len(left) == len(references) or not wanted:
            raise RakkanError(
                f"No reference of it begins with {wanted[:20]!r}",
                f"It has {', '.join(one[:8] for one in references) or 'none'}",
            )
        references = left
    return references


def _few(references: Mapping[str, None]) -> tuple[str, ...]:
    if len(references) > records.MOST_REFERENCES:
        raise RakkanError(
            f"{len(references)} references are too many", f"Keep the best {records.MOST_REFERENCES}"
        )
    return tuple(references)
