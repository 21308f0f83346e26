"""The judgement of photographs and drawings: what it is made of, and that it holds on what is at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy
import openvino
import pytest

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.content import drawn
from rakkan.features.drawing import judge as module
from rakkan.features.drawing.judge import JOINED, OFFSET, Judge, agreed, joined
from rakkan.features.networks import load

MANIFEST = json.loads((Path(module.__file__).parent / "weights" / "manifest.json").read_text())
PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "camera")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return module.judge()


def photograph(name: str) -> numpy.ndarray:
    """A photograph as scikit-image ships it, public domain or CC0; read, never kept."""
    pixels = numpy.asarray(getattr(pytest.importorskip("skimage.data"), name)())
    return pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, 2)


def test_our_own_drawings_are_drawings(judge: Judge) -> None:
    scores = [judge.scores(render(attributes.sample(Random(seed)), seed)) for seed in range(8)]
    assert max(score.whole for score in scores) < 0.5
    assert max(score.part for score in scores) < 0.8


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_photographs(judge: Judge, name: str) -> None:
    assert judge.scores(photograph(name), in_parts=False).whole > 0.6


def test_a_photograph_pasted_into_a_drawing_shows_in_its_part(judge: Judge) -> None:
    drawing = render(attributes.sample(Random(3)), 3).repeat(2, 0).repeat(2, 1)
    before = judge.scores(drawing)
    drawing[100:500, 40:472] = photograph("coffee")[:, 80:512]
    after = judge.scores(drawing)
    assert before.part < 0.7 < after.part
    assert before.whole < 0.5 < after.whole


def test_what_stands_in_a_flat_frame_is_judged_without_it(judge: Judge) -> None:
    inside = numpy.random.default_rng(0).integers(0, 200, (300, 400, 3), numpy.uint8)
    pixels = numpy.full((900, 1100, 3), 255, numpy.uint8)
    pixels[300:600, 300:700] = inside
    views: list[numpy.ndarray] = []

    def watched(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        views.append(value.copy())
        return judge.content(value)

    replace(judge, content=watched).scores(pixels)
    assert any(numpy.array_equal(view, drawn.prepare(inside)) for view in views)


def test_a_photograph_hidden_under_transparency_is_found(judge: Judge) -> None:
    pixels = numpy.zeros((300, 451, 4), numpy.uint8)
    pixels[..., :3] = photograph("chelsea")
    assert judge.scores(pixels, in_parts=False).whole > 0.6


#: What a network that stands in answers: classes, of which a quarter is drawn, and responses.
CLASSES = numpy.array([[0.15, 0.1, 0.5, 0.05, 0.2]])
RESPONSES = numpy.zeros((1, drawn.RESPONSES), numpy.float32)


def test_the_responses_are_means_and_deviations_of_what_the_blocks_answer(judge: Judge) -> None:
    """Against the network cut off at each block, its answers averaged by numpy."""
    core = openvino.Core()
    model = core.read_model(drawn.NETWORK.path.with_suffix(".xml"))
    nodes = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    cut = openvino.Model([nodes[name].output(0) for name in drawn.BLOCKS], model.get_parameters())
    value = drawn.prepare(photograph("chelsea"))
    answers = core.compile_model(cut, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(value)
    blocks = [answers[index][0] for index in range(len(drawn.BLOCKS))]
    assert [block.shape[1] for block in blocks] == [112, 56, 28, 14, 14]
    expected = [number for block in blocks for number in (block.mean((1, 2)), block.std((1, 2)))]
    responses = judge.content(value)[2]
    assert responses.shape == (1, drawn.RESPONSES)
    assert numpy.allclose(responses[0], numpy.concatenate(expected), atol=1e-4)


def test_the_head_reads_the_features_and_the_odds_of_the_classes(judge: Judge) -> None:
    rows: list[numpy.ndarray] = []

    def said(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        return CLASSES, numpy.arange(drawn.FEATURES, dtype=numpy.float32), RESPONSES

    def watched(row: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        rows.append(row)
        return (numpy.zeros((1, 1)),)

    known = replace(judge, content=said, head=watched, counted=watched)
    known.logits(numpy.zeros((20, 20, 3), numpy.uint8))
    assert rows[1] is RESPONSES
    assert rows[0].shape == (1, drawn.FEATURES + 1) and rows[0].dtype == numpy.float32
    assert rows[0][0, :-1].tolist() == list(range(drawn.FEATURES))
    assert rows[0][0, -1] == pytest.approx(numpy.log(3))


def test_a_face_is_judged_by_the_classes_and_half_of_the_statistics(judge: Judge) -> None:
    def said(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        return CLASSES, numpy.zeros(drawn.FEATURES), RESPONSES

    known = replace(judge, content=said, counted=lambda value: (numpy.array([3.0]),))
    strange = replace(known, head=lambda row: (numpy.array([-8.0]),))
    pixels = numpy.zeros((20, 20, 3), numpy.uint8)
    assert known.photographic(pixels) == pytest.approx(numpy.log(3) + 1.5)
    assert strange.photographic(pixels) == known.photographic(pixels), "the head on content does not count"


def test_evidence_is_joined_as_written() -> None:
    logits = (1.5, -2.0)
    by_hand = JOINED[0] * 1.5 + JOINED[1] * -2.0 + OFFSET
    assert joined(logits) == pytest.approx(1 / (1 + numpy.exp(-by_hand)))
    assert min(JOINED) > 0, "more evidence of a photograph must never count for a drawing"


def test_of_a_part_the_weaker_evidence_counts() -> None:
    assert agreed((8, 0)) == agreed((0, 8)) == 0.5
    assert agreed((2, 3)) == pytest.approx(1 / (1 + numpy.exp(-2)))


@pytest.mark.parametrize(
    ("drawing", "hentai", "settled"), [(0.91, 0.0, True), (0.5, 0.41, True), (0.89, 0, False)]
)
def test_what_the_network_that_knows_drawings_is_sure_of_is_settled(
    judge: Judge, drawing: float, hentai: float, settled: bool
) -> None:
    def sure(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        rest = 1 - drawing - hentai
        return numpy.array([[drawing, hentai, rest, 0, 0]], numpy.float32), *judge.content(value)[1:]

    found = replace(judge, content=sure).logits(photograph("chelsea"))
    assert (found == (-8, -8)) == settled


def test_no_evidence_counts_for_more_than_eight(judge: Judge) -> None:
    known = replace(
        judge, head=lambda value: (numpy.array([[99.0]]),), counted=lambda value: (numpy.array([-99]),)
    )
    assert known.logits(numpy.zeros((20, 20, 3), numpy.uint8)) == (8, -8)


@pytest.mark.parametrize("part", ["content", "head", "counted"])
def test_an_answer_that_is_no_number_is_a_fault(judge: Judge, part: str) -> None:
    sound = getattr(judge, part)
    spoiled = replace(judge, **{part: lambda value: tuple(one * numpy.nan for one in sound(value))})
    with pytest.raises(RakkanError, match="no number"):
        spoiled.logits(numpy.zeros((50, 50, 3), numpy.uint8))


@pytest.mark.parametrize("network", [module.HEAD, module.STATISTICS])
def test_a_changed_file_is_refused(tmp_path: Path, network: module.Network) -> None:
    for ending in (".xml", ".bin"):
        data = bytearray(network.path.with_suffix(ending).read_bytes())
        data[len(data) // 2] ^= 1
        for other in (".xml", ".bin"):
            (tmp_path / "copy").with_suffix(other).write_bytes(network.path.with_suffix(other).read_bytes())
        (tmp_path / "copy").with_suffix(ending).write_bytes(bytes(data))
        with pytest.raises(RakkanError, match="not the file that shipped"):
            load(replace(network, path=tmp_path / "copy"))


def test_the_weights_are_small() -> None:
    assert sum(file.stat().st_size for file in module.HEAD.path.parent.iterdir()) < 2_000_000


def test_every_source_that_was_learned_from_is_free_and_named() -> None:
    assert {entry["kind"] for entry in MANIFEST} == {"drawing", "photograph"}
    for entry in MANIFEST:
        assert entry["source"] and entry["pictures"] > 0
        assert "GPL" not in entry["licence"]
        assert entry["licence"].startswith(("CC", "public", "Apache", "MIT", "BSD"))
