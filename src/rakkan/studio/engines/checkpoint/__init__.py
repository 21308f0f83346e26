"""Checkpoints on this machine's processor: converted to OpenVINO once, and drawn with without torch."""
