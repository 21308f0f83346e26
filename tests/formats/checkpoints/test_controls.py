"""ControlNets, IP-Adapters and image encoders: what they are, and that what is wrong is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from tests.formats.checkpoints.tables import UNETS, Table, architecture

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import kinds
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.controlnets import check_controlnet, read_controlnet, weights
from rakkan.formats.checkpoints.image_encoders import VisionShape, check_image_encoder, expected
from rakkan.formats.checkpoints.ip_adapters import AdapterShape, check_ip_adapter, widths
from rakkan.formats.checkpoints.tensors import Entry

#: OpenCLIP's ViT-H and ViT-bigG, which IP-Adapters are trained with.
VIT_H = VisionShape(1280, 32, 5120, 1024, 14, 224)
BIG_G = VisionShape(1664, 48, 8192, 1280, 14, 224)

Entries = dict[str, Entry]


def table(shapes: Mapping[str, tuple[int, ...]]) -> Entries:
    return {name: Entry("F16", shape) for name, shape in shapes.items()}


def controlnet(family: str, single: bool, prefix: str = "control_model.") -> Entries:
    held = {one.single if single else one.folder: one.shape for one in weights(UNETS[family])}
    return table({(prefix if single else "") + name: shape for name, shape in held.items()})


def ip_adapter(family: str, plus: bool = False, encoder: VisionShape = VIT_H) -> Entries:
    context = UNETS[family].context
    if plus:
        inner = 1280 if family == SDXL else context
        held: dict[str, tuple[int, ...]] = {
            "latents": (1, 16, inner),
            "proj_in.weight": (inner, encoder.width),
            "proj_in.bias": (inner,),
            "proj_out.weight": (context, inner),
            "proj_out.bias": (context,),
            "norm_out.weight": (context,),
            "norm_out.bias": (context,),
        }
        for layer in range(4):
            for name, shape in {
                "0.norm1.weight": (inner,),
                "0.norm1.bias": (inner,),
                "0.norm2.weight": (inner,),
                "0.norm2.bias": (inner,),
                "0.to_q.weight": (inner, inner),
                "0.to_kv.weight": (2 * inner, inner),
                "0.to_out.weight": (inner, inner),
                "1.0.weight": (inner,),
                "1.0.bias": (inner,),
                "1.1.weight": (4 * inner, inner),
                "1.3.weight": (inner, 4 * inner),
            }.items():
                held[f"layers.{layer}.{name}"] = shape
    else:
        held = {"proj.weight": (4 * context, encoder.projection), "proj.bias": (4 * context,)}
        held |= {"norm.weight": (context,), "norm.bias": (context,)}
    found = {f"image_proj.{name}": shape for name, shape in held.items()}
    for number, wide in enumerate(widths(UNETS[family])):
        for part in ("to_k_ip", "to_v_ip"):
            found[f"ip_adapter.{2 * number + 1}.{part}.weight"] = (wide, context)
    return table(found)


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
@pytest.mark.parametrize(("single", "prefix"), [(True, "control_model."), (True, ""), (False, "")])
def test_a_controlnet_is_known_in_each_of_its_names(family: str, single: bool, prefix: str) -> None:
    held = Table(controlnet(family, single, prefix))
    check_controlnet(held)
    check_controlnet(held, architecture(family))
    found, before, is_single = read_controlnet(held.entries)
    assert (found.channels, found.depth, found.context) == (
        UNETS[family].channels,
        UNETS[family].depth,
        UNETS[family].context,
    )
    assert (before, is_single) == (prefix, single)
    if prefix or not single:
        assert kinds.nature(held).kind == kinds.CONTROLNET


def test_a_controlnet_has_as_many_zero_convolutions_as_there_are_skips() -> None:
    """Counted in lllyasviel's files: 12 and the middle's of SD 1.x; of SDXL 9."""
    for family, count in ((SD1, 12), (SDXL, 9)):
        names = {one.single for one in weights(UNETS[family]) if one.single.startswith("zero_convs.")}
        assert len(names) == 2 * count


@pytest.mark.parametrize("plus", [False, True])
@pytest.mark.parametrize("family", [SD1, SDXL])
def test_an_ip_adapter_is_known_and_says_what_it_reads(family: str, plus: bool) -> None:
    held = Table(ip_adapter(family, plus))
    shape = check_ip_adapter(held)
    assert shape == check_ip_adapter(held, architecture(family))
    assert shape == AdapterShape(not plus, 1280 if plus else 1024, UNETS[family].context)
    assert shape.fits(VIT_H) and not shape.fits(BIG_G)
    assert kinds.nature(held) == kinds.Nature(kinds.IP_ADAPTER, family)


def test_an_image_encoder_is_known() -> None:
    held = Table(table(expected(VIT_H)))
    assert check_image_encoder(held) == VIT_H
    assert kinds.nature(held).kind == kinds.IMAGE_ENCODER
    with_text = Table({**held.entries, "text_model.final_layer_norm.weight": Entry("F16", (1024,))})
    assert check_image_encoder(with_text) == VIT_H


def without(*names: str) -> Callable[[Entries], Entries]:
    return lambda held: {name: one for name, one in held.items() if name not in names}


def changed(name: str, *shape: int) -> Callable[[Entries], Entries]:
    return lambda held: {**held, name: Entry("F16", shape)}


_CONTROL, _ADAPTER, _PLUS = controlnet(SD1, True), ip_adapter(SD1), ip_adapter(SD1, plus=True)
_ENCODER = table(expected(VIT_H))


@pytest.mark.parametrize(
    ("held", "break_it", "message"),
    [
        (_CONTROL, without("control_model.zero_convs.3.0.bias"), "lacks 1 of .*zero_convs.3.0.bias"),
        (_CONTROL, without("control_model.input_blocks.0.0.weight"), "lacks input_blocks.0.0.weight"),
        (_CONTROL, changed("control_model.zero_convs.3.0.weight", 7, 7, 1, 1), "3.0.weight is 7×7×1×1, not"),
        (_CONTROL, changed("control_model.task_embedding", 6, 320), "not known here: .*task_embedding"),
        (_ADAPTER, without("image_proj.norm.bias"), "lacks 1 of .*image_proj.norm.bias"),
        (_ADAPTER, without("ip_adapter.9.to_v_ip.weight"), "lacks 1 of .*ip_adapter.9.to_v_ip.weight"),
        (_ADAPTER, without("ip_adapter.9.to_k_ip.weight"), "lacks 1 of .*ip_adapter.9.to_k_ip.weight"),
        (_ADAPTER, changed("ip_adapter.9.to_v_ip.weight", 640, 2048), "9.to_v_ip.weight is 640×2048, not"),
        (_ADAPTER, changed("ip_adapter.0.to_q_lora.down.weight", 8, 8), "read faces"),
        (_PLUS, without("image_proj.layers.3.0.to_kv.weight"), "lacks 1 of .*layers.3.0.to_kv.weight"),
        (_PLUS, without("image_proj.layers.0.0.to_q.weight"), "lacks image_proj.layers.0.0.to_q.weight"),
        (
            _PLUS,
            changed("image_proj.layers.4.1.0.bias", 768),
            "holds image_proj.layers.4.1.0.bias besides",
        ),
        (
            _ENCODER,
            without("vision_model.encoder.layers.7.mlp.fc2.bias"),
            "lacks 1 of .*layers.7.mlp.fc2.bias",
        ),
        (_ENCODER, without("visual_projection.weight"), "lacks visual_projection.weight"),
        (_ENCODER, changed("vision_model.post_layernorm.weight", 9), "post_layernorm.weight is 9, not 1280"),
        (
            _ENCODER,
            changed("vision_model.embeddings.position_embedding.weight", 78, 1280),
            "of no architecture known here: .*position_embedding",
        ),
        (
            _ENCODER,
            changed("vision_model.embeddings.patch_embedding.weight", 1280, 3, 14, 15),
            "of no architecture known here: .*patch_embedding",
        ),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(
    held: Entries, break_it: Callable[[Entries], Entries], message: str
) -> None:
    checks = {id(_CONTROL): check_controlnet, id(_ENCODER): check_image_encoder}
    with pytest.raises(RakkanError, match=message) as caught:
        checks.get(id(held), check_ip_adapter)(Table(break_it(held)))
    assert caught.value.hint and "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("held", "base", "message"),
    [
        (_CONTROL, SDXL, "made for SD 1.x, not for SDXL: see control_model.*to_k.weight"),
        (controlnet(SDXL, False), SD1, "made for SDXL, not for SD 1.x: see down_blocks"),
        (controlnet(SD2, False), SD1, "made for SD 2.x, not for SD 1.x"),
        (_ADAPTER, SDXL, "made for SD 1.x, not for SDXL: see ip_adapter.1.to_k_ip.weight, 768 wide"),
        (ip_adapter(SDXL), SD2, "made for SDXL, not for SD 2.x"),
    ],
)
def test_what_is_for_another_family_says_so(held: Entries, base: str, message: str) -> None:
    check = check_ip_adapter if any(name.startswith("ip_adapter.") for name in held) else check_controlnet
    with pytest.raises(RakkanError, match=message):
        check(Table(held), architecture(base))


def test_what_is_for_another_checkpoint_of_the_family_names_the_tensors() -> None:
    other = replace(architecture(SD1), unet=replace(UNETS[SD1], channels=(320, 640, 1280, 640)))
    with pytest.raises(RakkanError, match=r"lacks 2 of .*input_blocks\.10") as caught:
        check_controlnet(Table(_CONTROL), other)
    assert caught.value.hint == "It was made for another checkpoint"
    longer = replace(architecture(SD1), unet=replace(UNETS[SD1], context=512))
    with pytest.raises(
        RakkanError, match=r"does not fit the checkpoint in .*attn2\.to_k\.weight is 320×768, not 320×512"
    ):
        check_controlnet(Table(_CONTROL), longer)
    with pytest.raises(RakkanError, match=r"ip_adapter\.31\.to_k_ip\.weight is 1280×768, not 640×768"):
        check_ip_adapter(Table(_ADAPTER), other)


@pytest.mark.parametrize("shape", [(), (1,), (10**9, 10**9, 3, 3), (0, 0, 0, 0)])
def test_headers_that_lie_are_refused_quickly(shape: tuple[int, ...]) -> None:
    for held, check in (
        (_CONTROL, check_controlnet),
        (_PLUS, check_ip_adapter),
        (_ENCODER, check_image_encoder),
    ):
        for name in held:
            if name.endswith(("0.0.weight", "to_q.weight", "latents", "proj_in.weight", "fc1.weight")):
                with pytest.raises(RakkanError):
                    check(Table(changed(name, *shape)(held)))
