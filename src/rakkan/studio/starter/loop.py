"""The training loop all three stages share: time, learning rate, averages, precision, logs, saving."""

from __future__ import annotations

import copy
import json
import math
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rakkan.errors import RakkanError
from rakkan.studio.starter.data import Batch, Supply
from rakkan.studio.starter.grids import Pixels

_SAVE_SECONDS = 120.0
_GRID_SECONDS = 240.0
_LOG_SECONDS = 10.0
_WARM_UP_STEPS = 100
#: Steps at the start of a CPU run that are timed to choose a precision (bf16 or not). The best of each
#: counts, for the first of every shape pays for its set-up and other programs may disturb any.
_TRIALS = (True, False) * 4


class Clock:
    """How much of the run's time has passed; ``stop`` ends the run after the current step."""

    def __init__(self, minutes: float) -> None:
        self._start = time.monotonic()
        self._total = 60.0 * minutes
        self._stopped = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    @property
    def fraction(self) -> float:
        """0 at the start, 1 at the end of the run."""
        return min(1.0, self.seconds / self._total)

    @property
    def running(self) -> bool:
        return not self._stopped and self.seconds < self._total

    def stop(self) -> None:
        self._stopped = True


class Averages:
    """Exponential moving averages of modules' parameters; the averaged modules are the model.

    The decay is warmed up, min(decay, (1 + n) / (10 + n)) after n steps, so that a short run averages
    over its last ninth or so and no more.
    """

    def __init__(self, modules: Mapping[str, nn.Module], decay: float) -> None:
        self.modules = {name: copy.deepcopy(module).eval() for name, module in modules.items()}
        for module in self.modules.values():
            module.requires_grad_(False)
        self._decay = decay
        self._steps = 0
        self._targets: list[Tensor] = [p for module in self.modules.values() for p in module.parameters()]
        self._sources: list[Tensor] = [p for module in modules.values() for p in module.parameters()]

    @torch.no_grad()
    def update(self) -> None:
        """Take one step towards the trained parameters."""
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        torch._foreach_lerp_(self._targets, self._sources, 1.0 - decay)


#: Shows a grid: pixels uint8 [height, width, 3], the stage's name, the steps so far, the file to write.
Show = Callable[[Pixels, str, int, Path], object]

#: Loss of a batch (a scalar Tensor) given the averaged modules.
Loss = Callable[[Batch], Tensor]


@dataclass(frozen=True)
class Stage:
    """What one stage trains and how. ``decay_shape`` maps the fraction of time passed to 0..1."""

    name: str
    modules: Mapping[str, nn.Module]
    averages: Averages
    loss: Loss
    grid: Callable[[], Pixels]
    batch: int
    rate: float
    decay_shape: Callable[[float], float]


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    seconds: float
    steps: int
    samples: int
    processor: str


def linear(fraction: float) -> float:
    """Linear decay from 1 to 0."""
    return 1.0 - fraction


def cosine(fraction: float) -> float:
    """Half a cosine from 1 to 0."""
    return 0.5 + 0.5 * math.cos(math.pi * fraction)


def train(
    stage: Stage,
    supply: Supply,
    clock: Clock,
    device: str,
    folder: Path,
    save: Callable[[Outcome], None],
    report: Callable[[str], None],
    show: Show | None = None,
) -> Outcome:
    """Train until the clock runs out; saves and shows sample grids on the way and at the end.

    ``save`` gets the outcome so far and stores the averaged weights; ``report`` gets one line of
    progress at a time, ``show`` a grid and the path it is meant for. A step whose loss is not finite is
    left out. Raises RakkanError, with nothing saved, when the time ends before there were pictures for
    one step.
    """
    parameters = [p for module in stage.modules.values() for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=stage.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    precision = Precision(device)
    journal = Journal(folder / f"log-{stage.name}.jsonl", stage.name, report)
    processor = processor_name(device)
    steps = samples = 0
    saved = drawn = clock.seconds
    for module in stage.modules.values():
        module.train()
    while clock.running:
        batch = supply.batch(stage.batch, lambda: clock.running)
        if batch is None:
            break
        rate = stage.rate * min(1.0, (steps + 1) / _WARM_UP_STEPS) * stage.decay_shape(clock.fraction)
        for group in optimiser.param_groups:
            group["lr"] = rate
        with precision.step(batch.items.numel()):
            loss = stage.loss(batch)
        value = float(loss.detach()) if device == "cpu" or steps % 20 == 0 else None
        loss.backward()
        precision.finished()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        if torch.isfinite(norm):
            optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        stage.averages.update()
        steps += 1
        samples += len(batch.items)
        journal.note(clock, steps, samples, value, rate, supply.usable, precision.name)
        if clock.seconds - drawn > _GRID_SECONDS:
            _show(stage, steps, folder / f"grid-{stage.name}-{round(clock.seconds):05d}.png", show, report)
            drawn = clock.seconds
        if clock.seconds - saved > _SAVE_SECONDS:
            save(Outcome(clock.seconds, steps, samples, processor))
            saved = clock.seconds
    if not steps:
        raise RakkanError(f"the {stage.name} stage ended before its first step", "give it more --minutes")
    outcome = Outcome(clock.seconds, steps, samples, processor)
    save(outcome)
    report(f"{stage.name}: {steps} steps, {samples} samples, {outcome.seconds:.0f} s, saved")
    _show(stage, steps, folder / f"grid-{stage.name}-last.png", show, report)
    return outcome


def _show(stage: Stage, steps: int, file: Path, show: Show | None, report: Callable[[str], object]) -> None:
    if show is None:
        return
    try:
        show(stage.grid(), stage.name, steps, file)
    except RakkanError as error:  # half-learned pictures may be taken for anything: the run goes on
        report(f"{stage.name}: no grid after {steps} steps. {error.message}")


class Precision:
    """Chooses between bf16 autocast and fp32 by timing the first steps; on a GPU always bf16."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._trials = list(_TRIALS) if device == "cpu" else []
        self._speeds: dict[bool, float] = {}
        self._started = 0.0
        self._size = 0
        self.half = True

    @property
    def name(self) -> str:
        return "bf16" if self.half else "fp32"

    def step(self, size: int) -> torch.autocast:
        """The context of one step's forward pass over ``size`` numbers."""
        if self._trials:
            self.half = self._trials[0]
        self._started, self._size = time.perf_counter(), size
        return torch.autocast(self._device, torch.bfloat16, enabled=self.half)

    def finished(self) -> None:
        """The step's backward pass is done."""
        if not self._trials:
            return
        half = self._trials.pop(0)
        speed = self._size / (time.perf_counter() - self._started)
        self._speeds[half] = max(speed, self._speeds.get(half, 0.0))
        if not self._trials:
            self.half = self._speeds[True] >= self._speeds[False]


class Journal:
    """Progress as JSON lines in a file and as readable lines for the person who waits."""

    def __init__(self, file: Path, stage: str, report: Callable[[str], None]) -> None:
        self._file = file
        self._stage = stage
        self._report = report
        self._values: list[float] = []
        self._last_seconds = 0.0
        self._last_samples = 0

    def note(
        self,
        clock: Clock,
        steps: int,
        samples: int,
        value: float | None,
        rate: float,
        usable: Callable[[], int],
        precision: str,
    ) -> None:
        """Take in one step; every few seconds, write what the steps since the last line were like."""
        if value is not None:
            self._values.append(value)
        seconds = clock.seconds
        passed = seconds - self._last_seconds
        if passed < _LOG_SECONDS or not self._values:
            return
        line: dict[str, Any] = {
            "stage": self._stage,
            "seconds": round(seconds, 1),
            "steps": steps,
            "samples": samples,
            "loss": round(sum(self._values) / len(self._values), 6),
            "rate": round(rate, 8),
            "per_second": round((samples - self._last_samples) / passed, 1),
            "usable": usable(),
            "precision": precision,
        }
        with self._file.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
        self._report(
            f"{self._stage} {seconds:6.0f} s  step {steps:6d}  loss {line['loss']:.4f}  "
            f"{line['per_second']:7.1f} pictures/s  {line['usable']} in stock  {precision}"
        )
        self._values.clear()
        self._last_seconds, self._last_samples = seconds, samples


def processor_name(device: str) -> str:
    """The name of the processor that trains, as its maker gives it."""
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    return cpu_name(_cpu_lines()) or platform.processor() or platform.machine()


def cpu_name(lines: Iterable[str]) -> str:
    """The processor's name among the lines of /proc/cpuinfo, or an empty string."""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _cpu_lines() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
