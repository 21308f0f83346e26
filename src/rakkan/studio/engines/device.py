"""The processor as OpenVINO sees it: one core, and how graphs are compiled for it."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Literal

import openvino

Precision = Literal["f32", "bf16"]

#: OpenVINO's compiler is called by one thread at a time; inference itself is not locked here.
_compiling = threading.Lock()


@cache
def core() -> openvino.Core:
    """The process's OpenVINO core (creating one costs about 50 ms)."""
    return openvino.Core()


@cache
def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 natively (AVX512-BF16 or AMX)."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def default_precision() -> Precision:
    """bf16 where the processor has it, otherwise f32."""
    return "bf16" if has_bf16() else "f32"


@cache
def processor() -> str:
    """The processor's name, for recipes and measurements."""
    return str(core().get_property("CPU", "FULL_DEVICE_NAME"))


def compile_model(
    model: openvino.Model,
    precision: Precision,
    *,
    threads: int | None = None,
) -> openvino.CompiledModel:
    """Compile a graph of static shapes for this processor, for the shortest time of one picture.

    ``threads`` limits the threads (default: all physical cores). One stream only, so that a picture
    never depends on what else is in flight. Nothing is cached on disk: a compiled model is its weights
    in the clear, and the vault is where weights lie.
    """
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_PRECISION_HINT": precision,
        # The default lets bf16 graphs round further; the same pixels matter more than a percent.
        "EXECUTION_MODE_HINT": "PERFORMANCE" if precision == "bf16" else "ACCURACY",
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    with _compiling:
        return core().compile_model(model, "CPU", settings)
