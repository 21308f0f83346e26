"""Rasterising: exact on squares, close to resvg on figures, and frugal with memory."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from random import Random

import numpy as np
import pytest
import resvg_py
from PIL import Image

from rakkan.corpus.figures.attributes import FRAMINGS, STYLES, sample
from rakkan.corpus.figures.drawing import NATIVE_SIZES, draw
from rakkan.corpus.figures.raster import rasterise
from rakkan.errors import RakkanError


def document(body: str, width: int = 8, height: int = 4) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}"><path d="M0 0H{width}V{height}H0Z" fill="#000000"/>{body}</svg>'
    )


def by_resvg(svg: str, width: int, height: int) -> np.ndarray:
    """The same drawing by a foreign rasteriser, uint8 [height, width, 3]."""
    # resvg rounds a size of its own from the proportions; give it ours.
    size = f' width="{width}" height="{height}" preserveAspectRatio="none"'
    sized = re.sub(r' width="[\d.]+" height="[\d.]+"', size, svg, count=1)
    with Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=sized)))) as image:
        return np.asarray(image.convert("RGB"))


def test_squares_are_exact_and_channels_in_order() -> None:
    pixels = rasterise(document('<path d="M2 1H5V3H2Z" fill="#ff8001"/>'), 8, 4)
    expected = np.zeros((4, 8, 3), np.uint8)
    expected[1:3, 2:5] = (255, 128, 1)
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.dtype == np.uint8


def test_the_size_scales_the_drawing() -> None:
    svg = document('<path d="M4 0H8V4H4Z" fill="#ffffff"/>')
    pixels = rasterise(svg, 80, 40)
    assert pixels.shape == (40, 80, 3)
    assert (pixels[:, :40] == 0).all() and (pixels[:, 40:] == 255).all()


def test_a_slanting_edge_is_covered_by_its_share() -> None:
    pixels = rasterise(document('<path d="M0 0H4L8 4H0Z" fill="#ffffff"/>'), 8, 4)[..., 0].astype(int)
    for row in range(4):
        assert (pixels[row, : 4 + row] == 255).all()
        assert pixels[row, 4 + row] == pytest.approx(128, abs=3)
        assert (pixels[row, 5 + row :] == 0).all()


def test_what_is_returned_is_kept() -> None:
    white = rasterise(document('<path d="M0 0H8V4H0Z" fill="#ffffff"/>'), 8, 4)
    rasterise(document(""), 8, 4)
    assert (white == 255).all()
    white[:] = 1  # and may be written to


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("style", STYLES)
def test_figures_look_as_resvg_draws_them(style: str, framing: str) -> None:
    width, height = NATIVE_SIZES[framing]
    svg = draw(sample(Random(f"{style} {framing}"), style=style, framing=framing), 5)
    ours, theirs = rasterise(svg, width, height).astype(int), by_resvg(svg, width, height).astype(int)
    apart = np.abs(ours - theirs)
    assert apart.mean() <= 2.5
    assert (apart.max(axis=-1) <= 24).mean() >= 0.97


def test_a_shape_left_out_would_be_noticed() -> None:
    """The comparison above is not blind: one eye's worth of paint is more than it lets pass."""
    svg = draw(sample(Random(1), framing="bust"), 5)
    spoilt = svg.replace("</g></svg>", '<path d="M-30 -14H30V26H-30Z" fill="#00ff00"/></g></svg>')
    apart = np.abs(rasterise(spoilt, 256, 256).astype(int) - by_resvg(svg, 256, 256).astype(int))
    assert apart.mean() > 2.5


@pytest.mark.parametrize("text", ["", "no drawing", "<svg", "<html></html>", "\0" * 10, '{"json": 1}'])
def test_what_is_no_svg_is_refused(text: str) -> None:
    with pytest.raises(RakkanError, match="could not be rasterised"):
        rasterise(text, 8, 8)
    assert (rasterise(document(""), 8, 4) == 0).all()  # and harms nothing that follows


def test_memory_does_not_grow(environment: dict[str, str]) -> None:
    code = (
        "from random import Random\n"
        "from rakkan.corpus.figures import draw, rasterise\n"
        "from rakkan.corpus.figures.attributes import sample\n"
        "from rakkan.errors import RakkanError\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * 4\n"
        "svgs = [draw(sample(Random(seed), framing='bust', style='pastel'), seed) for seed in range(3)]\n"
        "def some(count):\n"
        "    for at in range(count):\n"
        "        rasterise(svgs[at % 3], 256, 256)\n"
        "        try: rasterise('no drawing', 256, 256)\n"
        "        except RakkanError: pass\n"
        "some(30)\n"
        "before = resident()\n"
        "some(300)\n"
        "print(resident() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    # In KiB. A picture's buffer is 256 of them: 300 that were kept would be 75 MiB.
    assert int(done.stdout) < 8 * 1024
