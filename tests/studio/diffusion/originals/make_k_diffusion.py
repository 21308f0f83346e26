"""What k-diffusion's own samplers and schedules give on the toy mixture, written to ``k_diffusion.json``.

    python -m tests.studio.diffusion.originals.make_k_diffusion FOLDER

FOLDER holds the unpacked wheel of k-diffusion 0.1.1.post1. Only its ``sampling.py`` is loaded; what that
imports and does not need here (solvers, progress bars, Brownian trees) is replaced by empty modules. All is
computed in float64; noise is the toy's, on one path over sigma for the sampler that looks up two stretches.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.studio.diffusion.toys import Draws, mixture

from rakkan.studio.diffusion.schedules import sigmas
from rakkan.studio.diffusion.training import stable_diffusion

TARGET = Path(__file__).with_name("k_diffusion.json")
SHAPE = (6,)
SEED = 5
STEPS = (1, 2, 3, 5, 20)
LEVELS = ("uniform", "karras", "exponential", "sgm_uniform", "simple")
#: Ours, theirs, options of theirs.
PAIRS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("euler", "sample_euler", {}),
    ("euler_ancestral", "sample_euler_ancestral", {}),
    ("heun", "sample_heun", {}),
    ("dpm_2", "sample_dpm_2", {}),
    ("dpm_2_ancestral", "sample_dpm_2_ancestral", {}),
    ("dpmpp_2s_ancestral", "sample_dpmpp_2s_ancestral", {}),
    ("lms", "sample_lms", {}),
    ("dpmpp_2m", "sample_dpmpp_2m", {}),
    ("dpmpp_sde", "sample_dpmpp_sde", {}),
    ("dpmpp_2m_sde", "sample_dpmpp_2m_sde", {}),
    ("dpmpp_2m_sde_heun", "sample_dpmpp_2m_sde", {"solver_type": "heun"}),
    ("dpmpp_3m_sde", "sample_dpmpp_3m_sde", {}),
)
#: Those that are told the ends alone and stop at the least level, with A1111's eta and with ComfyUI's.
BY_ENDS = (
    ("dpm_fast", {"eta": 1.0}),
    ("dpm_fast:0", {"eta": 0.0}),
    ("dpm_adaptive", {"eta": 1.0}),
    ("dpm_adaptive:0", {"eta": 0.0}),
)
#: Steps, those spent on restarting, how often: A1111's choice.
RESTARTS = ((5, 0, 0), (20, 9, 1), (24, 9, 1), (35, 9, 1), (36, 9, 2), (50, 12, 2))


class Bar:
    """A progress bar that shows nothing."""

    def __init__(self, **_: Any) -> None:
        self.asked = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self) -> None:
        self.asked += 1


def load(folder: Path) -> Any:
    """k-diffusion's ``sampling`` alone."""
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(folder / "k_diffusion")]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]  # type: ignore[attr-defined]
    bars = types.ModuleType("tqdm.auto")
    bars.trange = lambda count, **_: range(count)  # type: ignore[attr-defined]
    bars.tqdm = Bar  # type: ignore[attr-defined]
    solvers = types.ModuleType("torchdiffeq")
    solvers.odeint = None  # type: ignore[attr-defined]
    stand_ins = {
        "k_diffusion": package,
        "k_diffusion.utils": utils,
        "tqdm.auto": bars,
        "torchdiffeq": solvers,
        "torchsde": types.ModuleType("torchsde"),
    }
    kept = {name: sys.modules.get(name) for name in stand_ins}
    sys.modules.update(stand_ins)
    try:
        path = folder / "k_diffusion" / "sampling.py"
        spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        for name, before in kept.items():
            sys.modules.pop(name)
            if before is not None:
                sys.modules[name] = before
    return module


def on_a_path(draws: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Normalised increments of one Brownian path over sigma; each call may begin where the last did."""
    state: dict[str, Any] = {"start": None, "middle": None, "walked": None}

    def noise(sigma: Any, following: Any) -> Any:
        import torch

        sigma, following = float(sigma), float(following)
        if state["start"] is not None and math.isclose(state["start"], sigma, rel_tol=1e-9):
            rest = torch.from_numpy(draws()) * math.sqrt(state["middle"] - following)
            walked = state["walked"] + rest
            state["start"] = None
        else:
            walked = torch.from_numpy(draws()) * math.sqrt(sigma - following)
            state.update(start=sigma, middle=following, walked=walked)
        return walked / math.sqrt(sigma - following)

    return noise


def results(sampling: Any) -> dict[str, Any]:
    import torch

    training = stable_diffusion()
    low, high = training.sigma_min, training.sigma_max
    torch.set_default_dtype(torch.float64)
    found: dict[str, Any] = {"schedules": {}, "samplers": {}}
    for steps in STEPS:
        found["schedules"][f"karras {steps}"] = sampling.get_sigmas_karras(steps, low, high).tolist()
        found["schedules"][f"exponential {steps}"] = sampling.get_sigmas_exponential(
            steps, low, high
        ).tolist()
    for ours, theirs, options in PAIRS:
        for name in LEVELS:
            # Theirs of several steps and with noise fail for a single one.
            for steps in STEPS[1:] if "m_sde" in theirs else STEPS:
                levels = torch.from_numpy(sigmas(name, steps, training))
                draws = Draws(SEED, SHAPE)
                start = torch.from_numpy(draws()) * levels[0]
                sample, noise = getattr(sampling, theirs), {}
                if theirs == "sample_dpmpp_sde":
                    noise = {"noise_sampler": on_a_path(draws)}
                elif "noise_sampler" in inspect.signature(sample).parameters:
                    noise = {"noise_sampler": lambda *_, draws=draws: torch.from_numpy(draws())}
                final = sample(
                    asked,
                    start,
                    levels,
                    disable=True,
                    **options,
                    **noise,
                )
                found["samplers"][f"{ours} {name} {steps}"] = final.tolist()
    found["samplers"] |= by_ends(sampling) | restarts(sampling)
    torch.set_default_dtype(torch.float32)
    return found


def asked(x: Any, sigma: Any) -> Any:
    return mixture(x, float(sigma[0]))


def by_ends(sampling: Any) -> dict[str, list[float]]:
    """Their last x is at the least level; the prediction there is where a step to 0 leads."""
    import torch

    found = {}
    for ours, options in BY_ENDS:
        for name in LEVELS:
            for steps in (*STEPS[1:], 22):
                levels = sigmas(name, steps, stable_diffusion()).tolist()
                draws = Draws(SEED, SHAPE)
                start = torch.from_numpy(draws()) * levels[0]
                count = (steps,) if "fast" in ours else ()
                final = getattr(sampling, f"sample_{ours.split(':')[0]}")(
                    asked,
                    start,
                    levels[-2],
                    levels[0],
                    *count,
                    noise_sampler=lambda *_, draws=draws: torch.from_numpy(draws()),
                    **options,
                )
                found[f"{ours} {name} {steps}"] = mixture(final, levels[-2]).tolist()
    return found


def restarts(sampling: Any) -> dict[str, list[float]]:
    """Their Heun down to the level nearest to 0.1, from that nearest to 2 down again, and to the end."""
    import torch

    training, found = stable_diffusion(), {}
    for steps, spent, times in RESTARTS:
        draws = Draws(SEED, SHAPE)
        levels = sampling.get_sigmas_karras(steps - spent * times, training.sigma_min, training.sigma_max)
        x = torch.from_numpy(draws()) * levels[0]
        low, high = (int((levels - wanted).abs().argmin()) for wanted in (0.1, 2))
        if times:
            x = sampling.sample_heun(asked, x, levels[: low + 1], disable=True)
            again = sampling.get_sigmas_karras(spent + 1, float(levels[low]), float(levels[high]))[:-1]
            for _ in range(times):
                x = x + torch.from_numpy(draws()) * (again[0] ** 2 - again[-1] ** 2) ** 0.5
                x = sampling.sample_heun(asked, x, again, disable=True)
            levels = levels[low:]
        if len(levels) > 1:
            x = sampling.sample_heun(asked, x, levels, disable=True)
        found[f"restart karras {steps}"] = x.tolist()
    return found


if __name__ == "__main__":
    TARGET.write_text(json.dumps(results(load(Path(sys.argv[1]))), indent=0) + "\n")
    print(np.__version__, TARGET)
