"""Axes of plots: what is typed, which cells come of it, and what is refused."""

from __future__ import annotations

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.bring import BringRequest
from rakkan.studio.create import CreateRequest
from rakkan.studio.grid.axes import MOST_CELLS, Axis, axis, cells

REQUEST = CreateRequest("1girl, smile", "hat", 5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed: 1-4", Axis("seed", ("1", "2", "3", "4"))),
        ("Seed: 7, 9-11", Axis("seed", ("7", "9", "10", "11"))),
        ("steps: 4-12 [+4]", Axis("steps", ("4", "8", "12"))),
        ("guidance: 1, 2.5", Axis("guidance", ("1", "2.5"))),
        ("CFG scale: 3", Axis("guidance", ("3",))),
        ("S/R: smile, sad, ", Axis("S/R", ("smile", "sad", ""))),
        ('s/r: "a, b", c', Axis("S/R", ("a, b", "c"))),
        ("sampler: Euler, DPM++ 2M Karras", Axis("sampler", ("Euler", "DPM++ 2M Karras"))),
        ("model: one, two", Axis("model", ("one", "two"))),
    ],
)
def test_axes_are_read(text: str, found: Axis) -> None:
    assert axis(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sed: 1-4", "Did you mean 'seed'"),
        ("seed", "no axis"),
        ("seed:", "0 values"),
        ("seed: 4-1", "no range"),
        ("seed: 1-99", "no range"),
        ("seed: 1-9 [+0]", "no range"),
        ("seed: 1, 1", "twice"),
        ("S/R: , x", "nothing to search"),
        ("prompt: " + "x" * 500, "too long"),
        ("seed: " + ", ".join(map(str, range(40))), "40 values"),
    ],
)
def test_bad_axes_are_refused(text: str, words: str) -> None:
    with pytest.raises(RakkanError) as raised:
        axis(text)
    assert words in str(raised.value)


def test_cells_come_page_by_page_and_row_by_row() -> None:
    made = cells(REQUEST, (axis("S/R: smile, grin"), axis("seed: 1-2"), axis("steps: 4, 8")))
    assert [(one.page, one.row, one.column) for one in made[:5]] == [
        (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0),
    ]  # fmt: skip
    last = made[-1].request
    assert (last.prompt, last.seed, last.steps) == ("1girl, grin", 2, 8)


def test_words_are_replaced_in_prompts_that_vary_and_in_the_negative_prompt() -> None:
    made = cells(REQUEST, (axis("S/R: hat, cap"), axis('prompt: "hat, 1girl", "1boy, hat"'), None))
    assert [(one.request.prompt, one.request.negative) for one in made] == [
        ("hat, 1girl", "hat"), ("cap, 1girl", "cap"), ("1boy, hat", "hat"), ("1boy, cap", "cap"),
    ]  # fmt: skip


def test_models_and_their_options_are_for_models() -> None:
    made = cells(BringRequest("x"), (axis("sampler: Euler"), axis("model: a, b"), None))
    assert [one.model for one in made] == ["a", "b"]
    with pytest.raises(RakkanError, match="models that you bring"):
        cells(REQUEST, (axis("sampler: Euler"), None, None))


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ("S/R: frown, x", None, "does not hold 'frown'"),
        ("seed: 1-2", "seed: 3-4", "twice"),
        ("seed: 1-20", "steps: 1-20", f"{20 * 20} pictures"),
        ("guidance: one", None, "no number"),
    ],
)
def test_plots_that_cannot_be_drawn_are_refused(x: str, y: str | None, words: str) -> None:
    assert MOST_CELLS < 400
    with pytest.raises(RakkanError) as raised:
        cells(REQUEST, (axis(x), axis(y) if y else None, None))
    assert words in str(raised.value)
