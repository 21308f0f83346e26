"""Draws with a Stable Diffusion checkpoint on PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rakkan.errors import RakkanError
from rakkan.studio.clip import grammar, schedule
from rakkan.studio.clip.inversions import Inversion
from rakkan.studio.diffusion.inpainting import keeping
from rakkan.studio.engines.faults import Cancelled, OutOfMemory, memory_watched
from rakkan.studio.engines.start import (
    Start,
    Variation,
    cells_of,
    check_start,
    check_variation,
    first_step,
)
from rakkan.studio.engines.torch.adapting import Adapting
from rakkan.studio.engines.torch.conditioning import Conditioning, encode
from rakkan.studio.engines.torch.encoding import encoded
from rakkan.studio.engines.torch.guidance import Besides, Guidance, guided
from rakkan.studio.engines.torch.lora import Lora
from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.ranges import check_ranges, check_size

Pixels = npt.NDArray[np.uint8]
Progress = Callable[[int, int], object]
#: Whether to stop; asked before each run of the denoiser.
IsCancelled = Callable[[], bool]

_PIXEL = 8
#: Pictures drawn at once on a GPU.
GPU_BATCH = 4


@dataclass(frozen=True)
class Drawing:
    """What to draw. ``width`` and ``height`` are pixels, multiples of 8; ``seed`` 0 to 2**64 - 1;
    ``guidance`` 0 to 30, 1 for none; ``guidance_rescale`` 0 to 1; ``clip_skip`` as A1111 counts it, 0 for the
    model's own. ``noise`` says whose noise a seed means: ``cpu`` torch's generator, ``gpu`` CUDA's,
    ``rakkan`` our own. ``start`` is a picture to begin from, ``variation`` turns the first noise."""

    prompt: str
    negative: str
    width: int
    height: int
    seed: int
    steps: int
    guidance: float
    sampler: str = "euler"
    schedule: str = ""
    clip_skip: int = 0
    guidance_rescale: float = 0.0
    noise: str = "cpu"
    start: Start | None = None
    variation: Variation | None = None


class TorchEngine:
    """Draws with a checkpoint's networks.

    ``loras`` are what ``<lora:NAME:WEIGHT>`` in prompts calls, ``inversions`` are textual inversions by the
    word that calls them; ``besides`` are ControlNets and references, which tell the denoiser more than the
    prompt."""

    name = "torch"

    def __init__(
        self,
        networks: Networks,
        *,
        loras: Mapping[str, Lora] = {},
        inversions: Mapping[str, Inversion] = {},
        besides: Sequence[Besides] = (),
    ) -> None:
        unet, vae = networks.architecture.unet, networks.architecture.vae
        if unet is None or vae is None or unet.in_channels != vae.latent_channels:
            raise RakkanError(
                "the denoiser does not take the VAE's latents alone: an inpainting or editing model",
                "use a text-to-image checkpoint",
            )
        self.networks = networks
        self.inversions = inversions
        self.besides = tuple(besides)
        self._adapting = Adapting(networks, loras)

    @property
    def precision(self) -> str:
        """Arithmetic of the denoiser: ``f32``, ``f16`` or ``bf16``."""
        return {torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16"}[self.networks.dtype]

    def versions(self) -> Mapping[str, str]:
        """Versions of what computes the pixels."""
        import diffusers
        import transformers

        versions = {"diffusers": diffusers.__version__, "transformers": transformers.__version__}
        return {"torch": torch.__version__, "numpy": np.__version__, **versions}

    def sample(
        self,
        prompt: str,
        negative: str = "",
        *,
        progress: Progress = lambda done, total: None,
        cancelled: IsCancelled = lambda: False,
        **options: Any,
    ) -> Pixels:
        """Draw one picture, uint8 [height, width, 3]; ``options`` are the fields of ``Drawing``. Raises
        RakkanError for what is out of range or too large for the memory, Cancelled when asked to
        stop."""
        drawing = Drawing(prompt, negative, **options)
        pixels: Pixels = self.sample_many(drawing, 1, progress=progress, cancelled=cancelled)[0]
        return pixels

    @property
    def batch(self) -> int:
        """How many pictures to draw at once: a GPU is not kept busy by one."""
        return 1 if self.networks.device == "cpu" else GPU_BATCH

    def sample_batch(
        self,
        prompt: str,
        negative: str = "",
        *,
        count: int,
        progress: Progress = lambda done, total: None,
        cancelled: IsCancelled = lambda: False,
        **options: Any,
    ) -> Pixels:
        """Draw ``count`` pictures of seeds that follow each other, uint8 [count, height, width, 3]; the rest
        as for ``sample``. What the memory does not suffice for at once is drawn in halves."""
        drawing = Drawing(prompt, negative, **options)

        def half(start: int, part: int) -> Pixels:
            def step(done: int, total: int) -> None:
                progress((start * total + part * done) // count, total)

            seeded = {**options, "seed": drawing.seed + start, "progress": step, "cancelled": cancelled}
            return self.sample_batch(prompt, negative, count=part, **seeded)

        try:
            return self.sample_many(drawing, count, progress=progress, cancelled=cancelled)
        except OutOfMemory:
            if count == 1:
                raise
        first = count // 2
        return np.concatenate([half(0, first), half(first, count - first)])

    def sample_many(
        self,
        drawing: Drawing,
        count: int,
        *,
        progress: Progress = lambda done, total: None,
        cancelled: IsCancelled = lambda: False,
    ) -> Pixels:
        """Draw as many pictures in one batch, of seeds that follow each other: uint8 [count, height, width,
        3]. Raises OutOfMemory and as ``sample`` does."""
        latents = self.latents(drawing, count, progress=progress, cancelled=cancelled)
        with memory_watched(f"{count} of {drawing.width}x{drawing.height} pixels"):
            return np.stack([self._decode(one[None]) for one in latents])

    def latents(
        self,
        drawing: Drawing,
        count: int = 1,
        *,
        progress: Progress = lambda done, total: None,
        cancelled: IsCancelled = lambda: False,
    ) -> torch.Tensor:
        """The latents a picture is decoded from: float32 [count, 4, height / 8, width / 8], as the denoiser
        gives them."""
        from rakkan.studio.diffusion.initial_noise import batch_seeds, batch_source
        from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
        from rakkan.studio.diffusion.training import noised, stable_diffusion

        check(drawing, count)
        network = self.networks
        sampler = find_sampler(drawing.sampler)
        training = stable_diffusion(network.architecture.zero_terminal_snr)
        planned = planned_sigmas(sampler, drawing.schedule, drawing.steps, training)
        sigmas = [float(sigma) for sigma in planned]
        shape = (_latent_channels(network), drawing.height // _PIXEL, drawing.width // _PIXEL)
        turn = drawing.variation or Variation(0, 0.0)
        seeds = batch_seeds(drawing.seed, count)
        draw = batch_source(seeds, shape, drawing.noise, turn.seed, turn.strength)

        def fresh(sigma: float = 0, following: float = 0) -> torch.Tensor:
            return torch.from_numpy(draw()).to(network.device)

        with memory_watched(f"{count} of {drawing.width}x{drawing.height} pixels"):
            denoise = self.denoiser(drawing, sigmas, cancelled)
            begun = fresh()
            if (start := drawing.start) is not None:
                sigmas = sigmas[first_step(drawing.steps, start.strength) :]
                clean = encoded(network, start.pixels)
                if start.mask is not None:
                    cells = cells_of(start.mask, drawing.width // clean.shape[3])
                    denoise = keeping(denoise, clean, torch.from_numpy(cells).to(clean.device))
                begun = noised(clean, begun, sigmas[0])
            else:
                begun = begun * sigmas[0]
            result: torch.Tensor = sampler(denoise, begun, sigmas, fresh, progress)
        return result

    def denoiser(
        self, drawing: Drawing, sigmas: Sequence[float], cancelled: IsCancelled = lambda: False
    ) -> Callable[[torch.Tensor, float], torch.Tensor]:
        """The clean latents that the networks see in x at a noise level, guided by the drawing's prompts:
        what samplers call. ``sigmas`` tell which step a level belongs to, where a prompt changes."""
        from rakkan.studio.diffusion.training import denoiser, stable_diffusion

        plain, wanted = grammar.adapters(drawing.prompt)
        self._adapting.adapt(wanted)
        training = stable_diffusion(self.networks.architecture.zero_terminal_snr)
        several = grammar.subprompts(plain)
        weights = [one.weight for one in several]
        encoded: dict[tuple[str, ...], Any] = {}

        def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
            if cancelled():
                raise Cancelled("The drawing was cancelled")
            step = max(1, sum(one >= sigma * (1 - 1e-9) for one in sigmas[:-1]))
            prompts = (*(one.text for one in several), drawing.negative)
            texts = tuple(schedule.at_step(text, step, len(sigmas) - 1) for text in prompts)
            if texts not in encoded:
                network = self._guided(texts, weights, drawing)
                encoded[texts] = denoiser(network, self.networks.architecture.prediction, training)
            clean: torch.Tensor = encoded[texts](x, sigma)
            return clean

        return denoise

    def _guided(
        self, texts: Sequence[str], weights: Sequence[float], drawing: Drawing
    ) -> Callable[[torch.Tensor, float], torch.Tensor]:
        """``texts`` are the prompts, of those ``weights``, and the negative prompt."""
        *positives, negative = (self.encode(text, drawing.clip_skip) for text in texts)
        return guided(
            self.networks,
            list(zip(positives, weights, strict=True)),
            negative,
            Guidance(drawing.guidance, drawing.guidance_rescale),
            (drawing.width, drawing.height),
            self.besides,
        )

    def encode(self, prompt: str, clip_skip: int = 0) -> Conditioning:
        """What the denoiser hears of a prompt without adapters."""
        return encode(self.networks, prompt, clip_skip=clip_skip, inversions=self.inversions)

    def _decode(self, latents: torch.Tensor) -> Pixels:
        vae = self.networks.vae
        scaling = self.networks.architecture.vae
        assert scaling is not None
        with torch.no_grad():
            decoded = vae.decode((latents / scaling.scaling).to(vae.dtype), return_dict=False)[0]
        if not bool(torch.isfinite(decoded).all()):
            raise RakkanError(
                "the VAE computed numbers that are not finite", "draw in float32, or choose another VAE"
            )
        values = ((decoded[0].float() / 2 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0)
        pixels: Pixels = values.cpu().numpy().astype(np.uint8)
        return pixels


def check(drawing: Drawing, count: int = 1) -> None:
    """Raise RakkanError when what is asked for is out of range."""
    check_ranges(drawing.seed, drawing.steps, drawing.guidance)
    check_ranges(drawing.seed + count - 1, drawing.steps, drawing.guidance)
    check_size(drawing.width, drawing.height)
    if not 0 <= drawing.guidance_rescale <= 1:
        raise RakkanError(f"The guidance rescale {drawing.guidance_rescale} is out of range", "Give 0 to 1")
    check_start(drawing.start, drawing.width, drawing.height)
    check_variation(drawing.variation)


def _latent_channels(networks: Networks) -> int:
    shape = networks.architecture.vae
    assert shape is not None
    return shape.latent_channels
