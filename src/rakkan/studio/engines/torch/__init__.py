"""Stable Diffusion checkpoints drawn with PyTorch and diffusers' networks: the extra ``rakkan[torch]``.

Only ``layouts`` and this module can be imported without it.
"""

from __future__ import annotations

from importlib import util

from rakkan.errors import RakkanError

_NEEDED = ("torch", "diffusers", "transformers")


def require() -> None:
    """Raise RakkanError, saying what to install, unless what the modules here import is there."""
    missing = [name for name in _NEEDED if util.find_spec(name) is None]
    if missing:
        raise RakkanError(
            f"Drawing with a checkpoint needs {', '.join(missing)}", "pip install 'rakkan[torch]'"
        )
