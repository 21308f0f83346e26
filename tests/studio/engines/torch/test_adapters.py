"""LoRAs, textual inversions and VAEs of their own, against what diffusers makes of the same files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from tests.checkpoints.adapters import make_inversion, make_lora
from tests.checkpoints.make import make_vae
from tests.checkpoints.reading import Files, Held
from tests.studio.engines.torch.peers import difference, peer

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.clip.inversions import read_inversion
from rakkan.studio.engines.torch import networks
from rakkan.studio.engines.torch.adapting import Adapting
from rakkan.studio.engines.torch.conditioning import encode
from rakkan.studio.engines.torch.lora import read_lora
from rakkan.studio.engines.torch.networks import Networks

Built = Callable[..., Networks]


def weights_of(made: Networks) -> dict[str, torch.Tensor]:
    parts = {"unet": made.unet, **{f"te{n}": one for n, one in enumerate(made.text_encoders, 1)}}
    return {
        f"{part}.{name.removeprefix('text_model.')}": one.clone()
        for part, network in parts.items()
        for name, one in network.state_dict().items()
    }


def fused_by_diffusers(pipeline: Any, file: Path, scale: float) -> dict[str, torch.Tensor]:
    pipeline.load_lora_weights(file.parent, weight_name=file.name, adapter_name="one")
    parts = {"unet": pipeline.unet, "te1": pipeline.text_encoder}
    if getattr(pipeline, "text_encoder_2", None) is not None:
        parts["te2"] = pipeline.text_encoder_2
    components = ["unet", "text_encoder", "text_encoder_2"][: len(parts)]
    pipeline.fuse_lora(components=components, lora_scale=scale, adapter_names=["one"])
    pipeline.unload_lora_weights()
    return {
        f"{part}.{name.removeprefix('text_model.')}": one.clone()
        for part, network in parts.items()
        for name, one in network.state_dict().items()
    }


KINDS: list[tuple[str, str, dict[str, Any]]] = [
    (SD1, "kohya", {"convolutions": True}),
    (SD1, "peft", {}),
    (SD2, "kohya", {"alpha": None}),
    (SDXL, "kohya-ldm", {}),
    (SDXL, "diffusers", {"text": False}),
]


@pytest.mark.parametrize(("family", "names", "options"), KINDS)
def test_a_fused_lora_is_diffusers_own(
    family: str,
    names: str,
    options: dict[str, Any],
    checkpoint: Callable[..., Any],
    built: Built,
    tmp_path: Path,
) -> None:
    folder = checkpoint(family, layout="diffusers")
    pipeline = peer(folder.path, folder.architecture, folder.path)
    pipeline.text_encoder.__dict__.pop("text_model", None)
    file = make_lora(folder.architecture, tmp_path / "lora.safetensors", names=names, **options)
    theirs = fused_by_diffusers(pipeline, file, 0.7)

    ours = built(family, layout="diffusers")
    before = weights_of(ours)
    lora = read_lora(Files(file))
    adapting = Adapting(ours, {"ink": lora})
    adapting.adapt([Adapter("ink", 0.7, 0.7)])
    after = weights_of(ours)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert len(changed) == len(lora.changes)
    for name, weight in theirs.items():
        assert torch.allclose(after[name], weight, atol=1e-6), name
    adapting.adapt([])
    assert all(torch.equal(one, before[name]) for name, one in weights_of(ours).items())


def test_strengths_count_apart_for_the_denoiser_and_the_text(built: Built, tmp_path: Path) -> None:
    ours = built(SD1)
    before = weights_of(ours)
    lora = read_lora(Files(make_lora(ours.architecture, tmp_path / "l.safetensors")))
    Adapting(ours, {"ink": lora}).adapt([Adapter("ink", 0.5, 0.0), Adapter("ink", 0.5, 0.0)])
    twice = weights_of(ours)
    Adapting(whole := built(SD1), {"ink": lora}).adapt([Adapter("ink", 1.0, 0.0)])
    for name, weight in weights_of(whole).items():
        assert torch.allclose(twice[name], weight, atol=1e-6)
        assert name.startswith("unet") or torch.equal(weight, before[name])


def test_a_lora_for_another_base_is_refused_and_changes_nothing(built: Built, tmp_path: Path) -> None:
    ours = built(SD1)
    before = weights_of(ours)
    good = read_lora(Files(make_lora(ours.architecture, tmp_path / "good.safetensors")))
    for family, names in ((SD2, "kohya"), (SDXL, "kohya-ldm")):
        file = make_lora(built(family).architecture, tmp_path / "other.safetensors", names=names)
        adapting = Adapting(ours, {"good": good, "other": read_lora(Files(file))})
        with pytest.raises(RakkanError, match=r"for another base: .*, .*, .* and [0-9]+ more") as caught:
            adapting.adapt([Adapter("good", 1, 1), Adapter("other", 1, 1)])
        assert SD1 in caught.value.hint
        assert all(torch.equal(one, before[name]) for name, one in weights_of(ours).items())
    with pytest.raises(RakkanError, match="no LoRA 'god'") as caught:
        Adapting(ours, {"good": good}).adapt([Adapter("god", 1, 1)])
    assert "'good'" in caught.value.hint


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "holds no tensors"),
        ({"lora_unet_x.lora_down.weight": [[1.0]]}, "not a whole LoRA"),
        ({"unet.x.lora_A.weight": [[1.0]], "unet.x.lora_B.weight": [[1.0, 2.0]]}, "does not fit together"),
        ({"unet.x.lora_A.weight": [[numpy.nan]], "unet.x.lora_B.weight": [[1.0]]}, "not finite"),
        ({"lora_unet_x.hada_w1_a": [[1.0]]}, "not a whole LoRA"),
        ({"lora_unet_x.lora_down.weight": [[1.0]], "lora_unet_x.dora_scale": [1.0]}, "not a whole LoRA"),
        ({"lora_unet_x.lokr_w1": [[1.0]], "lora_unet_x.lokr_w2_a": [[1.0]]}, "does not fit together"),
        ({"lora_unet_x.oft_blocks": [[1.0]], "lora_unet_x.alpha": [1.0]}, "not supported"),
        ({"lora_unet_x.diff": [[1.0]], "lora_unet_x.alpha": [1.0]}, "not supported"),
        ({"model.diffusion_model.out.2.weight": [1.0]}, "not a whole LoRA"),
    ],
)
def test_what_is_no_lora_is_refused(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(RakkanError, match=message) as caught:
        read_lora(Held(arrays))
    assert caught.value.hint


@pytest.mark.parametrize(("family", "token"), [(SD1, ""), (SD1, "<ink>"), (SD2, ""), (SDXL, "")])
def test_a_textual_inversion_is_heard_as_by_diffusers(
    family: str, token: str, checkpoint: Callable[..., Any], built: Built, tmp_path: Path
) -> None:
    folder = checkpoint(family, layout="diffusers")
    pipeline = peer(folder.path, folder.architecture, folder.path)
    ours = built(family, layout="diffusers")
    widths = tuple(one.width for one in ours.architecture.text)
    file = make_inversion(tmp_path / "ink.safetensors", widths, token=token)
    files = Files(file)
    named = {name: torch.tensor(numpy.frombuffer(files.read(name), "<f4")) for name in files.entries}
    named = {name: one.reshape(files.entries[name].shape) for name, one in named.items()}
    if family == SDXL:
        pipeline.load_textual_inversion(
            named["clip_l"], "<ink>", text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer
        )
        pipeline.load_textual_inversion(
            named["clip_g"], "<ink>", text_encoder=pipeline.text_encoder_2, tokenizer=pipeline.tokenizer_2
        )
    else:
        pipeline.load_textual_inversion(next(iter(named.values())), "<ink>")
    theirs = pipeline.encode_prompt(
        "a teapot, <ink> drawing",
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=False,
    )
    word = "inkstyle"
    ours_heard = encode(
        ours, f"a teapot, {word} drawing", inversions={word: read_inversion(ours.architecture, files)}
    )
    assert difference(ours_heard.text, theirs[0]) <= 1e-5
    if family == SDXL:
        assert ours_heard.pooled is not None and difference(ours_heard.pooled, theirs[2]) <= 1e-5


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"emb_params": numpy.zeros((2, 768))}, "768 wide, where"),
        ({"a": [1.0], "b": [1.0]}, "no textual inversion: it holds a, b"),
        ({"emb_params": numpy.zeros((80, 64))}, "80"),
        ({"emb_params": numpy.full((2, 64), numpy.nan)}, "not finite"),
        ({"clip_l": numpy.zeros((2, 64)), "clip_g": numpy.zeros((2, 64))}, "64 and 64 wide"),
    ],
)
def test_what_is_no_inversion_for_the_base_is_refused(
    built: Built, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(RakkanError, match=message):
        read_inversion(built(SD1).architecture, Held(arrays))


@pytest.mark.parametrize("options", [{}, {"prefix": "first_stage_model."}, {"diffusers": True}])
def test_another_vae_takes_the_place_of_the_checkpoints(
    checkpoint: Callable[..., Any], tmp_path: Path, options: dict[str, Any]
) -> None:
    own = checkpoint(SD1)
    bare = checkpoint(SD1, without="vae")
    file = Files(make_vae(tmp_path, seed=9, **options))
    shape = own.architecture.vae
    with_own = networks.build(own.architecture, Files(own.path))
    with_other = networks.build(bare.architecture, Files(bare.path), vae_file=(shape, file))
    again = networks.build(own.architecture, Files(own.path), vae_file=(shape, file))
    values, others = with_other.vae.state_dict(), again.vae.state_dict()
    assert all(torch.equal(one, others[name]) for name, one in values.items())
    last = "decoder.conv_out.weight"
    assert not torch.equal(values[last], with_own.vae.state_dict()[last])
