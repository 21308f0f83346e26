"""The default engine: the starter model on OpenVINO, without torch."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.initial_noise import turned
from rakkan.studio.engines import starter_graph
from rakkan.studio.engines.conditions import Conditions, Told
from rakkan.studio.engines.device import Precision, compile_model, default_precision
from rakkan.studio.engines.engine import (
    REFERENCE_SIDE,
    Figure,
    Pixels,
    Reference,
    Tokens,
    check,
    check_together,
)
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.engines.start import Start, Variation, cells_of, check_start
from rakkan.studio.engines.weights import manifest_digest
from rakkan.studio.samplers import Hold, Latents, Progress, Velocity, find_sampler, holding, silent
from rakkan.studio.starter import WEIGHTS
from rakkan.studio.starter.checkpoints import PARTS, load_checkpoint
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.schedule import levels_from, noise_levels, position_of
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED

#: The smallest step a distilled model has learnt; below it, it is asked for the instantaneous velocity.
SMALLEST_STEP = 1 / 8

Text = tuple[Any, Any]


class OpenVinoEngine:
    """Draws with a starter checkpoint on this machine's processor.

    The weights are verified when the engine is made; graphs are compiled when a size is first drawn and
    kept (about half a second for each size). Safe to share between threads, which take turns.
    """

    name = "openvino"

    def __init__(
        self,
        weights_folder: Path = WEIGHTS,
        *,
        precision: Precision | None = None,
        threads: int | None = None,
    ) -> None:
        """Load and verify the weights.

        ``precision`` defaults to bf16 where the processor has it, ``threads`` to all physical cores.
        Raises RakkanError naming the file when weights are missing, corrupted or of another vocabulary.
        """
        checkpoint = load_checkpoint(weights_folder)
        if missing := [part for part in PARTS if not checkpoint.part(part)]:
            raise RakkanError(
                f"The weights in {weights_folder} lack {', '.join(missing)}",
                "Train the missing stages, or install Rakkan again",
            )
        self.precision: Precision = precision or default_precision()
        self.model_digest = manifest_digest(weights_folder)
        self.distilled = checkpoint.distilled
        self.baked_guidance = checkpoint.guidance if checkpoint.distilled else 1.0
        self._folder = weights_folder
        self._checkpoint = checkpoint
        self._threads = threads
        self._lock = threading.Lock()
        self._requests: dict[tuple[Any, ...], openvino.InferRequest] = {}

    def versions(self) -> Mapping[str, str]:
        """OpenVINO's and numpy's versions."""
        return {"openvino": openvino.__version__, "numpy": np.__version__}

    @property
    def knows_references(self) -> bool:
        """Whether the weights have learnt to look at references."""
        return "roles" in self._checkpoint.part("unet")

    def prepare(self, width: int, height: int) -> None:
        """Compile what one size needs ahead of the first picture."""
        with self._lock:
            self._text(), self._unet(width, height), self._decoder(width, height)

    def sample(
        self,
        tokens: Tokens | Conditions,
        negative: Tokens | None = None,
        *,
        width: int,
        height: int,
        seed: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
        reference: Reference | None = None,
        start: Start | None = None,
        variation: Variation | None = None,
    ) -> Pixels:
        """Draw one picture; see ``Engine.sample``. Sides are multiples of 64 up to 384 pixels.

        A reference passes through the network once, before the first step; what guidance leads away from
        does not see it. The noise is ``noise.gaussian(seed, latent_shape)``. A distilled model has guidance
        baked into its steps of 1/8 and more; asked for more than eight steps it is guided by the same scale
        explicitly, so that ``guidance`` multiplies what is baked in either way.
        """
        check(
            tokens,
            negative,
            seed=seed,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            reference=reference,
            variation=variation,
        )
        shape = starter_graph.latent_shape(self._checkpoint.sizes, width, height)
        check_start(start, width, height)
        noise = _noise(seed, shape, variation)
        times = noise_levels(steps) if start is None else levels_from(start.strength, steps)
        with self._lock:
            told = Told(tokens, self._encode)
            seen = self._remember(reference) if reference is not None else None

            def velocity(latents: Latents, time: float, step: float, text: Text, with_text: bool) -> Latents:
                shown = seen if with_text else None
                return self._velocity(latents, time, step, text, width, height, shown)

            def untold() -> Text:
                return self._encode(UNSPECIFIED if negative is None else negative)

            guided = self._guided(velocity, told.now, untold, guidance)
            walk, begun = (guided, noise) if start is None else self._begun(start, noise, times[0], guided)
            latents = find_sampler(sampler)(walk, begun, times, told.following(progress))
            return self._pixels(self._finite(latents), width, height)

    def sample_together(
        self,
        figures: Sequence[Figure],
        *,
        width: int,
        height: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
    ) -> list[Pixels]:
        """Draw several pictures in one pass of the U-Net; see ``Engine.sample_together``.

        Texts are encoded and pictures decoded one by one, as of a picture drawn alone. In bf16 a pass for
        several rounds otherwise than for one; in f32 the processors seen so far give the same bits.
        """
        check_together(figures, steps=steps, guidance=guidance, sampler=sampler)
        shape = starter_graph.latent_shape(self._checkpoint.sizes, width, height)
        noise = np.concatenate([_noise(one.seed, shape, None) for one in figures])
        with self._lock:
            tolds = [Told(one.tokens, self._encode) for one in figures]

            def velocity(latents: Latents, time: float, step: float, text: Text, with_text: bool) -> Latents:
                return self._velocity(latents, time, step, text, width, height)

            def untold() -> Text:
                away = (UNSPECIFIED if one.negative is None else one.negative for one in figures)
                return _joined([self._encode(one) for one in away])

            following = progress
            for told in tolds:
                following = told.following(following)
            guided = self._guided(velocity, lambda: _joined([told.now() for told in tolds]), untold, guidance)
            latents = self._finite(find_sampler(sampler)(guided, noise, noise_levels(steps), following))
            return [self._pixels(one[None], width, height) for one in latents]

    def _guided(
        self,
        velocity: Callable[[Latents, float, float, Text, bool], Latents],
        told: Callable[[], Text],
        untold: Callable[[], Text],
        guidance: float,
    ) -> Velocity:
        """The velocity that guidance leads to, of one that is asked for with a text and whether it is the
        prompt's; ``told`` gives that of the step being taken, ``untold`` what is led away from."""
        away: list[Text] = []

        def guided(latents: Latents, time: float, step: float) -> Latents:
            size = position_of(time) - position_of(time - step)
            few = self.distilled and size > SMALLEST_STEP - 1e-6
            scale = guidance if few else guidance * self.baked_guidance
            asked = size if few else 0.0
            with_text = velocity(latents, time, asked, told(), True)
            if scale == 1.0:
                return with_text
            if not away:
                away.append(untold())
            without = velocity(latents, time, asked, away[0], False)
            return without + np.float32(scale) * (with_text - without)

        return guided

    def _finite(self, latents: Latents) -> Latents:
        if not np.isfinite(latents).all():
            raise RakkanError(
                f"The weights in {self._folder} gave no picture (their numbers overflow)",
                "Try precision f32 or other weights",
            )
        return latents

    def encode_picture(self, pixels: Pixels) -> Latents:
        """The latents [1, channels, rows, columns] of a picture, uint8 [height, width, 3]."""
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise RakkanError(
                f"Cannot encode an array of {pixels.dtype} {list(pixels.shape)}",
                "Give 8-bit RGB pixels of shape [height, width, 3]",
            )
        starter_graph.latent_shape(self._checkpoint.sizes, int(pixels.shape[1]), int(pixels.shape[0]))
        with self._lock:
            return self._latents(pixels)

    def _latents(self, pixels: Pixels) -> Latents:
        encoder = self._encoder(int(pixels.shape[1]), int(pixels.shape[0]))
        return np.array(encoder.infer([np.ascontiguousarray(pixels)[None]])[0])

    def _pixels(self, latents: Latents, width: int, height: int) -> Pixels:
        picture: Pixels = self._decoder(width, height).infer([latents])[0]
        return np.array(picture[0])

    def _begun(
        self, start: Start, noise: Latents, time: float, velocity: Velocity
    ) -> tuple[Velocity, Latents]:
        """A drawing that begins at a picture: how it goes on, and where from."""
        clean = self._latents(start.pixels)
        begun = np.float32(1 - time) * clean + np.float32(time) * noise
        return (velocity if start.mask is None else holding(velocity, self._holder(start, clean))), begun

    def _holder(self, start: Start, clean: Latents) -> Hold:
        """Keeps what the start's mask keeps, to the pixel.

        Cells that the mask does not touch are those of the picture. In the others the guess is decoded,
        composed with the picture, and moved by what that changes: encoding has no part in it otherwise.
        """
        assert start.mask is not None
        height, width = start.mask.shape
        cells = cells_of(start.mask, width // clean.shape[3])
        share = start.mask[..., None]

        def hold(guess: Latents) -> Latents:
            drawn = self._pixels(guess, width, height)
            mixed = np.rint(start.pixels + share * (drawn.astype(np.float32) - start.pixels))
            moved = guess + (self._latents(mixed.astype(np.uint8)) - self._latents(drawn))
            return np.asarray(clean + cells * (moved - clean), np.float32)

        return hold

    def _encode(self, tokens: Tokens) -> Text:
        results = self._text().infer([np.ascontiguousarray(tokens, dtype=np.int32)[None]])
        return np.array(results[0]), np.array(results[1])

    def _remember(self, reference: Reference) -> list[Latents]:
        """What the denoiser is given of a reference: its tokens, and the logarithm of its strength."""
        latents = self._latents(reference.pixels)
        role = np.array([ROLES.index(reference.role)], np.int32)
        tokens = self._memory().infer([latents, role, *self._encode(UNSPECIFIED)])
        emphasis = np.array([math.log(reference.strength)], np.float32)
        return [*(np.array(tokens[index]) for index in range(len(tokens))), emphasis]

    def _velocity(
        self,
        latents: Latents,
        time: float,
        step: float,
        text: Text,
        width: int,
        height: int,
        seen: list[Latents] | None = None,
    ) -> Latents:
        inputs = [latents, starter_graph.sinusoid(time), starter_graph.sinusoid(step), *text, *(seen or [])]
        unet = self._unet(width, height, seen is not None, len(latents))
        result: Latents = unet.infer(inputs)[0]
        return np.array(result)

    def _text(self) -> openvino.InferRequest:
        key = ("text",)
        if key not in self._requests:
            self._compile(key, starter_graph.text_model(*self._part("text"), len(SLOTS)))
        return self._requests[key]

    def _unet(
        self, width: int, height: int, referring: bool = False, batch: int = 1
    ) -> openvino.InferRequest:
        key = ("unet", width, height, referring, batch)
        if key not in self._requests:
            seen = (REFERENCE_SIDE, REFERENCE_SIDE) if referring else None
            model = starter_graph.unet_model(*self._part("unet"), len(SLOTS), width, height, seen, batch)
            self._compile(key, model)
        return self._requests[key]

    def _memory(self) -> openvino.InferRequest:
        key = ("memory",)
        if key not in self._requests:
            side = REFERENCE_SIDE
            self._compile(key, starter_graph.memory_model(*self._part("unet"), len(SLOTS), side, side))
        return self._requests[key]

    def _decoder(self, width: int, height: int) -> openvino.InferRequest:
        key = ("decoder", width, height)
        if key not in self._requests:
            self._compile(key, starter_graph.decoder_model(*self._part("autoencoder"), width, height))
        return self._requests[key]

    def _encoder(self, width: int, height: int) -> openvino.InferRequest:
        key = ("encoder", width, height)
        if key not in self._requests:
            self._compile(key, starter_graph.encoder_model(*self._part("autoencoder"), width, height))
        return self._requests[key]

    def _part(self, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return self._checkpoint.part(name), self._checkpoint.sizes

    def _compile(self, key: tuple[Any, ...], model: openvino.Model) -> None:
        compiled = compile_model(model, self.precision, threads=self._threads)
        self._requests[key] = compiled.create_infer_request()


def _joined(texts: Sequence[Text]) -> Text:
    tokens, pooled = zip(*texts, strict=True)
    return np.concatenate(tokens), np.concatenate(pooled)


def _noise(seed: int, shape: tuple[int, int, int, int], variation: Variation | None) -> Latents:
    own = gaussian(seed, shape)
    if variation is None:
        return own
    return turned(own[0], gaussian(variation.seed, shape)[0], variation.strength)[None]
