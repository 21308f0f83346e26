"""Samplers and schedules against diffusers' schedulers, driven as its pipelines drive them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.studio.diffusion.toys import Draws, mixture

from rakkan.studio.diffusion.samplers import SAMPLERS, silent
from rakkan.studio.diffusion.schedules import sigmas
from rakkan.studio.diffusion.training import rescale_to_zero_terminal_snr, stable_diffusion

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SHAPE = (2, 3, 4, 5)
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
LEADING = {"timestep_spacing": "leading", "steps_offset": 1}
TRAILING = {"timestep_spacing": "trailing"}
LINSPACE = {"timestep_spacing": "linspace"}
KARRAS = LINSPACE | {"use_karras_sigmas": True}
EXPONENTIAL = LINSPACE | {"use_exponential_sigmas": True}
BETA = LINSPACE | {"use_beta_sigmas": True}
SPACINGS = {"linspace": LINSPACE, "ddim_uniform": LEADING, "trailing": TRAILING}
SHAPES = {"karras": KARRAS, "exponential": EXPONENTIAL, "beta": BETA}
MULTISTEP = {"linspace_multistep": LINSPACE, "leading_multistep": LEADING, "trailing": TRAILING, **SHAPES}
#: With B(h) = h theirs multiplies 0 by infinity in a step to 0, so it is compared down to the least level.
BH1 = {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}
NOT_TO_ZERO = {"linspace_multistep": LINSPACE, "leading_multistep": LEADING, "trailing": TRAILING}
#: Theirs ends at the least level; lower orders at the end it has only below 15 steps.
DEIS = {"solver_order": 3, "lower_order_final": False}
SDE = {"algorithm_type": "sde-dpmsolver++"}

#: Ours and its options, theirs, their settings and schedules, their options of a step.
Peer = tuple[str, dict[str, Any], str, dict[str, Any], dict[str, dict[str, Any]], dict[str, Any]]
PEERS: tuple[Peer, ...] = (
    ("euler", {}, "EulerDiscreteScheduler", {}, SPACINGS | SHAPES, {}),
    ("euler_ancestral", {}, "EulerAncestralDiscreteScheduler", {}, SPACINGS, {}),
    ("heun", {}, "HeunDiscreteScheduler", {}, SPACINGS | SHAPES, {}),
    ("dpm_2", {}, "KDPM2DiscreteScheduler", {}, {"trailing": TRAILING}, {}),
    ("lms", {}, "LMSDiscreteScheduler", {}, SPACINGS | SHAPES, {}),
    ("dpmpp_2m", {}, "DPMSolverMultistepScheduler", {}, MULTISTEP, {}),
    ("dpmpp_2m_sde", {}, "DPMSolverMultistepScheduler", SDE, MULTISTEP, {}),
    ("dpmpp_2m_sde_heun", {}, "DPMSolverMultistepScheduler", SDE | {"solver_type": "heun"}, MULTISTEP, {}),
    ("unipc", {}, "UniPCMultistepScheduler", {}, MULTISTEP, {}),
    ("unipc", {"variant": "bh1"}, "UniPCMultistepScheduler", BH1, NOT_TO_ZERO, {}),
    ("unipc", {"order": 3}, "UniPCMultistepScheduler", {"solver_order": 3}, MULTISTEP, {}),
    ("unipc_bh1", {}, "UniPCMultistepScheduler", BH1 | {"solver_order": 3}, NOT_TO_ZERO, {}),
    ("deis", {}, "DEISMultistepScheduler", DEIS, NOT_TO_ZERO, {}),
    ("deis", {"order": 2}, "DEISMultistepScheduler", DEIS | {"solver_order": 2}, NOT_TO_ZERO, {}),
    ("ddpm", {}, "DDPMScheduler", {"clip_sample": False}, {"ddim_uniform": LEADING}, {}),
    ("ddim", {}, "DDIMScheduler", {"clip_sample": False}, {"ddim_uniform": LEADING}, {}),
    ("ddim", {"eta": 0.6}, "DDIMScheduler", {"clip_sample": False}, {"ddim_uniform": LEADING}, {"eta": 0.6}),
    ("ddim", {"eta": 1.0}, "DDIMScheduler", {"clip_sample": False}, {"ddim_uniform": LEADING}, {"eta": 1.0}),
    (
        "plms",
        {},
        "PNDMScheduler",
        {"skip_prk_steps": True, "set_alpha_to_one": True},
        {"ddim_uniform": LEADING},
        {},
    ),
    ("lcm", {}, "LCMScheduler", {}, {"lcm": {}}, {}),
)
SCHEDULES_OF_THEIRS = {(peer[2], schedule): peer for peer in reversed(PEERS) for schedule in peer[4]}
ONE_STEP_FAILS = (LINSPACE, KARRAS, EXPONENTIAL, BETA, LEADING)
CASES = [
    pytest.param(peer, schedule, id=" ".join([peer[0], *map(str, peer[1].values()), schedule]))
    for peer in PEERS
    for schedule in peer[4]
]
STEPS = (2, 3, 15)


def made(peer: Peer, schedule: str, steps: int) -> Any:
    scheduler = getattr(diffusers, peer[2])(**BETAS, **peer[3], **peer[4][schedule])
    scheduler.set_timesteps(steps)
    if peer[0] == "deis":  # whose third order loses a thousandth in float32
        scheduler.sigmas = scheduler.sigmas.double()
    return scheduler


def level_now(scheduler: Any, timestep: Any) -> float:
    """The noise level at which a scheduler wants the network's answer next."""
    if not hasattr(scheduler, "sigmas"):
        signal = float(scheduler.alphas_cumprod[int(timestep)])
        return ((1 - signal) / signal) ** 0.5
    index = scheduler.step_index if scheduler.step_index is not None else 0
    if hasattr(scheduler, "sigmas_interpol") and not scheduler.state_in_first_order:
        return float(scheduler.sigmas_interpol[index])
    return float(scheduler.sigmas[index])


def their_levels(scheduler: Any) -> list[float]:
    if hasattr(scheduler, "sigmas"):
        return list(dict.fromkeys(scheduler.sigmas.tolist()))
    return [*dict.fromkeys(level_now(scheduler, timestep) for timestep in scheduler.timesteps), 0.0]


def drive(scheduler: Any, start: Any, options: dict[str, Any]) -> Any:
    """Their last sample, from the same start. Their multistep solvers keep x / sqrt(sigma² + 1)."""
    preserves = getattr(scheduler, "init_noise_sigma", 1.0) == 1.0
    sample = torch.from_numpy(start).float()
    if preserves:
        sample = sample / (level_now(scheduler, scheduler.timesteps[0]) ** 2 + 1) ** 0.5
    for timestep in scheduler.timesteps:
        if not preserves:
            scheduler.scale_model_input(sample, timestep)
        sigma = level_now(scheduler, timestep)
        x = sample * (sigma**2 + 1) ** 0.5 if preserves else sample
        predicted = (x - mixture(x, sigma)) / sigma
        sample = scheduler.step(predicted, timestep, sample, **options).prev_sample
    if preserves and hasattr(scheduler, "sigmas"):
        sample = sample * (float(scheduler.sigmas[-1]) ** 2 + 1) ** 0.5
    return sample.numpy()


def same_noise(monkeypatch: pytest.MonkeyPatch, scheduler: Any, draws: Callable[..., Any]) -> None:
    module = sys.modules[type(scheduler).__module__]
    if hasattr(module, "randn_tensor"):
        monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: torch.from_numpy(draws()).float())


@pytest.mark.parametrize(("peer", "schedule"), CASES)
def test_the_sampler_ends_where_theirs_does(
    peer: Peer, schedule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in STEPS:
        scheduler = made(peer, schedule, steps)
        levels = their_levels(scheduler)
        draws = Draws(1, SHAPE)
        start = draws() * levels[0]
        ours = SAMPLERS[peer[0]](mixture, start, levels, draws, silent, **peer[1])
        again = Draws(1, SHAPE)
        again()
        same_noise(monkeypatch, scheduler, again)
        theirs = drive(scheduler, start, peer[5])
        assert np.abs(ours - theirs).max() < 1e-4, steps


@pytest.mark.parametrize(("theirs", "schedule"), SCHEDULES_OF_THEIRS)
def test_the_schedule_visits_their_levels(theirs: str, schedule: str) -> None:
    """To 2e-5, which is what 1 - alphas_cumprod in their float32 leaves of the least level."""
    training = stable_diffusion()
    peer = SCHEDULES_OF_THEIRS[theirs, schedule]
    # A single step begins at timestep 0 in their linspace, and theirs of PNDM has none.
    for steps in (2, 7, 30) if peer[4][schedule] in ONE_STEP_FAILS else (1, 2, 7, 30):
        scheduler = made(peer, schedule, steps)
        levels = their_levels(scheduler)
        ends = slice(None) if levels[-1] == 0 else slice(-1)
        assert sigmas(schedule, steps, training)[ends] == pytest.approx(levels[ends], rel=2e-5), steps
        if theirs in ("EulerDiscreteScheduler", "LMSDiscreteScheduler") and schedule != "linspace":
            # Between trained levels they interpolate as we do; linspace alone differs, in its sigma.
            ours = [training.timestep_of(level) for level in levels[:-1]]
            assert ours == pytest.approx(scheduler.timesteps.tolist(), abs=2e-3), steps


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 20])
def test_ipndm_ends_where_theirs_does(steps: int) -> None:
    """Their scheduler takes its own levels of noise, for networks that predict v; here it is given ours."""
    levels = sigmas("sgm_uniform", steps, stable_diffusion())
    noises = [level / (1 + level**2) ** 0.5 for level in levels]
    scheduler = diffusers.IPNDMScheduler(trained_betas=noises)
    scheduler.set_timesteps(steps)
    start = Draws(1, SHAPE)() * levels[0]
    ours = SAMPLERS["ipndm"](mixture, start, levels, Draws(0, SHAPE), silent)
    sample = torch.from_numpy(start) / (1 + levels[0] ** 2) ** 0.5
    for index, timestep in enumerate(scheduler.timesteps):
        signal = (1 + levels[index] ** 2) ** -0.5
        clean = mixture(sample / signal, levels[index])
        noise = (sample / signal - clean) / levels[index]
        v = signal * noise - noises[index] * clean
        sample = scheduler.step(v, timestep, sample).prev_sample
    assert np.abs(ours - sample.numpy()).max() < 1e-4


@pytest.mark.parametrize("name", ["align_your_steps", "align_your_steps_xl"])
def test_aligned_steps_are_theirs(name: str) -> None:
    """Their first and last but one are rounded ends of training."""
    from diffusers.schedulers import AysSchedules

    theirs = AysSchedules["StableDiffusionXLSigmas" if name.endswith("xl") else "StableDiffusionSigmas"]
    assert sigmas(name, 10, stable_diffusion()) == pytest.approx(theirs, rel=5e-5)
    timesteps = AysSchedules[f"StableDiffusion{'XL' if name.endswith('xl') else ''}Timesteps"]
    ours = [stable_diffusion().timestep_of(level) for level in sigmas(name, 10, stable_diffusion())[:-1]]
    assert ours == pytest.approx(timesteps, abs=2)


def test_their_levels_of_training() -> None:
    training = stable_diffusion()
    theirs = diffusers.EulerDiscreteScheduler(**BETAS)
    assert training.betas == pytest.approx(theirs.betas.numpy(), rel=1e-6)
    assert training.alphas_cumprod == pytest.approx(theirs.alphas_cumprod.numpy(), rel=2e-5)


def test_their_rescaling_to_zero_terminal_snr() -> None:
    """Their float32 loses digits where the signal is faint, so the rescaling is compared in float64."""
    from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

    betas = stable_diffusion().betas
    theirs = rescale_zero_terminal_snr(torch.from_numpy(betas)).numpy()
    assert rescale_to_zero_terminal_snr(betas) == pytest.approx(theirs, rel=1e-12, abs=1e-15)
    ours = stable_diffusion(zero_terminal_snr=True)
    scheduler = diffusers.EulerDiscreteScheduler(**BETAS, rescale_betas_zero_snr=True)
    theirs = scheduler.sigmas.numpy()[:-1][::-1]
    assert ours.sigmas[:990] == pytest.approx(theirs[:990], rel=1e-4)
    assert ours.sigmas == pytest.approx(theirs, rel=5e-3)
    assert ours.sigma_max == pytest.approx(float(scheduler.sigmas[0]), rel=1e-7)


def test_v_prediction_with_zero_terminal_snr_from_its_first_step() -> None:
    """A network with v of the mixture, asked by theirs and by our denoiser, ends in the same place."""
    from rakkan.studio.diffusion.training import denoiser

    training = stable_diffusion(zero_terminal_snr=True)
    scheduler = diffusers.EulerDiscreteScheduler(
        **BETAS, **TRAILING, rescale_betas_zero_snr=True, prediction_type="v_prediction"
    )
    scheduler.set_timesteps(12)
    levels = scheduler.sigmas.tolist()

    def network(x: Any, timestep: float, sigma: float) -> Any:
        """v = a noise - s x0 of an input x = a x0 + s noise."""
        signal = 1 / (sigma**2 + 1) ** 0.5
        clean = mixture(x / signal, sigma)
        noise = (x / signal - clean) / sigma
        return noise * signal - clean * (sigma * signal)

    asked: list[float] = []

    def ours_asked(x: Any, timestep: float) -> Any:
        asked.append(timestep)
        return network(x, timestep, levels[len(asked) - 1])

    start = Draws(4, SHAPE)() * levels[0]
    denoise = denoiser(ours_asked, "v", training)
    ours = SAMPLERS["euler"](denoise, torch.from_numpy(start).float(), levels, Draws(0, SHAPE), silent)
    sample = torch.from_numpy(start).float()
    for index, timestep in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(sample, timestep)
        sample = scheduler.step(network(scaled, float(timestep), levels[index]), timestep, sample).prev_sample
    assert asked[0] == 999
    assert asked == pytest.approx(scheduler.timesteps.tolist(), abs=0.5)
    # At sigma = 4,096 float32 keeps x to 2e-4 of a unit only.
    assert (ours - sample).abs().max() < 2e-3
    assert torch.isfinite(ours).all()


class TestWhereTheyDiffer:
    """What docs/samplers.md says of diffusers: when it changes there, the page has to."""

    def test_their_third_order_with_noise_has_another_sign(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Twenty steps apart from the sign alike: first and second order agree with theirs above."""
        scheduler = diffusers.DPMSolverMultistepScheduler(
            **BETAS, **LINSPACE, algorithm_type="sde-dpmsolver++", solver_order=3, use_exponential_sigmas=True
        )
        scheduler.set_timesteps(20)
        levels = their_levels(scheduler)
        draws, again = Draws(1, SHAPE), Draws(1, SHAPE)
        start = draws() * levels[0]
        again()
        ours = SAMPLERS["dpmpp_3m_sde"](mixture, start, levels, draws, silent)
        same_noise(monkeypatch, scheduler, again)
        assert np.abs(ours - drive(scheduler, start, {})).max() > 1e-3

    def test_their_unipc_bh1_gives_no_numbers_at_zero(self) -> None:
        scheduler = diffusers.UniPCMultistepScheduler(**BETAS, **LINSPACE, solver_type="bh1")
        scheduler.set_timesteps(5)
        start = Draws(1, SHAPE)() * float(scheduler.sigmas[0])
        assert np.isnan(drive(scheduler, start, {})).all()
        ours = SAMPLERS["unipc_bh1"](mixture, start, their_levels(scheduler), Draws(1, SHAPE), silent)
        assert np.isfinite(ours).all()
