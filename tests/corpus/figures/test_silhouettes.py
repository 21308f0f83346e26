"""The judge of silhouettes, by hand; and what a silhouette shows."""

from __future__ import annotations

import numpy as np
import pytest

from rakkan.corpus.figures import silhouettes
from rakkan.corpus.figures.silhouettes import CELLS, Subject, Verdict, compare, discriminate, silhouette


def test_one_number_is_judged_by_the_middle_between_two_means() -> None:
    # Means 0 and 4, variance 1, doubled by the shrinkage: scores x·m/2 - m²/4, equal at x = 2.
    learnt = np.array([[[-1.0], [1.0]], [[3.0], [5.0]]])
    asked = np.array([[[1.9], [2.1]], [[2.0], [7.0]]])
    expected = [[[0, 1.9 * 2 - 4], [0, 2.1 * 2 - 4]], [[0, 0], [0, 10]]]
    np.testing.assert_allclose(discriminate(learnt, asked), expected)


def test_a_noisy_direction_counts_less() -> None:
    # Both features tell the classes apart by 2; the first varies ten times as much as the second.
    random = np.random.default_rng(0)
    noise = random.normal(size=(2, 400, 2)) * (1.0, 0.1)
    centres = np.array([[[0.0, 0.0]], [[2.0, 2.0]]])
    # By the first feature alone this is the first class, by the second surely the other.
    scores = discriminate(noise + centres, np.array([[[-0.5, 2.0]], [[0.0, 0.0]]]))
    assert scores[0, 0].argmax() == 1
    assert scores[1, 0].argmax() == 0


def test_a_silhouette_is_coverage_and_the_same_each_time() -> None:
    first = silhouette(("bob cut", "front", 3))
    assert first.shape == (CELLS * CELLS,)
    assert first.min() >= 0 and first.max() == 1
    np.testing.assert_array_equal(first, silhouette(("bob cut", "front", 3)))
    assert not np.array_equal(first, silhouette(("bob cut", "front", 4)))


@pytest.mark.parametrize("view", silhouettes.VIEWS)
def test_it_shows_head_and_hair_and_nothing_else(view: str) -> None:
    cells = silhouette(("short hair", view, 1)).reshape(CELLS, CELLS)
    assert cells[7:12, 9:15].min() > 0.95  # the head is black throughout, the face too
    assert cells[19:].max() == 0  # no shoulders
    assert cells[:, 0].max() == cells[:, -1].max() == 0


@pytest.mark.parametrize("tall", ["spiky hair", "high ponytail", "mohawk", "afro"])
def test_tall_hair_is_not_cut_off_and_does_not_change_the_frame(tall: str) -> None:
    for seed in range(3):
        assert silhouette((tall, "front", seed)).reshape(CELLS, CELLS)[0].max() == 0


def test_long_hair_is_more_than_short_hair() -> None:
    for view in silhouettes.VIEWS:
        long, short = (silhouette((name, view, 2)).sum() for name in ("long wavy hair", "pixie cut"))
        assert long > 1.2 * short


def _planted(subject: Subject) -> np.ndarray:
    """Pictures of one number: ``a`` and ``b`` cannot be told apart in profile, ``c`` always can."""
    style, view, seed = subject
    level = {"a": 0.0, "b": 0.0 if view == "profile left" else 8.0, "c": -8.0}[style]
    return np.array([level + (-1.0, 1.0)[seed % 2]])


def test_what_cannot_be_told_apart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouettes, "silhouette", _planted)
    told: list[Verdict] = []
    found = compare(4, 2, views=("front", "profile left"), styles=("a", "b", "c"), progress=told.append)
    assert found.views == tuple(told)
    assert [view.names for view in told] == [("front",), ("profile left",)]
    assert [view.asked for view in told] == [6, 6]
    assert told[0].share == 1
    assert told[1].right < 6
    assert found.overall == Verdict(("all",), told[0].right + told[1].right, 12)
    assert [pair.names for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.worst_pair.names == ("a", "b")
    assert found.worst_pair_in_one_view.names == ("a", "b", "profile left")
    # All of four in front; none in profile, where the scores are equal and a tie is no answer.
    assert (found.worst_pair.right, found.worst_pair.asked) == (4, 8)


def test_other_seeds_share_no_silhouette(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Subject] = []

    def seen(subject: Subject) -> np.ndarray:
        asked.append(subject)
        return _planted(subject)

    monkeypatch.setattr(silhouettes, "silhouette", seen)
    for seed in range(3):
        compare(3, 2, seed=seed, views=("front",), styles=("a", "b"))
    assert len(set(asked)) == len(asked) == 3 * 2 * 5
