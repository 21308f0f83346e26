"""Names and shapes of full-size checkpoints against diffusers' and transformers' own modules."""

from __future__ import annotations

from typing import Any

import pytest
from tests.formats.checkpoints.tables import CLIP_G, CLIP_L, TEXTS, UNETS, architecture

from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.shapes import _unet_of_folder

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

#: As the settings of the published models have it.
SETTINGS: dict[str, dict[str, Any]] = {
    SD1: {"cross_attention_dim": 768, "attention_head_dim": 8},
    SD2: {
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
    },
    SDXL: {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": [1, 2, 10],
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}


def shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(one.shape) for name, one in module.state_dict().items()}


@pytest.fixture(scope="module")
def unets() -> dict[str, Any]:
    made = {}
    with torch.device("meta"):
        for family, settings in SETTINGS.items():
            usual = {"block_out_channels": (320, 640, 1280, 1280)}
            made[family] = diffusers.UNet2DConditionModel(**{**usual, **settings})
    return made


@pytest.mark.parametrize("family", SETTINGS)
def test_a_unet_has_the_weights_of_diffusers(family: str, unets: dict[str, Any]) -> None:
    ours = {one.folder: one.shape for one in layout.unet(UNETS[family])}
    assert ours == shapes(unets[family])


@pytest.mark.parametrize("family", SETTINGS)
def test_a_single_files_unet_is_what_diffusers_converts(family: str, unets: dict[str, Any]) -> None:
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    single = {
        layout.UNET + one.single: torch.empty(one.shape, device="meta") for one in layout.unet(UNETS[family])
    }
    converted = convert_ldm_unet_checkpoint(single, dict(unets[family].config))
    assert {name: tuple(one.shape) for name, one in converted.items()} == shapes(unets[family])


def autoencoder() -> Any:
    with torch.device("meta"):
        return diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
        )


def test_an_autoencoder_has_the_weights_of_diffusers_in_both_layouts() -> None:
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    module, shape = autoencoder(), architecture(SD1).vae
    assert shape is not None
    theirs = shapes(module)
    ours = {one.folder: one.shape for one in layout.vae(shape)}
    assert ours.keys() == theirs.keys()
    assert {name: one for name, one in ours.items() if _bare(one) != _bare(theirs[name])} == {}
    single = {layout.VAE + one.single: torch.empty(one.shape, device="meta") for one in layout.vae(shape)}
    converted = convert_ldm_vae_checkpoint(single, dict(module.config))
    assert {name: _bare(one.shape) for name, one in converted.items()} == {
        name: _bare(one) for name, one in theirs.items()
    }


def _bare(shape: Any) -> tuple[int, ...]:
    return tuple(shape[:2]) if tuple(shape[2:]) == (1, 1) else tuple(shape)


@pytest.mark.parametrize(("shape", "act"), [(CLIP_L, "quick_gelu"), (CLIP_G, "gelu")])
def test_a_text_encoder_has_the_weights_of_transformers(shape: Any, act: str) -> None:
    settings = transformers.CLIPTextConfig(
        hidden_size=shape.width,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        hidden_act=act,
        projection_dim=shape.projection or 512,
    )
    with torch.device("meta"):
        module = transformers.CLIPTextModelWithProjection(settings)
    theirs = {
        name.removeprefix("text_model."): one
        for name, one in shapes(module).items()
        if not name.endswith("position_ids")
    }
    projection = theirs.pop("text_projection.weight")
    assert layout.clip(shape) == theirs
    assert not shape.projection or projection == (shape.projection, shape.width)


@pytest.mark.parametrize("family", [SD2, SDXL])
def test_an_open_clip_encoder_is_what_diffusers_converts(family: str) -> None:
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint

    text = TEXTS[family][-1]
    prefix = layout.text_prefix(architecture(family), len(TEXTS[family]) - 1)
    single = {prefix + name: torch.empty(shape) for name, shape in small(layout.open_clip, text).items()}
    settings = transformers.CLIPTextConfig(num_hidden_layers=2, hidden_size=text.width)
    with torch.device("meta"):
        module = transformers.CLIPTextModelWithProjection(settings)
    converted = convert_open_clip_checkpoint(module, single, prefix)
    theirs = {name.removeprefix("text_model.") for name in converted} - {"text_projection.weight"}
    assert {name for name in theirs if not name.endswith("position_ids")} == set(small(layout.clip, text))


def small(names: Any, text: Any) -> Any:
    from dataclasses import replace

    return names(replace(text, layers=2, width=8, intermediate=8, vocabulary=8, projection=8))


def test_the_number_of_tensors_is_that_of_the_published_files() -> None:
    """As SD 1.5 and SDXL are known to have: 686 and 1680 of the U-Net, 248 of the autoencoder."""
    counts = {family: len(list(layout.unet(shape))) for family, shape in UNETS.items()}
    assert counts == {SD1: 686, SD2: 686, SDXL: 1680}
    vae = architecture(SDXL).vae
    assert vae is not None and len(list(layout.vae(vae))) == 248


def test_the_middle_is_as_deep_as_the_last_level_that_has_attention(unets: dict[str, Any]) -> None:
    for family, module in unets.items():
        found = {
            int(name.split(".")[4])
            for name in module.state_dict()
            if name.startswith("mid_block.attentions.0.transformer_blocks.")
        }
        assert layout.middle_depth(UNETS[family]) == 1 + max(found)
        from rakkan.formats.checkpoints.tensors import Entry

        entries = {name: Entry("F32", shape) for name, shape in shapes(module).items()}
        read = _unet_of_folder(entries)
        assert read is not None and read[:3] == (
            UNETS[family].channels,
            UNETS[family].layers,
            UNETS[family].depth,
        )
