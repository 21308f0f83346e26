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


def load(folder: Path) -> Any:
    """k-diffusion's ``sampling`` alone."""
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(folder / "k_diffusion")]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]  # type: ignore[attr-defined]
    bars = types.ModuleType("tqdm.auto")
    bars.trange = lambda count, **_: range(count)  # type: ignore[attr-defined]
    bars.tqdm = None  # type: ignore[attr-defined]
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
                    lambda x, sigma: mixture(x, float(sigma[0])),
                    start,
                    levels,
                    disable=True,
                    **options,
                    **noise,
                )
                found["samplers"][f"{ours} {name} {steps}"] = final.tolist()
    torch.set_default_dtype(torch.float32)
    return found


if __name__ == "__main__":
    TARGET.write_text(json.dumps(results(load(Path(sys.argv[1]))), indent=0) + "\n")
    print(np.__version__, TARGET)
