"""Prompts joined by ``AND``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.studio.engines.torch.conditioning import Conditioning
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.guidance import Guidance, guided
from rakkan.studio.engines.torch.networks import Networks

from .peers import difference, drawing_of, noise_of, our_latents

Built = Callable[..., Networks]
LEVELS = torch.tensor([14.0, 3.0, 1.0, 0.0])


def linear(x: torch.Tensor, timestep: float, *, encoder_hidden_states: torch.Tensor, **_: Any) -> Any:
    """A network that says the mean of its text."""
    return (0 * x + encoder_hidden_states.mean(dim=(1, 2))[:, None, None, None],)


def test_a_linear_network_by_hand() -> None:
    """5 + 3 (0.5 (1 - 5) + 2 (2 - 5)) = -19; the second prompt is in a batch with the others or not."""
    networks: Any = SimpleNamespace(
        unet=linear, dtype=torch.float32, architecture=SimpleNamespace(family=SD1)
    )
    x = torch.ones(2, 4, 8, 8)
    for length in (77, 154):
        texts = [
            Conditioning(torch.full((1, tokens, 8), value)) for value, tokens in ((1.0, 77), (2.0, length))
        ]
        away = Conditioning(torch.full((1, 77, 8), 5.0))
        pairs = list(zip(texts, (0.5, 2.0), strict=True))
        assert (guided(networks, pairs, away, Guidance(3.0), (64, 64))(x, 5.0) == -19).all()
        pairs = list(zip(texts, (0.25, 0.75), strict=True))
        assert (guided(networks, pairs, away, Guidance(1.0), (64, 64))(x, 5.0) == 1.75).all()


def test_contrast_is_that_of_all_prompts_without_guidance() -> None:
    """A network that says x times the mean of its text: 5 + 2 (0.25 (1 - 5) + 0.25 (2 - 5)) = 1.5, where the
    negative prompt cancels out; at scale 1 it is 3.25, and half of the way between lies 2.375."""
    networks: Any = SimpleNamespace(
        unet=lambda x, *given, **named: (x * linear(x, *given, **named)[0],),
        dtype=torch.float32,
        architecture=SimpleNamespace(family=SD1),
    )
    x = torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    one, two, away = (Conditioning(torch.full((1, 77, 8), value)) for value in (1.0, 2.0, 5.0))
    pairs = [(one, 0.25), (two, 0.25)]
    assert torch.allclose(guided(networks, pairs, away, Guidance(2.0), (64, 64))(x, 5.0), 1.5 * x)
    assert torch.allclose(guided(networks, pairs, away, Guidance(2.0, 0.5), (64, 64))(x, 5.0), 2.375 * x)
    assert torch.allclose(guided(networks, pairs, away, Guidance(1.0, 0.5), (64, 64))(x, 5.0), 3.25 * x)


def latents(engine: TorchEngine, prompt: str, **options: Any) -> torch.Tensor:
    drawing = replace(drawing_of(**options), prompt=prompt)
    return our_latents(engine, drawing, noise_of(drawing), LEVELS)


@pytest.mark.parametrize("family", [SD1, SDXL])
def test_identities(built: Built, family: str) -> None:
    engine = TorchEngine(built(family))
    alone = latents(engine, "a teapot")
    for same in (
        "a teapot AND a lighthouse :0",
        "a teapot :0.5 AND a teapot :0.5",
        "a teapot:1 AND a [cat::1] :0",
    ):
        assert difference(latents(engine, same), alone) < 1e-4, same
    twice = latents(engine, "a teapot AND a teapot", guidance=2.5)
    assert difference(twice, alone) < 1e-4
    both = latents(engine, "a teapot AND a lighthouse")
    assert difference(latents(engine, "a lighthouse AND a teapot"), both) < 1e-4
    assert difference(both, alone) > 1e-3


def test_what_has_no_share_is_not_asked(built: Built) -> None:
    engine = TorchEngine(built(SD1))
    batches: list[int] = []
    engine.networks.unet.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    for prompt, guidance, expected in (
        ("a AND b", 4.0, 3), ("a AND b", 1.0, 3), ("a :0.5 AND b :.5", 1.0, 2), ("a AND b :0", 1.0, 1),
    ):  # fmt: skip
        batches.clear()
        latents(engine, prompt, guidance=guidance)
        assert batches == [expected] * 3, prompt
