"""Pictures too large to be held: all of them is seen, what is written is that, and nothing else stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.around.scanner import files_below
from tests.trust.made import ingredient, look, release, stated
from tests.trust.test_gate import allow, gate

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import caps
from rakkan.formats.inspect import deep_pixels
from rakkan.records import BandedPicture, FiguresRecipe, Picture, UpscaleRecipe
from rakkan.trust import banding
from rakkan.trust.checks import well_formed
from rakkan.trust.gate import Destination, Finding, Gate, Source
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.safety.pictures import Judge, Limits, Opinion
from rakkan.trust.verification import INVALID, VALID

Array = NDArray[Any]


def drawing(height: int, width: int, channels: int = 3, depth: int = 8) -> Array:
    """Flat fields of colour, some of them clear."""
    random = numpy.random.default_rng(height + width)
    kind = numpy.uint8 if depth == 8 else numpy.uint16
    fields = random.integers(0, 2**depth, (-(-height // 60), -(-width // 60), channels), kind)
    return fields.repeat(60, 0).repeat(60, 1)[:height, :width].copy()


def cut(pixels: Array, rows: int = 100) -> Iterator[Array]:
    return (pixels[top : top + rows] for top in range(0, len(pixels), rows))


def banded(pixels: Array, bands: Iterable[Array] | None = None) -> BandedPicture:
    height, width, channels = pixels.shape
    recipe = FiguresRecipe(1, 1, 1, width, height, "test")
    coming = cut(pixels) if bands is None else bands
    return BandedPicture(coming, channels, 8 * pixels.dtype.itemsize, recipe, "figure")


def copied(picture: Picture, to: Destination, bare: IO[bytes], sealed: IO[bytes]) -> None:
    bare.seek(0)
    sealed.write(bare.read())


def opened(**changes: Any) -> Gate:
    usual: dict[str, Any] = {"part_inspectors": {"content": allow}, "seal_file": copied}
    return gate(**{**usual, **changes})


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("size", [(700, 900), (1, 1), (3, 2500)])
def test_what_is_written_is_what_came(
    size: tuple[int, int], depth: int, channels: int, tmp_path: Path
) -> None:
    pixels = drawing(*size, channels, depth)
    path = opened().release_banded(banded(pixels), Destination(tmp_path / "a.png"))
    assert numpy.array_equal(deep_pixels(path.read_bytes()), pixels)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("rows", [1, 77, 2000])
def test_every_pixel_is_looked_at_in_parts_and_all_of_it_reduced(rows: int, tmp_path: Path) -> None:
    pixels = drawing(1100, 1500, 4, 16)
    parts: list[Array] = []
    wholes: list[Picture] = []

    def part(seen: Array, to: Destination) -> list[Finding]:
        assert seen.dtype == numpy.uint8 and max(seen.shape[:2]) <= 512
        with pytest.raises(ValueError, match="read-only"):
            seen[0, 0] = 1
        parts.append(seen.copy())
        return [Finding(True, "fine")]

    def whole(seen: Picture, to: Destination) -> list[Finding]:
        wholes.append(seen)
        return [Finding(True, "fine")]

    checks = {**gate().inspectors, "likeness": whole, "well formed": well_formed}
    opened(inspectors=checks, part_inspectors={"content": part}).release_banded(
        banded(pixels, cut(pixels, rows)), Destination(tmp_path / "a.png")
    )
    shown = (pixels >> 8).astype(numpy.uint8)
    from rakkan.features.content.windows import windows

    boxes = list(windows(1100, 1500))[1:]
    assert len(parts) == len(boxes) > 10
    covered = numpy.zeros((1100, 1500), bool)
    for (top, left, height, width), seen in zip(boxes, parts, strict=True):
        assert numpy.array_equal(seen, shown[top : top + height, left : left + width])
        covered[top : top + height, left : left + width] = True
    assert covered.all()
    (one,) = wholes
    assert one.whole is not None and one.whole.digest == pixel_digest(shown)
    assert numpy.array_equal(one.pixels, shown)  # as small as this it need not be reduced


def test_what_is_larger_is_reduced_to_the_means_of_squares(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(banding, "LARGEST_REDUCTION", 50)
    pixels = numpy.random.default_rng(1).integers(0, 256, (70, 101, 3), numpy.uint8)
    with (tmp_path / "rows").open("wb") as rows:
        made = banding.gathered(banded(pixels), lambda part: None, rows).pixels
    assert made.shape == (24, 34, 3)
    assert numpy.abs(made[0, 0] - pixels[:3, :3].mean((0, 1))).max() <= 0.5
    assert numpy.abs(made[-1, -1] - pixels[69:, 99:].mean((0, 1))).max() <= 0.5


def test_a_part_that_is_refused_keeps_all_of_it_in(tmp_path: Path) -> None:
    pixels = drawing(900, 900)
    pixels[890:, 890:] = (1, 2, 3)

    def part(seen: Array, to: Destination) -> list[Finding]:
        return [Finding(not (seen == (1, 2, 3)).all(2).any(), "looked")]

    with pytest.raises(RakkanError, match="content"):
        opened(part_inspectors={"content": part}).release_banded(
            banded(pixels), Destination(tmp_path / "in" / "a.png")
        )
    assert list(files_below(tmp_path)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"part_inspectors": {}},
        {"part_inspectors": {"content": lambda part, to: []}},
        {"seal_file": None},
        {"inspectors": {"well formed": well_formed}},
        {"inspectors": {**gate().inspectors, "policy": lambda picture, to: [Finding(False, "no")]}},
        {"markers": {}},
    ],
)
def test_whatever_is_missing_or_refuses_keeps_it_in(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RakkanError):
        opened(**changes).release_banded(banded(drawing(800, 800)), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_it_leaves_as_a_png_alone(name: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="PNG alone"):
        opened().release_banded(banded(drawing(80, 80)), Destination(tmp_path / name))


@pytest.mark.parametrize(
    "bands",
    [
        [],
        [drawing(80, 90)],
        [drawing(99, 100)],
        [drawing(100, 100), drawing(1, 100)],
        [drawing(100, 100, 4)],
        [drawing(100, 100, 3, 16)],
        [drawing(100, 100)[..., 0]],
        [drawing(100, 100).astype(float)],
    ],
)
def test_bands_of_another_picture_are_refused(bands: list[Array], tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="bands"):
        opened().release_banded(banded(drawing(100, 100), bands), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_of_another_size_is_refused(tmp_path: Path) -> None:
    picture = Picture(drawing(10, 10), FiguresRecipe(1, 1, 1, 10, 10, "test"), "figure")
    pretended = replace(picture, whole=banding.Whole(5000, 5000, "0" * 64))
    with pytest.raises(RakkanError, match="5000x5000"):
        gate().release(
            replace(pretended, recipe=FiguresRecipe(1, 1, 1, 5000, 5000, "test")),
            Destination(tmp_path / "a.png"),
        )


def test_bands_that_change_afterwards_change_nothing(tmp_path: Path) -> None:
    pixels = drawing(900, 900)
    seen = []

    def part(shown: Array, to: Destination) -> list[Finding]:
        seen.append(shown.copy())
        again[:] = 255 - again  # through the array that the bands are views of
        return [Finding(True, "fine")]

    again = pixels.copy()

    def coming() -> Iterator[Array]:
        for top in range(0, 900, 100):
            again[:] = pixels
            yield again[top : top + 100]

    path = opened(part_inspectors={"content": part}).release_banded(
        banded(pixels, coming()), Destination(tmp_path / "a.png")
    )
    assert len(seen) > 3
    assert numpy.array_equal(deep_pixels(path.read_bytes()), pixels)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RakkanError("The weights are missing")])
def test_what_is_stopped_half_way_leaves_nothing(error: Any, tmp_path: Path) -> None:
    def coming() -> Iterator[Array]:
        yield drawing(100, 300)
        assert list(tmp_path.iterdir()) == []  # nothing has a name yet
        raise error

    with pytest.raises(error if isinstance(error, type) else RakkanError):
        opened().release_banded(banded(drawing(300, 300), coming()), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from tests.trust.test_banding import banded, drawing, opened
from rakkan.trust.gate import Destination
def coming():
    for _ in range(50):
        yield drawing(100, 3000)
    print("half", flush=True)
    time.sleep(60)
opened().release_banded(banded(drawing(6000, 3000), coming()), Destination(Path(sys.argv[1]) / "a.png"))
"""


def test_what_is_killed_half_way_leaves_nothing(tmp_path: Path, root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "half\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []


# ---- through the gate as it is assembled


def enlarged(pixels: Array, parent: Path) -> BandedPicture:
    given = ingredient("parent", parent)
    recipe = UpscaleRecipe(
        digest_of_file(given.data), "test", "0" * 64, 2, 0, pixels.shape[1], pixels.shape[0]
    )
    depth = 8 * pixels.dtype.itemsize
    return BandedPicture(cut(pixels), pixels.shape[2], depth, recipe, "upscale", (given,))


def test_it_is_stated_sealed_and_valid_however_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pixels = drawing(900, 1300, 4)
    parent = release(tmp_path / "parent.png")
    before = stated()
    path = assemble.gate().release_banded(enlarged(pixels, parent), Destination(tmp_path / "a.png"))
    assert stated() == before + 1
    assert look(path).state == VALID  # as any other picture
    monkeypatch.setattr(caps, "MOST_PIXELS", 1000)
    assert look(path).state == VALID  # as one that is too large to be let in
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert look(path).state == INVALID
    path.write_bytes(bytes(data[:-20]))
    assert look(path).state == INVALID


def test_out_of_what_never_came_in_nothing_is_enlarged(tmp_path: Path) -> None:
    parent = tmp_path / "stranger.png"
    Image.fromarray(drawing(140, 140)).save(parent)
    with pytest.raises(RakkanError, match="did not come in"):
        assemble.gate().release_banded(enlarged(drawing(80, 80), parent), Destination(tmp_path / "a.png"))
    assemble.gate().admit(Source(parent))
    assemble.gate().release_banded(enlarged(drawing(80, 80), parent), Destination(tmp_path / "a.png"))


class Teapots:
    """A stand-in for a network: it objects to what has much of one colour."""

    def __init__(self, name: str) -> None:
        self.name = name

    def begin(self, pixels: Array) -> Any:
        share = float((pixels == (250, 1, 251)).all(2).mean())
        return lambda: {"teapot": min(1.0, share * 30)}


def teapot_judge() -> Judge:
    limits = Limits({"teapot": 0.5}, {"teapot": 0.5})
    return Judge(lambda: [Opinion(Teapots(name), limits) for name in ("a", "b")])  # type: ignore[arg-type]


def judged() -> Gate:
    judge = teapot_judge()
    return replace(
        assemble.gate(),
        inspectors={**assemble.gate().inspectors, "content": judge.released_content},
        part_inspectors={"content": judge.part_content},
        begin=judge.begin,
    )


def test_what_shows_only_at_full_size_is_seen(tmp_path: Path) -> None:
    parent = release(tmp_path / "parent.png")
    pixels = drawing(2100, 2100)
    judged().release_banded(enlarged(pixels, parent), Destination(tmp_path / "clean.png"))
    pixels[1500:1580, 700:780] = (250, 1, 251)  # too little of the whole, enough of a window
    with pytest.raises(RakkanError, match="sexual content"):
        judged().release_banded(enlarged(pixels, parent), Destination(tmp_path / "a.png"))
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("in_bands", [False, True])
def test_nothing_hides_under_transparency(depth: int, in_bands: bool, tmp_path: Path) -> None:
    parent = release(tmp_path / "parent.png")
    pixels = drawing(1000, 1000, 4, depth)
    pixels[..., 3] = 2**depth - 1
    pixels[300:600, 300:600] = [one << (depth - 8) for one in (250, 1, 251, 0)]  # clear: nobody sees it
    on_white = numpy.where(pixels[..., 3:] == 0, 255, pixels[..., :3] >> (depth - 8))
    assert not (on_white == (250, 1, 251)).all(2).any()
    picture = enlarged(pixels, parent)
    to = Destination(tmp_path / "a.png")
    with pytest.raises(RakkanError, match="sexual content"):
        if in_bands:
            judged().release_banded(picture, to)
        else:
            judged().release(Picture(pixels, picture.recipe, "upscale", picture.ingredients), to)
    assert not (tmp_path / "a.png").exists()
