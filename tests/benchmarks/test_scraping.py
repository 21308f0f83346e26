"""The scraping benchmark: its simulations in miniature, and its intervals."""

from __future__ import annotations

import numpy
import pytest

from benchmarks import scraping, scraping_attacks, scraping_people


def test_the_kinds_of_people_are_everybody() -> None:
    spec = scraping_people.honest()
    assert sum(one["share"] for one in spec["people"].values()) == pytest.approx(1)
    assert sum(spec["attacked"]["kinds"].values()) == pytest.approx(1)
    doubled = scraping_people.honest(2.0)
    assert doubled["people"]["browsing"]["pairs_median"] == 2 * spec["people"]["browsing"]["pairs_median"]
    assert doubled["attacked"]["gap_seconds"] == spec["attacked"]["gap_seconds"] / 2


def test_a_persons_month_is_as_it_was_written_down() -> None:
    person = scraping_people.honest()["people"]["moderating"]
    random = numpy.random.default_rng(3)
    months = [scraping_people.days(person, random, 30) for _ in range(300)]
    # 0.8 * 30 days of 60 pairs, the mean of a lognormal being above its median: e^((0.4² + 0.6²) / 2).
    expected = 24 * 60 * numpy.exp((0.4**2 + 0.6**2) / 2)
    assert numpy.mean([len(times) for times, _, _ in months]) == pytest.approx(expected, rel=0.08)
    assert numpy.mean(numpy.concatenate([tails for _, tails, _ in months])) == pytest.approx(0.09, abs=0.005)


def test_runs_are_repeatable() -> None:
    one, two = scraping_attacks.attack(5), scraping_attacks.attack(5)
    assert (one.pairs, one.until, one.rejected, one.honest) == (
        two.pairs,
        two.until,
        two.rejected,
        two.honest,
    )
    assert one.stopped
    assert one.pairs < 300
    assert one.succeeded / one.honest > 0.99


def test_missing_links_let_more_through() -> None:
    pairs = [scraping_attacks.attack(seed, 0.3).pairs for seed in range(3)]
    assert min(pairs) > scraping_attacks.attack(0).pairs


def test_an_honest_month_in_miniature() -> None:
    tally = scraping_people.month(1, 1.0, "browsing", 30)
    assert tally.accounts["browsing"] == 30
    assert tally.pairs["browsing"] > 1000
    assert not tally.alarmed


def test_the_links_of_a_hub_merge_no_crowd() -> None:
    spec = scraping_people.honest()
    names = [f"a{number}" for number in range(1500)]
    links = scraping_people.linked(spec["links"], numpy.random.default_rng(1), names)
    sizes = [len(one.accounts) for one in scraping_people.clusters.clustered(links)]
    assert 2 <= max(sizes) <= 40


def test_shares_have_exact_intervals() -> None:
    # None of 3,000: 1 - 0.025^(1/3000).
    assert scraping.share(0, 3000)["interval"] == pytest.approx([0.0, 0.0012289], abs=1e-6)
    assert scraping.share(3000, 3000)["interval"] == pytest.approx([0.9987711, 1.0], abs=1e-6)


def test_canaries_are_met_as_arithmetic_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scraping, "ORDERS", 400)
    for found in scraping.canary_check(1)["detected"].values():
        low, high = found["simulated"]["interval"]
        assert low - 0.02 <= found["without replacement"] <= high + 0.02
