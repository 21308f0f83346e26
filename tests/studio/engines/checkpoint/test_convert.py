"""Converted networks answer as the modules they were converted from."""

from __future__ import annotations

import copy
import platform
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint import graphs
from rakkan.studio.engines.checkpoint.graphs import compile_graph
from rakkan.studio.engines.device import Precision

from . import small
from .conftest import Pair

#: Largest difference from torch in 32 bits, as a share of the largest value.
F32 = 1e-3
#: And in bf16, whose step is 2^-8, through some forty layers.
BF16 = 5e-2
TOLERANCES: list[tuple[Precision, float]] = [("f32", F32), ("bf16", BF16)]


def normal(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def difference(found: Any, expected: Any) -> float:
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize(("precision", "tolerance"), TOLERANCES)
@pytest.mark.parametrize(("height", "width", "tokens"), [(8, 8, 77), (7, 10, 154)])
def test_a_unet_predicts_the_same_at_any_size(
    pairs: Mapping[str, Pair], precision: Precision, tolerance: float, height: int, width: int, tokens: int
) -> None:
    import torch

    unet, graph = pairs["unet"].module, pairs["unet"].graph
    shapes = {"latents": (1, 4, height, width), "text": (1, tokens, small.CONTEXT)}
    compiled = compile_graph(graph, shapes, precision, threads=1)
    latents, text = normal(*shapes["latents"]), normal(*shapes["text"], seed=1)
    for timestep in (0.0, 998.0, 999.0):
        time = unet.time_proj(torch.tensor([timestep])).numpy()
        found = compiled({"latents": latents, "time": time, "text": text})[0]
        expected = unet(torch.from_numpy(latents), timestep, torch.from_numpy(text), return_dict=False)[0]
        assert difference(found, expected) < tolerance


def test_a_large_unet_is_told_sizes_and_pooled_text(pairs: Mapping[str, Pair]) -> None:
    import torch

    unet, graph = pairs["large unet"].module, pairs["large unet"].graph
    shapes = {"latents": (1, 4, 8, 8), "text": (1, 77, small.CONTEXT)}
    compiled = compile_graph(graph, shapes, "f32", threads=1)
    latents, text, pooled = normal(1, 4, 8, 8), normal(1, 77, small.CONTEXT, seed=1), normal(1, 16, seed=2)
    sizes = torch.tensor([[1024.0, 768.0, 0.0, 8.0, 1024.0, 768.0]])
    told = unet.add_time_proj(sizes.flatten()).reshape(1, -1).numpy()
    time = unet.time_proj(torch.tensor([300.0])).numpy()
    added = np.concatenate([pooled, told], axis=1)
    found = compiled({"latents": latents, "time": time, "text": text, "added": added})[0]
    more = {"text_embeds": torch.from_numpy(pooled), "time_ids": sizes}
    given = (torch.from_numpy(latents), 300.0, torch.from_numpy(text))
    expected = unet(*given, added_cond_kwargs=more, return_dict=False)[0]
    assert difference(found, expected) < F32
    other = compiled({"latents": latents, "time": time, "text": text, "added": np.zeros_like(added)})[0]
    assert difference(other, expected) > 2 * F32


@pytest.mark.parametrize("part", ["decoder", "tiny decoder"])
@pytest.mark.parametrize(("precision", "tolerance"), TOLERANCES)
def test_a_decoder_gives_the_same_pixels(
    pairs: Mapping[str, Pair], part: str, precision: Precision, tolerance: float
) -> None:
    import torch

    latents = normal(1, 4, 6, 9)
    compiled = compile_graph(pairs[part].graph, {"latents": latents.shape}, precision, threads=1)
    expected = pairs[part].module.decode(torch.from_numpy(latents)).sample
    assert difference(compiled(latents)[0], expected) < tolerance


@pytest.mark.parametrize(("precision", "tolerance"), TOLERANCES)
def test_an_encoder_gives_the_mean_of_the_latents(
    pairs: Mapping[str, Pair], precision: Precision, tolerance: float
) -> None:
    import torch

    picture = np.tanh(normal(1, 3, 12, 18))
    compiled = compile_graph(pairs["encoder"].graph, {"picture": picture.shape}, precision, threads=1)
    expected = pairs["encoder"].module.encode(torch.from_numpy(picture)).latent_dist.mode()
    assert difference(compiled(picture)[0], expected) < tolerance


@pytest.mark.parametrize("part", ["text", "projected text"])
def test_a_text_encoder_gives_each_layers_states(pairs: Mapping[str, Pair], part: str) -> None:
    import torch

    module, graph = pairs[part].module, pairs[part].graph
    ids = np.full((1, 77), small.VOCABULARY - 1, np.int64)
    ids[0, :6] = [small.VOCABULARY - 2, 4, 8, 15, 16, 23]
    own, is_own = normal(1, 77, small.CONTEXT), np.zeros((1, 77, 1), np.float32)
    compiled = compile_graph(graph, {}, "f32", threads=1)
    states, normed, pooled = compiled({"ids": ids, "own": own, "is_own": is_own}).values()
    expected = module(torch.from_numpy(ids), output_hidden_states=True)
    assert states.shape == normed.shape == (small.LAYERS, 77, small.CONTEXT)
    for layer in range(small.LAYERS):
        assert difference(states[layer : layer + 1], expected.hidden_states[layer + 1]) < F32
    assert difference(normed[-1:], expected.last_hidden_state) < F32
    wanted = expected.text_embeds if part == "projected text" else expected.pooler_output
    assert difference(pooled, wanted) < F32


def test_an_embedding_of_ones_own_stands_in_for_a_tokens(pairs: Mapping[str, Pair]) -> None:
    table = pairs["text"].module.get_input_embeddings().weight.numpy()
    compiled = compile_graph(pairs["text"].graph, {}, "f32", threads=1)
    ids = np.full((1, 77), small.VOCABULARY - 1, np.int64)
    ids[0, :3] = [small.VOCABULARY - 2, 4, 8]
    own, is_own = np.zeros((1, 77, small.CONTEXT), np.float32), np.zeros((1, 77, 1), np.float32)
    expected = compiled({"ids": ids, "own": own, "is_own": is_own})[0].copy()
    own[0, 2], is_own[0, 2] = table[8], 1
    ids[0, 2] = 5
    assert difference(compiled({"ids": ids, "own": own, "is_own": is_own})[0], expected) < F32
    is_own[0, 2] = 0
    assert difference(compiled({"ids": ids, "own": own, "is_own": is_own})[0], expected) > F32


def test_weights_are_kept_as_half_floats(pairs: Mapping[str, Pair]) -> None:
    module, graph = pairs["unet"].module, pairs["unet"].graph
    numbers = sum(one.numel() for one in module.parameters())
    assert graph.size < 2.2 * numbers


def test_a_module_that_was_converted_runs_as_before(pairs: Mapping[str, Pair]) -> None:
    import torch

    from rakkan.studio.engines.checkpoint import convert

    vae = copy.deepcopy(pairs["decoder"].module)
    convert.convert_decoder(vae).close()
    assert {one.dtype for one in vae.decoder.parameters()} == {torch.float16, torch.float32}
    given = torch.from_numpy(normal(1, 4, 8, 8))
    assert torch.equal(vae.float().decode(given).sample, pairs["decoder"].module.decode(given).sample)


def test_weights_too_large_for_half_floats_are_refused(pairs: Mapping[str, Pair]) -> None:
    from rakkan.studio.engines.checkpoint import convert

    unet = copy.deepcopy(pairs["unet"].module)
    unet.mid_block.resnets[0].conv1.weight[0, 0, 0, 0] = 1e6
    with pytest.raises(RakkanError, match=r"mid_block\.resnets\.0\.conv1\.weight"):
        convert.convert_unet(unet)


def test_another_kind_of_unet_is_refused() -> None:
    from diffusers import UNet2DConditionModel

    from rakkan.studio.engines.checkpoint import convert

    unet = UNet2DConditionModel(
        block_out_channels=(8,),
        norm_num_groups=4,
        attention_head_dim=4,
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        class_embed_type="timestep",
    )
    with pytest.raises(RakkanError, match="conditioned on timestep"):
        convert.convert_unet(unet)


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_a_compiled_network_does_without_the_half_floats(
    pairs: Mapping[str, Pair], precision: Precision
) -> None:
    graph = graphs.Graph(pairs["unet"].graph.description, graphs.memory("copy"))
    original = pairs["unet"].graph.weights
    original.seek(0)
    graphs.append(graph.weights, original.read())
    given = {"latents": normal(1, 4, 8, 8), "time": normal(1, 16), "text": normal(1, 77, small.CONTEXT)}
    compiled = compile_graph(graph, {name: one.shape for name, one in given.items()}, precision, threads=1)
    expected = compiled(given)[0].copy()
    assert graphs.release_half_floats(graph) > 0
    assert np.array_equal(compiled(given)[0], expected)
    graph.weights.seek(0)
    assert graph.weights.read() != original.read()


@pytest.mark.skipif("glibc" not in platform.libc_ver(), reason="only GNU's C library can be told")
def test_freed_memory_leaves_the_process() -> None:
    """A hundred pieces of 4 MiB are freed, between small ones that stay."""
    code = """if True:
        import ctypes, re, sys
        sys.argv[1] == "told" and __import__(
            "rakkan.studio.engines.checkpoint.convert", fromlist=["x"]).give_large_pieces_back()
        library = ctypes.CDLL(None)
        library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        def held():
            return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])
        library.free(library.malloc(8 << 20))
        before = held()
        pieces, between = [], []
        for _ in range(100):
            pieces.append(library.malloc(4 << 20))
            ctypes.memset(pieces[-1], 1, 4 << 20)
            between.append(library.malloc(5000))
        for piece in pieces:
            library.free(piece)
        print((held() - before) // 1024)
    """

    def kept(told: str) -> int:
        return int(subprocess.run([sys.executable, "-c", code, told], capture_output=True, check=True).stdout)

    assert kept("told") < 20
    assert kept("not told") > 300


def test_what_is_no_graph_is_refused(pairs: Mapping[str, Pair]) -> None:
    graph = graphs.Graph(b"<net/>", pairs["unet"].graph.weights)
    with pytest.raises(RakkanError, match="cannot be read"):
        compile_graph(graph, {}, "f32")
