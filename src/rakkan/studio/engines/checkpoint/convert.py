"""A checkpoint's networks, modules of diffusers and transformers, turned into OpenVINO graphs.

Only this needs torch, and only once per checkpoint. A graph fits every size of picture: it is traced with
free heights and widths and made static when it is compiled, so that no second size needs torch again.

Weights become half floats, as most checkpoints keep them, and arithmetic is traced in 32 bits: each layer
widens its own weights as it runs, and OpenVINO keeps that widening as a step of the graph. So never more
than one layer's weights exist in 32 bits.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import openvino
import torch
from torch import nn

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.graphs import Graph, Shape, graph_of

#: Tokens of a chunk of text.
POSITIONS = 77
#: mallopt(3): M_MMAP_THRESHOLD.
_MMAP_THRESHOLD = -3
#: Latents traced with: of no size that divides evenly, so that the graph asks for sizes instead of assuming.
TRACED = (11, 13)


def convert_unet(unet: Any) -> Graph:
    """A ``UNet2DConditionModel`` -> ``latents`` [1, channels, h, w], ``time`` [1, width] (``sinusoid`` of the
    timestep), ``text`` [1, n, context] and, where there are such, ``added`` [1, width] (sinusoids of sizes,
    after the pooled text) to its prediction [1, channels, h, w].

    The sinusoids are computed outside: bfloat16 cannot tell neighbouring timesteps apart. The module's
    weights are halved in place. Raises RakkanError for weights a half float cannot hold and for a kind of
    network that is not known.
    """
    settings = unet.config
    if settings.addition_embed_type not in (None, "text_time") or settings.class_embed_type is not None:
        raise RakkanError(
            f"This U-Net is conditioned on {settings.addition_embed_type or settings.class_embed_type}",
            "Only Stable Diffusion 1, 2 and XL can be converted",
        )
    height, width = TRACED
    given = {
        "latents": torch.zeros(1, settings.in_channels, height, width),
        "time": torch.zeros(1, settings.block_out_channels[0]),
        "text": torch.zeros(1, POSITIONS, settings.cross_attention_dim),
    }
    if settings.addition_embed_type == "text_time":
        given["added"] = torch.zeros(1, settings.projection_class_embeddings_input_dim)
    free = {"latents": (1, settings.in_channels, -1, -1), "text": (1, -1, settings.cross_attention_dim)}
    with _fed(unet, "time_proj") as time, _fed(unet, "add_time_proj") as sizes:
        return _convert(_UNet(unet, time, sizes), given, free)


def convert_decoder(vae: Any) -> Graph:
    """The decoder of an ``AutoencoderKL`` -> ``latents`` [1, channels, h, w] (divided by the scaling factor)
    to pixels in -1 to 1, [1, 3, 8h, 8w]. Halves weights in place and raises as ``convert_unet`` does."""
    return _convert_decoder(_Decoder(vae), vae)


def convert_tiny_decoder(vae: Any) -> Graph:
    """The decoder of an ``AutoencoderTiny`` (TAESD) -> ``latents`` as the U-Net has them, not divided, to
    pixels in -1 to 1. Halves weights in place and raises as ``convert_unet`` does."""
    return _convert_decoder(_TinyDecoder(vae), vae)


def convert_encoder(vae: Any) -> Graph:
    """The encoder of an ``AutoencoderKL`` -> ``picture`` in -1 to 1, [1, 3, 8h, 8w], to the mean of its
    latents, not multiplied by the scaling factor. Halves weights in place and raises as ``convert_unet``."""
    height, width = (2 ** (len(vae.config.block_out_channels) - 1) * side for side in TRACED)
    given = {"picture": torch.zeros(1, 3, height, width)}
    return _convert(_Encoder(vae), given, {"picture": (1, 3, -1, -1)})


def convert_text(encoder: Any) -> Graph:
    """A CLIP text encoder -> ``ids`` [1, 77] int64, ``own`` [1, 77, width] and ``is_own`` [1, 77, 1] to
    ``states`` and ``normed`` [layers, 77, width] and ``pooled`` [1, width].

    Where ``is_own`` is 1, ``own`` stands in for the token's embedding: textual inversions. ``states`` are
    those after each layer, ``normed`` the same after the last normalisation; ``pooled`` is that of the end of
    the text, projected where there is a projection. Halves weights in place and raises as ``convert_unet``.
    """
    width = encoder.config.hidden_size
    given = {
        "ids": torch.zeros(1, POSITIONS, dtype=torch.int64),
        "own": torch.zeros(1, POSITIONS, width),
        "is_own": torch.zeros(1, POSITIONS, 1),
    }
    given["ids"][0, -1] = encoder.config.vocab_size - 1
    return _convert(_Text(encoder), given, {})


def _convert_decoder(wrapper: nn.Module, vae: Any) -> Graph:
    height, width = TRACED
    channels = vae.config.latent_channels
    given = {"latents": torch.zeros(1, channels, height, width)}
    return _convert(wrapper, given, {"latents": (1, channels, -1, -1)})


def give_large_pieces_back() -> None:
    """Let memory that is freed in pieces of a MiB or more leave this process at once, where the C library is
    GNU's: by itself it keeps what it thinks will be needed again, here gigabytes of widened weights."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 2**20)


def _convert(module: nn.Module, given: Mapping[str, torch.Tensor], free: Mapping[str, Shape]) -> Graph:
    give_large_pieces_back()
    module.eval()
    _halve(module)
    with _widening(module), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what tracing fixes; tests look at other sizes
        model = openvino.convert_model(module, example_input=dict(given))
    for name, port in zip(given, model.inputs, strict=True):
        port.tensor.set_names({name})
    model.reshape({name: list(free.get(name, example.shape)) for name, example in given.items()})
    return graph_of(model)


def _halve(module: nn.Module) -> None:
    """Make weights half floats, one after another; vectors (biases, normalisations) stay in 32 bits."""
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(False)
        if parameter.ndim < 2:
            parameter.data = parameter.data.float()
            continue
        halved = parameter.data.half()
        if not bool(torch.isfinite(halved).all()):
            raise RakkanError(
                f"The weights {name} are not numbers that half floats hold", "Take another copy of the model"
            )
        parameter.data = halved
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.data = buffer.data.float()


@contextmanager
def _widening(module: nn.Module) -> Iterator[None]:
    """Let every layer compute with its half floats widened to 32 bits."""
    changed: list[nn.Module] = []
    try:
        for layer in module.modules():
            halves = [name for name, one in layer._parameters.items() if one is not None and one.ndim >= 2]
            if halves:
                layer.forward = _widened(layer, halves)
                changed.append(layer)
        yield
    finally:
        for layer in changed:
            del layer.forward


def _widened(layer: nn.Module, halves: list[str]) -> Callable[..., Any]:
    forward = layer.forward

    def widened(*given: Any, **named: Any) -> Any:
        kept = {name: layer._parameters[name] for name in halves}
        try:
            for name, half in kept.items():
                layer._parameters[name] = half.float()  # type: ignore[assignment, union-attr]
            return forward(*given, **named)
        finally:
            layer._parameters.update(kept)

    return widened


@contextmanager
def _fed(module: nn.Module, name: str) -> Iterator[_Fed]:
    """Put a layer that is fed in the place of one that computes."""
    own, fed = getattr(module, name, None), _Fed()
    setattr(module, name, fed)
    try:
        yield fed
    finally:
        setattr(module, name, own)


class _Fed(nn.Module):
    """Gives what it was handed, whatever it is asked."""

    value: torch.Tensor

    def forward(self, _: torch.Tensor) -> torch.Tensor:
        return self.value


class _UNet(nn.Module):
    def __init__(self, unet: Any, time: _Fed, sizes: _Fed) -> None:
        super().__init__()
        self.unet, self.time, self.sizes = unet, time, sizes

    def forward(
        self, latents: torch.Tensor, time: torch.Tensor, text: torch.Tensor, added: torch.Tensor | None = None
    ) -> torch.Tensor:
        self.time.value = time
        more = None
        if added is not None:
            # The pooled text stands first, then the sinusoids of six sizes.
            pooled = added.shape[1] - 6 * self.unet.config.addition_time_embed_dim
            self.sizes.value = added[:, pooled:]
            more = {"text_embeds": added[:, :pooled], "time_ids": added[:, pooled:]}
        result: torch.Tensor = self.unet(latents, 0, text, added_cond_kwargs=more, return_dict=False)[0]
        return result


class _Decoder(nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        if self.post_quant_conv is not None:
            latents = self.post_quant_conv(latents)
        result: torch.Tensor = self.decoder(latents)
        return result


class _Encoder(nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.encoder, self.quant_conv = vae.encoder, vae.quant_conv

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        moments = self.encoder(picture)
        if self.quant_conv is not None:
            moments = self.quant_conv(moments)
        mean: torch.Tensor = moments.chunk(2, dim=1)[0]
        return mean


class _TinyDecoder(nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.decoder = vae.decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.decoder(latents)
        return result


class _Text(nn.Module):
    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: torch.Tensor, own: torch.Tensor, is_own: torch.Tensor) -> Any:
        embedding = self.encoder.get_input_embeddings()

        def mixed(_: Any, __: Any, found: torch.Tensor) -> torch.Tensor:
            return found * (1 - is_own) + own * is_own

        handle = embedding.register_forward_hook(mixed)
        try:
            result = self.encoder(ids, output_hidden_states=True)
        finally:
            handle.remove()
        states = torch.cat(list(result.hidden_states[1:]))
        norm = next(one for name, one in self.encoder.named_modules() if name.endswith("final_layer_norm"))
        pooled = result.text_embeds if hasattr(result, "text_embeds") else result.pooler_output
        return states, norm(states), pooled
