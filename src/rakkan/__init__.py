"""Rakkan: a self-hosted studio and hub for anime-style characters with provable origin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rakkan.api.studio import Studio

__all__ = ["Studio", "__version__"]
__version__ = "0.1.0"

# OpenVINO reports every conversion to its makers, unless it finds, when it is first imported, that it cannot.
# Nothing here is sent anywhere, so it is not to find that it can.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    """``rakkan.Studio`` is imported when it is first asked for, so that ``import rakkan`` stays quick."""
    if name == "Studio":
        from rakkan.api.studio import Studio

        return Studio
    raise AttributeError(f"module 'rakkan' has no attribute {name!r}")
