"""References are drawings, nobody's likeness goes in or out, and what was not judged does not pass."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy
import pytest

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.drawing.judge import Scores
from rakkan.features.faces.detect import Face
from rakkan.records import Picture
from rakkan.trust.gate import Arrival, Destination, Finding, Source
from rakkan.trust.provenance import pixel_digest
from rakkan.trust.safety import likeness
from rakkan.trust.safety.likeness import (
    DRAWINGS_ONLY,
    LIKENESS,
    arriving_likeness,
    released_likeness,
)

PIXELS = numpy.random.default_rng(0).integers(0, 256, (40, 50, 3), numpy.uint8)
REPORT = Path(__file__).resolve().parents[3] / "docs" / "measurements" / "likeness.json"


class Said:
    """A judge and a detector that say what they are told to, and count how often they are asked."""

    def __init__(
        self,
        whole: float = 0.0,
        part: float = 0.0,
        faces: tuple[Face, ...] = (),
        around: float = -8.0,
        statistics: float = 0.0,
    ):
        self.answer = Scores(whole, part, whole, statistics, drawn=0.1)
        self.found, self.around = list(faces), around
        self.asked = 0

    def scores(self, pixels: Any, in_parts: bool = True) -> Scores:
        return self.answer if in_parts else replace(self.answer, part=0.0)

    def photographic(self, pixels: Any) -> float:
        assert pixels.size, "nothing was cut out"
        return self.around

    def faces(self, pixels: Any, smallest: int) -> list[Face]:
        self.asked += 1
        return self.found

    def load(self) -> likeness.Eyes:
        return likeness.Eyes(cast(Any, self), cast(Any, self))


FACE = Face(10, 10, 30, 30, 0.99)


def arrival(pixels: Any) -> Arrival:
    return Arrival(cast(Any, None), b"", io.BytesIO(), "0" * 64, pixels=pixels)


def arriving(said: Said, pixels: Any = PIXELS) -> list[Finding]:
    return arriving_likeness(arrival(pixels), Source(Path("a.png")), said.load)


def released(said: Said, pixels: Any = PIXELS) -> list[Finding]:
    return released_likeness(
        Picture(pixels, cast(Any, None), "figure"), Destination(Path("a.png")), said.load
    )


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings if not finding.allowed]


def photograph(name: str) -> numpy.ndarray:
    return numpy.asarray(getattr(pytest.importorskip("skimage.data"), name)())


# ---- with the networks that ship


@pytest.mark.parametrize("seed", range(5))
def test_a_drawing_passes_both_ways(seed: int) -> None:
    pixels = render(attributes.sample(Random(seed)), seed)
    for findings in (
        arriving_likeness(arrival(pixels), Source(Path("a.png"))),
        released_likeness(Picture(pixels, cast(Any, None), "figure"), Destination(Path("a.png"))),
    ):
        assert [finding.allowed for finding in findings] == [True], findings


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_a_photograph_is_refused_both_ways(name: str) -> None:
    pixels = photograph(name)
    findings = arriving_likeness(arrival(pixels), Source(Path("a.png")))
    assert rules(findings) == [DRAWINGS_ONLY]
    assert findings[0].about == pixel_digest(pixels)
    picture = Picture(pixels, cast(Any, None), "figure")
    assert rules(released_likeness(picture, Destination(Path("a.png")))) == [DRAWINGS_ONLY]


def test_a_portrait_photograph_is_a_real_persons_likeness() -> None:
    findings = arriving_likeness(arrival(photograph("astronaut")), Source(Path("a.png")))
    assert rules(findings) == [LIKENESS, DRAWINGS_ONLY]


# ---- what follows from what they say


def test_a_model_has_no_picture() -> None:
    findings = arriving(Said(whole=1.0), pixels=None)
    assert [(finding.allowed, finding.reason) for finding in findings] == [(True, "no picture")]


@pytest.mark.parametrize("ask", [arriving, released])
def test_what_is_not_clearly_a_drawing_is_refused_whatever_the_detector_says(
    ask: Callable[[Said], list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "FACES_TESTED", likeness.FACES_NEEDED - 1)
    between = (likeness.UNCLEAR + likeness.PHOTOGRAPH) / 2
    assert rules(ask(Said(whole=between))) == [DRAWINGS_ONLY]
    assert rules(ask(Said(whole=likeness.UNCLEAR))) == [DRAWINGS_ONLY]
    assert rules(ask(Said(whole=likeness.UNCLEAR - 0.001))) == []
    # With enough faces tested on, the detector's silence would count, and the wider limit with it.
    monkeypatch.setattr(likeness, "FACES_TESTED", likeness.FACES_NEEDED)
    assert rules(ask(Said(whole=between))) == []
    assert rules(ask(Said(whole=likeness.PHOTOGRAPH))) == [DRAWINGS_ONLY]


def test_a_part_that_is_a_photograph_is_refused() -> None:
    assert rules(arriving(Said(part=likeness.PART_UNCLEAR))) == [DRAWINGS_ONLY]
    assert rules(arriving(Said(part=likeness.PART_UNCLEAR - 0.001))) == []


def test_a_large_picture_leaves_only_after_a_look_at_its_parts() -> None:
    large = numpy.zeros((likeness.LARGEST_WHOLE + 1, 20, 3), numpy.uint8)
    assert rules(released(Said(part=1.0), large)) == [DRAWINGS_ONLY]
    assert rules(released(Said(part=1.0), large[1:])) == []


def test_a_face_counts_by_what_is_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sure = likeness.FACE_PHOTOGRAPH
    assert rules(arriving(Said(faces=(FACE,), around=sure))) == [LIKENESS]
    assert rules(arriving(Said(faces=(FACE,), around=likeness.FACE_UNCLEAR - 0.01))) == []
    unsure = Face(10, 10, 30, 30, likeness.FACE_SURE - 0.01)
    assert rules(arriving(Said(faces=(unsure,), around=sure))) == []
    assert rules(arriving(Said(faces=(unsure, FACE), around=sure))) == [LIKENESS]
    # In between it is not clearly drawn, which refuses only as long as nothing is known of the detector.
    between = Said(faces=(FACE,), around=(likeness.FACE_UNCLEAR + sure) / 2)
    monkeypatch.setattr(likeness, "FACES_TESTED", likeness.FACES_NEEDED - 1)
    assert rules(arriving(between)) == [DRAWINGS_ONLY]
    monkeypatch.setattr(likeness, "FACES_TESTED", likeness.FACES_NEEDED)
    assert rules(arriving(between)) == []


def test_a_face_at_the_edge_is_cut_out_within_the_picture() -> None:
    outside = Face(-20, -20, 200, 200, 0.99)
    assert rules(arriving(Said(faces=(outside,), around=8.0))) == [LIKENESS]


def test_on_the_way_out_the_detector_is_not_asked_of_what_is_rather_drawn() -> None:
    said = Said(faces=(FACE,), around=8.0, statistics=likeness.SUSPICIOUS)
    said.answer = replace(said.answer, drawn=likeness.RATHER_DRAWN)
    assert rules(released(said)) == [] and said.asked == 0
    said.answer = replace(said.answer, drawn=likeness.RATHER_DRAWN - 0.01)
    assert rules(released(said)) == [LIKENESS] and said.asked == 1
    said.answer = replace(said.answer, drawn=float("nan"))
    assert rules(released(said)) == [LIKENESS] and said.asked == 2


def test_on_the_way_out_the_detector_is_asked_of_what_could_be_a_photograph() -> None:
    clear = Said(faces=(FACE,), around=8.0, statistics=likeness.SUSPICIOUS - 0.01)
    assert rules(released(clear)) == [] and clear.asked == 0
    suspicious = Said(faces=(FACE,), around=8.0, statistics=likeness.SUSPICIOUS)
    assert rules(released(suspicious)) == [LIKENESS] and suspicious.asked == 1
    alone = Said(faces=(FACE,), around=8.0)  # a face close up has the statistics of a drawing
    alone.answer = replace(alone.answer, drawn=likeness.HARDLY_DRAWN - 0.001)
    assert rules(released(alone)) == [LIKENESS] and alone.asked == 1
    alone.answer = replace(alone.answer, drawn=likeness.HARDLY_DRAWN)
    assert rules(released(alone)) == [] and alone.asked == 1
    refused = Said(whole=1.0, faces=(FACE,), around=8.0)
    assert rules(released(refused)) == [LIKENESS, DRAWINGS_ONLY] and refused.asked == 1


@pytest.mark.parametrize("ask", [arriving, released])
def test_what_cannot_be_judged_does_not_pass(ask: Callable[[Said], list[Finding]]) -> None:
    for fault in (
        RakkanError("head.bin is missing", "Install Rakkan anew"),
        ValueError("x"),
        MemoryError(),
    ):
        said = Said()

        def failing(*arguments: Any, fault: Exception = fault) -> Any:
            raise fault

        said.scores = failing  # type: ignore[method-assign]
        with pytest.raises(RakkanError, match="could not be judged"):
            ask(said)
        said = Said()
        said.load = failing  # type: ignore[method-assign]
        with pytest.raises(RakkanError, match="could not be judged"):
            ask(said)
    for nothing in (Scores(float("nan"), 0, 0, 0), Scores(0, float("nan"), 0, 0)):
        said = Said()
        said.answer = nothing
        assert rules(arriving(said)) == [DRAWINGS_ONLY]
    strange = numpy.zeros((4, 5), numpy.uint8)
    with pytest.raises(RakkanError, match="could not be judged"):
        arriving_likeness(arrival(strange), Source(Path("a.png")))


def test_a_fault_of_the_detector_refuses_a_reference() -> None:
    said = Said()

    def failing(pixels: Any, smallest: int) -> Any:
        raise RakkanError("no number")

    said.faces = failing  # type: ignore[method-assign]
    with pytest.raises(RakkanError, match=r"could not be judged \(no number\)"):
        arriving(said)


# ---- rules and promises


def test_a_moderator_can_overturn_drawings_only_and_nothing_else() -> None:
    assert {name: rule.overturnable for name, rule in likeness.RULES.items()} == {
        DRAWINGS_ONLY: True,
        LIKENESS: False,
    }


def test_every_refusal_names_its_rule_the_pixels_and_what_to_do() -> None:
    for finding in arriving(Said(whole=1.0, faces=(FACE,), around=8.0)):
        assert finding.rule in likeness.RULES
        assert finding.hint == likeness.RULES[finding.rule].hint
        assert finding.about == pixel_digest(PIXELS)


def test_the_faces_tested_are_those_of_the_measurement() -> None:
    faces = json.loads(REPORT.read_text())["faces"]
    assert faces["photographic faces"] == likeness.FACES_TESTED
    measured = faces["detection of photographic faces"]
    assert (measured == "not measurable") is not likeness.measurable()
