"""The three stages from start to weights, small and with a stand-in for the renderer."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tests.studio.starter.stand_in import render
from typer.testing import CliRunner

from rakkan.cli.starter import app
from rakkan.errors import RakkanError
from rakkan.studio.starter import networks, recipe, settings
from rakkan.studio.starter.checkpoints import load_checkpoint
from rakkan.studio.starter.data import Batch, Supply
from rakkan.studio.starter.loop import Clock, Stage
from rakkan.studio.starter.machines import MACHINES
from rakkan.studio.starter.networks import NetworkSizes
from rakkan.studio.starter.recipe import run
from rakkan.studio.starter.settings import STAGES, Settings

SMALL = NetworkSizes(
    quarter_width=16,
    eighth_width=16,
    encoder_width=16,
    decoder_width=16,
    decoder_depth=1,
    unet_widths=(16, 16, 16),
    unet_depth=1,
    embedding_width=32,
    head_width=16,
)


STEPS = 6


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks, and runs that end after ``STEPS`` steps however slow the machine is."""
    clocks: list[Clock] = []

    class Counted(Supply):
        given = 0

        def batch(self, count: int, waiting: Callable[[], bool] = lambda: True) -> Batch | None:
            batch = super().batch(count, waiting)
            self.given += 1
            if self.given == STEPS:
                clocks[-1].stop()
            return batch

    def clock(minutes: float) -> Clock:
        clocks.append(Clock(minutes))
        return clocks[-1]

    monkeypatch.setattr(recipe, "Supply", Counted)
    monkeypatch.setattr(recipe, "Clock", clock)
    monkeypatch.setitem(networks.LATENTS, "f16c32", SMALL)
    monkeypatch.setattr(
        settings,
        "MACHINES",
        # What a GPU's machine does but for its device, which tests cannot count on.
        {name: replace(kind, device="cpu", batches=(4, 4, 4, 4)) for name, kind in MACHINES.items()},
    )
    monkeypatch.setattr(recipe, "_prepare_device", lambda settings: None)


def _settings(stage: str, folder: Path, resume: bool = False, device: str = "cpu") -> Settings:
    return Settings(stage, 5, folder, resume=resume, capacity=48, device=device, workers=2)


@pytest.mark.usefixtures("small")
def test_a_grid_that_the_gate_refuses_does_not_stop_the_run(tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise RakkanError("The picture was not released (drawings only): it is not clearly a drawing")

    lines: list[str] = []
    outcome = run(replace(_settings("autoencoder", tmp_path), show=refuse), lines.append, render)
    assert outcome.steps == STEPS
    assert f"autoencoder: no grid after {STEPS} steps. The picture was not released" in "\n".join(lines)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_the_whole_recipe_leaves_weights_logs_and_grids(tmp_path: Path) -> None:
    lines: list[str] = []
    shown: list[str] = []

    def show(pixels: npt.NDArray[np.uint8], stage: str, steps: int, file: Path) -> None:
        assert pixels.ndim == 3 and pixels.dtype == np.uint8 and steps == STEPS
        shown.append(file.name)

    for stage in STAGES:
        outcome = run(replace(_settings(stage, tmp_path), show=show), lines.append, render)
        assert outcome.steps == STEPS and STEPS < outcome.samples <= 4 * STEPS
        assert shown[-1] == f"grid-{stage}-last.png"
    made = load_checkpoint(tmp_path / "weights")
    assert made.distilled and made.guidance == 2.0
    assert set(made.stages) == set(STAGES)
    assert all(made.part(part) for part in ("autoencoder", "text", "unet"))
    assert made.stages["flow"].processor and made.stages["flow"].renderer
    spread = made.part("autoencoder")["latent_std"]
    assert (spread == 1).all() and (made.part("autoencoder")["latent_mean"] != 0).all(), (
        "latents are measured"
    )
    before = load_checkpoint(tmp_path / "flow-weights")
    assert not before.distilled and (before.part("text")["pool.weight"] != 0).any()
    resumed = run(_settings("distil", tmp_path, resume=True), lines.append, render)
    total = load_checkpoint(tmp_path / "weights").stages["distil"].steps
    assert total == 2 * STEPS and resumed.steps == STEPS
    with pytest.raises(RakkanError, match="holds a flow"):
        run(_settings("autoencoder", tmp_path), lines.append, render)
    for file in tmp_path.glob("log-*.jsonl"):
        assert all(json.loads(line)["loss"] > 0 for line in file.read_text().splitlines())


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_machine_with_a_pool_hands_its_latents_from_stage_to_stage(tmp_path: Path) -> None:
    lines: list[str] = []
    run(_settings("autoencoder", tmp_path, device="cuda"), lines.append, render)
    assert "autoencoder: turning the renders into latents" in lines
    assert not list((tmp_path / "stock").glob("renders-*")), "renders stay in the device's memory"
    (kept,) = (tmp_path / "stock").glob("latents-*-square.uses")
    uses = np.fromfile(kept, np.uint8)
    waiting = int((uses == 0).sum())
    assert len(uses) == 36 and waiting > 4
    for stage in ("flow", "reference", "distil"):
        assert run(_settings(stage, tmp_path, device="cuda"), lines.append, render).steps == STEPS
    assert load_checkpoint(tmp_path / "weights").distilled
    assert (np.fromfile(kept, np.uint8) == uses).all(), "later stages read the pool and leave it as it was"


@pytest.mark.usefixtures("small")
def test_a_signal_saves_and_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    loss = recipe.autoencoder_stage

    def interrupted(*arguments: Any) -> Stage:
        stage = loss(*arguments)

        def loss_with_signal(batch: Batch) -> torch.Tensor:
            os.kill(os.getpid(), signal.SIGTERM)
            return stage.loss(batch)

        return replace(stage, loss=loss_with_signal)

    monkeypatch.setattr(recipe, "autoencoder_stage", interrupted)
    outcome = run(_settings("autoencoder", tmp_path), lines.append, render)
    assert outcome.steps == 1 and any("being saved" in line for line in lines)
    assert load_checkpoint(tmp_path / "weights").stages["autoencoder"].steps == 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_run_that_ends_before_its_first_step_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="before its first step"):
        run(Settings("autoencoder", 1e-4, tmp_path, capacity=4), print, render)
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings("train", 1, Path("x")), "no stage 'train'"),
        (Settings("flow", 0, Path("x")), "0 minutes"),
        (Settings("flow", float("nan"), Path("x")), "nan minutes"),
        (Settings("flow", 1, Path("x"), device="tpu"), "no device 'tpu'"),
        (Settings("flow", 1, Path("x")), "no autoencoder"),
        (Settings("flow", 1, Path("x"), resume=True), "nothing to resume"),
        (Settings("autoencoder", 1, Path("x"), latent="f4"), "no latent space"),
        (Settings("autoencoder", 1, Path("x"), workers=-1), "less than no workers"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_written(
    settings: Settings, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RakkanError, match=words):
        run(settings, print, render)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_a_missing_gpu_is_named(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="no CUDA device"):
        run(Settings("autoencoder", 1, tmp_path, device="cuda"), print)


def test_the_command_passes_its_faults_on() -> None:
    result = CliRunner().invoke(app, ["train", "--stage", "sculpt", "--minutes", "1"])
    assert isinstance(result.exception, RakkanError) and "sculpt" in str(result.exception)
