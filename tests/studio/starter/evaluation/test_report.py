"""The card holds every figure, and every figure of it comes from the measurement."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.studio.starter.evaluation.figures import by_eye, made_up
from tests.test_docs import unfounded

from rakkan.studio.starter.evaluation import report
from rakkan.studio.starter.vocabulary import SLOTS


def test_every_figure_of_the_card_is_founded() -> None:
    figures = made_up()
    assert unfounded(report.card(figures), {"starter.json": figures}) == []
    files = {"starter.json": figures, "starter-by-eye.json": by_eye()}
    assert unfounded(report.card(figures, by_eye()), files) == []


@pytest.mark.parametrize(
    "path",
    [
        ("prompts",),
        ("distance", "frechet"),
        ("distance", "frechet_floor"),
        ("distance", "kernel"),
        ("neighbours", "among"),
        ("training", "megabytes"),
        ("training", "stages", "flow", "samples"),
    ],
)
def test_a_card_of_other_figures_is_found_out(path: tuple[str, ...]) -> None:
    """Whichever figure changes, the card written before no longer passes."""
    card, changed = report.card(made_up()), copy.deepcopy(made_up())
    place: Any = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = 31.4159
    assert unfounded(card, {"starter.json": changed})


def test_each_figure_stands_in_the_card() -> None:
    figures, card = made_up(), report.card(made_up())
    for slot in SLOTS:
        row, error = figures["adherence"][slot], figures["instrument_error"][slot]
        corrected = "not measurable" if slot == "pose" else f"{100 * row['corrected']:.1f} %"
        low, high = row["interval"]
        line = (
            f"| {slot.replace('_', ' ')} | {row['n']} | {100 * row['share']:.1f} % "
            f"| {100 * low:.1f}–{100 * high:.1f} | {corrected} | {100 * error['sensitivity']:.1f} % |"
        )
        assert line in card
    for text in (
        "987 prompts",
        "in 4 steps",
        "Mean over the groups 94.1 %",
        "worst group 81.2 % (eye colour)",
        "57.3 MB",
        "Some Processor 8000",
        "| flow | 48 | 12,345 | 395,040 |",
        "| hair colour | 199 | 88.9 % | 84.0–93.0 | 97.8 % |",
        "| outfit with outfit colour | outfit | 207 | 65.4 %",
        "on the same 250 prompts and seeds: 93.2 % with 4 steps, 94.6 % with `16`",
        "Fréchet distance 12.35, where two sets of renders lie 3.21 apart",
        "kernel distance 0.0456, where two sets of renders lie 0.0012 apart",
        "each of 651 pictures with the most similar of 6144 renders",
        "median 0.876, largest 0.954",
        "median 0.881, largest 0.962",
    ):
        assert text in card, text


def test_what_was_counted_by_eye_stands_beside_the_instruments() -> None:
    card = report.card(made_up(), by_eye())
    assert "| hair colour | 97 | 99 |" in card and "Counted by one person." in card
    assert card.index("### The same by another instrument") < card.index("### By eye")
    assert card.index("### By eye") < card.index("## Combinations it has never seen")
    assert "### By eye" not in report.card(made_up())


def test_without_training_renders_there_is_no_section_on_neighbours() -> None:
    card = report.card({**made_up(), "neighbours": {"n": 0}})
    assert "Nearest" not in card and "<!-- measured: starter.json -->\n<!-- end" not in card


def test_a_rehearsal_says_that_it_is_one() -> None:
    card = report.card({**made_up(), "training": None})
    assert "rehearsal with the fake engine" in card and "MB" not in card
