"""Names and shapes of what goes with a checkpoint, at their real sizes, are those of diffusers' networks."""

from __future__ import annotations

from dataclasses import astuple

import pytest
import torch
from tests.checkpoints.architectures import architecture

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.controlnets import weights
from rakkan.formats.checkpoints.image_encoders import HEADS, VisionShape, expected
from rakkan.formats.checkpoints.ip_adapters import widths
from rakkan.studio.engines.torch.controlnet import controlnet_name
from rakkan.studio.engines.torch.networks import unet_of, unet_options


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
@pytest.mark.parametrize("width", ["small", "full"])
def test_a_controlnets_tensors_are_those_of_diffusers(family: str, width: str) -> None:
    from diffusers import ControlNetModel

    made = architecture(family, width=width)
    assert made.unet is not None
    options = unet_options(made, made.unet)
    with torch.device("meta"):
        network = ControlNetModel(
            **{
                name: options[name]
                for name in options
                if name not in ("sample_size", "out_channels", "up_block_types")
            }
        )
    foreign = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    ours = list(weights(made.unet))
    assert {one.folder: one.shape for one in ours} == foreign
    assert {one.folder: one.single for one in ours} == {
        name: controlnet_name(name, made.unet) for name in foreign
    }


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
@pytest.mark.parametrize("width", ["small", "full"])
def test_cross_attentions_are_numbered_as_diffusers_numbers_them(family: str, width: str) -> None:
    made = architecture(family, width=width)
    assert made.unet is not None
    network = unet_of(made, made.unet)
    found = [
        network.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
        for name in network.attn_processors
        if name.endswith("attn2.processor")
    ]
    assert found == list(widths(made.unet))


@pytest.mark.parametrize(
    "shape",
    [
        VisionShape(1280, 32, 5120, 1024, 14, 224),
        VisionShape(1664, 48, 8192, 1280, 14, 224),
        VisionShape(64, 3, 256, 64, 8, 32),
    ],
)
def test_an_image_encoders_tensors_are_those_of_transformers(shape: VisionShape) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    names = ("hidden_size", "num_hidden_layers", "intermediate_size", "projection_dim", "patch_size")
    options = dict(zip((*names, "image_size"), astuple(shape), strict=True))
    with torch.device("meta"):
        network = CLIPVisionModelWithProjection(CLIPVisionConfig(num_attention_heads=HEADS, **options))
    assert expected(shape) == {name: tuple(one.shape) for name, one in network.state_dict().items()}
