"""The names and shapes of single files, against diffusers' own conversion of the same tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers.loaders import single_file_utils
from tests.checkpoints import make as making
from tests.checkpoints.architectures import architecture
from tests.checkpoints.reading import Files

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL, Architecture
from rakkan.studio.engines.torch import networks
from rakkan.studio.engines.torch.loading import tensor

FAMILIES = (SD1, SD2, SDXL)
#: What diffusers takes a file of each family for.
KINDS = {SD1: "v1", SD2: "v2", SDXL: "xl_base"}
#: Tensors of real files that are no parameters.
LEFT = {
    "betas",
    "alphas_cumprod",
    "cond_stage_model.transformer.text_model.embeddings.position_ids",
    "conditioner.embedders.0.transformer.text_model.embeddings.position_ids",
    "cond_stage_model.model.logit_scale",
    "cond_stage_model.model.text_projection",
    "conditioner.embedders.1.model.logit_scale",
}


def theirs(made: Architecture, file: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """The state dicts that diffusers makes of a single file."""
    assert made.unet is not None and made.vae is not None
    unet = {
        "layers_per_block": made.unet.layers,
        "addition_embed_type": "text_time" if made.unet.added else None,
    }
    levels = ["x"] * len(made.vae.channels)
    found = {
        "unet": single_file_utils.convert_ldm_unet_checkpoint(dict(file), unet),
        "vae": single_file_utils.convert_ldm_vae_checkpoint(
            dict(file), {"down_block_types": levels, "up_block_types": levels}
        ),
    }
    if made.family == SD2:
        model = networks.text_encoder_of(made.text[0])
        found["text_0"] = single_file_utils.convert_open_clip_checkpoint(model, dict(file))
    else:
        found["text_0"] = single_file_utils.convert_ldm_clip_checkpoint(dict(file))
    if made.family == SDXL:
        model = networks.text_encoder_of(made.text[1])
        found["text_1"] = single_file_utils.convert_open_clip_checkpoint(
            model, dict(file), "conditioner.embedders.1.model."
        )
    return {
        part: {name.removeprefix("text_model."): one for name, one in named.items()}
        for part, named in found.items()
    }


def states(built: dict[str, Any]) -> dict[str, dict[str, torch.Tensor]]:
    return {
        part: {name.removeprefix("text_model."): one for name, one in network.state_dict().items()}
        for part, network in built.items()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_full_size_files_have_the_names_and_shapes_that_diffusers_knows(family: str) -> None:
    made = architecture(family, width="full")
    stored: dict[str, Any] = {}
    for network, find in making._parts(made).values():
        stored |= making._stored(network, find, 0)
    stored |= dict(making._leftovers(made, ""))
    file = {name: torch.empty(one.shape, device="meta") for name, one in stored.items()}
    assert single_file_utils.infer_diffusers_model_type(dict(file)) == KINDS[family]

    own = states(
        {
            "unet": networks.unet_of(made, made.unet),
            "vae": networks.vae_of(made, made.vae),
            **{f"text_{index}": networks.text_encoder_of(one) for index, one in enumerate(made.text)},
        }
    )
    consumed = 0
    for part, named in theirs(made, file).items():
        named = {name: one for name, one in named.items() if "position_ids" not in name}
        if family == SD2 and part == "text_0":
            named.pop("text_projection.weight", None)
            # diffusers' configuration has the 23 layers that are used
            own[part] = {name: one for name, one in own[part].items() if ".23." not in name or name in named}
        shapes = {name: tuple(one.shape) for name, one in named.items()}
        assert shapes == {name: tuple(one.shape) for name, one in own[part].items()}, part
        consumed += sum(int(torch.prod(torch.tensor(one.shape))) for one in named.values())
    left = sum(int(torch.prod(torch.tensor(stored[name].shape))) for name in LEFT & set(stored))
    total = sum(int(torch.prod(torch.tensor(one.shape))) for one in stored.values())
    last = sum(
        int(torch.prod(torch.tensor(one.shape))) for name, one in stored.items() if "resblocks.23." in name
    )
    assert total - consumed - left in ({0} if family != SD2 else {0, last})


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_built_is_what_diffusers_makes_of_the_same_file(
    family: str, checkpoint: Callable[..., making.Made], built: Callable[..., networks.Networks]
) -> None:
    made = checkpoint(family)
    files = Files(made.path)
    file = {name: tensor(files, name) for name in files.entries}
    ours = built(family)
    encoders = {f"text_{index}": one for index, one in enumerate(ours.text_encoders)}
    own = states({"unet": ours.unet, "vae": ours.vae, **encoders})
    for part, named in theirs(made.architecture, file).items():
        for name, one in own[part].items():
            assert torch.equal(one, named[name]), f"{part} {name}"
        assert set(named) - set(own[part]) <= {"embeddings.position_ids", "text_projection.weight"}


@pytest.mark.parametrize("family", FAMILIES)
def test_both_layouts_of_a_checkpoint_build_the_same_networks(
    family: str, built: Callable[..., networks.Networks]
) -> None:
    one, other = built(family), built(family, layout="diffusers")
    pairs = [(one.unet, other.unet), (one.vae, other.vae)]
    pairs += list(zip(one.text_encoders, other.text_encoders, strict=True))
    for first, second in pairs:
        values = second.state_dict()
        assert all(torch.equal(value, first.state_dict()[name]) for name, value in values.items())
