"""Training the starter model, stage by stage: what each needs, what it leaves behind.

A run's folder holds ``weights/`` (the averaged weights so far, all stages), ``flow-weights/`` (as they
were before distillation), ``stock/`` (renders and latents, so that the next run starts warm), logs and
sample grids.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from types import FrameType
from typing import Any

import torch
from torch import nn

from rakkan.errors import RakkanError
from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.autoencoder_training import autoencoder_stage, balance_latents, measure_latents
from rakkan.studio.starter.checkpoints import (
    Checkpoint,
    StageRecord,
    Tensors,
    half,
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from rakkan.studio.starter.data import Supply
from rakkan.studio.starter.distillation import distillation_stage
from rakkan.studio.starter.flow_training import flow_stage
from rakkan.studio.starter.loop import Clock, Outcome, Stage, train
from rakkan.studio.starter.networks import NetworkSizes, TextEncoder, UNet, sizes_of
from rakkan.studio.starter.pairs import draw_pair_item
from rakkan.studio.starter.reference_training import reference_stage
from rakkan.studio.starter.renders import Render, RenderQueue, render_figure, renderer_version, scope_of
from rakkan.studio.starter.settings import STAGES, Settings, check
from rakkan.studio.starter.stocks import PAIR, encode_renders, encode_stocks, latent_stocks, render_stocks

Report = Callable[[str], None]

_RATES = (8e-4, 6e-4, 4e-4, 2e-4)
#: How the render queue is told to make pairs.
_PAIRED: dict[str, Any] = {"draw": draw_pair_item, "figures": PAIR}
#: Part of an autoencoder run on a GPU that is kept for turning all its renders into latents.
_ENCODING_SHARE = 0.1


def run(settings: Settings, report: Report, render: Render = render_figure) -> Outcome:
    """Run one stage and leave its weights in ``folder/weights``.

    Raises RakkanError for settings that cannot work, before anything is written.
    """
    check(settings)
    scope = scope_of(settings.scope)
    checkpoint = _starting_point(settings)
    _prepare_device(settings)
    torch.manual_seed(settings.seed)
    clock = Clock(settings.minutes * (1 - _ENCODING_SHARE * _keeps_latents(settings)))
    settings.folder.mkdir(parents=True, exist_ok=True)
    pooled = settings.machine.pooled
    workers = settings.workers or (max(1, (os.cpu_count() or 2) - 1) if pooled else 1)
    # Seeds differ from run to run of the same folder, or a resumed run would see the same figures again.
    seed = settings.seed + sum(record.steps for record in checkpoint.stages.values())
    niceness = 0 if pooled else 19
    several = _PAIRED if settings.stage in ("reference", "distil") else {}
    with (
        RenderQueue(workers, seed, niceness, render=render, scope=scope, **several) as queue,
        stopped_by_signals(clock, report),
    ):
        if settings.stage == "autoencoder":
            return _run_autoencoder(settings, checkpoint, queue, clock, report, seed)
        return _run_latent_stage(settings, checkpoint, queue, clock, report, seed)


def _run_autoencoder(
    settings: Settings, checkpoint: Checkpoint, queue: RenderQueue, clock: Clock, report: Report, seed: int
) -> Outcome:
    autoencoder = Autoencoder(NetworkSizes(**checkpoint.sizes))
    load_part(autoencoder, checkpoint, "autoencoder")
    autoencoder.to(settings.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    stocks = render_stocks(settings)
    stage = autoencoder_stage(autoencoder, stocks, _batch(settings), _RATES[0], settings.crop)
    averaged = stage.averages.modules["autoencoder"]
    if not isinstance(averaged, Autoencoder):
        raise TypeError("the averages of an autoencoder are an autoencoder")

    def save(outcome: Outcome) -> None:
        if clock.running:
            measure_latents(averaged, stocks, 96)
        else:
            balance_latents(averaged, stocks)
        _save(settings, checkpoint, stage, outcome)

    supply = Supply(queue, stocks, seed=seed, chunk=settings.machine.chunk)
    outcome = train(
        stage, supply, clock, settings.machine.device, settings.folder, save, report, settings.show
    )
    if _keeps_latents(settings):
        report("autoencoder: turning the renders into latents")
        latents = latent_stocks(settings, averaged, NetworkSizes(**checkpoint.sizes))
        encode_stocks(stocks, latents, averaged, settings.machine.encoded, lambda: True)
        for stock in latents.values():
            stock.flush()
    return outcome


def _run_latent_stage(
    settings: Settings, checkpoint: Checkpoint, queue: RenderQueue, clock: Clock, report: Report, seed: int
) -> Outcome:
    sizes = NetworkSizes(**checkpoint.sizes)
    autoencoder, text, unet = Autoencoder(sizes), TextEncoder(sizes), UNet(sizes)
    for name, module in (("autoencoder", autoencoder), ("text", text), ("unet", unet)):
        load_part(module, checkpoint, name)
        module.to(settings.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    autoencoder.eval().requires_grad_(False)
    paired = settings.stage != "flow"
    stocks = latent_stocks(settings, autoencoder, sizes, paired)
    if not paired and not settings.machine.pooled and not any(stock.usable for stock in stocks.values()):
        report(f"{settings.stage}: turning the renders of earlier runs into latents")
        encode_stocks(
            render_stocks(settings),
            stocks,
            autoencoder,
            settings.machine.encoded,
            lambda: clock.running and clock.fraction < 0.2,
        )
    supply = Supply(
        queue,
        stocks,
        lambda pictures: encode_renders(autoencoder, pictures),
        seed=seed,
        chunk=settings.machine.chunk,
    )
    if settings.stage == "flow":
        stage = flow_stage(
            text, unet, autoencoder, _batch(settings), _RATES[1], seed, scope_of(settings.scope)
        )
    elif settings.stage == "reference":
        stage = reference_stage(
            text, unet, autoencoder, _batch(settings), _RATES[2], seed, scope_of(settings.scope)
        )
    else:
        stage = distillation_stage(
            text,
            unet,
            _teacher(settings, sizes),
            autoencoder,
            _batch(settings),
            _RATES[3],
            settings.guidance,
            seed,
            scope_of(settings.scope),
        )

    def save(outcome: Outcome) -> None:
        _save(settings, checkpoint, stage, outcome)

    return train(stage, supply, clock, settings.machine.device, settings.folder, save, report, settings.show)


def _teacher(settings: Settings, sizes: NetworkSizes) -> tuple[TextEncoder, UNet]:
    """The flow model as it was before distillation."""
    checkpoint = load_checkpoint(settings.folder / "flow-weights")
    text, unet = TextEncoder(sizes), UNet(sizes)
    for name, module in (("text", text), ("unet", unet)):
        load_part(module, checkpoint, name)
        module.to(settings.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        module.eval().requires_grad_(False)
    return text, unet


def load_part(module: nn.Module, checkpoint: Checkpoint, name: str) -> None:
    """Load one part's weights into its module; a part the checkpoint lacks keeps its first weights.

    Raises RakkanError when the weights do not fit the module.
    """
    tensors = {key: torch.from_numpy(array).float() for key, array in checkpoint.part(name).items()}
    if not tensors:
        return
    if isinstance(module, UNet):  # a flow from before there were references has no roles yet
        tensors.setdefault("roles", module.roles.detach())
    try:
        module.load_state_dict(tensors)
    except RuntimeError as fault:
        raise RakkanError(
            f"the weights of the {name} do not fit this version's network ({str(fault).splitlines()[0]})",
            "train again without --resume",
        ) from None


def _starting_point(settings: Settings) -> Checkpoint:
    """The weights a run starts from: earlier stages' always, its own stage's only to resume."""
    weights, before = settings.folder / "weights", settings.folder / "flow-weights"
    found = load_checkpoint(weights) if has_checkpoint(weights) else None
    if settings.resume and found is None:
        raise RakkanError(f"there is nothing to resume in {weights}", "leave out --resume")
    if settings.stage == "autoencoder":
        if found is not None and found.part("unet"):
            raise RakkanError(
                f"{weights} holds a flow that was trained on its autoencoder",
                "choose another --folder, or remove the weights",
            )
        if found is not None and settings.resume:
            return found
        return Checkpoint(settings.latent, asdict(sizes_of(settings.latent)), {})
    if found is None or not found.part("autoencoder"):
        raise RakkanError(f"there is no autoencoder in {weights}", "run --stage autoencoder first")
    if settings.stage == "flow":
        if settings.resume and not found.distilled:
            return found
        if settings.resume and has_checkpoint(before):
            return load_checkpoint(before)
        kept = {name: array for name, array in found.tensors.items() if name.startswith("autoencoder.")}
        stages = {name: record for name, record in found.stages.items() if name == "autoencoder"}
        return replace(found, tensors=kept, stages=stages, distilled=False, guidance=0.0)
    if not found.part("unet"):
        raise RakkanError(f"there is no flow in {weights}", "run --stage flow first")
    if settings.stage == "reference":
        return load_checkpoint(before) if found.distilled else found
    if "reference" not in found.stages:
        raise RakkanError(f"the flow in {weights} knows no references", "run --stage reference first")
    if not found.distilled:
        save_checkpoint(found, before)
        return found
    return found if settings.resume else load_checkpoint(before)


def _save(settings: Settings, checkpoint: Checkpoint, stage: Stage, outcome: Outcome) -> None:
    """Store the averaged weights of a stage beside the other parts of the checkpoint it started from."""
    tensors: Tensors = {
        name: array
        for name, array in checkpoint.tensors.items()
        if name.split(".", 1)[0] not in stage.averages.modules
    }
    for part, module in stage.averages.modules.items():
        tensors.update(half(module.state_dict(), part))
    record = checkpoint.stages.get(stage.name, StageRecord()).plus(
        outcome.seconds,
        outcome.steps,
        outcome.samples,
        outcome.processor,
        f"{renderer_version()} {settings.scope}",
    )
    made = replace(checkpoint, tensors=tensors, stages={**checkpoint.stages, stage.name: record})
    if stage.name == "distil":
        made = replace(made, distilled=True, guidance=settings.guidance)
    save_checkpoint(made, settings.folder / "weights")


def _batch(settings: Settings) -> int:
    return settings.machine.batches[STAGES.index(settings.stage)]


def _keeps_latents(settings: Settings) -> bool:
    """Whether this run's renders are lost with the process, so that their latents must be kept now."""
    return settings.stage == "autoencoder" and settings.machine.pooled


def _prepare_device(settings: Settings) -> None:
    if settings.machine.device == "cpu":
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    else:
        torch.backends.cudnn.benchmark = True


@contextmanager
def stopped_by_signals(clock: Clock, report: Report) -> Iterator[None]:
    """Ctrl-C and SIGTERM end training after the current step, with everything saved."""

    def stop(number: int, frame: FrameType | None) -> None:
        report("stopping after this step; the weights are being saved")
        clock.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
