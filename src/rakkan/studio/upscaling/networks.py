"""waifu2x's networks: which there are, where their weights lie, and their graphs for OpenVINO.

Both kinds are seven convolutions without padding (Nagadomi, waifu2x, 2015), each but the last followed by a
leaky ReLU of slope 0.1, so that an output pixel depends on 7 input pixels to each side. ``upconv_7`` (anime
style, RGB) ends in a transposed 4×4 convolution of stride 2 and doubles both sides; ``vgg_7`` ends in a 3×3
convolution and only removes what compression left.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.weights import read_manifest, read_weights

if TYPE_CHECKING:
    from rakkan.studio.engines.device import Precision

WEIGHTS = Path(__file__).parent / "weights"
SCALES, DENOISE_LEVELS = (1, 2, 4), (-1, 0, 1, 2, 3)
#: Pixels of the input that an output pixel depends on to each side.
MARGIN = 7
LAYERS = 7
SLOPE = 0.1
#: So many compiled graphs are kept: three tiles of each of a few networks.
KEPT_GRAPHS = 12


@dataclass(frozen=True)
class Network:
    """One of waifu2x's networks: ``denoise`` -1 for none to 3, ``scale`` 1 or 2."""

    scale: int
    denoise: int

    @property
    def file(self) -> str:
        """The name of its weights."""
        noise = "" if self.denoise < 0 else f"-noise{self.denoise}"
        kind, scale = ("upconv7", "-scale2x") if self.scale == 2 else ("vgg7", "")
        return f"waifu2x-{kind}-anime{noise}{scale}.safetensors"


PLAIN = Network(2, -1)


def passes(scale: int, denoise: int) -> tuple[Network, ...]:
    """The networks that a picture goes through, one after another: noise is removed once, in the first.

    Raises RakkanError for a scale or level there is not, and when nothing would be done.
    """
    if scale not in SCALES:
        raise RakkanError(f"The scale {scale} is not one of waifu2x's", "Give 1, 2 or 4")
    if denoise not in DENOISE_LEVELS:
        raise RakkanError(f"The denoise level {denoise} is not one of waifu2x's", "Give -1 (none) to 3")
    if scale == 1 and denoise < 0:
        raise RakkanError(
            "Scale 1 without denoising changes nothing", "Give --scale 2 or 4, or --denoise 0 to 3"
        )
    if scale == 1:
        return (Network(1, denoise),)
    return (Network(2, denoise), PLAIN)[: scale // 2]


def digest(networks: tuple[Network, ...]) -> str:
    """SHA-256 (hexadecimal) over the names and digests of the networks' files: what recipes call them by."""
    files = read_manifest(WEIGHTS)["files"]
    names = sorted({network.file for network in networks})
    if missing := [name for name in names if name not in files]:
        raise RakkanError(f"The upscaler's weights {missing[0]} are missing", "Install Rakkan again")
    lines = [f"{name} {files[name]['sha256'].lower()}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@lru_cache(maxsize=KEPT_GRAPHS)
def compiled(folder: Path, network: Network, side: int, precision: Precision, threads: int | None) -> Any:
    """The graph of a network for square tiles, compiled. Raises RakkanError when its weights are missing or
    differ from their manifest."""
    from rakkan.studio.engines.device import compile_model

    files = read_manifest(folder)["files"]
    if network.file not in files:
        raise RakkanError(f"The upscaler's weights {network.file} are missing", "Install Rakkan again")
    weights = read_weights(folder, {"files": {network.file: files[network.file]}})
    return compile_model(build(weights, network.scale, side, side), precision, threads=threads)


def build(weights: dict[str, npt.NDArray[Any]], scale: int, height: int, width: int) -> Any:
    """A network as an OpenVINO model, float32 ``[1, height + 14, width + 14, 3]`` to
    ``[1, scale height, scale width, 3]``, both RGB in levels 0-255.

    ``weights`` holds ``conv1.weight`` … ``conv7.weight`` (out, in, 3, 3; the last of upconv_7 in, out, 4, 4)
    and a bias for each.
    """
    import openvino
    from openvino import opset13 as ops

    def biased(node: Any, bias: npt.NDArray[np.float32]) -> Any:
        return ops.add(node, ops.constant(bias.reshape(1, -1, 1, 1)))

    def convolved(node: Any, kernel: npt.NDArray[np.float32]) -> Any:
        return ops.convolution(node, ops.constant(kernel), [1, 1], [0, 0], [0, 0], [1, 1])

    picture = ops.parameter([1, height + 2 * MARGIN, width + 2 * MARGIN, 3], np.float32, name="picture")
    node = ops.transpose(picture, [0, 3, 1, 2])
    for index in range(1, LAYERS):
        weight = weights[f"conv{index}.weight"].astype(np.float32)
        # Levels 0-255 are exact in bf16 and 0-1 are not, so the first layer's weights take the scale.
        kernel: npt.NDArray[np.float32] = (weight / 255).astype(np.float32) if index == 1 else weight
        node = convolved(node, kernel)
        node = ops.prelu(biased(node, weights[f"conv{index}.bias"]), np.float32(SLOPE))
    last, bias = weights[f"conv{LAYERS}.weight"].astype(np.float32) * 255, weights[f"conv{LAYERS}.bias"] * 255
    node = convolved(node, _phases(last) if scale == 2 else last)
    node = ops.clamp(biased(node, np.tile(bias, scale * scale)), 0.0, 255.0)
    # [scale, scale, 3, height, width] to [height, scale, width, scale, 3]
    node = ops.reshape(node, np.array([scale, scale, 3, height, width]), special_zero=False)
    node = ops.transpose(node, [3, 0, 4, 1, 2])
    node = ops.reshape(node, np.array([1, scale * height, scale * width, 3]), special_zero=False)
    return openvino.Model([node], [picture], "waifu2x")


def _phases(kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A transposed convolution (in, out, 4, 4) of stride 2 that leaves out 3 pixels at each edge, as an
    ordinary one (4 out, in, 3, 3) without padding: for even and odd rows and columns of what it makes.

    Row 2j of the one is made of rows j and j + 1 by the kernel's rows 3 and 1, row 2j + 1 of j + 1 and j + 2
    by 2 and 0. It is several times faster: OpenVINO has transposed convolutions in f32 alone.
    """
    inputs, outputs = kernel.shape[:2]
    made = np.zeros((2, 2, outputs, inputs, 3, 3), np.float32)
    turned = kernel.swapaxes(0, 1)
    taps = (((0, 3), (1, 1)), ((1, 2), (2, 0)))
    for row in range(2):
        for column in range(2):
            for down, tap_down in taps[row]:
                for across, tap_across in taps[column]:
                    made[row, column, :, :, down, across] = turned[:, :, tap_down, tap_across]
    return made.reshape(4 * outputs, inputs, 3, 3)
