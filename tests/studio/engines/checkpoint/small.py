"""Small networks in the layouts of real checkpoints, with random weights that are exact in half floats."""

from __future__ import annotations

from typing import Any

from rakkan.formats.checkpoints.architecture import SD1, Architecture, TextShape, UNetShape, VaeShape

CONTEXT = 32
VOCABULARY = 49408
LAYERS = 2
LEVELS = 2

ARCHITECTURE = Architecture(
    family=SD1,
    layout="diffusers",
    prediction="epsilon",
    zero_terminal_snr=False,
    resolution=64,
    unet=UNetShape(4, 4, (16, 32), 1, (0, 1), (4, 4), CONTEXT, False),
    vae=VaeShape((16, 16), 1, 4, 0.18215),
    text=(TextShape(CONTEXT, LAYERS, 4, 64, VOCABULARY, 77, "quick_gelu"),),
)


def unet(*, is_large: bool = False, seed: int = 0) -> Any:
    """A U-Net of two levels, as wide as is quick; ``is_large`` conditions it as SDXL's is."""
    import torch
    from diffusers import UNet2DConditionModel

    torch.manual_seed(seed)
    more: dict[str, Any] = {}
    if is_large:
        more = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 16 + 6 * 8,
            "use_linear_projection": True,
        }
    made = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=CONTEXT,
        attention_head_dim=4,
        norm_num_groups=8,
        **more,
    )
    return rounded(made)


def vae(*, seed: int = 1) -> Any:
    """An autoencoder of two levels: pixels are twice, not eight times, as many as latents."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(seed)
    made = AutoencoderKL(
        block_out_channels=(16, 16),
        down_block_types=("DownEncoderBlock2D",) * LEVELS,
        up_block_types=("UpDecoderBlock2D",) * LEVELS,
        norm_num_groups=8,
        layers_per_block=1,
    )
    return rounded(made)


def tiny_vae(*, seed: int = 2) -> Any:
    """The same for TAESD's decoder."""
    import torch
    from diffusers import AutoencoderTiny

    torch.manual_seed(seed)
    made = AutoencoderTiny(
        decoder_block_out_channels=(16,) * LEVELS,
        encoder_block_out_channels=(16,) * LEVELS,
        num_decoder_blocks=(1,) * LEVELS,
        num_encoder_blocks=(1,) * LEVELS,
        upsampling_scaling_factor=2,
    )
    return rounded(made)


def text_encoder(*, has_projection: bool = False, seed: int = 3) -> Any:
    """A CLIP text encoder of two layers."""
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=CONTEXT,
        intermediate_size=64,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=16,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
    )
    made = (CLIPTextModelWithProjection if has_projection else CLIPTextModel)(config)
    for name, parameter in made.named_parameters():
        if name.endswith("final_layer_norm.bias"):
            # States whose mean vanishes cannot be given it back.
            torch.nn.init.normal_(parameter, 0.5, 0.2)
    return rounded(made)


def rounded(module: Any) -> Any:
    """The module, ready to run, its weights rounded to half floats and kept in 32 bits."""
    return module.eval().requires_grad_(False).half().float()
