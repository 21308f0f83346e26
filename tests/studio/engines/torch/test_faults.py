"""What the torch engine refuses before it draws, how it stops, and what is left of it after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy
import pytest
import torch
from tests.checkpoints.reading import Files
from tests.studio.engines.torch.peers import drawing_of, noise_of, our_latents

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.formats.checkpoints.tensors import Entry
from rakkan.studio.engines.faults import Cancelled
from rakkan.studio.engines.torch import networks
from rakkan.studio.engines.torch.conditioning import encode
from rakkan.studio.engines.torch.engine import TorchEngine, check
from rakkan.studio.engines.torch.networks import Networks

CONVOLUTION = "model.diffusion_model.input_blocks.1.0.in_layers.2.weight"
SIGMAS = torch.tensor([14.0, 3.0, 1.0, 0.0])


class Damaged(Files):
    """A checkpoint of which one tensor is something else."""

    def __init__(self, path: Any, name: str, change: Callable[[bytes], bytes]) -> None:
        super().__init__(path)
        self.name, self.change = name, change

    def read(self, name: str) -> bytes:
        data = super().read(name)
        return self.change(data) if name == self.name else data


def with_number(value: float) -> Callable[[bytes], bytes]:
    return lambda data: data[:-4] + numpy.float32(value).tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_number(numpy.nan), f"{CONVOLUTION} of the denoiser hold numbers that are not finite"),
        (with_number(numpy.inf), "not finite"),
        (lambda data: data[:-1], f"{CONVOLUTION} is cut short"),
    ],
)
def test_damaged_weights_are_found_while_they_are_read(
    checkpoint: Callable[..., Any], change: Callable[[bytes], bytes], message: str
) -> None:
    made = checkpoint(SD1)
    with pytest.raises(RakkanError, match=message) as caught:
        networks.build(made.architecture, Damaged(made.path, CONVOLUTION, change))
    assert caught.value.hint


def test_what_a_cast_makes_infinite_is_found_too(checkpoint: Callable[..., Any]) -> None:
    made = checkpoint(SD1)
    damaged = Damaged(made.path, CONVOLUTION, with_number(1e6))
    with pytest.raises(RakkanError, match="not finite") as caught:
        networks.build(made.architecture, damaged, dtype=torch.float16)
    assert "float32" in caught.value.hint


def test_missing_tensors_and_foreign_shapes_are_named_before_a_byte_is_read(
    checkpoint: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = checkpoint(SD1)
    files = Files(made.path)
    monkeypatch.setattr(Files, "read", lambda self, name: pytest.fail("read"))
    entry = files.entries.pop(CONVOLUTION)
    with pytest.raises(RakkanError, match=f"the denoiser lacks 1 of [0-9]+ tensors: {CONVOLUTION}"):
        networks.build(made.architecture, files)
    files.entries[CONVOLUTION] = Entry("F32", (entry.shape[0], 7, 3, 3))
    with pytest.raises(
        RakkanError, match=f"the denoiser does not fit .* in 1 tensors: {CONVOLUTION} is 32×7×3×3"
    ):
        networks.build(made.architecture, files)


@pytest.mark.parametrize(("part", "named"), [("vae", "VAE"), ("unet", "denoiser"), ("text", "text encoder")])
def test_a_checkpoint_without_a_part_is_refused(
    checkpoint: Callable[..., Any], part: str, named: str
) -> None:
    made = checkpoint(SD1, without=part)
    lacking = replace(made.architecture, **{part: () if part == "text" else None})
    with pytest.raises(RakkanError, match=f"holds no .*{named}") as caught:
        networks.build(lacking, Files(made.path))
    assert "VAE" in caught.value.hint
    with pytest.raises(RakkanError, match=r"lacks [0-9]+ of [0-9]+ tensors: .*, .*, .* and [0-9]+ more"):
        networks.build(made.architecture, Files(made.path))


def test_a_denoiser_that_wants_more_than_latents_is_refused(built: Callable[..., Networks]) -> None:
    ours = built(SD1)
    assert ours.architecture.unet is not None
    unet = replace(ours.architecture.unet, in_channels=9)
    with pytest.raises(RakkanError, match="inpainting"):
        TorchEngine(replace(ours, architecture=replace(ours.architecture, unet=unet)))


@pytest.mark.parametrize(
    "options",
    [
        {"seed": -1},
        {"seed": 2**64},
        {"steps": 0},
        {"steps": 251},
        {"guidance": float("nan")},
        {"guidance": 31.0},
        {"guidance_rescale": 1.5},
        {"width": 60},
        {"height": 100},
        {"width": 8192, "height": 8192},
    ],
)
def test_what_is_out_of_range_is_refused(options: dict[str, Any]) -> None:
    check(drawing_of())
    with pytest.raises(RakkanError) as caught:
        check(drawing_of(**options))
    assert caught.value.hint


def test_a_clip_skip_beyond_the_encoder_is_refused(built: Callable[..., Networks]) -> None:
    with pytest.raises(RakkanError, match="Clip skip 9"):
        encode(built(SD1), "a teapot", clip_skip=9)


def test_a_drawing_stops_before_the_next_run_of_the_denoiser(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    runs: list[float] = []
    engine.networks.unet.register_forward_pre_hook(lambda *_: runs.append(1))
    denoise = engine.denoiser(drawing_of(), [float(one) for one in SIGMAS], lambda: len(runs) >= 2)
    x = noise_of(drawing_of())
    denoise(x, 14.0)
    denoise(x, 3.0)
    with pytest.raises(Cancelled):
        denoise(x, 1.0)
    assert len(runs) == 2
    ours = our_latents(engine, drawing_of(), x, SIGMAS)
    assert torch.equal(ours, our_latents(engine, drawing_of(), x, SIGMAS))


def test_without_guidance_the_denoiser_runs_once_a_step_for_one_prompt(
    built: Callable[..., Networks],
) -> None:
    engine = TorchEngine(built(SDXL))
    batches: list[int] = []
    engine.networks.unet.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    for guidance, expected in ((1.0, [1, 1, 1]), (4.0, [2, 2, 2])):
        batches.clear()
        our_latents(engine, drawing_of(guidance=guidance), noise_of(drawing_of()), SIGMAS)
        assert batches == expected


def test_prompts_of_different_length_are_guided_as_if_padded_to_none(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    drawing = replace(drawing_of(), prompt="a teapot " * 60)
    x = noise_of(drawing)
    led = our_latents(engine, drawing, x, SIGMAS[:1].repeat(1).new_tensor([14.0, 0.0]))
    alone = [
        our_latents(engine, replace(drawing, prompt=text, guidance=1.0), x, torch.tensor([14.0, 0.0]))
        for text in (drawing.negative, drawing.prompt)
    ]
    assert torch.allclose(led, alone[0] + 5 * (alone[1] - alone[0]), atol=1e-3)


def test_a_prompt_that_changes_is_encoded_for_each_step(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    levels = [float(one) for one in SIGMAS]
    x = noise_of(drawing_of())
    plain = replace(drawing_of(), prompt="a teapot")
    other = replace(drawing_of(), prompt="a lighthouse")
    changing = engine.denoiser(replace(plain, prompt="a [teapot:lighthouse:1]"), levels)
    assert torch.equal(changing(x, 14.0), engine.denoiser(plain, levels)(x, 14.0))
    assert torch.equal(changing(x, 3.0), engine.denoiser(other, levels)(x, 3.0))
    assert torch.equal(changing(x, 1.0), engine.denoiser(other, levels)(x, 1.0))


def test_an_exhausted_memory_becomes_advice_and_the_engine_goes_on(
    built: Callable[..., Networks],
) -> None:
    engine = TorchEngine(built(SD1))
    options = {"width": 64, "height": 64, "seed": 1, "steps": 2, "guidance": 1.0}
    before = engine.sample("a teapot", **options)
    handle = engine.networks.unet.register_forward_pre_hook(lambda *_: torch.empty(1 << 50))
    with pytest.raises(RakkanError, match="not enough memory for 1 of 64x64") as caught:
        engine.sample("a teapot", **options)
    assert "smaller" in caught.value.hint
    handle.remove()
    assert numpy.array_equal(engine.sample("a teapot", **options), before)


def test_what_does_not_fit_at_once_is_drawn_in_halves(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    options: dict[str, Any] = {"width": 64, "height": 64, "seed": 5, "steps": 2, "guidance": 1.0}
    alone = [engine.sample("a teapot", **{**options, "seed": seed}) for seed in (5, 6, 7)]
    told: list[tuple[int, int]] = []
    tried: list[int] = []

    def too_many(_: Any, inputs: Any) -> None:
        tried.append(len(inputs[0]))
        if len(inputs[0]) > 1:
            torch.empty(1 << 50)

    handle = engine.networks.unet.register_forward_pre_hook(too_many)
    drawn = engine.sample_batch("a teapot", count=3, progress=lambda *counts: told.append(counts), **options)
    handle.remove()
    assert tried == [3, 1, 1, 2, 1, 1, 1, 1]
    assert numpy.array_equal(drawn, numpy.stack(alone))
    assert told == sorted(told) and told[-1] == (2, 2)
    at_once = engine.sample_batch("a teapot", count=3, **options).astype(int)
    assert numpy.abs(at_once - numpy.stack(alone)).max() <= 1
    assert engine.batch == 1  # of a processor


def test_another_fault_is_not_taken_for_an_exhausted_memory(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))

    def fail(*_: Any) -> None:
        raise RuntimeError("something else")

    engine.networks.unet.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="something else"):
        engine.sample("a teapot", width=64, height=64, seed=1, steps=2, guidance=1.0)


def test_each_picture_of_a_batch_is_the_one_its_seed_gives_alone(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    drawing = drawing_of(sampler="Euler a", seed=5, steps=3)
    done: list[tuple[int, int]] = []
    both = engine.latents(drawing, 2, progress=lambda *one: done.append(one))
    assert done == [(1, 3), (2, 3), (3, 3)]
    alone = engine.latents(replace(drawing, seed=6))
    assert torch.allclose(both[1:], alone, atol=1e-4)
    assert not torch.allclose(both[:1], alone, atol=0.1)
    pixels = engine.sample_many(drawing, 2)
    assert pixels.shape == (2, 64, 64, 3) and pixels.dtype == numpy.uint8
