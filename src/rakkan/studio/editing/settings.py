"""What a recipe says of an edit besides who drew it, written after one and read to make it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rakkan.records import START, Recipe
from rakkan.studio.editing.masks import Mask
from rakkan.studio.editing.requests import BETWEEN, EditRequest
from rakkan.studio.ranges import told_integer, told_number

_NUMBERS = ("grow", "feather")


def settings_of(request: EditRequest, start: str, called: str) -> dict[str, str]:
    """What was asked of the picture of digest ``start``; ``called`` says what the mask is, "" for none."""
    told = {START: start}
    for name, text in (("edit", BETWEEN.join(request.texts)), ("extend", request.extend), ("mask", called)):
        if text:
            told[name] = text
    told |= {name: str(value) for name in _NUMBERS if (value := getattr(request, name)) is not None}
    told |= {"mask inverted": "yes"} if request.invert else {}
    return told | ({"restore": "yes"} if request.restore else {})


def digest_of(mask: Mask | None) -> dict[str, str]:
    """The mask as it was used, by the SHA-256 of its levels of eight bits."""
    if mask is None:
        return {}
    levels = np.rint(mask * 255).astype(np.uint8)
    return {"mask digest": hashlib.sha256(levels.tobytes()).hexdigest()}


def texts_of(recipe: Recipe) -> tuple[str, ...]:
    """The changes that an edit's recipe tells in words."""
    told = recipe.settings.get("edit", "")
    return tuple(told.split(BETWEEN)) if told else ()


def request_of(recipe: Recipe, usual: Sequence[float]) -> EditRequest:
    """The request that an edit's recipe answers; ``plan`` checks it, since anybody may write a recipe.

    ``usual`` are the strengths of the rounds of an edit in words where none is asked for. The file is left
    open, and so is where to. Raises RakkanError for what is no number.
    """
    told = recipe.settings
    texts = texts_of(recipe)
    mask = told.get("mask", "")
    grow, feather = (told_integer(name, told[name]) if name in told else None for name in _NUMBERS)
    return EditRequest(
        file=Path(),
        texts=texts,
        prompt="" if texts else recipe.prompt,
        negative=recipe.negative,
        mask="" if mask == "found" else mask,
        grow=grow,
        feather=feather,
        invert=told.get("mask inverted") == "yes",
        extend=told.get("extend", ""),
        restore=told.get("restore") == "yes",
        strength=_strength(told.get("strength", ""), usual if texts else None),
        steps=recipe.steps,
        guidance=recipe.guidance,
        seed=recipe.seed,
    )


def _strength(told: str, usual: Sequence[float] | None) -> float | None:
    """``0.6``, or by rounds ``hair 0.5; all 0.8``: None for the usual ones, else what was asked."""
    numbers = [told_number("strength", one.rpartition(" ")[2]) for one in told.split(BETWEEN)]
    return None if usual is not None and numbers == list(usual) else max(numbers)
