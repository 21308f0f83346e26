"""What a file is, and whether a LoRA or a textual inversion belongs to a checkpoint."""

from __future__ import annotations

import pytest
from tests.formats.checkpoints.tables import Table, architecture, table

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.adapters import check_embedding, check_lora, read_lora
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.autoencoders import check_vae
from rakkan.formats.checkpoints.kinds import nature
from rakkan.formats.checkpoints.tensors import Entry


def lora(
    family: str, naming: str = "kohya", rank: int = 4, small: bool = False, single: bool = False
) -> Table:
    """A LoRA of all attention of a U-Net and all linear layers of its text encoders."""
    base = architecture(family, small)
    assert base.unet is not None
    layers: dict[str, tuple[int, int]] = {}
    for one in layout.unet(base.unet):
        name = (one.single if single else one.folder).removesuffix(".weight")
        if ".attn" in name and not name.endswith(".bias"):
            layers[f"unet.{name}"] = one.shape[:2]  # type: ignore[assignment]
    for number, text in enumerate(base.text):
        part = "text_encoder" if number == 0 else "text_encoder_2"
        for name, shape in layout.clip(text).items():
            if "encoder.layers" in name and len(shape) == 2:
                layers[f"{part}.text_model.{name.removesuffix('.weight')}"] = shape  # type: ignore[assignment]
    shorts = {"unet": "lora_unet", "text_encoder_2": "lora_te2"}
    shorts["text_encoder"] = "lora_te1" if family == SDXL else "lora_te"
    entries = {}
    for key, (outputs, inputs) in layers.items():
        if naming == "kohya":
            part, _, rest = key.partition(".")
            key = f"{shorts[part]}_{rest.replace('.', '_')}"
            entries[f"{key}.alpha"] = Entry("F16", ())
        down, up = {
            "kohya": (".lora_down.weight", ".lora_up.weight"),
            "peft": (".lora_A.weight", ".lora_B.weight"),
            "old": (".lora.down.weight", ".lora.up.weight"),
            "oldest": ("_lora.down.weight", "_lora.up.weight"),
        }[naming]
        if naming == "oldest":
            key = key.replace("attn1.", "attn1.processor.").replace("attn2.", "attn2.processor.")
            key = key.replace("to_out.0", "to_out")
        entries[key + down] = Entry("F16", (rank, inputs))
        entries[key + up] = Entry("F16", (outputs, rank))
    return Table(entries)


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
@pytest.mark.parametrize("naming", ["kohya", "peft", "old", "oldest"])
def test_a_lora_is_told_with_its_base_and_rank_and_fits_it(family: str, naming: str) -> None:
    given = lora(family, naming, rank=8)
    found = nature(given)
    assert (found.kind, found.family) == ("LoRA", family)
    assert found.lora is not None and found.lora.ranks == (8,) and found.lora.texts
    assert found.lora.naming == ("kohya" if naming == "kohya" else "diffusers")
    check_lora(given, architecture(family))


def test_kohyas_names_after_the_single_file_fit_too() -> None:
    check_lora(lora(SDXL, single=True), architecture(SDXL))


@pytest.mark.parametrize(("made", "base"), [(SD1, SD2), (SD1, SDXL), (SDXL, SD1), (SD2, SD1)])
def test_a_lora_for_another_base_is_refused(made: str, base: str) -> None:
    with pytest.raises(RakkanError, match=r"was made for SD.* not for SD.*lora_unet_") as caught:
        check_lora(lora(made), architecture(base))
    assert len(str(caught.value)) < 500


def test_a_lora_for_another_width_is_refused_by_its_shapes() -> None:
    with pytest.raises(RakkanError, match=r"does not fit this checkpoint in"):
        check_lora(lora(SD1, small=True), architecture(SD1))
    given = lora(SD1)
    key = "lora_unet_down_blocks_7_attentions_0_proj_in"
    more = {
        f"{key}.lora_down.weight": Entry("F16", (4, 320)),
        f"{key}.lora_up.weight": Entry("F16", (320, 4)),
    }
    with pytest.raises(RakkanError, match=f"1 layers that this checkpoint does not have: {key}"):
        check_lora(Table({**given.entries, **more}), architecture(SD1))


def test_half_a_lora_is_refused() -> None:
    entries = dict(lora(SD1).entries)
    name = next(name for name in entries if name.endswith("lora_up.weight"))
    half = {key: one for key, one in entries.items() if key != name}
    with pytest.raises(RakkanError, match=r"without its other half"):
        read_lora(half)
    other = name.replace("lora_up", "lora_down")
    with pytest.raises(RakkanError, match=r"without its other half"):
        read_lora({key: one for key, one in entries.items() if key != other})
    with pytest.raises(RakkanError, match=r"do not fit each other"):
        read_lora({**entries, name: Entry("F16", (320, 5))})


def one(name: str, *shape: int) -> dict[str, Entry]:
    return {name: Entry("F32", shape)}


KINDS: dict[str, tuple[dict[str, Entry], str, str]] = {
    "checkpoint": (dict(table(SDXL).entries), "checkpoint", SDXL),
    "inversion of A1111": (one("emb_params", 4, 768), "textual inversion", SD1),
    "inversion of diffusers": (one("<face>", 1024), "textual inversion", SD2),
    "inversion of SDXL": ({**one("clip_l", 2, 768), **one("clip_g", 2, 1280)}, "textual inversion", SDXL),
    "autoencoder": (one("encoder.down.0.block.0.conv1.weight", 128, 128, 3, 3), "VAE", ""),
    "tiny": (one("1.weight", 64, 4, 3, 3) | one("2.weight", 1), "tiny decoder", ""),
    "OFT": (one("lora_unet_a.oft_blocks", 4, 8, 8) | one("lora_unet_a.alpha"), "OFT", ""),
    "control": (
        one("control_model.input_hint_block.0.weight", 16, 3, 3, 3)
        | one("control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 320, 768),
        "ControlNet",
        SD1,
    ),
    "ip": (
        one("image_proj.norm.weight", 2048) | one("ip_adapter.1.to_k_ip.weight", 640, 2048),
        "IP-Adapter",
        SDXL,
    ),
    "something": (one("a", 1) | one("b", 1), "unknown", ""),
    "nothing": ({}, "unknown", ""),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_file_is(name: str) -> None:
    entries, kind, family = KINDS[name]
    found = nature(Table(entries))
    assert (found.kind, found.family) == (kind, family)


def test_a_textual_inversion_for_another_base_is_refused() -> None:
    check_embedding(Table(one("emb_params", 4, 768)), architecture(SD1))
    check_embedding(Table(KINDS["inversion of SDXL"][0]), architecture(SDXL))
    with pytest.raises(RakkanError, match=r"768 wide, where SDXL reads 768 and 1280"):
        check_embedding(Table(one("emb_params", 4, 768)), architecture(SDXL))
    with pytest.raises(RakkanError, match=r"no textual inversion"):
        check_embedding(table(SD1), architecture(SD1))


def vae(prefix: str = "", single: bool = True) -> dict[str, Entry]:
    shape = architecture(SD1, small=True).vae
    assert shape is not None
    return {
        prefix + (one.single if single else one.folder): Entry("F16", one.shape) for one in layout.vae(shape)
    }


@pytest.mark.parametrize("prefix", ["", "first_stage_model.", "vae/"])
@pytest.mark.parametrize("single", [True, False])
def test_an_autoencoder_of_its_own_fits_whatever_it_is_called(prefix: str, single: bool) -> None:
    assert check_vae(Table(vae(prefix, single)), architecture(SD1)) == architecture(SD1, small=True).vae
    assert check_vae(Table(vae(prefix, single)), architecture(SDXL)).scaling == 0.13025
    if prefix != "vae/":
        assert nature(Table(vae(prefix, single))).kind == "VAE"


def test_an_autoencoder_that_is_none_or_not_whole_is_refused() -> None:
    with pytest.raises(RakkanError, match="is no autoencoder"):
        check_vae(lora(SD1), architecture(SD1))
    part = {name: one for name, one in vae().items() if "mid.attn_1.q" not in name}
    with pytest.raises(
        RakkanError, match=r"The VAE lacks 4 of [0-9]+ tensors: encoder\.mid\.attn_1\.q\.weight"
    ):
        check_vae(Table(part), architecture(SD1))
    with pytest.raises(
        RakkanError, match=r"The VAE does not fit .* in 1 tensors: .*quant_conv.bias is 9, not 8"
    ):
        check_vae(Table({**vae(), "quant_conv.bias": Entry("F16", (9,))}), architecture(SD1))
    other = {**vae(), "decoder.conv_in.weight": Entry("F16", (16, 16, 3, 3))}
    with pytest.raises(RakkanError, match="latents of 16 channels, not of 4"):
        check_vae(Table(other), architecture(SD1))


def decomposed(kind: str, key: str = "lora_unet_mid_block_attentions_0_proj_in") -> dict[str, Entry]:
    """An adapter of one layer of SD 1.x, 1280 outputs and inputs."""
    parts = {
        "LoHa": {
            "hada_w1_a": (1280, 4),
            "hada_w1_b": (4, 1280),
            "hada_w2_a": (1280, 4),
            "hada_w2_b": (4, 1280),
        },
        "LoKr": {"lokr_w1": (8, 8), "lokr_w2_a": (160, 4), "lokr_w2_b": (4, 160)},
        "DoRA": {"lora_down.weight": (4, 1280), "lora_up.weight": (1280, 4), "dora_scale": (1, 1280)},
    }
    whole = {f"{key}.{name}": Entry("F16", shape) for name, shape in parts[kind].items()}
    return {**whole, f"{key}.alpha": Entry("F16", ())}


@pytest.mark.parametrize("kind", ["LoHa", "LoKr", "DoRA"])
def test_other_decompositions_are_told_and_fit(kind: str) -> None:
    given = Table(decomposed(kind))
    found = nature(given)
    assert found.kind == "LoRA" and found.lora is not None
    assert (found.lora.kind, found.lora.ranks, len(found.lora.layers)) == (kind, (4,), 1)
    check_lora(given, architecture(SD1))
    with pytest.raises(RakkanError, match="does not fit this checkpoint in 1 layers"):
        check_lora(given, architecture(SD1, small=True))
    name = next(name for name in given.entries if name.endswith(("w1_b", "w2_b", "up.weight")))
    bent = {**given.entries, name: Entry("F16", (5, 7))}
    with pytest.raises(RakkanError, match=r"do not fit each other|does not fit this checkpoint"):
        check_lora(Table(bent), architecture(SD1))


def test_kinds_of_one_file_are_named_together() -> None:
    both = {**decomposed("LoHa"), **decomposed("LoKr", "lora_unet_mid_block_attentions_0_proj_out")}
    found = read_lora(both)
    assert found is not None and found.kind == "LoHa, LoKr"
    check_lora(Table(both), architecture(SD1))
