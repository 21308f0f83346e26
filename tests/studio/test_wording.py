"""No syntax hides a word from the judge: a benign stand-in is put together in every way there is."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.records import Picture, Recipe, SheetRecipe
from rakkan.studio import bring, create
from rakkan.studio.wording import readings, released_wording
from rakkan.trust.gate import Destination, Finding
from rakkan.trust.safety.prompts import judging, tables

TABLE = tables.read((Path(__file__).parents[1] / "trust/safety/prompts/teapots.toml").read_text("utf-8"))


def judge(prompt: str, negative: str) -> list[Finding]:
    refused = judging.judge(prompt, negative, TABLE)
    return [Finding(False, one.text, rule=one.rule) for one in refused] or [Finding(True, "fine")]


def consider(prompt: str, negative: str) -> None:
    for finding in judge(prompt, negative):
        if not finding.allowed:
            raise RakkanError(finding.reason)


HIDDEN = [
    "tea[pot:x:3]", "te[a:x:1]pot", "t[e|i]apot", "[:tea:0.5]pot", "tea[smile::0]pot", "[[tea:x:2]|y]pot",
    "tea<lora:x:1>pot", "t(e:1.2)apot", "t((e))apot", "tea[x:[p:q:2]:0]ot", "[tea|cup]po[t|d]",
    r"tea[po\t:x:2]",
    "smile, te[x:[a:y:3]:0]pot",
]  # fmt: skip


@pytest.mark.parametrize("prompt", HIDDEN)
def test_what_is_put_together_while_drawing_is_refused(prompt: str) -> None:
    prompt = f"1girl, smile, {prompt}"
    with pytest.raises(RakkanError, match="teapot"):
        create.plan(create.CreateRequest(prompt, steps=4), consider)
    with pytest.raises(RakkanError, match="teapot"):
        bring.plan(bring.BringRequest(prompt, steps=4), consider)
    assert not all(one.allowed for one in released_wording(judge)(picture(prompt), DESTINATION))


DESTINATION = Destination(Path("a.png"))


def recipe(prompt: str, **more: str) -> Recipe:
    return Recipe(prompt, "", "m", "00" * 32, "euler", "uniform", 4, 1.0, 1, 8, 8, settings=more)


def picture(prompt: str, **more: str) -> Picture:
    return Picture(numpy.zeros((8, 8, 3), numpy.uint8), recipe(prompt, **more))


def test_templates_and_labels_are_judged_when_a_picture_leaves() -> None:
    check = released_wording(judge)
    pixels = numpy.zeros((8, 8, 3), numpy.uint8)
    sheet = SheetRecipe(1, 8, 8, (recipe("hat"),), {"row 1": "teapot"})
    assert [one.allowed for one in check(Picture(pixels, sheet, "sheet"), DESTINATION)] == [False]
    assert [one.allowed for one in check(picture("hat", template="{hat|teapot}"), DESTINATION)] == [False]
    assert [one.allowed for one in check(picture("hat", template="{hat|cap}"), DESTINATION)] == [True]


def test_syntax_that_cannot_be_read_does_not_leave() -> None:
    (finding,) = released_wording(judge)(picture("(hat:1000)"), DESTINATION)
    assert not finding.allowed and "out of range" in finding.reason


@pytest.mark.parametrize(
    "prompt", ["1girl, (hat:1.2), [smile:grin:0.5]", "a, b", r"\(hat\)", "[hat|cap] BREAK x"]
)
def test_what_breaks_no_rule_is_drawn(prompt: str) -> None:
    assert all(one.allowed for one in released_wording(judge)(picture(prompt), DESTINATION))


def test_readings_are_what_each_step_reads() -> None:
    assert readings("a, b", 4) == ()
    assert readings("[a:b:2], (c:1.2)", 4) == ("a, c", "b, c")
    assert readings("x<lora:y:1>z", 4) == ("xz",)
