"""ControlNet (Zhang et al. 2023): a copy of the denoiser's first half that is shown a picture's outlines or
depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch.guidance import Besides
from rakkan.studio.engines.torch.layouts import Finder, Source, unet_name
from rakkan.studio.engines.torch.loading import fill
from rakkan.studio.engines.torch.networks import Networks, unet_options

_PREFIX = "control_model."
_HINT = "controlnet_cond_embedding."


def build_controlnet(networks: Networks, tensors: Tensors) -> Any:
    """The ControlNet of a file, in the first authors' names or in diffusers', for these networks. Raises
    RakkanError when it is for another base, and as ``build`` does."""
    architecture, shape = networks.architecture, networks.architecture.unet
    assert shape is not None
    from diffusers import ControlNetModel

    options = unet_options(architecture, shape)
    taken = {
        name: options[name]
        for name in options
        if name not in ("sample_size", "out_channels", "up_block_types")
    }
    made: Any = ControlNetModel
    with torch.device("meta"):
        network = made(**taken)
    fill(
        network,
        tensors,
        _finder(networks, tensors),
        "the ControlNet",
        dtype=networks.dtype,
        device=networks.device,
    )
    return network.eval()


def _finder(networks: Networks, tensors: Tensors) -> Finder:
    shape = networks.architecture.unet
    assert shape is not None
    if f"{_HINT}conv_in.weight" in tensors.entries:
        return lambda name: Source((name,))
    return lambda name: Source((_PREFIX + controlnet_name(name, shape), controlnet_name(name, shape)))


def controlnet_name(name: str, shape: Any) -> str:
    """The first authors' name of a parameter, without the prefix."""
    if name.startswith(_HINT):
        inside = name.removeprefix(_HINT).split(".")
        place = {"conv_in": 0, "conv_out": 14}.get(inside[0])
        if place is None:
            return f"input_hint_block.{2 * int(inside[1]) + 2}.{inside[-1]}"
        return f"input_hint_block.{place}.{inside[-1]}"
    if name.startswith("controlnet_down_blocks."):
        _, index, end = name.split(".")
        return f"zero_convs.{index}.0.{end}"
    if name.startswith("controlnet_mid_block."):
        return f"middle_block_out.0.{name.split('.')[-1]}"
    return unet_name(name, shape)


def controlled(
    networks: Networks, network: Any, hint: npt.NDArray[np.uint8], strength: float = 1.0
) -> Besides:
    """What a ControlNet adds for a ``hint``, uint8 [height, width, 3] of the drawing's size: outlines, depth
    or a pose as it was trained on. ``strength`` 0 to 2."""
    if not 0 <= strength <= 2:
        raise RakkanError(f"The ControlNet's strength {strength} is out of range", "Give 0 to 2")
    values = torch.from_numpy(np.array(hint, np.float32)).permute(2, 0, 1)[None] / 255
    values = values.to(device=networks.device, dtype=networks.dtype)

    def besides(
        x: torch.Tensor,
        timestep: float,
        text: torch.Tensor,
        is_guided: Sequence[bool],
        vectors: dict[str, Any],
    ) -> dict[str, Any]:
        if tuple(values.shape[2:]) != (x.shape[2] * 8, x.shape[3] * 8):
            raise RakkanError(
                f"the ControlNet's picture is {values.shape[3]}x{values.shape[2]} pixels",
                f"give one of {x.shape[3] * 8}x{x.shape[2] * 8}, the drawing's size",
            )
        with torch.no_grad():
            down, middle = network(
                x,
                timestep,
                encoder_hidden_states=text,
                controlnet_cond=values.expand(len(x), -1, -1, -1),
                conditioning_scale=strength,
                added_cond_kwargs=vectors or None,
                return_dict=False,
            )
        return {"down_block_additional_residuals": list(down), "mid_block_additional_residual": middle}

    return besides
