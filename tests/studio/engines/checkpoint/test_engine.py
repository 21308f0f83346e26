"""The engine draws as the modules of torch would, and keeps its promises when it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import Architecture
from rakkan.studio.clip.grammar import adapters
from rakkan.studio.diffusion.initial_noise import initial_noise
from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
from rakkan.studio.diffusion.training import denoiser, stable_diffusion
from rakkan.studio.engines.checkpoint import engine as engines
from rakkan.studio.engines.checkpoint.engine import CheckpointEngine, sinusoid
from rakkan.studio.engines.checkpoint.graphs import Graph, append, memory
from rakkan.studio.engines.device import Precision
from rakkan.studio.engines.faults import Cancelled, OutOfMemory

from . import small
from .conftest import Pair

#: Largest difference of latents from torch in 32 bits after a few steps, as a share of their largest value.
F32 = 1e-3
BF16 = 5e-2
OPTIONS: dict[str, Any] = {"width": 64, "height": 80, "seed": 5, "steps": 3, "guidance": 4.0}
PROMPT, NEGATIVE = "1girl, (silver hair:1.3), smile", "lowres"


def source(
    pairs: Mapping[str, Pair], asked: list[str] | None = None, **others: str
) -> Callable[[str], Graph]:
    """What gives the parts of the small checkpoint, or ``others`` in their place, each time a copy."""
    given = {"text 1": "text", **others}

    def give(part: str) -> Graph:
        if asked is not None:
            asked.append(part)
        held = pairs[given.get(part, part)].graph
        held.weights.seek(0)
        copy = memory("copy")
        append(copy, held.weights.read())
        return Graph(held.description, copy)

    return give


def made(
    pairs: Mapping[str, Pair], architecture: Architecture = small.ARCHITECTURE, **more: Any
) -> CheckpointEngine:
    more = {"precision": "f32", "threads": 1, **more}
    others = {"decoder": more.pop("decoder")} if "decoder" in more else {}
    parts = source(pairs, more.pop("asked", None), **others)
    return CheckpointEngine(architecture, "0" * 64, parts, **more)


def by_torch(
    pairs: Mapping[str, Pair], prompt: str, negative: str, prediction: str, *, guidance: float, **options: Any
) -> npt.NDArray[np.float32]:
    """The same latents, by the modules and nothing of the engine."""
    import torch

    from rakkan.studio.clip.chunks import chunks
    from rakkan.studio.clip.tokenizer import END, Tokenizer

    def heard(text: str) -> Any:
        [chunk] = chunks(text, Tokenizer(END))
        states = pairs["text"].module(torch.tensor([chunk.ids])).last_hidden_state
        weighed = states * torch.tensor(chunk.weights)[None, :, None]
        return weighed * (states.mean() / weighed.mean())

    toward, away = heard(prompt), heard(negative)

    def network(x: Any, timestep: float) -> Any:
        led = pairs["unet"].module(x, timestep, toward, return_dict=False)[0]
        if guidance == 1:
            return led
        other = pairs["unet"].module(x, timestep, away, return_dict=False)[0]
        return other + guidance * (led - other)

    training = stable_diffusion()
    sampler = find_sampler(options.get("sampler", "euler"))
    sigmas = planned_sigmas(sampler, options.get("schedule", ""), options["steps"], training).tolist()
    shape = (4, options["height"] // 2, options["width"] // 2)
    start = torch.from_numpy(initial_noise(options["seed"], shape, "cpu"))[None] * sigmas[0]
    run = denoiser(network, prediction, training)
    found: npt.NDArray[np.float32] = sampler(run, start, sigmas, None, lambda *_: None).numpy()  # type: ignore[arg-type]
    return found


def difference(found: Any, expected: Any) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize(("precision", "tolerance"), [("f32", F32), ("bf16", BF16)])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_latents_are_those_of_torch(
    pairs: Mapping[str, Pair], precision: Precision, tolerance: float, guidance: float
) -> None:
    options = {**OPTIONS, "guidance": guidance}
    found = made(pairs, precision=precision).latents(PROMPT, NEGATIVE, **options)
    expected = by_torch(pairs, PROMPT, NEGATIVE, "epsilon", **options)
    assert difference(found, expected) < tolerance


def test_a_model_that_predicts_v_is_sampled_as_such(pairs: Mapping[str, Pair]) -> None:
    options = {**OPTIONS, "sampler": "dpmpp_2m", "schedule": "karras"}
    found = made(pairs, replace(small.ARCHITECTURE, prediction="v")).latents(PROMPT, **options)
    assert difference(found, by_torch(pairs, PROMPT, "", "v", **options)) < F32
    assert difference(found, by_torch(pairs, PROMPT, "", "epsilon", **options)) > F32


def test_pixels_are_those_of_torchs_decoder(pairs: Mapping[str, Pair]) -> None:
    import torch

    engine = made(pairs)
    latents = torch.from_numpy(engine.latents(PROMPT, **OPTIONS))
    decoded = pairs["decoder"].module.decode(latents / 0.18215).sample[0]
    expected = ((decoded / 2 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    found = engine.sample(PROMPT, **OPTIONS)
    assert found.shape == (80, 64, 3) and found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 1


def test_the_tiny_decoder_is_given_latents_as_they_are(pairs: Mapping[str, Pair]) -> None:
    import torch

    shape = replace(small.ARCHITECTURE.vae, scaling=1.0, is_tiny=True)
    engine = made(pairs, replace(small.ARCHITECTURE, vae=shape), decoder="tiny decoder")
    latents = torch.from_numpy(engine.latents(PROMPT, **OPTIONS))
    decoded = pairs["tiny decoder"].module.decode(latents).sample[0]
    expected = ((decoded / 2 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(engine.sample(PROMPT, **OPTIONS) - expected).max() <= 1


@pytest.mark.parametrize(("guidance", "passes"), [(1.0, 3), (4.0, 6)])
def test_without_guidance_the_denoiser_runs_once_a_step(
    pairs: Mapping[str, Pair], guidance: float, passes: int
) -> None:
    counted: list[int] = []
    seen: list[tuple[int, int]] = []
    engine = made(pairs)
    engine.latents(
        PROMPT,
        **{**OPTIONS, "guidance": guidance},
        cancelled=lambda: bool(counted.append(1)),  # type: ignore[func-returns-value]
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(counted) == passes
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_cancelled_drawing_ends_before_the_next_run_and_the_next_one_works(
    pairs: Mapping[str, Pair],
) -> None:
    engine = made(pairs)
    expected = engine.latents(PROMPT, **OPTIONS)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        engine.latents(PROMPT, **OPTIONS, cancelled=cancelled)
    assert len(asked) == 3
    assert np.array_equal(engine.latents(PROMPT, **OPTIONS), expected)


def test_a_part_is_loaded_once_for_a_size(pairs: Mapping[str, Pair]) -> None:
    asked: list[str] = []
    engine = made(pairs, asked=asked)
    for _ in range(2):
        engine.sample(PROMPT, **OPTIONS)
    assert sorted(asked) == ["decoder", "text 1", "unet"]
    engine.sample(PROMPT, **{**OPTIONS, "width": 72})
    assert sorted(asked) == ["decoder", "decoder", "text 1", "unet", "unet"]
    engine.close()
    engine.sample(PROMPT, **OPTIONS)
    assert len(asked) == 8


def test_a_long_prompt_and_a_short_one_share_a_denoiser(pairs: Mapping[str, Pair]) -> None:
    asked: list[str] = []
    engine = made(pairs, asked=asked)
    engine.latents("flower, " * 60, NEGATIVE, **OPTIONS)
    assert sorted(asked) == ["text 1", "unet"]


def test_a_prompt_may_change_while_it_is_drawn(pairs: Mapping[str, Pair]) -> None:
    engine = made(pairs)
    plain = engine.latents("flower", **OPTIONS)
    assert np.array_equal(engine.latents("[flower:tree:3]", **OPTIONS), plain)
    assert not np.array_equal(engine.latents("[flower:tree:1]", **OPTIONS), plain)


def test_adapters_must_be_those_of_the_conversion(pairs: Mapping[str, Pair]) -> None:
    text = "flower <lora:ink:0.8>"
    with pytest.raises(RakkanError, match="other adapters"):
        made(pairs).latents(text, **OPTIONS)
    _, called = adapters(text)
    found = made(pairs, adapters=called).latents(text, **OPTIONS)
    assert np.array_equal(found, made(pairs).latents("flower ", **OPTIONS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 68),
        ("height", 56),
        ("seed", -1),
        ("seed", 2**64),
        ("steps", 0),
        ("steps", 251),
        ("guidance", 31.0),
        ("guidance", float("nan")),
        ("sampler", "no such"),
        ("noise", "no such"),
        ("clip_skip", 9),
    ],
)
def test_what_is_out_of_range_is_refused(pairs: Mapping[str, Pair], name: str, value: Any) -> None:
    with pytest.raises(RakkanError):
        made(pairs).latents(PROMPT, **{**OPTIONS, name: value})


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("Exception from src/x.cpp:\nstd::bad_alloc"),
        RuntimeError("Can't allocate"),
    ],
)
def test_an_exhausted_memory_is_said_and_recovered_from(
    pairs: Mapping[str, Pair], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    engine = made(pairs)
    with monkeypatch.context() as patch:

        def fail(*_: Any, **__: Any) -> None:
            raise error

        patch.setattr(engines, "compile_graph", fail)
        with pytest.raises(OutOfMemory, match="64x80 pixels") as caught:
            engine.sample(PROMPT, **OPTIONS)
        assert caught.value.hint
    assert engine.sample(PROMPT, **OPTIONS).shape == (80, 64, 3)


def test_any_other_fault_is_no_want_of_memory(
    pairs: Mapping[str, Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(engines, "compile_graph", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        made(pairs).sample(PROMPT, **OPTIONS)


def test_half_floats_are_given_back_without_changing_pictures(pairs: Mapping[str, Pair]) -> None:
    engine, lean = made(pairs), made(pairs, lean=0)
    first = lean.latents(PROMPT, **OPTIONS)
    assert np.array_equal(first, engine.latents(PROMPT, **OPTIONS))
    assert np.array_equal(first, lean.latents(PROMPT, **OPTIONS))


def test_a_large_denoiser_has_the_memory_to_itself_while_it_is_compiled(pairs: Mapping[str, Pair]) -> None:
    asked: list[str] = []
    lean, engine = made(pairs, lean=0, asked=asked), made(pairs)
    lean.sample(PROMPT, **OPTIONS)
    assert list(lean._compiled) == ["unet", "decoder"]
    for _ in range(2):
        assert np.array_equal(lean.sample(PROMPT, **OPTIONS), engine.sample(PROMPT, **OPTIONS))
    assert (asked.count("text 1"), asked.count("unet"), asked.count("decoder")) == (2, 1, 1)
    assert "text 1" in engine._compiled


def test_where_half_floats_are_read_they_are_kept(
    pairs: Mapping[str, Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def destroy(graph: Graph) -> int:
        os.pwrite(graph.weights.fileno(), bytes(graph.size), 0)
        return graph.size

    monkeypatch.setattr(engines, "release_half_floats", destroy)
    asked: list[str] = []
    lean = made(pairs, lean=0, asked=asked)
    expected = made(pairs).latents(PROMPT, **OPTIONS)
    for _ in range(2):
        assert np.array_equal(lean.latents(PROMPT, **OPTIONS), expected)
    assert asked.count("unet") == 2


def test_sinusoids_are_those_of_diffusers() -> None:
    import torch
    from diffusers.models.embeddings import Timesteps

    for value in (0.0, 0.25, 512.0, 999.0):
        expected = Timesteps(320, True, 0)(torch.tensor([value])).numpy()
        assert np.abs(sinusoid(value, 320) - expected).max() < 2e-4


def test_an_incomplete_checkpoint_is_refused(pairs: Mapping[str, Pair]) -> None:
    with pytest.raises(RakkanError, match="no whole checkpoint"):
        made(pairs, replace(small.ARCHITECTURE, text=()))
