"""What the tensors of a checkpoint are called and how large they are, worked out from its architecture.

The names of single files are those of CompVis' latent-diffusion, Stability AI's generative-models and
OpenCLIP; the names of folders those of diffusers and transformers. Each weight is told by both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rakkan.formats.checkpoints.architecture import SDXL, Architecture, TextShape, UNetShape, VaeShape

#: What single files put before the names of each part.
UNET, VAE = "model.diffusion_model.", "first_stage_model."
#: The text encoders of a single file, by family: before the names.
TEXT_SD1 = "cond_stage_model.transformer.text_model."
TEXT_SD2 = "cond_stage_model.model."
TEXT_SDXL = ("conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model.")

#: Channels between all layers of a tiny decoder, and the blocks of its levels.
TINY_WIDTH, TINY_BLOCKS = 64, (3, 3, 3, 1)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Weight:
    """One tensor: its name in a single file and in a folder, without what stands before it, and its shape.
    A convolution with a kernel of one may have the shape of a linear layer, and the other way round."""

    single: str
    folder: str
    shape: Shape


def expected(architecture: Architecture) -> dict[str, Shape]:
    """Every tensor that drawing needs, by its name in the files, of the parts the architecture has."""
    single = architecture.layout == "ldm"
    found: dict[str, Shape] = {}
    if architecture.unet is not None:
        for one in unet(architecture.unet):
            found[UNET + one.single if single else "unet/" + one.folder] = one.shape
    if architecture.vae is not None:
        for one in vae(architecture.vae):
            found[VAE + one.single if single else "vae/" + one.folder] = one.shape
    for number, text in enumerate(architecture.text):
        if single:
            names = open_clip(text) if text.is_open_clip else clip(text)
            found |= {text_prefix(architecture, number) + name: shape for name, shape in names.items()}
        else:
            part = "text_encoder" if number == 0 else f"text_encoder_{number + 1}"
            found |= {f"{part}/text_model.{name}": shape for name, shape in clip(text).items()}
            if text.projection:
                found[f"{part}/text_projection.weight"] = (text.projection, text.width)
    return found


def text_prefix(architecture: Architecture, number: int) -> str:
    """What a single file puts before the names of its text encoder ``number``, counted from 0."""
    if architecture.family == SDXL:
        return TEXT_SDXL[number]
    return TEXT_SD2 if architecture.text[number].is_open_clip else TEXT_SD1


def unet(shape: UNetShape) -> Iterator[Weight]:
    """The denoiser's weights (Rombach et al. 2022)."""
    first, levels = shape.channels[0], len(shape.channels)
    time = 4 * first
    yield from _layer("time_embed.0", "time_embedding.linear_1", (time, first))
    yield from _layer("time_embed.2", "time_embedding.linear_2", (time, time))
    if shape.added:
        yield from _layer("label_emb.0.0", "add_embedding.linear_1", (time, shape.added))
        yield from _layer("label_emb.0.2", "add_embedding.linear_2", (time, time))
    yield from _layer("input_blocks.0.0", "conv_in", (first, shape.in_channels, 3, 3))
    width, number, skips = first, 1, [first]
    for level, channels in enumerate(shape.channels):
        for layer in range(shape.layers):
            block, place = f"input_blocks.{number}", f"down_blocks.{level}"
            yield from _resnet(f"{block}.0", f"{place}.resnets.{layer}", width, channels, time)
            yield from _attention(
                f"{block}.1", f"{place}.attentions.{layer}", channels, shape.depth[level], shape
            )
            width, number = channels, number + 1
            skips.append(width)
        if level < levels - 1:
            yield from _layer(
                f"input_blocks.{number}.0.op",
                f"down_blocks.{level}.downsamplers.0.conv",
                (width, width, 3, 3),
            )
            number += 1
            skips.append(width)
    yield from _resnet("middle_block.0", "mid_block.resnets.0", width, width, time)
    yield from _attention("middle_block.1", "mid_block.attentions.0", width, middle_depth(shape), shape)
    yield from _resnet("middle_block.2", "mid_block.resnets.1", width, width, time)
    number = 0
    for level in reversed(range(levels)):
        channels, place = shape.channels[level], f"up_blocks.{levels - 1 - level}"
        for layer in range(shape.layers + 1):
            block = f"output_blocks.{number}"
            yield from _resnet(f"{block}.0", f"{place}.resnets.{layer}", width + skips.pop(), channels, time)
            yield from _attention(
                f"{block}.1", f"{place}.attentions.{layer}", channels, shape.depth[level], shape
            )
            width, number = channels, number + 1
        if level:
            inner = 2 if shape.depth[level] else 1
            yield from _layer(
                f"output_blocks.{number - 1}.{inner}.conv",
                f"{place}.upsamplers.0.conv",
                (width, width, 3, 3),
            )
    yield from _layer("out.0", "conv_norm_out", (first,))
    yield from _layer("out.2", "conv_out", (shape.out_channels, first, 3, 3))


def middle_depth(shape: UNetShape) -> int:
    """Transformer blocks of the denoiser's middle: as many as in the last level that has any."""
    return next((depth for depth in reversed(shape.depth) if depth), 1)


def vae(shape: VaeShape) -> Iterator[Weight]:
    """The autoencoder's weights (Rombach et al. 2022)."""
    channels, levels, latent = shape.channels, len(shape.channels), shape.latent_channels
    top = channels[-1]
    yield from _layer("encoder.conv_in", "encoder.conv_in", (channels[0], 3, 3, 3))
    width = channels[0]
    for level, wide in enumerate(channels):
        for layer in range(shape.layers):
            yield from _vae_block(
                f"encoder.down.{level}.block.{layer}",
                f"encoder.down_blocks.{level}.resnets.{layer}",
                width,
                wide,
            )
            width = wide
        if level < levels - 1:
            yield from _layer(
                f"encoder.down.{level}.downsample.conv",
                f"encoder.down_blocks.{level}.downsamplers.0.conv",
                (wide, wide, 3, 3),
            )
    yield from _vae_middle("encoder", top)
    yield from _layer("encoder.norm_out", "encoder.conv_norm_out", (top,))
    yield from _layer("encoder.conv_out", "encoder.conv_out", (2 * latent, top, 3, 3))
    yield from _layer("quant_conv", "quant_conv", (2 * latent, 2 * latent, 1, 1))
    yield from _layer("post_quant_conv", "post_quant_conv", (latent, latent, 1, 1))
    yield from _layer("decoder.conv_in", "decoder.conv_in", (top, latent, 3, 3))
    yield from _vae_middle("decoder", top)
    width = top
    for level in reversed(range(levels)):
        place = f"decoder.up_blocks.{levels - 1 - level}"
        for layer in range(shape.layers + 1):
            yield from _vae_block(
                f"decoder.up.{level}.block.{layer}", f"{place}.resnets.{layer}", width, channels[level]
            )
            width = channels[level]
        if level:
            yield from _layer(
                f"decoder.up.{level}.upsample.conv", f"{place}.upsamplers.0.conv", (width, width, 3, 3)
            )
    yield from _layer("decoder.norm_out", "decoder.conv_norm_out", (channels[0],))
    yield from _layer("decoder.conv_out", "decoder.conv_out", (3, channels[0], 3, 3))


def tiny_decoder(latent_channels: int) -> Iterator[Weight]:
    """The weights of TAESD's decoder (Bohan 2023): ``single`` as its authors number them, ``folder`` as
    diffusers does after ``decoder.layers.``, which does not count the clamp before all layers."""
    number, width = 1, TINY_WIDTH

    def layer(place: str, shape: Shape, bias: bool = True) -> Iterator[Weight]:
        one, _, rest = place.partition(".")
        inside = f".{rest}" if rest else ""
        yield from _layer(f"{one}{inside}", f"{int(one) - 1}{inside}", shape, bias)

    yield from layer(f"{number}", (width, latent_channels, 3, 3))
    number += 2  # after the activation
    for level, blocks in enumerate(TINY_BLOCKS):
        for _ in range(blocks):
            for inner in (0, 2, 4):
                yield from layer(f"{number}.conv.{inner}", (width, width, 3, 3))
            number += 1
        if level < len(TINY_BLOCKS) - 1:
            number += 1  # it is enlarged
            yield from layer(f"{number}", (width, width, 3, 3), bias=False)
            number += 1
    yield from layer(f"{number}", (3, width, 3, 3))


def clip(shape: TextShape) -> dict[str, Shape]:
    """A text encoder's weights in transformers' names, after ``text_model.`` (Radford et al. 2021)."""
    width = shape.width
    found: dict[str, Shape] = {
        "embeddings.token_embedding.weight": (shape.vocabulary, width),
        "embeddings.position_embedding.weight": (shape.positions, width),
    }
    for number in range(shape.layers):
        layer = f"encoder.layers.{number}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            found |= _both(f"{layer}.self_attn.{name}", (width, width))
        found |= _both(f"{layer}.layer_norm1", (width,))
        found |= _both(f"{layer}.layer_norm2", (width,))
        found |= _both(f"{layer}.mlp.fc1", (shape.intermediate, width))
        found |= _both(f"{layer}.mlp.fc2", (width, shape.intermediate))
    return found | _both("final_layer_norm", (width,))


def open_clip(shape: TextShape) -> dict[str, Shape]:
    """A text encoder's weights in OpenCLIP's names; its projection only where it is used."""
    width = shape.width
    found: dict[str, Shape] = {
        "token_embedding.weight": (shape.vocabulary, width),
        "positional_embedding": (shape.positions, width),
    }
    for number in range(shape.layers):
        layer = f"transformer.resblocks.{number}"
        found[f"{layer}.attn.in_proj_weight"] = (3 * width, width)
        found[f"{layer}.attn.in_proj_bias"] = (3 * width,)
        found |= _both(f"{layer}.attn.out_proj", (width, width))
        found |= _both(f"{layer}.ln_1", (width,))
        found |= _both(f"{layer}.ln_2", (width,))
        found |= _both(f"{layer}.mlp.c_fc", (shape.intermediate, width))
        found |= _both(f"{layer}.mlp.c_proj", (width, shape.intermediate))
    found |= _both("ln_final", (width,))
    if shape.projection:
        found["text_projection"] = (width, shape.projection)
    return found


def _both(name: str, shape: Shape) -> dict[str, Shape]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _layer(single: str, folder: str, shape: Shape, bias: bool = True) -> Iterator[Weight]:
    yield Weight(f"{single}.weight", f"{folder}.weight", shape)
    if bias:
        yield Weight(f"{single}.bias", f"{folder}.bias", shape[:1])


def _resnet(single: str, folder: str, width: int, wide: int, time: int) -> Iterator[Weight]:
    yield from _layer(f"{single}.in_layers.0", f"{folder}.norm1", (width,))
    yield from _layer(f"{single}.in_layers.2", f"{folder}.conv1", (wide, width, 3, 3))
    yield from _layer(f"{single}.emb_layers.1", f"{folder}.time_emb_proj", (wide, time))
    yield from _layer(f"{single}.out_layers.0", f"{folder}.norm2", (wide,))
    yield from _layer(f"{single}.out_layers.3", f"{folder}.conv2", (wide, wide, 3, 3))
    if width != wide:
        yield from _layer(f"{single}.skip_connection", f"{folder}.conv_shortcut", (wide, width, 1, 1))


def _attention(single: str, folder: str, width: int, depth: int, unet: UNetShape) -> Iterator[Weight]:
    if not depth:
        return
    around = (width, width) if unet.linear else (width, width, 1, 1)
    yield from _layer(f"{single}.norm", f"{folder}.norm", (width,))
    yield from _layer(f"{single}.proj_in", f"{folder}.proj_in", around)
    for number in range(depth):
        old, new = f"{single}.transformer_blocks.{number}", f"{folder}.transformer_blocks.{number}"
        for norm in ("norm1", "norm2", "norm3"):
            yield from _layer(f"{old}.{norm}", f"{new}.{norm}", (width,))
        for name, told in (("attn1", width), ("attn2", unet.context)):
            yield from _layer(f"{old}.{name}.to_q", f"{new}.{name}.to_q", (width, width), bias=False)
            yield from _layer(f"{old}.{name}.to_k", f"{new}.{name}.to_k", (width, told), bias=False)
            yield from _layer(f"{old}.{name}.to_v", f"{new}.{name}.to_v", (width, told), bias=False)
            yield from _layer(f"{old}.{name}.to_out.0", f"{new}.{name}.to_out.0", (width, width))
        yield from _layer(f"{old}.ff.net.0.proj", f"{new}.ff.net.0.proj", (8 * width, width))
        yield from _layer(f"{old}.ff.net.2", f"{new}.ff.net.2", (width, 4 * width))
    yield from _layer(f"{single}.proj_out", f"{folder}.proj_out", around)


def _vae_block(single: str, folder: str, width: int, wide: int) -> Iterator[Weight]:
    yield from _layer(f"{single}.norm1", f"{folder}.norm1", (width,))
    yield from _layer(f"{single}.conv1", f"{folder}.conv1", (wide, width, 3, 3))
    yield from _layer(f"{single}.norm2", f"{folder}.norm2", (wide,))
    yield from _layer(f"{single}.conv2", f"{folder}.conv2", (wide, wide, 3, 3))
    if width != wide:
        yield from _layer(f"{single}.nin_shortcut", f"{folder}.conv_shortcut", (wide, width, 1, 1))


def _vae_middle(half: str, width: int) -> Iterator[Weight]:
    yield from _vae_block(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0", width, width)
    old, new = f"{half}.mid.attn_1", f"{half}.mid_block.attentions.0"
    yield from _layer(f"{old}.norm", f"{new}.group_norm", (width,))
    for single, folder in (("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")):
        yield from _layer(f"{old}.{single}", f"{new}.{folder}", (width, width, 1, 1))
    yield from _vae_block(f"{half}.mid.block_2", f"{half}.mid_block.resnets.1", width, width)
