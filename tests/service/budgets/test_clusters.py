"""Linking accounts: weights by hand, what many share, and that evidence never parts what it joined."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.service.budgets import pairs
from rakkan.service.budgets.clusters import MERGING, STRENGTHS, Kind, Link, clustered, ties, weight
from rakkan.service.budgets.windows import DAY, MONTH, total


def together(links: list[Link], kept: list[tuple[str, str]] | None = None) -> list[tuple[str, ...]]:
    return [one.accounts for one in clustered(links, kept or ())]


def test_weights_by_hand() -> None:
    assert weight("network", 1) == 0.0
    assert weight("network", 2) == weight("network", 4) == 0.3
    # 500 share it: 0.3 * 3 / 499.
    assert weight("network", 500) == pytest.approx(0.0018036, abs=1e-7)
    # Forty at a pool of computers: 0.75 * 5 / 39.
    assert weight("device", 40) == pytest.approx(0.0961538, abs=1e-7)
    assert weight("payment", 20) == 0.95


def test_two_witnesses_by_hand() -> None:
    links = [Link(name, kind, "x") for name in "ab" for kind in ("network", "device")]
    (tie,) = ties(links)
    # 1 - (1 - 0.3) (1 - 0.75)
    assert tie.confidence == pytest.approx(0.825)
    assert tie.kinds == ("device", "network")


def test_a_university_is_not_one_person() -> None:
    links = [Link(f"student{number:03}", "network", "campus") for number in range(500)]
    links += [Link(f"student{number:03}", "device", f"pool{number // 40}") for number in range(500)]
    assert max(len(accounts) for accounts in together(links)) == 1


def test_one_network_merges_nobody_and_one_purse_twenty() -> None:
    assert together([Link("a", "network", "home"), Link("b", "network", "home")]) == [("a",), ("b",)]
    fleet = [Link(f"f{number:02}", "payment", "label") for number in range(20)]
    (cluster,) = clustered(fleet)
    assert len(cluster.accounts) == 20
    assert len(cluster.ties) == 19
    assert cluster.confidence == pytest.approx(0.95)
    assert cluster.name == "f00"


def test_the_surest_ties_are_taken() -> None:
    """a-b by device (0.75), b-c by payment (0.95), a-c by device (0.75): b-c and one of the others."""
    links = [Link("a", "device", "d"), Link("b", "device", "d"), Link("c", "device", "d")]
    links += [Link("b", "payment", "p"), Link("c", "payment", "p")]
    (cluster,) = clustered(links)
    assert cluster.ties[0].confidence == pytest.approx(1 - 0.25 * 0.05)
    assert cluster.ties[0].kinds == ("payment", "device")
    assert cluster.confidence == pytest.approx(0.75)


def test_sharing_more_widely_does_not_loosen_what_was_joined() -> None:
    links = [Link("a", "device", "d"), Link("b", "device", "d")]
    links += [Link(f"x{number}", "device", "d") for number in range(100)]
    assert max(len(accounts) for accounts in together(links)) == 1
    assert ("a", "b") in together(links, [("b", "a")])
    (cluster,) = (one for one in clustered(links, [("b", "a")]) if "a" in one.accounts)
    assert cluster.confidence == pytest.approx(MERGING)


NAMES = [f"n{number}" for number in range(6)]
#: Kinds whose values keep their weight among six accounts.
STRONG: list[Kind] = [kind for kind, one in STRENGTHS.items() if one.ordinary >= len(NAMES)]
links_of = some.lists(
    some.builds(Link, some.sampled_from(NAMES), some.sampled_from(STRONG), some.sampled_from("uvw")),
    max_size=14,
)
usages = some.fixed_dictionaries({name: some.integers(0, 50) for name in NAMES})


@given(links_of, links_of, usages)
def test_more_links_never_lessen_what_a_cluster_has_read(
    before: list[Link], more: list[Link], read: dict[str, int]
) -> None:
    now = 9.0 * MONTH

    def usage(accounts: tuple[str, ...]) -> float:
        parts = []
        for account in accounts:
            one = pairs.UNUSED
            for _ in range(read[account]):
                one = pairs.served(one, True, True, now)
            parts.append(one)
        whole = pairs.merged(parts)
        assert whole.members == len(accounts)
        return total(whole.pairs.day, now, DAY)

    least = {name: usage(accounts) for accounts in together(before) for name in accounts}
    most = {name: usage(accounts) for accounts in together(before + more) for name in accounts}
    assert all(most[name] >= least[name] for name in least)


@given(links_of, some.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(links: list[Link], random: object) -> None:
    shuffled = list(links)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert clustered(links) == clustered(shuffled)


@given(links_of)
def test_clusters_part_the_accounts_and_have_one_tie_fewer(links: list[Link]) -> None:
    found = clustered(links)
    accounts = [account for one in found for account in one.accounts]
    assert sorted(accounts) == sorted({link.account for link in links})
    assert all(len(one.ties) == len(one.accounts) - 1 for one in found)
    assert all(MERGING <= tie.confidence <= 1 for one in found for tie in one.ties)
    assert all(one.name < other.name for one, other in pairwise(found))
