"""IP-Adapter (Ye et al. 2023): a picture as a prompt, by cross-attention of its own beside the text's.

The plain kind reads the image encoder's summary, the kind called "plus" the states of all its patches.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.image_encoders import HEADS, PREFIX, read_image_encoder
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch.layouts import Source
from rakkan.studio.engines.torch.loading import fill, some, tensor
from rakkan.studio.engines.torch.networks import Networks, place_positions

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
#: The width of the one encoder that OpenAI trained, which activates otherwise than OpenCLIP's.
_LARGE = 1024


class IpAdapter:
    """A picture as a prompt, given to the engine in ``besides``. It changes how the networks attend until
    ``close``; one at a time."""

    def __init__(
        self,
        networks: Networks,
        tensors: Tensors,
        image_encoder: Any,
        picture: npt.NDArray[np.uint8],
        *,
        strength: float = 1.0,
    ) -> None:
        """``tensors`` are the adapter's, plain or plus; ``image_encoder`` the one it was trained with, of
        ``build_image_encoder``; ``picture`` uint8 [height, width, 3]; ``strength`` 0 to 2. Raises RakkanError
        when the adapter is for another base or another encoder."""
        if not 0 <= strength <= 2:
            raise RakkanError(f"The picture's strength {strength} is out of range", "Give 0 to 2")
        parts = _parts(tensors)
        is_plain = "proj.weight" in parts["image_proj"]
        _refuse_misfits(networks, parts, image_encoder, is_plain)
        self._unet = networks.unet
        if self._unet.encoder_hid_proj is not None:
            raise RakkanError("The networks have an IP-Adapter already", "Use one at a time")
        logging.getLogger("diffusers.models.modeling_utils").setLevel(logging.ERROR)  # speaks of its own cast
        self._before = dict(self._unet.attn_processors)
        self._embeddings = _embedded(networks, image_encoder, picture, is_plain)
        try:
            self._unet._load_ip_adapter_weights([parts])
        except BaseException:  # half of an adapter is none
            self.close()
            raise
        for processor in self._unet.attn_processors.values():
            if hasattr(processor, "to_k_ip"):
                processor.scale = [strength]

    def close(self) -> None:
        """Let the networks attend as before. What was attached later is closed first."""
        self._unet.encoder_hid_proj = None
        self._unet.set_attn_processor(self._before)
        self._unet.config.encoder_hid_dim_type = None

    def __call__(
        self,
        x: torch.Tensor,
        timestep: float,
        text: torch.Tensor,
        is_guided: Sequence[bool],
        vectors: dict[str, Any],
    ) -> dict[str, Any]:
        """The picture's embedding for what is guided, that of nothing for the rest."""
        away, toward = self._embeddings
        return {"image_embeds": [torch.stack([toward if one else away for one in is_guided])]}


def build_image_encoder(networks: Networks, tensors: Tensors) -> Any:
    """CLIP's image encoder from transformers' names, for these networks' device and dtype. Raises RakkanError
    as ``build`` does."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    shape = read_image_encoder(tensors.entries)
    config = CLIPVisionConfig(
        hidden_size=shape.width,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=HEADS,
        image_size=shape.picture,
        patch_size=shape.patch,
        projection_dim=shape.projection,
        hidden_act="quick_gelu" if shape.width == _LARGE else "gelu",
    )
    with torch.device("meta"):
        network: Any = CLIPVisionModelWithProjection(config)
    fill(
        network,
        tensors,
        lambda name: Source((name, PREFIX + name)),
        "the image encoder",
        dtype=networks.dtype,
        device=networks.device,
    )
    place_positions(network, networks.device)
    return network.eval()


def prepared(picture: npt.NDArray[np.uint8], size: int) -> torch.Tensor:
    """A picture as CLIP sees it: the shorter side resized to ``size``, the middle cut out, float32
    [1, 3, size, size] with CLIP's mean and deviation taken out."""
    from PIL import Image

    height, width = picture.shape[:2]
    short = min(height, width)
    sides = (int(size * width / short), int(size * height / short))
    resized = Image.fromarray(picture).resize(sides, Image.Resampling.BICUBIC)
    left, top = (sides[0] - size) // 2, (sides[1] - size) // 2
    middle = np.asarray(resized.crop((left, top, left + size, top + size)), np.float32) / 255
    values = (middle - np.array(_MEAN, np.float32)) / np.array(_DEVIATION, np.float32)
    return torch.from_numpy(values).permute(2, 0, 1)[None].contiguous()


def _embedded(
    networks: Networks, encoder: Any, picture: npt.NDArray[np.uint8], is_plain: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The embeddings of nothing and of the picture, each with a first dimension of one picture."""
    pixels = prepared(picture, encoder.config.image_size)
    pixels = pixels.to(device=networks.device, dtype=networks.dtype)
    with torch.no_grad():
        if is_plain:
            toward = encoder(pixels).image_embeds
            return torch.zeros_like(toward), toward
        away, toward = (
            encoder(one, output_hidden_states=True).hidden_states[-2]
            for one in (torch.zeros_like(pixels), pixels)
        )
    return away, toward


def _parts(tensors: Tensors) -> dict[str, dict[str, torch.Tensor]]:
    parts: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    strange = []
    for name in tensors.entries:
        part, _, rest = name.partition(".")
        if part not in parts:
            strange.append(name)
        else:
            parts[part][rest] = tensor(tensors, name)
    known = {"proj.weight", "latents"} & parts["image_proj"].keys()
    if strange or not known or any("lora" in name for name in parts["ip_adapter"]):
        raise RakkanError(
            f"not an IP-Adapter, plain or plus: {some(strange or tensors.entries)}",
            "use one of those; adapters that read faces are not supported",
        )
    for values in parts.values():
        broken = [name for name, value in values.items() if not bool(torch.isfinite(value.float()).all())]
        if broken:
            raise RakkanError(f"{some(broken)} hold numbers that are not finite", "use another IP-Adapter")
    return parts


def _refuse_misfits(
    networks: Networks, parts: Mapping[str, Mapping[str, torch.Tensor]], encoder: Any, is_plain: bool
) -> None:
    modules = dict(networks.unet.named_modules())
    wanted: dict[str, tuple[int, ...]] = {}
    attentions = [name for name in networks.unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(attentions):
        rows, columns = modules[name.removesuffix(".processor")].to_k.weight.shape
        wanted |= {f"{2 * number + 1}.{part}.weight": (rows, columns) for part in ("to_k_ip", "to_v_ip")}
    held = {name: tuple(value.shape) for name, value in parts["ip_adapter"].items()}
    wrong = [name for name in {**wanted, **held} if wanted.get(name) != held.get(name)]
    if wrong:
        raise RakkanError(
            f"the IP-Adapter is for another base: {some(wrong)} do not fit",
            f"use one made for {networks.architecture.family}",
        )
    reads = parts["image_proj"]["proj.weight" if is_plain else "proj_in.weight"].shape[1]
    gives = encoder.config.projection_dim if is_plain else encoder.config.hidden_size
    if reads != gives:
        raise RakkanError(
            f"the IP-Adapter reads {reads} numbers and the image encoder gives {gives}",
            "give the image_encoder that the IP-Adapter's page names",
        )
