"""Intervals and corrections against values worked out by hand or printed in textbooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.starter.evaluation.statistics import Proportion, corrected, wilson


def test_wilson_equals_the_published_example() -> None:
    # Newcombe 1998 (Stat. Med. 17, p. 861), table I: 81 of 263 and 15 of 148, method 3 (score).
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_wilson_at_the_ends_stays_inside_and_is_not_empty() -> None:
    low, high = wilson(0, 20)
    assert low == 0 and high == pytest.approx(0.1611, abs=5e-5)
    assert wilson(20, 20) == (pytest.approx(0.8389, abs=5e-5), 1.0)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(case: tuple[int, int]) -> None:
    hits, trials = case
    low, high = Proportion(hits, trials).interval
    assert low <= hits / trials + 1e-12 and hits / trials - 1e-12 <= high


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_nonsense_is_no_proportion(hits: int, trials: int) -> None:
    with pytest.raises(RakkanError):
        wilson(hits, trials)


def test_correction_by_hand() -> None:
    # 100 true and 100 false; 90 of the true and 5 of the false are called true: apparent 0.475.
    assert corrected(0.475, 0.9, 0.95) == pytest.approx(0.5)
    assert corrected(0.95, 0.9, 0.95) == 1.0


def test_below_the_false_positives_nothing_is_measurable() -> None:
    assert corrected(0.04, 0.9, 0.95) is None
    assert corrected(0.5, 0.5, 0.5) is None
