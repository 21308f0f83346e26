"""Beginning from a picture, and keeping a part of it: img2img and inpainting with any sampler.

Works on latents of numpy or of torch alike.
"""

from __future__ import annotations

from rakkan.studio.diffusion.training import Array, Denoise


def keeping(denoise: Denoise, clean: Array, cells: Array) -> Denoise:
    """A denoiser that sees the picture itself where ``cells`` is 0, and what it sees else where it is 1.

    Where the prediction is always the picture, x stays the picture with its first noise at every level, by
    any sampler that draws no further noise: for those this is what diffusers' inpainting has (it puts the
    noised picture in x after every step), and it is how A1111 does it for all samplers.
    """

    def kept(x: Array, sigma: float) -> Array:
        return clean + (denoise(x, sigma) - clean) * cells

    return kept
