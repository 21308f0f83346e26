"""Draws with a converted checkpoint on OpenVINO, without torch."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import Architecture
from rakkan.studio.clip import grammar
from rakkan.studio.clip import schedule as changes
from rakkan.studio.clip.inversions import Inversions
from rakkan.studio.diffusion.composition import composed, needs_away
from rakkan.studio.diffusion.initial_noise import batch_source
from rakkan.studio.diffusion.inpainting import keeping
from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
from rakkan.studio.diffusion.training import denoiser, noised, stable_diffusion
from rakkan.studio.engines.checkpoint import decoding
from rakkan.studio.engines.checkpoint.cache import VERSION
from rakkan.studio.engines.checkpoint.graphs import Graph, Shape, compile_graph, release_half_floats
from rakkan.studio.engines.checkpoint.text import Heard, count_chunks, hear
from rakkan.studio.engines.device import Precision, default_precision
from rakkan.studio.engines.faults import Cancelled, memory_watched
from rakkan.studio.engines.start import (
    Start,
    Variation,
    cells_of,
    check_start,
    check_variation,
    first_step,
)
from rakkan.studio.ranges import check_ranges, check_size

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
#: Parts of a checkpoint, as ``source`` is asked for them; the text encoders are ``text 1`` and ``text 2``.
UNET, DECODER, TEXT, ENCODER = "unet", "decoder", "text", "encoder"

#: From so many bytes of weights on, the half floats are given back once they are compiled.
LEAN = 3 * 2**30
_POSITIONS = 77


class CheckpointEngine:
    """Draws with a converted checkpoint. Safe to share between threads, which take turns.

    A part is loaded and compiled when it is first needed, the denoiser and the decoder for one size at a
    time: a second size takes the place of the first.
    """

    name = "openvino"

    def __init__(
        self,
        architecture: Architecture,
        model_digest: str,
        source: Callable[[str], Graph],
        *,
        precision: Precision | None = None,
        threads: int | None = None,
        inversions: Inversions | None = None,
        adapters: tuple[grammar.Adapter, ...] = (),
        lean: int = LEAN,
    ) -> None:
        """``source`` gives the parts. ``adapters`` are those that the conversion was made with: prompts must
        call just these."""
        if architecture.unet is None or architecture.vae is None or not architecture.text:
            raise RakkanError("This is no whole checkpoint", "Add the VAE or the text encoder that it lacks")
        self.architecture = architecture
        self.model_digest = model_digest
        self.precision: Precision = precision or default_precision()
        self._source = source
        self._threads = threads
        self._inversions = inversions or {}
        self._adapters = adapters
        self._lean = lean
        self._training = stable_diffusion(architecture.zero_terminal_snr)
        self._lock = threading.Lock()
        #: By part: the shapes it is compiled for, and what runs it.
        self._compiled: dict[str, tuple[Mapping[str, Shape], openvino.InferRequest]] = {}
        #: Graphs whose half floats are still to be given back, by part.
        self._to_release: dict[str, Graph] = {}

    def versions(self) -> Mapping[str, str]:
        """OpenVINO's and numpy's versions, and the converter's."""
        return {"openvino": openvino.__version__, "numpy": np.__version__, "converter": VERSION}

    def sample(self, prompt: str, negative: str = "", **options: Any) -> Pixels:
        """Draw one picture, uint8 [height, width, 3]; options as for ``latents``."""
        latents = self.latents(prompt, negative, **options)
        with self._lock, memory_watched(f"{options['width']}x{options['height']} pixels"):
            try:
                return self._decode(latents)
            except BaseException:
                self._compiled.pop(DECODER, None)
                raise

    def latents(
        self,
        prompt: str,
        negative: str = "",
        *,
        width: int,
        height: int,
        seed: int,
        steps: int,
        guidance: float,
        sampler: str = "euler",
        schedule: str = "",
        clip_skip: int = 0,
        noise: str = "cpu",
        start: Start | None = None,
        variation: Variation | None = None,
        progress: Callable[[int, int], object] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Floats:
        """The latents a picture is decoded from, float32 [1, channels, height / 8, width / 8].

        ``width`` and ``height`` are pixels, multiples of 8 from 64; ``seed`` 0 to 2**64 - 1; ``steps`` 1 to
        250; ``guidance`` 0 to 30, where 1 means none: then the denoiser runs once a step and ``negative``
        is not looked at. (Of prompts joined by ``AND`` once for each; there ``negative`` counts unless their
        weights add up to 1.) ``noise`` says whose noise the seed means (``initial_noise``). ``start`` is a
        picture to begin from, of which a mask may keep a part; ``variation`` turns the first noise.
        ``progress(done, total)`` is called after each step, ``cancelled()`` before each run of the denoiser.
        Raises RakkanError for what is out of range, Cancelled and OutOfMemory.
        """
        check_ranges(seed, steps, guidance)
        check_size(width, height)
        check_start(start, width, height)
        check_variation(variation)
        plain = self._without_adapters(prompt)
        chosen = find_sampler(sampler)
        sigmas = planned_sigmas(chosen, schedule, steps, self._training)
        factor = self._factor
        unet = self.architecture.unet
        assert unet is not None
        shape = (unet.out_channels, height // factor, width // factor)
        turn = variation or Variation(0, 0.0)
        fresh = batch_source((seed,), shape, noise, turn.seed, turn.strength)
        with self._lock, memory_watched(f"{width}x{height} pixels"):
            try:
                predict = self._predictor(
                    plain, negative, sigmas, guidance, clip_skip, (width, height), cancelled
                )
                begun = fresh()
                if start is not None:
                    sigmas = sigmas[first_step(steps, start.strength) :]
                    clean = self._encoded(start.pixels)
                    begun = noised(clean, begun, float(sigmas[0]))
                    if start.mask is not None:
                        predict = keeping(predict, clean, cells_of(start.mask, factor))
                else:
                    begun = begun * np.float32(sigmas[0])
                found = chosen(predict, begun, sigmas.tolist(), lambda now, then: fresh(), progress)
            except Cancelled:
                raise
            except BaseException:
                self._compiled.pop(UNET, None)
                raise
        result: Floats = np.asarray(found, np.float32)
        return result

    def close(self) -> None:
        """Give back all memory; the next picture loads everything anew."""
        with self._lock:
            self._compiled.clear()
            for graph in self._to_release.values():
                graph.close()
            self._to_release.clear()

    @property
    def _factor(self) -> int:
        """Pixels to a latent."""
        return 2 ** (len(self.architecture.vae.channels) - 1) if self.architecture.vae else 8

    def _without_adapters(self, prompt: str) -> str:
        plain, called = grammar.adapters(prompt)
        if called != self._adapters:
            raise RakkanError(
                "The prompt calls other adapters than those this model was converted with",
                "Load the model again for this prompt",
            )
        return plain

    def _predictor(
        self,
        prompt: str,
        negative: str,
        sigmas: npt.NDArray[np.float64],
        guidance: float,
        clip_skip: int,
        size: tuple[int, int],
        cancelled: Callable[[], bool],
    ) -> Callable[[Floats, float], Floats]:
        """What samplers call: the clean latents that the denoiser sees in x at a noise level."""
        steps = len(sigmas) - 1
        several = grammar.subprompts(prompt)
        weights = [one.weight for one in several]
        #: The prompts, and the negative prompt last where it counts.
        prompts = [one.text for one in several] + [negative] * needs_away(weights, guidance)
        known: dict[tuple[str, ...], list[Heard]] = {}

        def heard(step: int) -> list[Heard]:
            texts = tuple(changes.at_step(text, step, steps) for text in prompts)
            if texts not in known:
                known[texts] = self._heard(texts, clip_skip)
            return known[texts]

        def denoise(x: Floats, sigma: float) -> Floats:
            step = max(1, int(np.sum(sigmas[:-1] >= sigma * (1 - 1e-9))))
            conditions = heard(step)

            def network(scaled: Floats, timestep: float) -> Floats:
                said = [self._run(scaled, timestep, one, size, cancelled) for one in conditions]
                away = said.pop() if len(said) > len(weights) else None
                led: Floats = composed(said, weights, away, guidance)
                return led

            clean: Floats = denoiser(network, self.architecture.prediction, self._training)(x, sigma)
            return clean

        return denoise

    def _heard(self, texts: Sequence[str], clip_skip: int) -> list[Heard]:
        """All prompts in as many chunks as the longest one has: one compiled denoiser takes any."""
        least = max(count_chunks(self.architecture, text, self._inversions) for text in texts)
        return [
            hear(
                self.architecture,
                self._encode,
                text,
                clip_skip=clip_skip,
                inversions=self._inversions,
                least=least,
            )
            for text in texts
        ]

    def _encode(self, index: int, ids: Any, own: Floats, is_own: Floats) -> list[Floats]:
        request = self._request(f"{TEXT} {index + 1}", {})
        results = request.infer({"ids": ids, "own": own, "is_own": is_own})
        return [np.array(one) for one in results.values()]

    def _run(
        self,
        latents: Floats,
        timestep: float,
        heard: Heard,
        size: tuple[int, int],
        cancelled: Callable[[], bool],
    ) -> Floats:
        """One pass of the denoiser."""
        if cancelled():
            raise Cancelled("The drawing was cancelled")
        unet = self.architecture.unet
        assert unet is not None
        latents = np.ascontiguousarray(latents, np.float32)
        given = {"latents": latents, "time": sinusoid(timestep, unet.channels[0]), "text": heard.text}
        if unet.added:
            width, height = size
            assert heard.pooled is not None
            each = (unet.added - heard.pooled.shape[1]) // 6
            told = [sinusoid(value, each) for value in (height, width, 0, 0, height, width)]
            given["added"] = np.concatenate([heard.pooled, *told], axis=1)
        request = self._request(UNET, {"latents": latents.shape, "text": heard.text.shape})
        result: Floats = np.array(request.infer(given)[0])
        if graph := self._to_release.pop(UNET, None):
            result = self._released(graph, request, given, result)
        return result

    def _released(
        self, graph: Graph, request: openvino.InferRequest, given: dict[str, Floats], expected: Floats
    ) -> Floats:
        """Give back what the compiled denoiser seems not to read, and look whether its answer is the same."""
        release_half_floats(graph)
        graph.close()
        if not np.array_equal(request.infer(given)[0], expected):
            self._compiled.pop(UNET)
            self._lean = 2**63  # this processor's kernels read weights where they lie
        return expected

    def _decode(self, latents: Floats) -> Pixels:
        vae = self.architecture.vae
        assert vae is not None

        def run(piece: Floats) -> Floats:
            result: Floats = np.array(self._request(DECODER, {"latents": piece.shape}).infer([piece])[0])
            return result

        return decoding.decode(latents / np.float32(vae.scaling), run)

    def _encoded(self, pixels: Pixels) -> Floats:
        """Latents of a picture, the mean of what the VAE finds likely: float32 [1, channels, h, w]."""
        vae = self.architecture.vae
        assert vae is not None
        if vae.is_tiny:
            raise RakkanError(
                "A tiny decoder cannot look at a picture",
                "Draw with the checkpoint's own VAE: leave out --vae",
            )
        values = (pixels.astype(np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)[None]
        values = np.ascontiguousarray(values)
        found = np.array(self._request(ENCODER, {"picture": values.shape}).infer([values])[0])
        self._compiled.pop(ENCODER)  # one run a drawing: its memory is wanted for the steps
        if not np.isfinite(found).all():
            raise RakkanError(
                "The VAE computed numbers that are not finite", "Draw in f32, or choose another VAE"
            )
        return found * np.float32(vae.scaling)

    def _request(self, part: str, shapes: Mapping[str, Shape]) -> openvino.InferRequest:
        wanted = {name: tuple(shape) for name, shape in shapes.items()}
        held = self._compiled.get(part)
        if held is None or held[0] != wanted:
            self._compiled.pop(part, None)
            held = None  # before the next one is compiled: both together may not fit
            graph = self._source(part)
            if is_large := part == UNET and graph.size >= self._lean:
                self._compiled.clear()  # its half floats and what is compiled of them take the room of all
            compiled = compile_graph(graph, wanted, self.precision, threads=self._threads)
            held = wanted, compiled.create_infer_request()
            self._compiled[part] = held
            if is_large:
                self._to_release[part] = graph
            else:
                graph.close()
        return held[1]


def sinusoid(value: float, width: int) -> Floats:
    """A number as a network is told it, float32 [1, width]: cosines, then sines, of ``value`` at frequencies
    from 1 down to nearly 1/10,000 (Vaswani et al. 2017, section 3.5, in diffusers' order)."""
    half = width // 2
    angles = value * np.exp(-math.log(10000.0) * np.arange(half) / half)
    return np.concatenate([np.cos(angles), np.sin(angles)])[None].astype(np.float32)
