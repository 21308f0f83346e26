"""Small checkpoints, converted once for all tests."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
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
def pairs() -> Iterator[Mapping[str, Pair]]:
    """Each part of a small checkpoint, converted when it is first asked for."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for name in ("torch", "diffusers", "transformers"):
        pytest.importorskip(name)
    made = Pairs()
    yield made
    for pair in made.values():
        pair.graph.close()


class Pairs(dict[str, Pair]):
    """Converts what is asked for and not there yet."""

    def __missing__(self, part: str) -> Pair:
        import torch

        from rakkan.studio.engines.checkpoint import convert

        torch.set_num_threads(1)
        make, turn = {
            "unet": (small.unet, convert.convert_unet),
            "large unet": (lambda: small.unet(is_large=True), convert.convert_unet),
            "decoder": (small.vae, convert.convert_decoder),
            "encoder": (small.vae, convert.convert_encoder),
            "tiny decoder": (small.tiny_vae, convert.convert_tiny_decoder),
            "text": (small.text_encoder, convert.convert_text),
            "projected text": (lambda: small.text_encoder(has_projection=True), convert.convert_text),
        }[part]
        module = make()
        self[part] = Pair(module, turn(copy.deepcopy(module)))
        return self[part]
