"""The starter model's networks as OpenVINO models, mirrored from ``studio/starter/networks.py``.

Depths are read off the names of the weights and widths off their shapes; the few sizes that neither
tells (heads, the latent's factor) come from the checkpoint. All shapes are static, and no layer mixes the
pictures of a batch, so a picture never depends on what is drawn beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import Node
from openvino import opset13 as ops

from rakkan.errors import RakkanError
from rakkan.studio.engines.layers import (
    Weights,
    attention,
    concatenate,
    constant,
    convolution,
    feed_forward,
    group_norm,
    layer_norm,
    linear,
    pixel_shuffle,
    pixel_unshuffle,
    residual_block,
    silu,
)

Tensors = Mapping[str, npt.NDArray[Any]]
#: Takes what a self-attention sees and gives what it is to see besides with the logarithm of its weight,
#: None for nothing.
Remembered = Callable[[Node], tuple[Node, Node] | None]

SINUSOID_WIDTH = 256
#: The U-Net works on pictures of a multiple of this, at most ``MAXIMUM_SIDE`` along each side.
SIDE_MULTIPLE = 64
MAXIMUM_SIDE = 384


def sinusoid(position: float) -> npt.NDArray[np.float32]:
    """Sinusoidal embedding of a position in 0..1, [1, 256]: cosines, then sines.

    Computed outside the graphs, because bf16 could not tell angles of up to 1000 apart. Positions are
    scaled by 1000; frequency i of 128 is 10000^(-i/128) (Vaswani et al. 2017, 3.5).
    """
    half = SINUSOID_WIDTH // 2
    frequencies = np.exp(np.float32(-math.log(10000.0) / half) * np.arange(half, dtype=np.float32))
    angles = np.float32(1000) * np.float32(position) * frequencies
    return np.concatenate([np.cos(angles), np.sin(angles)])[None].astype(np.float32)


def latent_shape(sizes: Mapping[str, Any], width: int, height: int) -> tuple[int, int, int, int]:
    """Shape [1, channels, rows, columns] of a picture's latents; raises RakkanError for an odd size."""
    for side in (width, height):
        if side < SIDE_MULTIPLE or side > MAXIMUM_SIDE or side % SIDE_MULTIPLE:
            raise RakkanError(
                f"The starter model cannot draw {width}x{height} pixels",
                f"Sides are multiples of {SIDE_MULTIPLE} from {SIDE_MULTIPLE} to {MAXIMUM_SIDE}",
            )
    factor = int(sizes["latent_factor"])
    return 1, int(sizes["latent_channels"]), height // factor, width // factor


def text_model(tensors: Tensors, sizes: Mapping[str, Any], slots: int) -> openvino.Model:
    """Token ids int32 [1, slots] -> tokens [1, slots, 256] and the pooled vector [1, 256]."""
    weights = Weights(tensors)
    ids = ops.parameter([1, slots], np.int32, name="ids")
    raw = ops.gather(constant(weights.array("table.weight")), ids, np.int32(0))
    tokens = raw
    for index in range(weights.count("layers")):
        layer = weights.at(f"layers.{index}")
        attended = attention(
            layer_norm(tokens, layer.at("norm_self")), layer.at("attend_self"), int(sizes["text_heads"])
        )
        tokens = ops.add(tokens, attended)
        fed = feed_forward(layer_norm(tokens, layer.at("norm_forward")), layer.at("forward_part"))
        tokens = ops.add(tokens, fed)
    tokens = layer_norm(tokens, weights.at("norm"))
    mean = ops.reduce_mean(tokens, np.array([1]), False)
    pooled = ops.add(linear(mean, weights.at("pool")), ops.reduce_sum(raw, np.array([1]), False))
    return openvino.Model([tokens, pooled], [ids], "starter-text")


def unet_model(
    tensors: Tensors,
    sizes: Mapping[str, Any],
    slots: int,
    width: int,
    height: int,
    reference: tuple[int, int] | None = None,
    batch: int = 1,
) -> openvino.Model:
    """The velocity of noisy latents for ``batch`` pictures of one size.

    Inputs, in order (for one picture; with more, the first side of all but time and step is their number):
    latents, shaped as ``latent_shape``; ``sinusoid`` of the time and of the step's
    size, [1, 256] each; tokens [1, slots, 256] and pooled [1, 256] of the text model. With the size
    (width, height) of a ``reference``, what ``memory_model`` gave follows, and the logarithm of the strength
    with which it is looked at, float32 [1].
    """
    weights = Weights(tensors)
    told = weights.array("pooled_in.weight").shape[1]
    latents = ops.parameter([batch, *latent_shape(sizes, width, height)[1:]], np.float32, name="latents")
    time = ops.parameter([1, SINUSOID_WIDTH], np.float32, name="time")
    step = ops.parameter([1, SINUSOID_WIDTH], np.float32, name="step")
    text = ops.parameter([batch, slots, told], np.float32, name="text")
    pooled = ops.parameter([batch, told], np.float32, name="pooled")
    inputs = [latents, time, step, text, pooled]
    remembered: Remembered | None = None
    if reference is not None:
        emphasis = ops.parameter([1], np.float32, name="emphasis")
        tokens = [
            ops.parameter(list(shape), np.float32, name=f"reference {number}")
            for number, shape in enumerate(memory_shapes(tensors, sizes, slots, *reference))
        ]
        inputs += [*tokens, emphasis]
        following = iter(tokens)

        def remembered(_: Node) -> tuple[Node, Node] | None:
            return next(following), emphasis

    embedding = ops.add(linear(time, weights.at("time_in")), linear(step, weights.at("step_in")))
    embedding = ops.add(embedding, linear(pooled, weights.at("pooled_in")))
    velocity = _network(weights, sizes, latents, embedding, text, remembered)
    return openvino.Model([velocity], inputs, "starter-unet")


def memory_model(
    tensors: Tensors, sizes: Mapping[str, Any], slots: int, width: int, height: int
) -> openvino.Model:
    """What the U-Net remembers of a reference of one size: the inputs of its self-attentions, in order.

    Inputs, in order: clean latents, shaped as ``latent_shape``; the role, int32 [1]; tokens [1, slots, 256]
    and pooled [1, 256] of the condition that says nothing. Raises RakkanError for weights that never saw a
    reference.
    """
    weights = Weights(tensors)
    if "roles" not in tensors:
        raise RakkanError(
            "These weights of the starter model know no references", "Train the stage reference, or update"
        )
    told = weights.array("pooled_in.weight").shape[1]
    latents = ops.parameter(list(latent_shape(sizes, width, height)), np.float32, name="latents")
    role = ops.parameter([1], np.int32, name="role")
    text = ops.parameter([1, slots, told], np.float32, name="text")
    pooled = ops.parameter([1, told], np.float32, name="pooled")
    nothing = constant(sinusoid(0.0))
    embedding = ops.add(linear(nothing, weights.at("time_in")), linear(nothing, weights.at("step_in")))
    embedding = ops.add(embedding, linear(pooled, weights.at("pooled_in")))
    embedding = ops.add(embedding, ops.gather(constant(weights.array("roles")), role, np.int32(0)))
    seen: list[Node] = []
    _network(weights, sizes, latents, embedding, text, seen.append)
    return openvino.Model(seen, [latents, role, text, pooled], "starter-memory")


def memory_shapes(
    tensors: Tensors, sizes: Mapping[str, Any], slots: int, width: int, height: int
) -> list[tuple[int, ...]]:
    """Shapes of what ``memory_model`` gives, [1, cells, width] each."""
    model = memory_model(tensors, sizes, slots, width, height)
    return [tuple(int(side) for side in output.get_shape()) for output in model.outputs]


def _network(
    weights: Weights,
    sizes: Mapping[str, Any],
    latents: Node,
    embedding: Node,
    text: Node,
    remembered: Remembered | None,
) -> Node:
    """The U-Net behind its embedding (time, step, pooled text; before the first activation)."""
    patch = 16 // int(sizes["latent_factor"])
    embedding = silu(linear(silu(embedding), weights.at("embed")))

    def level(features: Node, name: str) -> Node:
        return _level(features, weights.at(name), embedding, text, int(sizes["head_width"]), remembered)

    folded = pixel_unshuffle(latents, patch)
    rows, columns = (int(side) for side in folded.get_output_shape(0)[2:])
    position = weights.array("rows")[:, :, :rows] + weights.array("columns")[:, :, :, :columns]
    features = ops.add(convolution(folded, weights.at("conv_in")), constant(position))
    fine = level(features, "down_fine")
    middle = level(convolution(fine, weights.at("shrink_fine"), stride=2), "down_middle")
    features = level(convolution(middle, weights.at("shrink_middle"), stride=2), "bottom")
    features = pixel_shuffle(convolution(features, weights.at("grow_middle")), 2)
    features = level(convolution(concatenate([features, middle]), weights.at("merge_middle")), "up_middle")
    features = pixel_shuffle(convolution(features, weights.at("grow_fine")), 2)
    features = level(convolution(concatenate([features, fine]), weights.at("merge_fine")), "up_fine")
    velocity = convolution(silu(group_norm(features, weights.at("norm_out"))), weights.at("conv_out"))
    return pixel_shuffle(velocity, patch)


def decoder_model(tensors: Tensors, sizes: Mapping[str, Any], width: int, height: int) -> openvino.Model:
    """Normalised latents -> picture, uint8 [1, height, width, 3]."""
    whole = Weights(tensors)
    weights = whole.at("decoder")
    latents = ops.parameter(list(latent_shape(sizes, width, height)), np.float32, name="latents")
    spread = constant(whole.array("latent_std").reshape(1, -1, 1, 1))
    raw = ops.add(ops.multiply(latents, spread), constant(whole.array("latent_mean").reshape(1, -1, 1, 1)))
    features = _blocks(convolution(raw, weights.at("stem")), weights)
    features = pixel_shuffle(convolution(features, weights.at("eighth")), int(sizes["latent_factor"]) // 8)
    features = residual_block(features, weights.at("eighth_block"))
    features = pixel_shuffle(convolution(features, weights.at("quarter")), 2)
    features = residual_block(features, weights.at("quarter_block"))
    features = convolution(silu(group_norm(features, weights.at("norm"))), weights.at("out"))
    short = pixel_shuffle(convolution(raw, weights.at("short")), int(sizes["latent_factor"]))
    features = ops.add(pixel_shuffle(features, 4), short)
    picture = ops.add(ops.multiply(features, np.float32(127.5)), np.float32(127.5))
    levels = ops.convert(ops.round(ops.clamp(picture, 0.0, 255.0), "half_to_even"), "u8")
    return openvino.Model([ops.transpose(levels, np.array([0, 2, 3, 1]))], [latents], "starter-decoder")


def encoder_model(tensors: Tensors, sizes: Mapping[str, Any], width: int, height: int) -> openvino.Model:
    """Picture, uint8 [1, height, width, 3] -> the mean of its normalised latents."""
    latent_shape(sizes, width, height)
    whole = Weights(tensors)
    weights = whole.at("encoder")
    picture = ops.parameter([1, height, width, 3], np.uint8, name="picture")
    planes = ops.transpose(ops.convert(picture, "f32"), np.array([0, 3, 1, 2]))
    pixels = ops.subtract(ops.multiply(planes, np.float32(1 / 127.5)), np.float32(1))
    short = convolution(pixel_unshuffle(pixels, int(sizes["latent_factor"])), weights.at("short"))
    features = silu(convolution(pixel_unshuffle(pixels, 4), weights.at("stem")))
    features = convolution(pixel_unshuffle(features, 2), weights.at("eighth"))
    features = residual_block(features, weights.at("eighth_block"))
    features = pixel_unshuffle(features, int(sizes["latent_factor"]) // 8)
    features = _blocks(convolution(features, weights.at("deepen")), weights)
    features = convolution(silu(group_norm(features, weights.at("norm"))), weights.at("out"))
    mean = ops.split(ops.add(features, short), 1, 2).output(0)
    centred = ops.subtract(mean, constant(whole.array("latent_mean").reshape(1, -1, 1, 1)))
    normal = ops.divide(centred, constant(whole.array("latent_std").reshape(1, -1, 1, 1)))
    return openvino.Model([normal], [picture], "starter-encoder")


def _blocks(features: Node, weights: Weights) -> Node:
    """The residual blocks of the list ``blocks``, one after another."""
    for index in range(weights.count("blocks")):
        features = residual_block(features, weights.at(f"blocks.{index}"))
    return features


def _level(
    features: Node,
    weights: Weights,
    embedding: Node,
    text: Node,
    head_width: int,
    remembered: Remembered | None,
) -> Node:
    """Blocks of one width; where there are fewer mixers than blocks, the first blocks have none."""
    depth = weights.count("blocks")
    without = depth - weights.count("mixers")
    for index in range(depth):
        features = residual_block(features, weights.at(f"blocks.{index}"), embedding)
        if index >= without:
            mixer = weights.at(f"mixers.{index - without}")
            features = _mixer(features, mixer, text, head_width, remembered)
    return features


def _mixer(
    features: Node, weights: Weights, text: Node, head_width: int, remembered: Remembered | None
) -> Node:
    """Pre-norm transformer layer over the cells of a feature map, reading the text's tokens."""
    shape = [int(size) for size in features.get_output_shape(0)]
    heads = shape[1] // head_width
    flat = np.array([shape[0], shape[1], shape[2] * shape[3]], np.int64)
    turned = np.array([0, 2, 1])
    tokens = ops.transpose(ops.reshape(features, flat, False), turned)
    if weights.has("attend_self"):
        normed = layer_norm(tokens, weights.at("norm_self"))
        besides = remembered(normed) if remembered else None
        tokens = ops.add(tokens, attention(normed, weights.at("attend_self"), heads, besides=besides))
    normed = layer_norm(tokens, weights.at("norm_text"))
    tokens = ops.add(tokens, attention(normed, weights.at("attend_text"), heads, text))
    if weights.has("forward_part"):
        normed = layer_norm(tokens, weights.at("norm_forward"))
        tokens = ops.add(tokens, feed_forward(normed, weights.at("forward_part")))
    return ops.reshape(ops.transpose(tokens, turned), np.array(shape, np.int64), False)
