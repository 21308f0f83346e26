"""The scraping benchmark: its simulations in miniature, its intervals, and the generator over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy
import pytest

from benchmarks import scraping, scraping_attacks, scraping_http, scraping_people


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


async def _serve(asked: dict[str, int]) -> tuple[scraping_http.Answers, scraping_http.Answers]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                assert "Authorization: Bearer k" in head and "X-Forwarded-For: 10." in head
                path = head.split()[1]
                asked[path] = asked.get(path, 0) + 1
                # Each second picture is turned away once.
                refused = path.endswith(("1", "3")) and asked[path] == 1
                status = "429 Too Many Requests" if refused else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n".encode())
                await writer.drain()
                writer.write(b"ok")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pictures = [scraping_http.Place(f"/p{number}", f"p{number}") for number in range(4)]
    people = scraping_http.Crowd(port, ["k"], [scraping_http.Place("/page")], 100.0, 8)
    fleet = scraping_http.Crowd(port, ["k", "k2"], pictures, 200.0, 8, goes_through=True)
    async with server:
        found = await asyncio.gather(people.live(0.5, 1), fleet.live(0.5, 2))
        busy = await scraping_http.Crowd(port, ["k"], pictures[:1], 0.0, 2).live(0.2, 3)
    assert busy.statuses["200"] > 20
    return found[0], found[1]


def test_the_generator_counts_pairs_and_repeats_what_was_turned_away() -> None:
    asked: dict[str, int] = {}
    honest, fleet = asyncio.run(_serve(asked))
    assert len(fleet.pairs) == 4 and fleet.statuses["429"] == 2
    assert honest.statuses["200"] == honest.statuses.total() > 20
    assert len(honest.delays) == honest.statuses.total() and min(honest.delays) >= 0
    figures = {"honest": scraping_http.figures_of(honest), "pairs": 4, "share of the catalogue": 0.01}
    figures |= {"fleet requests a second": 1.0, "server processor share": 0.5}
    told = scraping_http.summary([figures], [honest], [honest])
    assert told["honest success"] == 1.0 and told["stopped by 300"] == 1
    assert told["idle ms"]["median"] <= told["attacked ms"]["99th"]


def test_people_draw_and_a_fleet_goes_through() -> None:
    places = [scraping_http.Place(f"/{number}") for number in range(50)]
    fleet = scraping_http.Crowd(1, ["k"], places, 1.0, 1, goes_through=True)
    assert {fleet._next().path for _ in places} == {one.path for one in places}
    people = scraping_http.Crowd(1, ["k"], [places[0], scraping_http.Place("/no", weight=0.0)], 1.0, 1)
    assert {people._next().path for _ in range(50)} == {"/0"}
