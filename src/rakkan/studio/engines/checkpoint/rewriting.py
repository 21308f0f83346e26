"""Steps of a graph put in the place of others that give the same numbers and cost more."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13 as operations

Floats = npt.NDArray[np.float32]

#: How a network asks to double a picture by repeating its pixels.
_REPEATING = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}


def halve_doubled(model: openvino.Model) -> int:
    """Let convolutions read pictures before these are doubled; how many there were.

    ``model`` has static shapes and is changed. Where pixels are repeated twice each way and a 3x3 convolution
    follows, pixels of the result see only 2x2 different ones: at even places one row is seen once and the
    next twice, at odd places the other way round. So four convolutions by 2x2, one for each of the places,
    with the weights of what is seen twice added up, need 4 multiplications where there were 9.
    """
    changed = 0
    for node in model.get_ordered_ops():
        weights = _weights_on_doubled(node)
        if weights is None:
            continue
        small = node.input_value(0).get_node().input_value(0)
        corners = [
            operations.convolution(
                small,
                operations.constant(_added(_added(weights, 2, bottom), 3, right)),
                strides=[1, 1],
                pads_begin=[1 - bottom, 1 - right],
                pads_end=[bottom, right],
                dilations=[1, 1],
            )
            for bottom in range(2)
            for right in range(2)
        ]
        _take_place(node, _interleaved(corners))
        changed += 1
    model.validate_nodes_and_infer_types()
    return changed


def normalise_groups_where_they_lie(model: openvino.Model) -> int:
    """Let groups of channels be normalised in the layout that convolutions leave; how many there were.

    ``model`` has static shapes and is changed. OpenVINO's own way wants each group's pixels side by side, and
    moves everything there and back. This one needs no more than each channel's mean and root of its squares.
    bfloat16 keeps three digits of these, so the group's mean is taken off first, and what that left is taken
    off the result (Chan, Golub and LeVeque 1983, the corrected two-pass variance): a mean that is many times
    the deviation does no more harm than it does otherwise.
    """
    changed = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() == "GroupNormalization" and len(node.get_input_shape(0)) == 4:
            _take_place(node, _normalised(node))
            changed += 1
    model.validate_nodes_and_infer_types()
    return changed


def _normalised(node: Any) -> Any:
    settings, given = node.get_attributes(), node.input_value(0)
    count, channels, height, width = node.get_input_shape(0)
    groups = settings["num_groups"]
    apart = _sizes(count, groups, channels // groups, 1)
    own, together = _sizes(1, groups, channels // groups, 1), _sizes(count, channels, 1, 1)

    def of_channels(reduce: Any, picture: Any) -> Any:
        return operations.reshape(reduce(picture, _sizes(2, 3), True), apart, False)

    def of_groups(values: Any) -> Any:
        return operations.reduce_mean(values, _sizes(2), True)

    mean = operations.broadcast(of_groups(of_channels(operations.reduce_mean, given)), apart)
    centred = operations.subtract(given, operations.reshape(mean, together, False))
    left = of_groups(of_channels(operations.reduce_mean, centred))
    root = of_channels(operations.reduce_l2, centred)
    squares = of_groups(root * root * _number(1 / (height * width)))
    # Rounding must not make a variance negative: of a picture that is the same everywhere it is nothing.
    variance = operations.relu(squares - left * left)
    deviation = operations.sqrt(variance + _number(settings["epsilon"]))
    scale = operations.reshape(node.input_value(1), own, False) / deviation
    shift = operations.reshape(node.input_value(2), own, False) - left * scale
    scaled = operations.multiply(centred, operations.reshape(scale, together, False))
    return operations.add(scaled, operations.reshape(shift, together, False))


def _number(value: float) -> Any:
    return operations.constant(np.float32(value))


def _sizes(*values: int) -> Any:
    return operations.constant(np.array(values, np.int64))


def _weights_on_doubled(node: Any) -> Floats | None:
    """The weights [out, in, 3, 3] of a convolution whose input was doubled; None for all else."""
    if node.get_type_name() != "Convolution":
        return None
    doubling, settings = node.input_value(0).get_node(), node.get_attributes()
    if doubling.get_type_name() != "Interpolate":
        return None
    asked = doubling.get_attributes()
    before, after = list(doubling.get_input_shape(0)), list(doubling.get_output_shape(0))
    is_doubling = len(before) == 4 and after == [*before[:2], 2 * before[2], 2 * before[3]]
    if not is_doubling or any(asked[name] != value for name, value in _REPEATING.items()):
        return None
    plain = all(settings[name] == [1, 1] for name in ("strides", "dilations", "pads_begin", "pads_end"))
    if not plain or list(node.get_input_shape(1))[2:] != [3, 3]:
        return None
    source = node.input_value(1).get_node()
    if source.get_type_name() == "Convert":
        source = source.input_value(0).get_node()
    if source.get_type_name() != "Constant":
        return None
    return np.asarray(source.data).astype(np.float32)


def _added(weights: Floats, axis: int, is_later: int) -> Floats:
    """Three weights along an axis as two: those that fall on one pixel are added."""
    first, middle, last = (np.take(weights, index, axis) for index in range(3))
    pair = (first + middle, last) if is_later else (first, middle + last)
    return np.stack(pair, axis)


def _interleaved(corners: list[Any]) -> Any:
    """Pictures [n, channels, h, w] of the top left, top right and so on of each pixel -> one, doubled."""
    count, channels, height, width = corners[0].get_output_shape(0)
    axis = operations.constant(np.int64(2))
    stacked = operations.concat([operations.unsqueeze(one, axis) for one in corners], 2)
    four = _sizes(count, channels * 4, height, width)
    return operations.depth_to_space(operations.reshape(stacked, four, False), "depth_first", 2)


def _take_place(old: Any, new: Any) -> None:
    for target in old.output(0).get_target_inputs():
        target.replace_source_output(new.output(0))
