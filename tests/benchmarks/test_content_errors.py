"""The statistics of false refusals, against published and hand-computed values."""

from __future__ import annotations

import pytest
from benchmarks.content_errors import clopper_pearson, is_refused, summary, table

from rakkan.trust.safety.pictures import Limits


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.30850),  # 1 - 0.025 ** (1 / 10)
        (10, 10, 0.69150, 1.0),
        (1, 10, 0.00253, 0.44502),  # Brown, Cai and DasGupta's and every table of the interval
        (5, 10, 0.18709, 0.81291),
        (0, 2000, 0.0, 0.00184),
    ],
)
def test_the_interval_is_clopper_and_pearsons(hits: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, n) == pytest.approx((low, high), abs=6e-6)


def test_no_share_has_no_interval() -> None:
    for hits, n in ((1, 0), (3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="is no share"):
            clopper_pearson(hits, n)


LIMITS = {
    "one": Limits({"cup": 0.5, "cup+pot": 0.9}, {"cup": 0.7}),
    "other": Limits({"pan": 0.3}, {"pan": 0.4}),
}


@pytest.mark.parametrize(
    ("whole", "window", "refused"),
    [
        ({"cup": 0.49, "cup+pot": 0.89, "pan": 0.29}, {}, False),
        ({"cup": 0.5, "cup+pot": 0.5, "pan": 0.0}, {}, True),
        ({"cup": 0.0, "cup+pot": 0.9, "pan": 0.0}, {}, True),
        ({"cup": 0.0, "cup+pot": 0.0, "pan": 0.3}, {}, True),
        ({"cup": 0.0, "cup+pot": 0.0, "pan": 0.0}, {"cup": 0.69, "cup+pot": 1.0, "pan": 0.39}, False),
        ({"cup": 0.0, "cup+pot": 0.0, "pan": 0.0}, {"cup": 0.7, "cup+pot": 0.7, "pan": 0.0}, True),
        ({"cup": 0.0, "cup+pot": 0.0, "pan": 0.0}, {"cup": 0.0, "cup+pot": 0.0, "pan": 0.4}, True),
    ],
)
def test_any_sum_that_reaches_its_threshold_refuses(
    whole: dict[str, float], window: dict[str, float], refused: bool
) -> None:
    assert is_refused({"whole": whole, "window": window}, LIMITS) is refused


def test_refusals_are_counted_by_kind_and_source() -> None:
    calm = {"whole": {"hentai": 0.0, "hentai+porn+sexy": 0.0, "unsafe": 0.0}, "window": {}}
    upset = {"whole": {**calm["whole"], "unsafe": 1.0}, "window": {}}
    rows = [
        {"source": "a", "kind": "drawing", "peaks": calm},
        {"source": "a", "kind": "drawing", "peaks": upset},
        {"source": "b", "kind": "drawing", "peaks": calm},
        {"source": "b", "kind": "photograph", "peaks": calm},
    ]
    found = summary(rows)
    assert (found["drawing"]["all"]["refused"], found["drawing"]["all"]["n"]) == (1, 3)
    assert found["drawing"]["a"]["share"] == 0.5 and found["drawing"]["b"]["refused"] == 0
    assert set(found) == {"drawing", "photograph"}
    assert "| **drawing** | all | 1 of 3 | 33.33 % |" in table({"refused": found})
