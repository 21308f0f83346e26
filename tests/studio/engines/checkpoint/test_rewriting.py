"""Rewritten graphs answer as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from rakkan.studio.engines.checkpoint.rewriting import halve_doubled


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def doubling(
    height: int = 5,
    width: int = 6,
    *,
    out: tuple[int, int] | None = None,
    kernel: int = 3,
    stride: int = 1,
    half: bool = False,
    mode: str = "nearest",
) -> openvino.Model:
    """A picture of three channels, made larger, through a convolution to four."""
    given = operations.parameter([1, 3, height, width], np.float32, name="given")
    sizes = operations.constant(np.array(out or (2 * height, 2 * width), np.int64))
    larger = operations.interpolate(
        given,
        sizes,
        mode,
        "sizes",
        axes=operations.constant(np.array([2, 3], np.int64)),
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    weights: Any = normal(4, 3, kernel, kernel, seed=1)
    constant = operations.constant(weights.astype(np.float16) if half else weights)
    read = operations.convert(constant, "f32") if half else constant
    around = [kernel // 2] * 2
    found = operations.convolution(larger, read, [stride, stride], around, around, [1, 1])
    bias = operations.constant(normal(1, 4, 1, 1, seed=2))
    return openvino.Model([operations.result(operations.add(found, bias))], [given])


def answer(model: openvino.Model, given: Any) -> Any:
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return openvino.Core().compile_model(model, "CPU", settings)(given)[0].copy()


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("height", "width"), [(5, 6), (1, 1), (2, 7)])
def test_a_convolution_of_a_doubled_picture_gives_the_same(height: int, width: int, half: bool) -> None:
    given = normal(1, 3, height, width)
    model = doubling(height, width, half=half)
    expected = answer(model, given)
    assert halve_doubled(model) == 1
    assert "Interpolate" not in {node.get_type_name() for node in model.get_ops()}
    found = answer(model, given)
    assert found.shape == expected.shape == (1, 4, 2 * height, 2 * width)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
    "other",
    [{"out": (9, 12)}, {"out": (15, 18)}, {"kernel": 5}, {"kernel": 1}, {"stride": 2}, {"mode": "linear"}],
)
def test_other_steps_stay_as_they_are(other: dict[str, Any]) -> None:
    given = normal(1, 3, 5, 6)
    model = doubling(**other)
    expected = answer(model, given)
    assert halve_doubled(model) == 0
    assert np.array_equal(answer(model, given), expected)
