"""What a character, a style and a prompt come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cast:
    """What is drawn when a character or a style, or both, are asked for with a prompt.

    ``seed`` is None where nobody has said one, ``sampler`` "" and ``steps`` and ``guidance`` None for the
    model's own. ``settings`` is what recipes say of it, ``references`` are pictures by the SHA-256 of their
    files, with what they are remembered for, and ``account`` is who keeps the first of them, "" for whoever
    draws. ``loras`` are ``NAME:STRENGTH``, ``notes`` remarks, a line each.
    """

    prompt: str
    negative: str = ""
    seed: int | None = None
    sampler: str = ""
    steps: int | None = None
    guidance: float | None = None
    loras: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    account: str = ""
