"""Reads a Keras network in TensorFlow.js's layers format out of the npm package ``nsfwjs``.

The package holds JavaScript bundles: ``model.min.js`` with the network's description as an object
literal, and ``group1-shardNofM.min.js`` with its numbers in base64. Weights are 8-bit whole numbers:
``value = min + scale × number`` (tfjs-converter, ``quantization``).
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError

#: A string, a word before a colon, a bare fraction, or a minifier's true, false and undefined.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*(?=:)|(?<![\w.])\.\d|!0|!1|void 0')
_PLAIN = {"!0": "true", "!1": "false", "void 0": "null"}
_BASE64 = re.compile(r'"([A-Za-z0-9+/=]{1000,})"')


@dataclass(frozen=True)
class Weight:
    """Numbers as they are stored: uint8 of the weight's shape, and what turns them into values."""

    numbers: NDArray[numpy.uint8]
    minimum: float
    scale: float

    def values(self) -> NDArray[numpy.float32]:
        """The values, float32, in tfjs's own order of operations."""
        scaled = self.numbers.astype(numpy.float32) * numpy.float32(self.scale)
        return scaled + numpy.float32(self.minimum)


@dataclass(frozen=True)
class Layer:
    """One layer: its kind (``Conv2D`` …), name, settings, and the names of the layers it takes."""

    kind: str
    name: str
    settings: dict[str, Any]
    inputs: tuple[str, ...]


def read_model(folder: Path) -> tuple[list[Layer], dict[str, Weight]]:
    """The layers, in order, and the weights by name of the network in ``folder``.

    Raises RakkanError when the folder does not hold a network in the layers format with 8-bit weights.
    """
    description = _literal(_text(folder / "model.min.js"))
    try:
        layers = [
            Layer(
                layer["class_name"],
                layer["name"],
                layer["config"],
                tuple(node[0] for node in (layer["inbound_nodes"] or [[]])[0]),
            )
            for layer in description["modelTopology"]["model_config"]["config"]["layers"]
        ]
        group = description["weightsManifest"][0]
        content = b"".join(_shard(folder / f"{path}.min.js") for path in group["paths"])
        return layers, _weights(group["weights"], content)
    except (KeyError, IndexError, TypeError) as error:
        raise RakkanError(f"{folder} holds no network in tfjs's layers format ({error!r})") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RakkanError(f"{path} cannot be read", "Fetch nsfwjs with: npm install nsfwjs@4.4.0") from error


def _literal(script: str) -> Any:
    """The object literal a bundle exports, as JSON would give it."""
    start = script.find("{modelTopology:")
    if start < 0:
        raise RakkanError("The bundle describes no network in tfjs's layers format")
    try:
        value, _ = json.JSONDecoder().raw_decode(_TOKEN.sub(_as_json, script[start:]))
    except ValueError as error:
        raise RakkanError(f"The bundle's literal cannot be read: {error}") from error
    return value


def _as_json(token: re.Match[str]) -> str:
    text = token[0]
    if text.startswith('"'):
        return text
    if text.startswith("."):
        return f"0{text}"
    return _PLAIN.get(text, f'"{text}"')


def _shard(path: Path) -> bytes:
    found = _BASE64.search(_text(path))
    if found is None:
        raise RakkanError(f"{path} holds no numbers")
    return base64.b64decode(found[1], validate=True)


def _weights(specifications: list[dict[str, Any]], content: bytes) -> dict[str, Weight]:
    weights, position = {}, 0
    for specification in specifications:
        shape = specification["shape"]
        coding = specification["quantization"]
        if coding["dtype"] != "uint8":
            raise RakkanError(f"{specification['name']} is stored as {coding['dtype']}, not as uint8")
        size = int(numpy.prod(shape, dtype=int))
        if position + size > len(content):
            raise RakkanError(f"The numbers end before {specification['name']}")
        numbers = numpy.frombuffer(content, numpy.uint8, size, position).reshape(shape)
        weights[specification["name"]] = Weight(numbers, coding["min"], coding["scale"])
        position += size
    if position != len(content):
        raise RakkanError("The numbers go on after the last weight")
    return weights
