"""The judge of pictures, with benign stand-ins for what it refuses: teapots, and drawings as such.

No unsafe picture is needed to see that a picture whose score is too high is refused wherever it is hidden.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features import networks
from rakkan.features.content import drawn, photographic
from rakkan.features.content.scores import Scorer, drawn_scorer, photographic_scorer
from rakkan.formats.sheet import contact_sheet
from rakkan.records import FiguresRecipe, Picture
from rakkan.trust.checks import recipe_text
from rakkan.trust.gate import (
    REQUIRED_ARRIVAL_INSPECTORS,
    REQUIRED_INSPECTORS,
    REQUIRED_WORD_INSPECTORS,
    Arrival,
    Destination,
    Finding,
    Gate,
    Source,
)
from rakkan.trust.provenance import pixel_digest
from rakkan.trust.safety.pictures import LIMITS, Judge, Limits, Opinion, renditions, shipped_opinions

Pixels = NDArray[numpy.uint8]

TEAPOT = (0, 80, 250)
ANYWHERE = Destination(Path("a.png"))


def alike(thresholds: dict[str, float]) -> Limits:
    return Limits(thresholds, thresholds)


def teapots(threshold: float = 0.5) -> Opinion:
    """A stand-in network: sure of a teapot when a hundredth of what it sees is teapot blue."""

    def run(values: Any) -> Any:
        blue = (numpy.abs(values[0] * 255 - numpy.array(TEAPOT)) < 40).all(axis=2).mean()
        share = min(1.0, 50 * float(blue))
        return (numpy.array([[1 - share, share]], numpy.float32),)

    return Opinion(Scorer("teapots", ("none", "teapot"), drawn.prepare, run), alike({"teapot": threshold}))


def easy_going(name: str = "easy-going") -> Opinion:
    answer = (numpy.array([[1.0, 0.0]], numpy.float32),)
    return Opinion(
        Scorer(name, ("safe", "unsafe"), photographic.prepare, lambda values: answer), alike({"unsafe": 0.5})
    )


def judge(*opinions: Opinion) -> Judge:
    return Judge(lambda: opinions or (easy_going(), teapots()))


def ground(height: int, width: int) -> Pixels:
    pixels = numpy.full((height, width, 3), (210, 190, 170), numpy.uint8)
    pixels[::7] = (90, 120, 60)
    return pixels


def with_teapot(pixels: Pixels, top: int, left: int, side: int) -> Pixels:
    changed = pixels.copy()
    changed[top : top + side, left : left + side, :3] = TEAPOT
    return changed


def refused(findings: list[Finding]) -> bool:
    assert findings, "a required inspector must answer"
    return not all(finding.allowed for finding in findings)


# ---- what is refused


def test_a_refusal_says_which_rule_what_to_do_and_what_it_is_about() -> None:
    pixels = with_teapot(ground(300, 300), 100, 100, 90)
    (finding,) = judge().findings(pixels)
    assert not finding.allowed
    assert finding.rule == "sexual content"
    assert "teapots" in finding.reason and finding.hint
    assert finding.about == pixel_digest(pixels)


def test_all_well_is_said_in_words_that_name_both_networks() -> None:
    (finding,) = judge().findings(ground(300, 300))
    assert finding.allowed and "easy-going" in finding.reason and "teapots" in finding.reason


@given(st.integers(130, 2000), st.integers(130, 2000), st.data())
def test_a_teapot_is_found_wherever_it_stands(height: int, width: int, data: st.DataObject) -> None:
    side = 100
    top = data.draw(st.integers(0, height - side))
    left = data.draw(st.integers(0, width - side))
    assert refused(judge().findings(with_teapot(ground(height, width), top, left, side)))


def test_one_cell_of_a_contact_sheet_is_enough() -> None:
    cells = [ground(512, 512) for _ in range(16)]
    cells[9] = with_teapot(cells[9], 200, 260, 120)
    sheet = contact_sheet(cells, 4)
    assert not refused(judge().findings(contact_sheet(cells[:9], 3)))
    assert refused(judge().findings(sheet))
    thumbnail = numpy.asarray(Image.fromarray(sheet).resize((224, 224)))
    assert not refused(judge().findings(thumbnail)), "the whole alone would have hidden it"


def test_a_pattern_between_the_places_a_network_reads_is_seen() -> None:
    """A teapot in all pixels but those that nsfwjs's own resize would read."""
    pixels = with_teapot(ground(1785, 1785), 0, 0, 1785)
    pixels[::8, ::8] = (210, 190, 170)
    assert refused(judge().findings(pixels))


@pytest.mark.parametrize("alpha", [0, 1, 128, 254, 255])
@pytest.mark.parametrize("background", [0, 255])
def test_a_teapot_is_seen_through_alpha(alpha: int, background: int) -> None:
    pixels = numpy.dstack([ground(200, 200), numpy.full((200, 200), 255, numpy.uint8)])
    pixels[50:150, 50:150] = (*TEAPOT, alpha)
    assert refused(judge().findings(pixels))
    assert not refused(judge().findings(numpy.dstack([ground(200, 200), pixels[:, :, 3]])))


def test_what_shows_through_is_mixed_with_white_and_with_black() -> None:
    """By hand: half of (200, 100, 0) with half of white or of black, and none of it at all."""
    pixels = numpy.array([[(200, 100, 0, 128), (200, 100, 0, 0), (200, 100, 0, 255)]], numpy.uint8)
    bare, white, black = renditions(pixels)
    assert bare.tolist() == [[[200, 100, 0]] * 3]
    assert white.tolist() == [[[227, 177, 127], [255, 255, 255], [200, 100, 0]]]
    assert black.tolist() == [[[100, 50, 0], [0, 0, 0], [200, 100, 0]]]


@pytest.mark.parametrize("ground_colour", [255, 0])
def test_what_only_shows_on_one_ground_is_seen(ground_colour: int) -> None:
    """Half of a darker or of a lighter blue: with the ground behind it, it is teapot blue."""
    wanted = numpy.array((148, 190, 250) if ground_colour else (0, 40, 125))
    pixels = numpy.zeros((200, 200, 4), numpy.uint8)
    pixels[:, :, :3] = wanted * 2 - ground_colour if ground_colour else wanted * 2
    pixels[:, :, 3] = 128

    def run(values: Any) -> Any:
        share = float((numpy.abs(values[0] * 255 - wanted) < 4).all(axis=2).mean())
        return (numpy.array([[1 - share, share]], numpy.float32),)

    exact = Opinion(Scorer("exact", ("none", "teapot"), drawn.prepare, run), alike({"teapot": 0.5}))
    assert refused(judge(exact, easy_going()).findings(pixels))
    assert not refused(judge(exact, easy_going()).findings(pixels[:, :, :3]))


def test_opaque_alpha_costs_one_look() -> None:
    opaque = numpy.dstack([ground(20, 20), numpy.full((20, 20), 255, numpy.uint8)])
    assert len(list(renditions(opaque))) == 1
    assert len(list(renditions(ground(20, 20)))) == 1


def test_joined_classes_are_added_up() -> None:
    answer = (numpy.array([[0.2, 0.4, 0.4]], numpy.float32),)
    scorer = Scorer("kitchen", ("none", "cup", "pot"), drawn.prepare, lambda values: answer)
    some, more = {"cup+pot": 0.8 - 1e-6}, {"cup": 0.5, "pot": 0.5, "cup+pot": 0.81}
    for is_whole in (True, False):
        assert Opinion(scorer, alike(some)).begin(ground(9, 9), is_whole)()
        assert not Opinion(scorer, alike(more)).begin(ground(9, 9), is_whole)()
    assert Opinion(scorer, Limits(some, more)).begin(ground(9, 9), is_whole=True)()
    assert Opinion(scorer, Limits(more, some)).begin(ground(9, 9), is_whole=False)()
    assert not Opinion(scorer, Limits(more, some)).begin(ground(9, 9), is_whole=True)()


def test_either_network_can_refuse() -> None:
    pixels = with_teapot(ground(300, 300), 100, 100, 90)
    for opinions in ((teapots(), easy_going()), (easy_going(), teapots())):
        assert refused(judge(*opinions).findings(pixels))


# ---- nothing passes unjudged


def broken(run: Callable[[Any], Any]) -> Opinion:
    good = easy_going("broken")
    return replace(good, scorer=replace(good.scorer, run=run))


def raises(error: BaseException) -> Callable[[Any], Any]:
    def run(values: Any) -> Any:
        raise error

    return run


@pytest.mark.parametrize(
    "run",
    [
        lambda values: (),
        lambda values: (numpy.array([[float("nan")] * 2], numpy.float32),),
        lambda values: (numpy.array([[0.2, 0.3, 0.5]], numpy.float32),),
        lambda values: None,
        raises(MemoryError("no memory")),
        raises(ValueError("surprise\nin two lines")),
        raises(RakkanError("a file is missing")),
    ],
)
def test_a_network_that_fails_refuses_in_one_line(run: Callable[[Any], Any]) -> None:
    for opinions in ((broken(run), easy_going()), (easy_going(), broken(run))):
        with pytest.raises(RakkanError) as fault:
            judge(*opinions).findings(ground(30, 30))
        assert "\n" not in fault.value.message


@pytest.mark.parametrize(
    "opinions",
    [
        (easy_going(),),
        (easy_going(), easy_going()),
        (easy_going(), replace(teapots(), limits=Limits({}, {"teapot": 0.5}))),
        (easy_going(), replace(teapots(), limits=Limits({"teapot": 0.5}, {}))),
    ],
    ids=["one", "twice the same", "one without a threshold", "one without a threshold for windows"],
)
def test_fewer_than_two_opinions_are_none(opinions: tuple[Opinion, ...]) -> None:
    with pytest.raises(RakkanError, match="or not at all"):
        judge(*opinions).findings(ground(30, 30))
    with pytest.raises(RakkanError, match="or not at all"):
        Judge(tuple).findings(ground(30, 30))


@pytest.mark.parametrize("module", [drawn, photographic])
@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_shipped_network_that_is_missing_or_altered_denies(
    module: Any, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = replace(module.NETWORK, path=tmp_path / "copy")
    for ending in (".xml", ".bin"):
        content = bytearray(module.NETWORK.path.with_suffix(ending).read_bytes())
        if damage == "altered" and ending == ".bin":
            content[7] ^= 1
        if not (damage == "missing" and ending == ".bin"):
            copy.path.with_suffix(ending).write_bytes(content)
    monkeypatch.setattr(module, "NETWORK", copy)
    shipped_opinions.cache_clear()
    try:
        with pytest.raises(RakkanError, match=r"is missing|not the file that shipped"):
            Judge(shipped_opinions).findings(ground(64, 64))
    finally:
        shipped_opinions.cache_clear()


@pytest.mark.parametrize(
    "pixels",
    [
        numpy.zeros((4, 4), numpy.uint8),
        numpy.zeros((4, 4, 2), numpy.uint8),
        numpy.zeros((0, 4, 3), numpy.uint8),
        numpy.zeros((4, 4, 3), numpy.float32),
    ],
)
def test_what_is_no_picture_is_not_judged(pixels: Any) -> None:
    with pytest.raises(RakkanError, match="Cannot judge"):
        judge().findings(pixels)


# ---- at the gate


def kept(arrival: Arrival, source: Source, findings: list[Finding]) -> tuple[str, int]:
    return "digest", 1


def gate_of(judge: Judge, pixels: Pixels | None, keep: Any = kept) -> Gate:
    def allow(subject: Any, context: Any) -> list[Finding]:
        return [Finding(True, "fine")]

    def parse(path: Path) -> Arrival:
        return Arrival("inspected", b"", io.BytesIO(), "digest", pixels=pixels)  # type: ignore[arg-type]

    return Gate(
        word_inspectors=dict.fromkeys(REQUIRED_WORD_INSPECTORS, allow),
        inspectors={**dict.fromkeys(REQUIRED_INSPECTORS, allow), "content": judge.released_content},
        markers={"recipe": recipe_text},
        arrival_inspectors={
            **dict.fromkeys(REQUIRED_ARRIVAL_INSPECTORS, allow),
            "content": judge.arriving_content,
        },
        seal=lambda picture, to, encoded: encoded,
        parse=parse,
        keep=keep,
        endorse=lambda arrival, source, to: b"endorsed",
        overturned=lambda finding: False,
        refuse=lambda action, finding: finding.hint,
    )


def picture(pixels: Pixels) -> Picture:
    return Picture(pixels, FiguresRecipe(1, 1, 1, pixels.shape[1], pixels.shape[0], "test"), "figure")


def test_a_refused_picture_is_not_written_kept_or_sealed(tmp_path: Path) -> None:
    pixels = with_teapot(ground(300, 300), 100, 100, 90)
    gate = gate_of(judge(), pixels, keep=raises(AssertionError("it was kept")))
    work: list[Callable[[], object]] = [
        lambda: gate.release(picture(pixels), Destination(tmp_path / "a.png")),
        lambda: gate.admit(Source(tmp_path / "a.png")),
        lambda: gate.protect(Source(tmp_path / "a.png"), Destination(tmp_path / "b.png")),
    ]
    for act in work:
        with pytest.raises(RakkanError, match="sexual content"):
            act()
    assert not list(tmp_path.iterdir()) and not gate.released


def test_a_judge_that_fails_lets_nothing_through(tmp_path: Path) -> None:
    gate = gate_of(judge(broken(raises(OSError("gone"))), easy_going()), ground(30, 30))
    with pytest.raises(RakkanError, match="could not be judged"):
        gate.release(picture(ground(30, 30)), Destination(tmp_path / "a.png"))
    with pytest.raises(RakkanError, match="could not be judged"):
        gate.admit(Source(tmp_path / "a.png"))
    assert not list(tmp_path.iterdir())


def test_what_is_well_passes_the_gate(tmp_path: Path) -> None:
    gate = gate_of(judge(), ground(30, 30))
    assert gate.release(picture(ground(30, 30)), Destination(tmp_path / "a.png")).exists()
    remarks = gate.admit(Source(tmp_path / "a.png")).remarks
    assert any(remark.startswith("looked at by") for remark in remarks)


def test_the_gate_begins_with_what_takes_long_before_it_asks(tmp_path: Path) -> None:
    told: list[str] = []
    gate = gate_of(judge(), ground(30, 30))
    gate = replace(
        gate,
        begin=lambda pixels: told.append(f"began {pixels.shape}"),
        inspectors={**gate.inspectors, "policy": lambda *given: told.append("asked") or [Finding(True, "")]},
    )
    gate.release(picture(ground(30, 30)), Destination(tmp_path / "a.png"))
    assert told == ["began (30, 30, 3)", "asked"]
    gate.admit(Source(tmp_path / "a.png"))
    assert told[2:] == ["began (30, 30, 3)"]


def test_what_was_begun_is_not_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    class Counted(networks._Answer):
        def __init__(self, *given: Any) -> None:
            made.append(self)
            super().__init__(*given)

    monkeypatch.setattr(networks, "_Answer", Counted)
    judging = Judge(shipped_opinions)
    pixels = ground(300, 300) + numpy.uint8(1)  # no other test's, whose answer may have been kept
    for odd in (numpy.zeros((4, 4), numpy.uint8), numpy.zeros((0, 4, 3), numpy.uint8)):
        judging.begin(odd)  # left to the findings, which refuse it
    assert not made
    judging.begin(pixels)
    assert len(made) == 2
    assert judging.findings(pixels)[0].allowed and len(made) == 2
    assert judging.findings(pixels[:200])[0].allowed and len(made) == 4


def test_a_model_has_no_pixels_to_judge() -> None:
    found = judge().arriving_content(
        Arrival("inspected", b"", io.BytesIO(), "digest"),  # type: ignore[arg-type]
        Source(Path("a.safetensors")),
    )
    assert [finding.allowed for finding in found] == [True]


# ---- the shipped networks


def figures(count: int, start: int = 0) -> list[Pixels]:
    return [render(attributes.sample(Random(seed)), seed) for seed in range(start, start + count)]


def test_the_shipped_judge_has_both_networks_and_thresholds_that_bite() -> None:
    opinions = shipped_opinions()
    assert {opinion.scorer.name: opinion.limits for opinion in opinions} == LIMITS
    for opinion in opinions:
        for thresholds in (opinion.limits.whole, opinion.limits.window):
            named = {label for labels in thresholds for label in labels.split("+")}
            assert named < set(opinion.scorer.classes), "a class that does not exist never objects"
            assert all(0 < threshold < 1 for threshold in thresholds.values())
            unsafe = {"unsafe"} if opinion.scorer.name == "open_nsfw" else {"hentai", "porn", "sexy"}
            assert named == unsafe, "an unsafe class that is not named passes"


def test_own_figures_and_their_sheet_pass() -> None:
    shipped = Judge(shipped_opinions)
    drawn_figures = figures(12)
    for pixels in drawn_figures:
        assert not refused(shipped.findings(pixels))
    assert not refused(shipped.findings(contact_sheet(drawn_figures, 4)))


@pytest.mark.parametrize("size", [(16, 24), (64, 64), (192, 192), (512, 512)])
def test_noise_passes(size: tuple[int, int]) -> None:
    noise = numpy.random.default_rng(3).integers(0, 255, (*size, 3), numpy.uint8)
    assert not refused(Judge(shipped_opinions).findings(noise))


def forbidding_drawings() -> Judge:
    """The shipped networks, but what is forbidden is a drawing."""
    first = Opinion(drawn_scorer(), alike({"drawing": 0.5}))
    return Judge(lambda: (first, Opinion(photographic_scorer(), alike({"unsafe": 0.99}))))


def sure_drawing() -> Pixels:
    """A figure of the renderer's that the network surely takes for a drawing."""
    score = drawn_scorer().scores
    return next(pixels for pixels in figures(40) if score(pixels)["drawing"] > 0.97)


def chessboard(height: int, width: int) -> Pixels:
    rows, columns = numpy.mgrid[0:height, 0:width] // 64
    return numpy.repeat((((rows + columns) % 2) * 255).astype(numpy.uint8)[:, :, None], 3, 2)


def test_a_forbidden_class_of_the_real_network_is_caught_through_what_is_done_to_pictures() -> None:
    forbidding, drawing = forbidding_drawings(), sure_drawing()
    image = Image.fromarray(drawing)
    memory = io.BytesIO()
    image.save(memory, format="JPEG", quality=40)
    clear = numpy.dstack([drawing, numpy.full(drawing.shape[:2], 254, numpy.uint8)])
    sheet = contact_sheet([chessboard(512, 512)] * 4 + [numpy.asarray(image.resize((512, 512)))], 3)
    variants = {
        "as it is": drawing,
        "half size": numpy.asarray(image.resize((128, 128))),
        "twice the size": numpy.asarray(image.resize((512, 512))),
        "JPEG": numpy.asarray(Image.open(memory)),
        "with alpha": clear,
        "on a sheet": sheet,
    }
    for name, pixels in variants.items():
        assert refused(forbidding.findings(pixels)), name
    assert not refused(forbidding.findings(chessboard(512, 512)))
    assert not refused(forbidding.findings(contact_sheet([chessboard(512, 512)] * 4, 2)))
