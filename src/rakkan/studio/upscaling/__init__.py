"""Enlarging and denoising finished pictures."""

from rakkan.studio.upscaling.waifu2x import enlarge

__all__ = ["enlarge"]
