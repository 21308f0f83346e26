"""The layers of the starter's networks as OpenVINO nodes, built from named arrays.

Each function takes nodes and a ``Weights`` view and returns a node; names and semantics are those of
the torch layers they stand for, so a graph reads like the module it mirrors. Feature maps are
``[1, width, height, width]`` and token lists ``[1, count, width]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from openvino import Node
from openvino import opset13 as ops

from rakkan.errors import RakkanError

#: ``eps`` of GroupNorm and LayerNorm, and the groups of the former, in all the starter's networks.
EPSILON = 1e-5
GROUP_COUNT = 16


class Weights:
    """The arrays of a checkpoint under one prefix; ``weights.at("blocks.0")`` goes a level down."""

    def __init__(self, tensors: Mapping[str, npt.NDArray[Any]], prefix: str = "") -> None:
        self._tensors = tensors
        self._prefix = prefix

    def at(self, name: str) -> Weights:
        """The view of the module ``name`` inside this one."""
        return Weights(self._tensors, f"{self._prefix}{name}.")

    def array(self, name: str) -> npt.NDArray[np.float32]:
        """One array in single precision. Raises RakkanError naming it when the checkpoint lacks it."""
        full = self._prefix + name
        if full not in self._tensors:
            raise RakkanError(
                f"The weights lack the tensor {full!r}", "They belong to another version of Rakkan"
            )
        return self._tensors[full].astype(np.float32)

    def has(self, name: str) -> bool:
        """Whether the array exists, or any array of a module of that name."""
        full = self._prefix + name
        return full in self._tensors or any(key.startswith(f"{full}.") for key in self._tensors)

    def count(self, name: str) -> int:
        """How many modules the list ``name`` holds."""
        index = 0
        while self.has(f"{name}.{index}"):
            index += 1
        return index


def constant(values: npt.NDArray[np.float32]) -> Node:
    """An array as a node."""
    return ops.constant(np.ascontiguousarray(values))


def linear(node: Node, weights: Weights) -> Node:
    """torch ``Linear`` over the last axis; the bias is optional."""
    output = ops.matmul(node, constant(weights.array("weight")), False, True)
    return ops.add(output, constant(weights.array("bias"))) if weights.has("bias") else output


def convolution(node: Node, weights: Weights, stride: int = 1) -> Node:
    """torch ``Conv2d`` of an odd kernel, padded with zeros by half of it."""
    kernel = weights.array("weight")
    pad = [kernel.shape[2] // 2] * 2
    output = ops.convolution(node, constant(kernel), [stride, stride], pad, pad, [1, 1])
    return ops.add(output, constant(weights.array("bias").reshape(1, -1, 1, 1)))


def group_norm(node: Node, weights: Weights) -> Node:
    """torch ``GroupNorm`` of 16 groups (Wu and He 2018)."""
    scale, shift = constant(weights.array("weight")), constant(weights.array("bias"))
    return ops.group_normalization(node, scale, shift, GROUP_COUNT, EPSILON)


def layer_norm(node: Node, weights: Weights) -> Node:
    """torch ``LayerNorm`` over the last axis (Ba et al. 2016)."""
    normed = ops.mvn(node, np.array([-1], np.int64), True, EPSILON, "inside_sqrt")
    return ops.add(ops.multiply(normed, constant(weights.array("weight"))), constant(weights.array("bias")))


def silu(node: Node) -> Node:
    """x · sigmoid(x)."""
    return ops.swish(node)


def gelu(node: Node) -> Node:
    """GELU by the error function, torch's default."""
    return ops.gelu(node, "ERF")


def pixel_shuffle(node: Node, factor: int) -> Node:
    """torch ``pixel_shuffle``: [1, c·f², h, w] to [1, c, f·h, f·w]."""
    return node if factor == 1 else ops.depth_to_space(node, "depth_first", factor)


def pixel_unshuffle(node: Node, factor: int) -> Node:
    """torch ``pixel_unshuffle``, the inverse of ``pixel_shuffle``."""
    return node if factor == 1 else ops.space_to_depth(node, "depth_first", factor)


def concatenate(nodes: list[Node], axis: int = 1) -> Node:
    """Joined along an axis: of feature maps the channels, of tokens their number."""
    return ops.concat(nodes, axis)


def attention(
    node: Node,
    weights: Weights,
    heads: int,
    context: Node | None = None,
    besides: tuple[Node, Node] | None = None,
) -> Node:
    """Multi-head attention of tokens to themselves or to ``context`` (Vaswani et al. 2017).

    ``besides`` are further tokens [1, m, width], and the logarithm [1] of how much each counts.
    """
    source = node if context is None else context
    mask = []
    if besides is not None:
        own, further = (int(one.get_output_shape(0)[1]) for one in (source, besides[0]))
        ones = constant(np.ones(further, np.float32))
        whole = concatenate([constant(np.zeros(own, np.float32)), ops.multiply(ones, besides[1])], 0)
        mask = [ops.reshape(whole, np.array([1, 1, 1, own + further], np.int64), False)]
        source = concatenate([source, besides[0]])
    width, batch = weights.array("query.weight").shape[0], int(node.get_output_shape(0)[0])

    def split(tokens: Node) -> Node:
        shape = np.array([batch, -1, heads, width // heads], np.int64)
        return ops.transpose(ops.reshape(tokens, shape, False), np.array([0, 2, 1, 3]))

    query, key, value = (
        split(linear(tokens, weights.at(name)))
        for tokens, name in ((node, "query"), (source, "key"), (source, "value"))
    )
    mixed = ops.transpose(ops.scaled_dot_product_attention(query, key, value, *mask), np.array([0, 2, 1, 3]))
    return linear(ops.reshape(mixed, np.array([batch, -1, width], np.int64), False), weights.at("out"))


def feed_forward(node: Node, weights: Weights) -> Node:
    """Linear, GELU, Linear."""
    return linear(gelu(linear(node, weights.at("widen"))), weights.at("out"))


def residual_block(node: Node, weights: Weights, embedding: Node | None = None) -> Node:
    """Norm, SiLU, convolution, twice; the second norm scaled and shifted by the embedding if given.

    The modulation is folded into the norm's own scale and shift, n(x)·w·(1+s) + b·(1+s) + t: vectors
    instead of maps, and OpenVINO 2026.4 crashes in f32 compiling the two written one after the other.
    """
    hidden = convolution(silu(group_norm(node, weights.at("norm1"))), weights.at("conv1"))
    if embedding is None:
        hidden = group_norm(hidden, weights.at("norm2"))
    else:
        hidden = _modulated(hidden, weights, embedding)
    return ops.add(node, convolution(silu(hidden), weights.at("conv2")))


def _modulated(hidden: Node, weights: Weights, embedding: Node) -> Node:
    """The second norm under an embedding; of several pictures each has its own, so they are normed apart."""
    own_scale, own_shift = (constant(weights.array(f"norm2.{name}")) for name in ("weight", "bias"))
    batch = int(hidden.get_output_shape(0)[0])
    modulations = linear(embedding, weights.at("modulate"))

    def normed(one: Node, modulation: Node) -> Node:
        flat = ops.reshape(modulation, np.array([-1], np.int64), False)
        scale, shift = ops.split(flat, 0, 2).outputs()
        scale = ops.add(scale, np.float32(1))
        shift = ops.add(ops.multiply(own_shift, scale), shift)
        return ops.group_normalization(one, ops.multiply(own_scale, scale), shift, GROUP_COUNT, EPSILON)

    if batch == 1:
        return normed(hidden, modulations)
    parts = zip(
        ops.split(hidden, 0, batch).outputs(), ops.split(modulations, 0, batch).outputs(), strict=True
    )
    return concatenate([normed(one, modulation) for one, modulation in parts], 0)
