"""LoHa, LoKr and DoRA: against answers worked by hand, and against peft's own layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
from tests.checkpoints.reading import Held

from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.engines.torch.adapting import Adapting
from rakkan.studio.engines.torch.changes import Change
from rakkan.studio.engines.torch.lora import read_lora

NAME = "lora_unet_x"


def change_of(**parts: Any) -> Change:
    """The change of one layer; ``__`` stands for a point in a name."""
    arrays = {f"{NAME}.{name.replace('__', '.')}": numpy.float32(one) for name, one in parts.items()}
    return read_lora(Held(arrays)).changes[NAME]


def test_a_loha_is_one_product_times_another_element_by_element() -> None:
    change = change_of(
        hada_w1_a=[[1], [2], [3], [4]],
        hada_w1_b=[[1, 0, 2, 1]],
        hada_w2_a=[[1], [1], [2], [0]],
        hada_w2_b=[[3, 5, 1, -1]],
        alpha=0.5,
    )
    by_hand = [[1.5, 0, 1, -0.5], [3, 0, 2, -1], [9, 0, 6, -3], [0, 0, 0, 0]]
    assert change.of(torch.zeros(4, 4)).tolist() == by_hand


def test_a_lokr_is_a_kronecker_product_scaled_by_the_rank_it_has() -> None:
    one, other = [[1, 2], [0, -1]], [[1, 0], [3, 1]]
    by_hand = [[1, 0, 2, 0], [3, 1, 6, 2], [0, 0, -1, 0], [0, 0, -3, -1]]
    assert change_of(lokr_w1=one, lokr_w2=other, alpha=8.0).of(torch.zeros(4, 4)).tolist() == by_hand
    # other = [[1], [3]] [[1, 0]] + [[0], [1]] [[0, 1]]
    halves = change_of(lokr_w1=one, lokr_w2_a=[[1, 0], [3, 1]], lokr_w2_b=[[1, 0], [0, 1]], alpha=1.0)
    assert (2 * halves.of(torch.zeros(4, 4))).tolist() == by_hand
    turned = change_of(lokr_w1_a=one, lokr_w1_b=[[1, 0], [0, 1]], lokr_w2=other, alpha=4.0)
    assert (turned.of(torch.zeros(4, 4)) / 2).tolist() == by_hand


def test_a_dora_has_the_direction_of_the_sum_and_a_magnitude_of_its_own() -> None:
    weight = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    low = {"lora_down__weight": [[0.0, 1.0]], "lora_up__weight": [[4.0], [0.0]], "alpha": 1.0}
    # W + up down = [[3, 4], [0, 1]]: rows of length 5 and 1, columns of length 3 and √17.
    rows = weight + change_of(**low, dora_scale=[[10], [2]]).of(weight)
    assert torch.allclose(rows, torch.tensor([[6.0, 8.0], [0.0, 2.0]]))
    columns = weight + change_of(**low, dora_scale=[[6, 17**0.5]]).of(weight)
    assert torch.allclose(columns, torch.tensor([[6.0, 4.0], [0.0, 1.0]]))


def in_peft(config: Any, kind: str, weight: torch.Tensor, *, kernel: int = 0) -> tuple[Any, torch.nn.Module]:
    """A layer with peft's adapter on it, its matrices random; the adapter's layer and the model."""
    import peft

    base: torch.nn.Module = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    if kernel:
        base = torch.nn.Conv2d(weight.shape[1], weight.shape[0], kernel, padding=1, bias=False)
    base.weight.data = weight.clone()  # type: ignore[union-attr]
    model = torch.nn.Sequential()
    model.add_module("x", base)
    made = peft.get_peft_model(model, config)  # type: ignore[arg-type]
    torch.manual_seed(3)
    layer: Any = made.base_model.model.x
    for name, one in layer.named_parameters():
        if kind in name:
            one.data = torch.rand_like(one) if "magnitude" in name else torch.randn_like(one) * 0.3
    return layer, made


def held_of(layer: Any, kinds: tuple[str, ...], alpha: float) -> Held:
    arrays: dict[str, Any] = {f"{NAME}.alpha": numpy.float32(alpha)}
    for name, one in layer.named_parameters():
        if name.startswith(kinds):
            plain = name.replace(".default", "")
            plain = plain if plain.startswith(("hada", "lokr")) else plain.removesuffix(".weight")
            plain += "" if plain.startswith(("hada", "lokr", "lora_mag")) else ".weight"
            arrays[f"{NAME}.{plain}"] = one.detach().numpy()
    return Held(arrays)


@pytest.mark.parametrize("kernel", [0, 3])
@pytest.mark.parametrize("effective", [False, True])
@pytest.mark.parametrize("kind", ["hada", "lokr"])
def test_lycoris_layers_are_pefts(kind: str, effective: bool, kernel: int) -> None:
    import peft

    # wide enough that both factors of a Kronecker product are of low rank: peft scales whole ones otherwise
    shape = (64, 48, kernel, kernel) if kernel else (64, 48)
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    made = {"hada": peft.LoHaConfig, "lokr": peft.LoKrConfig}[kind]
    more = {"decompose_both": True} if kind == "lokr" else {}
    config = made(r=2, alpha=3, target_modules=["x"], use_effective_conv2d=effective, **more)
    layer, _ = in_peft(config, kind, weight, kernel=kernel)
    held = held_of(layer, (kind,), 3)
    assert read_lora(held).changes[NAME].sizes.rank == 2
    if effective and kernel:
        assert any(name.endswith(("_t1", "_t2")) for name in held.entries)
    change = read_lora(held).changes[NAME]
    theirs = layer.get_delta_weight("default").detach()
    assert float(theirs.abs().max()) > 0.01
    assert torch.allclose(change.of(weight), theirs, atol=1e-6)


@pytest.mark.parametrize("kernel", [0, 3])
def test_a_merged_dora_is_pefts(kernel: int) -> None:
    import peft

    shape = (12, 8, kernel, kernel) if kernel else (12, 8)
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    config = peft.LoraConfig(r=2, lora_alpha=3, target_modules=["x"], use_dora=True)
    layer, model = in_peft(config, "lora", weight, kernel=kernel)
    change = read_lora(held_of(layer, ("lora",), 3)).changes[NAME]
    merged = model.merge_and_unload().x.weight.detach()  # type: ignore[operator, union-attr]
    assert float((merged - weight).abs().max()) > 0.1
    assert torch.allclose(weight + change.of(weight), merged, atol=1e-5)


def test_they_are_fused_and_taken_out_again(built: Callable[..., Any]) -> None:
    ours = built("stable-diffusion-v1")
    key, module = next((name, one) for name, one in ours.unet.named_modules() if name.endswith("attn2.to_q"))
    before = module.weight.clone()
    out, wide = before.shape
    random = numpy.random.default_rng(1)
    plain = f"lora_unet_{key.replace('.', '_')}"
    arrays = {
        f"{plain}.hada_{name}": random.standard_normal(shape).astype("f4")
        for name, shape in {"w1_a": (out, 2), "w1_b": (2, wide), "w2_a": (out, 2), "w2_b": (2, wide)}.items()
    }
    lora = read_lora(Held(arrays))
    adapting = Adapting(ours, {"ink": lora})
    adapting.adapt([Adapter("ink", 0.5, 0.5)])
    assert torch.allclose(module.weight, before + 0.5 * lora.changes[plain].of(before), atol=1e-6)
    assert not torch.equal(module.weight, before)
    adapting.adapt([])
    assert torch.equal(module.weight, before)
