"""Small pictures released through the assembled gate, and moving from one instance to another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest

from rakkan import assemble
from rakkan.records import Ingredient, Picture, Recipe
from rakkan.store.ledger.entry import parse_leaf
from rakkan.studio.engines.weights import manifest_digest
from rakkan.studio.starter import WEIGHTS
from rakkan.trust.examination import examine
from rakkan.trust.gate import Destination
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import Verification

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


@cache
def model_digest() -> str:
    """The starter model's: the one there is a training statement for."""
    return manifest_digest(WEIGHTS)


def recipe(prompt: str = "1girl, silver hair", seed: int = 7, **changes: Any) -> Recipe:
    made = Recipe(
        prompt, "hat", "rakkan-starter", model_digest(), "euler", "linear", 4, 1.0, seed, 24, 16, versions={}
    )
    return replace(made, **changes)


def picture(
    operation: str = "create", seed: int = 7, prompt: str = "1girl, silver hair", *ingredients: Ingredient
) -> Picture:
    # Flat fields of colour: noise would not be let out as a drawing.
    fields = numpy.random.default_rng(seed).integers(0, 255, (4, 6, 3), numpy.uint8)
    pixels = fields.repeat(4, 0).repeat(4, 1)
    guided = [one for one in ingredients if one.relationship == "reference"]
    references = {digest_of_file(one.data): "reference 1" for one in guided}
    return Picture(pixels, recipe(prompt, seed, references=references), operation, ingredients)


def ingredient(relationship: str, path: Path) -> Ingredient:
    return Ingredient(relationship, MEDIA_TYPES[path.suffix], path.read_bytes())


def release(path: Path, subject: Picture | None = None, **options: Any) -> Path:
    return assemble.gate().release(subject or picture(), Destination(path, **options))


def stated() -> int:
    """How many statements there are besides those about refusals."""
    ledger = assemble.ledger()
    return sum(parse_leaf(ledger.leaf(index)).kind != "refused" for index in range(ledger.size()))


def look(path: Path) -> Verification:
    return examine(path, assemble.trusted_roots())


def move(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """From now on the instance whose home and key lie in ``folder``."""
    monkeypatch.setenv("RAKKAN_HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    assemble.forget()
