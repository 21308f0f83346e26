"""Rakkan: a self-hosted studio and hub for anime-style characters with provable origin."""

import sys

__version__ = "0.1.0"

# OpenVINO reports every conversion to its makers, unless it finds, when it is first imported, that it cannot.
# Nothing here is sent anywhere, so it is not to find that it can.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
