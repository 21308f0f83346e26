"""Rakkan: a self-hosted studio and hub for anime-style characters with provable origin."""

__version__ = "0.1.0"
