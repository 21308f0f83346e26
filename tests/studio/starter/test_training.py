"""Losses, sampling and averages against answers worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rakkan.studio.starter import distillation
from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.autoencoder_training import (
    balance_latents,
    detail_weight,
    measure_latents,
    pixel_effects,
)
from rakkan.studio.starter.data import Batch, Stock, to_pictures
from rakkan.studio.starter.distillation import distillation_stage, two_half_steps
from rakkan.studio.starter.flow_training import flow_loss
from rakkan.studio.starter.grids import grid_conditions, grid_of
from rakkan.studio.starter.loop import Averages, Clock, Journal, Precision, cosine, cpu_name, linear
from rakkan.studio.starter.networks import NetworkSizes, TextEncoder, UNet
from rakkan.studio.starter.renders import BUCKETS
from rakkan.studio.starter.sampling import draw_latents, velocity
from rakkan.studio.starter.vocabulary import SLOTS


class FieldOfOnes(UNet):
    """A U-Net whose velocity is ``factor`` times where it stands, plus the text's pooled vector."""

    def __init__(self, factor: float) -> None:
        nn.Module.__init__(self)
        self.factor = factor
        self.steps: list[float] = []

    def forward(
        self,
        latents: Tensor,
        time: Tensor,
        step: Tensor,
        text: Tensor,
        pooled: Tensor,
        reference: Sequence[Tensor] = (),
    ) -> Tensor:
        self.steps.append(float(step[0]))
        shown = reference[0][:, 0, 0][:, None, None, None] if reference else 0
        return self.factor * latents + pooled[:, :1, None, None] + shown


class FirstToken(TextEncoder):
    """A text encoder whose pooled vector is the first token id itself."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        return ids[:, :, None].float(), ids[:, :1].float()


ONE = torch.ones(1, 1, 2, 2)


def test_guidance_goes_beyond_the_condition() -> None:
    told, untold = ((torch.zeros(1, 1, 1), torch.tensor([[value]])) for value in (3.0, 1.0))
    found = velocity(FieldOfOnes(0), ONE, torch.ones(1), torch.zeros(1), told, untold, 2.0)
    assert found.flatten().tolist() == [5.0] * 4


def test_a_reference_belongs_to_what_guidance_leads_towards() -> None:
    told, untold = ((torch.zeros(1, 1, 1), torch.tensor([[value]])) for value in (3.0, 1.0))
    seen = [torch.tensor([[[10.0]]])]
    found = velocity(FieldOfOnes(0), ONE, torch.ones(1), torch.zeros(1), told, untold, 2.0, seen)
    # Away from 1, towards 3 + 10: 1 + 2 * (13 - 1).
    assert found.flatten().tolist() == [25.0] * 4


def test_euler_takes_the_steps_of_the_schedule_from_noise_to_picture() -> None:
    ids, nothing = torch.zeros(1, 3), torch.zeros(1, 3)
    unet = FieldOfOnes(1.0)
    found = draw_latents(unet, FirstToken(), ids, nothing, ONE, 4, 1.0, few_steps=False)
    # From 1 to 6/7, 2/3, 2/5 and 0, each time by the step's length times where it stands.
    expected = (1 - 1 / 7) * (1 - 4 / 21) * (1 - 4 / 15) * (1 - 2 / 5)
    assert found.flatten().tolist() == pytest.approx([expected] * 4)
    assert unet.steps == [0, 0, 0, 0]


def test_the_distilled_model_is_told_the_size_of_its_steps() -> None:
    unet = FieldOfOnes(1.0)
    draw_latents(unet, FirstToken(), torch.zeros(1, 3), torch.zeros(1, 3), ONE, 4, 1.0, few_steps=True)
    assert unet.steps == [0.25] * 4


def test_a_large_step_equals_two_of_half_its_size() -> None:
    unet = FieldOfOnes(1.0)
    found = two_half_steps(unet, FirstToken(), ONE, torch.ones(1), 0.5, torch.zeros(1, 3), 2.0)
    # Levels 1, 6/7, 2/3: from 1 with velocity 1 to 6/7, there with velocity 6/7. Over the whole step of 1/3
    # that is (1/7 + 4/21 * 6/7) / (1/3) = 45/49.
    assert found.flatten().tolist() == pytest.approx([45 / 49] * 4)
    assert unet.steps == [0.25, 0.25]


def test_the_smallest_step_rests_on_the_guided_velocity() -> None:
    unet = FieldOfOnes(0.0)
    ids = torch.full((1, 25), 3)
    found = two_half_steps(unet, FirstToken(), ONE, torch.ones(1), 1 / 8, ids, 2.0)
    # The condition says 3, the unspecified first slot 0: 0 + 2 * (3 - 0).
    assert found.flatten().tolist() == [6.0] * 4
    assert unet.steps == [0, 0]


@pytest.mark.parametrize(("step", "taught_by"), [(1 / 8, "teacher"), (1 / 4, "teacher"), (1 / 2, "own")])
def test_small_steps_are_taught_by_who_stands_still(
    step: float, taught_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[UNet, TextEncoder]] = []

    def two_half_steps(unet: UNet, text: TextEncoder, noisy: Tensor, *rest: object) -> Tensor:
        asked.append((unet, text))
        return torch.zeros_like(noisy)

    monkeypatch.setattr(distillation, "two_half_steps", two_half_steps)
    monkeypatch.setattr(distillation, "LEVELS", ((step, 1.0),))
    sizes = NetworkSizes(unet_widths=(16, 16, 16), embedding_width=32, head_width=16)
    text, unet, teacher = TextEncoder(sizes), UNet(sizes), (TextEncoder(sizes), UNet(sizes))
    stage = distillation_stage(text, unet, teacher, Autoencoder(sizes), 4, 1e-3, 2.0, 0)
    ids = np.full((4, 2 * len(SLOTS) + 1), 3, np.int32)
    ids[:, -1] = 0
    stage.loss(Batch(torch.zeros(4, 2, 32, 8, 8), ids)).backward()  # type: ignore[no-untyped-call]
    own = (stage.averages.modules["unet"], stage.averages.modules["text"])
    assert asked == [(teacher[1], teacher[0]) if taught_by == "teacher" else own]
    assert all(parameter.grad is None for module in teacher for parameter in module.parameters())
    assert unet.conv_out.bias is not None and unet.conv_out.bias.grad is not None


def test_a_perfect_velocity_has_no_flow_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    latents = torch.zeros(2, 1, 2, 2)

    class Perfect(UNet):
        def __init__(self) -> None:
            nn.Module.__init__(self)

        def forward(self, noisy: Tensor, time: Tensor, *told: object) -> Tensor:
            # With x_0 = 0, x_t = t noise, so that the velocity noise - x_0 is x_t / t.
            return noisy / time[:, None, None, None]

    assert flow_loss(Perfect(), FirstToken(), latents, torch.zeros(2, 3)).item() == pytest.approx(0, abs=1e-8)


def test_an_untrained_flow_has_the_loss_of_noise_and_picture() -> None:
    torch.manual_seed(0)
    latents = torch.full((64, 1, 8, 8), 2.0)
    loss = flow_loss(FieldOfOnes(0), FirstToken(), latents, torch.zeros(64, 3)).item()
    assert loss == pytest.approx(1 + 2**2, rel=0.05)


def test_averages_are_warmed_up_and_then_decay() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    averages = Averages({"one": module}, 0.5)
    nn.init.ones_(module.weight)
    averages.update()
    kept = averages.modules["one"].weight
    assert isinstance(kept, Tensor) and kept.item() == pytest.approx(0.9)  # decay (1 + 0) / (10 + 0)
    for _ in range(20):
        averages.update()
    nn.init.zeros_(module.weight)
    averages.update()
    assert kept.item() == pytest.approx(0.5, abs=1e-3)
    assert not kept.requires_grad


def test_detail_counts_more_and_the_mean_stays_one() -> None:
    pictures = torch.zeros(1, 3, 64, 64)
    pictures[:, :, 16:32:4, 16:32] = 1.0
    weight = detail_weight(pictures)
    assert weight.shape == (1, 1, 64, 64) and weight.mean().item() == pytest.approx(1)
    assert weight[0, 0, 24, 24] > 2 * weight[0, 0, 60, 60]


@pytest.fixture
def stock() -> Stock:
    """Blocks of random colours."""
    torch.manual_seed(0)
    stock = Stock((64, 64, 3), torch.uint8, 96, "cpu")
    coarse = torch.randint(0, 256, (96, 16, 16, 3), dtype=torch.uint8)
    stock.put(coarse.repeat_interleave(4, 1).repeat_interleave(4, 2), np.zeros((96, len(SLOTS)), np.int32))
    return stock


@torch.no_grad()
def test_effects_on_pixels_of_a_linear_decoder() -> None:
    """A decoder that paints channel 0 into a cell's red, green and blue, and twice channel 1 into its red."""
    autoencoder = Autoencoder(NetworkSizes(latent_channels=2))
    short = autoencoder.decoder.short
    for parameter in autoencoder.decoder.parameters():
        parameter.zero_()
    short.weight[:, 0] = 1.0
    short.weight[: autoencoder.factor**2, 1] = 2.0
    found = pixel_effects(autoencoder, torch.randn(2, 2, 8, 8))
    assert found.flatten().tolist() == pytest.approx([3.0, 2.0, 2.0, 4.0], rel=1e-4)


@torch.no_grad()
def test_balanced_latents_decode_to_the_same_pictures_and_vary_with_their_effect(stock: Stock) -> None:
    autoencoder = Autoencoder(NetworkSizes(latent_channels=8)).eval()
    autoencoder.decoder.short.weight[:, 0] *= 20  # one channel matters far more than the others
    pictures = to_pictures(stock.items)

    def cells() -> Tensor:
        latents = autoencoder.normalise(autoencoder.encode(pictures)[0])
        return latents.transpose(0, 1).flatten(1)

    measure_latents(autoencoder, {"square": stock})
    before = autoencoder.decode(autoencoder.encode(pictures[:8])[0])
    mixed = (torch.corrcoef(cells()) - torch.eye(8)).abs().max()
    balance_latents(autoencoder, {"square": stock})
    after = autoencoder.decode(autoencoder.encode(pictures[:8])[0])
    assert (before - after).abs().max() < 0.01 * before.abs().max()
    assert mixed > 0.2
    assert (autoencoder.latent_std == 1).all()
    assert cells().mean(dim=1).abs().max() < 0.05
    covariance = torch.cov(cells()).double()
    assert covariance.trace().item() / 8 == pytest.approx(1, abs=0.15)
    # In directions in which nothing correlates, variance is the square root of what a white latent's effect
    # was: effect times variance, of the latents as they are now, is proportional to variance squared.
    latents = autoencoder.normalise(autoencoder.encode(pictures[:8])[0])
    effects = pixel_effects(autoencoder, latents)
    variances, directions = torch.linalg.eigh(covariance)
    now = (directions.T @ effects @ directions).diagonal()
    ratio = now * variances / variances**2
    assert ratio.max() / ratio.min() < 2
    assert variances.max() / variances.min() > 3


def test_rates_fall_to_zero() -> None:
    assert [linear(0), linear(1), cosine(0)] == [1, 0, 1]
    assert cosine(1) == pytest.approx(0) and cosine(0.5) == pytest.approx(0.5)


def test_a_stopped_clock_does_not_run() -> None:
    clock = Clock(1)
    assert clock.running and clock.fraction < 0.1
    clock.stop()
    assert not clock.running


def test_the_faster_precision_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    precision, now = Precision("cpu"), iter(range(10_000))
    monkeypatch.setattr("rakkan.studio.starter.loop.time.perf_counter", lambda: float(next(now)))
    for _ in range(8):
        precision.step(100)
        if precision.name == "bf16":
            next(now)  # each bf16 step takes twice as long here
        precision.finished()
    precision.step(100)
    assert precision.name == "fp32"


def test_the_journal_writes_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    journal = Journal(tmp_path / "log.jsonl", "flow", lines.append)
    clock = Clock(1)
    monkeypatch.setattr(Clock, "seconds", 20.0)
    journal.note(clock, 4, 100, 0.5, 1e-3, lambda: 7, "bf16")
    record = json.loads((tmp_path / "log.jsonl").read_text())
    assert record["loss"] == 0.5 and record["per_second"] == 5.0 and record["usable"] == 7
    assert len(lines) == 1 and "5.0 pictures/s" in lines[0]


def test_grids_show_the_same_conditions_every_time() -> None:
    assert (grid_conditions(BUCKETS[0], 6) == grid_conditions(BUCKETS[0], 6)).all()
    grid = grid_of([torch.zeros(6, 3, 8, 8), torch.ones(6, 3, 12, 8)])
    assert (grid.shape, grid.dtype) == ((20, 48, 3), np.uint8)
    assert grid[0, 0].tolist() == [128, 128, 128]
    assert grid[-1, -1].tolist() == [255, 255, 255]


def test_the_processor_is_named_as_its_maker_does() -> None:
    assert cpu_name(["flags\t: fpu", "model name\t: Some CPU @ 2 GHz"]) == "Some CPU @ 2 GHz"
    assert cpu_name([]) == ""


def test_a_new_unet_trains_on_both_the_time_and_the_text() -> None:
    torch.manual_seed(0)
    sizes = NetworkSizes(unet_widths=(16, 16, 16), embedding_width=32, head_width=16)
    unet, text = UNet(sizes), TextEncoder(sizes)
    optimiser = torch.optim.AdamW([*unet.parameters(), *text.parameters()], 3e-3)
    latents, ids = torch.zeros(8, 32, 8, 8), torch.zeros(8, 25, dtype=torch.int64)
    latents[4:], ids[4:] = 1.0, 1
    losses = []
    for _ in range(30):
        loss = flow_loss(unet, text, latents, ids)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert math.isfinite(losses[-1]) and losses[-1] < 0.8 * losses[0]
