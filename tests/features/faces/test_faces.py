"""The face detector: its boxes by hand, its networks and steps against the package they come from."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy
import pytest

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.faces import detect
from rakkan.features.faces.boxes import distinct, moved, squared
from rakkan.features.faces.resample import resized

ORIGINAL = json.loads((Path(__file__).parent / "originals" / "boxes.json").read_text())["astronaut"]


@pytest.fixture(scope="module")
def detector() -> detect.Detector:
    return detect.detector()


def astronaut() -> numpy.ndarray:
    """NASA's portrait of an astronaut, public domain, as scikit-image ships it; read, never kept."""
    return numpy.asarray(pytest.importorskip("skimage.data").astronaut())


def overlap(one: numpy.ndarray, other: numpy.ndarray) -> float:
    """Intersection over union of two boxes."""
    low, high = numpy.maximum(one[:2], other[:2]), numpy.minimum(one[2:4], other[2:4])
    both = float(numpy.prod(numpy.maximum(high - low, 0)))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return both / (sum(areas) - both)


def test_of_boxes_that_overlap_the_best_is_kept() -> None:
    # 10 × 10 pixels each; the second shares 8 of 10 columns with the first: 80 / 120 = 0.667.
    boxes = numpy.array([[0, 0, 9, 9, 0.8], [2, 0, 11, 9, 0.9], [40, 40, 49, 49, 0.1]], float)
    assert distinct(boxes, 0.66).tolist() == [1, 2]
    assert distinct(boxes, 0.67).tolist() == [1, 0, 2]


def test_a_box_inside_another_goes_by_the_smaller_area() -> None:
    boxes = numpy.array([[0, 0, 99, 99, 0.9], [10, 10, 19, 19, 0.8]], float)
    assert distinct(boxes, 0.7).tolist() == [0, 1]
    assert distinct(boxes, 0.7, of_the_smaller=True).tolist() == [0]


def test_boxes_move_by_shares_of_their_size() -> None:
    box = numpy.array([[10, 20, 19, 39, 0.5]], float)  # 10 × 20 pixels
    assert moved(box, numpy.array([[0.1, 0.1, -0.1, 0.2]])).tolist() == [[11, 22, 18, 43, 0.5]]
    assert moved(box, numpy.array([[1.0, 1, 0, 0]]), inclusive=False).tolist() == [[19, 39, 19, 39, 0.5]]


def test_a_box_is_squared_around_its_centre() -> None:
    assert squared(numpy.array([[0, 0, 4, 10, 0.5]], float)).tolist() == [[-3, 0, 7, 10, 0.5]]


def test_shrinking_averages_areas_and_fractions_of_them() -> None:
    row = numpy.array([[0, 30, 90]], numpy.uint8)[..., None].repeat(3, 2)
    # Three pixels to two: each new one is one and a half old ones.
    assert resized(row, 1, 2)[0, :, 0].tolist() == pytest.approx([10, 70])
    assert resized(row, 2, 3)[1, :, 2].tolist() == pytest.approx([0, 30, 90])


def test_every_step_finds_what_the_package_finds(detector: detect.Detector) -> None:
    pixels = astronaut()
    first = detect.proposals(detector.propose, pixels, 24)
    expected = numpy.array(ORIGINAL["first"])
    assert len(first) == len(expected)
    near = [max(overlap(box, other) for other in numpy.fix(first)) for box in expected]
    # Half-precision weights put a few proposals on the other side of a limit.
    assert numpy.mean(numpy.array(near) > 0.9) > 0.95
    found, wanted = detect.cascade(detector, pixels, 24), numpy.array(ORIGINAL["third"])
    assert len(found) == len(wanted) == 1
    assert overlap(found[0], wanted[0]) > 0.93
    assert found[0, 4] == pytest.approx(wanted[0, 4], abs=1e-3)


def test_a_face_is_found_where_it_is_on_a_larger_picture(detector: detect.Detector) -> None:
    large = astronaut().repeat(3, 0).repeat(3, 1)
    faces = detector.faces(large)
    assert len(faces) == 1
    box = numpy.array([faces[0].left, faces[0].top, faces[0].right, faces[0].bottom])
    assert overlap(box, 3 * numpy.array(ORIGINAL["third"])[0]) > 0.85


def test_what_leaves_the_picture_is_black() -> None:
    white = numpy.full((30, 30, 3), 255, numpy.uint8)
    patch = detect.patches(white, numpy.array([[-11, 1, 12, 24, 1.0]]), 24)[0]
    # Columns come first. The box starts twelve pixels left of the first pixel, which is number 1.
    assert patch[:12].max() == pytest.approx(-0.996, abs=1e-3)
    assert patch[12:].min() == pytest.approx(0.996, abs=1e-3)


def test_noise_and_our_own_drawings_have_no_photographic_face(detector: detect.Detector) -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (256, 256, 3), numpy.uint8)
    assert detector.faces(noise) == []
    sure = 0
    for seed in range(20):
        faces = detector.faces(render(attributes.sample(Random(seed)), seed))
        sure += any(face.score >= 0.97 for face in faces)
    assert sure <= 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (900, 3, 3), (11, 11, 3)])
def test_a_picture_too_small_for_a_face_has_none(
    detector: detect.Detector, shape: tuple[int, int, int]
) -> None:
    assert detector.faces(numpy.zeros(shape, numpy.uint8)) == []


def test_an_answer_that_is_no_number_is_a_fault(detector: detect.Detector) -> None:
    def broken(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        shifts, scores = detector.propose(value)
        return shifts * numpy.float32("nan"), scores

    spoiled = detect.Detector(broken, detector.refuse, detector.place)
    with pytest.raises(RakkanError, match="no number"):
        spoiled.faces(numpy.zeros((64, 64, 3), numpy.uint8))


def test_proposals_are_limited_in_number(detector: detect.Detector) -> None:
    def eager(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        shifts, scores = detector.propose(value)
        return shifts, numpy.ones_like(scores)

    pixels = numpy.zeros((400, 400, 3), numpy.uint8)
    assert len(detect.proposals(eager, pixels, 24)) == detect.MOST_PROPOSALS
