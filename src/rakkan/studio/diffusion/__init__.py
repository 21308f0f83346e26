"""Sampling from Stable Diffusion checkpoints: schedules of noise levels, samplers, noise from seeds.

Nothing here knows a network or a library of networks: samplers are arithmetic on whatever arrays they get.
"""
