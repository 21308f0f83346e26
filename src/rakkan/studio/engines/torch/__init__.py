"""Stable Diffusion checkpoints drawn with PyTorch and diffusers' networks: the extra ``rakkan[torch]``."""
