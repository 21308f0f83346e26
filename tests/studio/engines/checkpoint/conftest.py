"""Small checkpoints, converted once for all tests."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rakkan.studio.engines.checkpoint.graphs import Graph

from . import small


@dataclass(frozen=True)
class Pair:
    """A module of torch in 32 bits, and the graph it was converted to."""

    module: Any
    graph: Graph


@pytest.fixture(scope="session")
def pairs() -> Iterator[dict[str, Pair]]:
    """Each part of a small checkpoint."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for name in ("torch", "diffusers", "transformers"):
        pytest.importorskip(name)
    from rakkan.studio.engines.checkpoint import convert

    made = {
        "unet": (small.unet(), convert.convert_unet),
        "large unet": (small.unet(is_large=True), convert.convert_unet),
        "decoder": (small.vae(), convert.convert_decoder),
        "tiny decoder": (small.tiny_vae(), convert.convert_tiny_decoder),
        "text": (small.text_encoder(), convert.convert_text),
        "projected text": (small.text_encoder(has_projection=True), convert.convert_text),
    }
    found = {name: Pair(module, turn(copy.deepcopy(module))) for name, (module, turn) in made.items()}
    yield found
    for pair in found.values():
        pair.graph.close()
