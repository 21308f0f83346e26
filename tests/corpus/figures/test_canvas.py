"""The canvas: what is written, in which order, and what the label map keeps of it."""

from __future__ import annotations

import re
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest

from rakkan.corpus.figures.attributes import sample
from rakkan.corpus.figures.canvas import LAYERS, PARTS, REGIONS, Canvas, Gradient
from rakkan.corpus.figures.drawing import compose
from rakkan.corpus.figures.raster import rasterise

BOX = (-10.0, -10.0, 20.0, 20.0)
SQUARE = "M-5 -5L5 -5L5 5L-5 5Z"
EVERYWHERE = "M-10 -10L10 -10L10 10L-10 10Z"


def fills(svg: str) -> list[str]:
    return re.findall(r'fill="([^"]+)"', svg)


def test_layers_lie_in_their_order_whatever_came_first() -> None:
    canvas = Canvas()
    for number, layer in reversed(list(enumerate(LAYERS))):
        canvas.shape(layer, SQUARE, f"#{number:06x}", region="skin")
    assert fills(canvas.svg(BOX)) == [f"#{number:06x}" for number in range(len(LAYERS))]


def test_within_a_layer_later_lies_on_top() -> None:
    canvas = Canvas()
    canvas.shape("face", EVERYWHERE, "#ff0000", region="skin")
    canvas.shape("face", SQUARE, "#0000ff", region="iris")
    pixels = rasterise(canvas.svg(BOX), 20, 20)
    assert pixels[10, 10].tolist() == [0, 0, 255]
    assert pixels[1, 1].tolist() == [255, 0, 0]


def test_the_order_of_the_layers_is_that_of_a_figure() -> None:
    at = LAYERS.index
    assert at("background") == 0
    assert at("hair_back") < at("torso") < at("outfit") < at("neckwear") < at("head")
    assert at("head") < at("face_shadow") < at("face") < at("eyewear") < at("hair_front")
    assert at("hair_front") < at("face_over") < at("headwear") < at("arms_front")
    assert len(set(LAYERS)) == len(LAYERS)


def test_labels_number_the_regions() -> None:
    canvas = Canvas()
    for region in REGIONS:
        canvas.shape("face", SQUARE, "#123456", region=region)
    # A line is no region of its own: what it outlines is.
    wanted = [f"#{16 * number:02x}0000" for number, region in enumerate(REGIONS) if region != "line"]
    assert fills(canvas.labels(BOX)) == wanted
    assert len(REGIONS) <= 16  # else the numbers do not fit a channel


def test_the_label_map_of_two_shapes_is_exact() -> None:
    canvas = Canvas()
    canvas.shape("background", EVERYWHERE, "#ffffff", region="background")
    canvas.shape("head", SQUARE, "#ffe1cf", region="skin")
    labels = rasterise(canvas.labels(BOX), 20, 20)[..., 0]
    expected = np.full((20, 20), 16 * REGIONS.index("background"))
    expected[5:15, 5:15] = 16 * REGIONS.index("skin")
    np.testing.assert_array_equal(labels, expected)


def test_parts_tell_a_face_from_other_skin_and_lashes_from_lines() -> None:
    canvas = Canvas()
    canvas.shape("background", EVERYWHERE, "#ffffff", region="background")
    canvas.shape("torso", SQUARE, "#ffe1cf", region="skin")
    canvas.shape("head", SQUARE, "#ffe1cf", region="skin")
    canvas.shape("face", SQUARE, "#101010", region="lash")
    canvas.shape("face", SQUARE, "#101010", region="line")
    canvas.shape("hair_front", SQUARE, "#a03030", region="hair_accent")
    canvas.shape("face_over", SQUARE, "#101010", region="brow")
    wanted = ("background", "skin", "face", "eyes", "hair")
    assert fills(canvas.parts(BOX)) == [PARTS[part] for part in wanted]
    assert "#0c0c0c" not in canvas.labels(BOX) and len(fills(canvas.labels(BOX))) == 5


def test_a_pixel_between_two_parts_is_never_a_third() -> None:
    corners = [tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in PARTS.values()]
    assert len(set(corners)) == len(PARTS) == 8
    for share in (0.1, 0.49, 0.51, 0.9):
        for one in corners:
            for other in corners:
                blend = share * np.array(one) + (1 - share) * np.array(other)
                seen = tuple(int(value >= 128) * 255 for value in blend)
                assert seen == (one if share > 0.5 else other)


@pytest.mark.parametrize(("opacity", "counts"), [(1.0, True), (0.5, True), (0.49, False)])
def test_faint_shapes_are_drawn_but_do_not_count(opacity: float, counts: bool) -> None:
    canvas = Canvas()
    canvas.shape("face", SQUARE, "#102030", region="brow", opacity=opacity)
    assert (fills(canvas.labels(BOX)) != []) == counts
    assert (f'opacity="{opacity:.2f}"' in canvas.svg(BOX)) == (opacity < 1)


def test_strokes_and_lines_do_not_count() -> None:
    canvas = Canvas()
    canvas.stroke("face", "M0 0L5 5", "#102030", 1.5, opacity=0.25)
    canvas.shape("face", SQUARE, "#102030", region="line")
    assert fills(canvas.labels(BOX)) == []
    path = '<path d="M0 0L5 5" fill="none" stroke="#102030" stroke-width="1.50" opacity="0.25"/>'
    assert path in canvas.svg(BOX)


def test_an_outline_needs_colour_and_width_and_widens_the_label() -> None:
    for line, width, outlined in (("#000000", 2.0, True), ("", 2.0, False), ("#000000", 0.0, False)):
        canvas = Canvas()
        canvas.shape("face", SQUARE, "#ffffff", region="skin", line=line, line_width=width)
        assert ('stroke="#000000" stroke-width="2.00"' in canvas.svg(BOX)) == outlined
        assert ('stroke="#200000" stroke-width="2.00"' in canvas.labels(BOX)) == outlined
        side = int((rasterise(canvas.labels(BOX), 20, 20)[10, :, 0] == 32).sum())
        assert side == (12 if outlined else 10)


def test_eight_digits_paint_translucently() -> None:
    canvas = Canvas()
    canvas.shape("background", EVERYWHERE, "#000000", region="background")
    canvas.shape("face", SQUARE, "#ff804080", region="skin")
    assert 'fill="#ff8040" fill-opacity="0.502"' in canvas.svg(BOX)
    np.testing.assert_allclose(rasterise(canvas.svg(BOX), 20, 20)[10, 10], (128, 64, 32), atol=1)
    assert fills(canvas.labels(BOX))[1] == "#200000"


def test_gradients_are_written_and_painted() -> None:
    canvas = Canvas()
    stops = ((0.0, "#000000"), (1.0, "#ffffff"))
    canvas.shape("background", EVERYWHERE, Gradient((-10, 0), (10, 0), stops), region="background")
    svg = canvas.svg(BOX)
    assert '<linearGradient id="g0" x1="-10.00" y1="0.00" x2="10.00" y2="0.00"' in svg
    assert '<stop offset="0.000" stop-color="#000000"/><stop offset="1.000" stop-color="#ffffff"/>' in svg
    row = rasterise(svg, 20, 20)[7, :, 0].astype(int)
    np.testing.assert_allclose(row, 255 * (np.arange(20) + 0.5) / 20, atol=4)
    assert fills(canvas.labels(BOX)) == ["#100000"]


def test_a_radial_gradient_reaches_to_its_rim() -> None:
    canvas = Canvas()
    stops = ((0.0, "#ff0000"), (1.0, "#0000ff"))
    canvas.shape("face", EVERYWHERE, Gradient((0, 0), (3, 4), stops, radial=True), region="iris")
    assert '<radialGradient id="g0" cx="0.00" cy="0.00" r="5.00"' in canvas.svg(BOX)
    pixels = rasterise(canvas.svg(BOX), 40, 40).astype(int)
    assert pixels[20, 20, 0] > 225
    np.testing.assert_allclose(pixels[20, 25], (127, 0, 127), atol=14)  # half way to the rim
    assert pixels[20, 35].tolist() == [0, 0, 255]


def test_equal_clips_share_one_id_and_cut_both_drawing_and_labels() -> None:
    canvas = Canvas()
    first, again, other = (canvas.clip_to(path) for path in (SQUARE, SQUARE, EVERYWHERE))
    assert first == again != other
    canvas.shape("background", EVERYWHERE, "#000000", region="background")
    canvas.shape("face", EVERYWHERE, "#ffffff", region="skin", clip=first)
    canvas.stroke("face", "M-10 0L10 0", "#ff0000", 2, clip=first)
    svg = canvas.svg(BOX)
    assert svg.count("<clipPath ") == 2
    assert svg.count(f'clip-path="url(#{first})"') == 2
    assert (rasterise(svg, 20, 20)[..., 1] > 128).sum() == 10 * 8
    labels = rasterise(canvas.labels(BOX), 20, 20)[..., 0]
    assert (labels == 32).sum() == 100


def test_ids_of_gradients_and_clips_do_not_clash() -> None:
    canvas = Canvas()
    for number in range(3):
        canvas.clip_to(f"M{number} 0L1 1Z")
        gradient = Gradient((0, 0), (1, 1), ((0, "#000000"), (1, "#ffffff")), radial=number == 1)
        canvas.shape("face", SQUARE, gradient, region="skin")
    ids = re.findall(r' id="(\w+)"', canvas.svg(BOX))
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize("spoilt", [{"layer": "sky"}, {"region": "tail"}])
def test_unknown_layers_and_regions_are_refused(spoilt: dict[str, str]) -> None:
    wanted = {"layer": "face", "region": "skin", **spoilt}
    with pytest.raises((KeyError, ValueError)):
        Canvas().shape(wanted["layer"], SQUARE, "#ffffff", region=wanted["region"])


def test_an_empty_canvas_is_a_document() -> None:
    root = ElementTree.fromstring(Canvas().svg((-1.5, 2, 30, 40)))
    assert root.attrib == {"viewBox": "-1.50 2.00 30.00 40.00", "width": "30.00", "height": "40.00"}
    assert "defs" not in Canvas().svg(BOX)


def test_real_figures_are_well_formed_and_refer_to_what_there_is() -> None:
    random = Random("canvas")
    for seed in range(12):
        scene = compose(sample(random), seed)
        for text in (scene.canvas.svg(scene.frame), scene.canvas.labels(scene.frame)):
            ElementTree.fromstring(text)
            ids = re.findall(r' id="(\w+)"', text)
            assert len(ids) == len(set(ids))
            assert set(re.findall(r"url\(#(\w+)\)", text)) <= set(ids)
            assert not re.search(r"\b(?:nan|inf)\b", text)
