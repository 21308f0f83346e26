"""Samplers and schedules against k-diffusion's own, on a mixture of Gaussians with known denoiser.

The numbers were computed by ``originals/make_k_diffusion.py`` from k-diffusion 0.1.1.post1 in float64.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.diffusion.originals.make_k_diffusion import (
    BY_ENDS,
    PAIRS,
    SEED,
    SHAPE,
    TARGET,
    load,
    results,
)
from tests.studio.diffusion.toys import Draws, mixture

from rakkan.studio.diffusion.samplers import SAMPLERS, silent
from rakkan.studio.diffusion.schedules import sigmas
from rakkan.studio.diffusion.training import stable_diffusion

THEIRS: dict[str, Any] = json.loads(TARGET.read_text())


@pytest.mark.parametrize("case", THEIRS["schedules"])
def test_levels_equal_theirs(case: str) -> None:
    name, steps = case.split()
    ours = sigmas(name, int(steps), stable_diffusion())
    assert ours == pytest.approx(THEIRS["schedules"][case], rel=1e-9)


@pytest.mark.parametrize("case", THEIRS["samplers"])
def test_the_sampler_ends_where_theirs_does(case: str) -> None:
    sampler, schedule, steps = case.split()
    levels = sigmas(schedule, int(steps), stable_diffusion())
    draws = Draws(SEED, SHAPE)
    start = draws() * levels[0]
    sampler, _, eta = sampler.partition(":")
    final = SAMPLERS[sampler](mixture, start, levels, draws, silent, **({"eta": float(eta)} if eta else {}))
    assert final == pytest.approx(THEIRS["samplers"][case], abs=2e-6 if sampler == "lms" else 1e-9)


def test_every_sampler_of_theirs_was_compared() -> None:
    compared = {case.split()[0] for case in THEIRS["samplers"]}
    assert compared == {ours for ours, *_ in (*PAIRS, *BY_ENDS)} | {"restart"}
    only_in_diffusers = {"ddim", "ddpm", "deis", "ipndm", "lcm", "plms", "unipc", "unipc_bh1"}
    assert set(SAMPLERS) - compared == only_in_diffusers


def test_the_numbers_are_what_k_diffusion_gives() -> None:
    spec = importlib.util.find_spec("k_diffusion")
    if spec is None or spec.origin is None:
        pytest.skip("k-diffusion is not installed")
    pytest.importorskip("scipy")
    again = results(load(Path(spec.origin).parent.parent))
    for kind in THEIRS:
        for case, numbers in THEIRS[kind].items():
            assert np.allclose(again[kind][case], numbers, rtol=0, atol=1e-12), case
