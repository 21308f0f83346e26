"""``python -m benchmarks.scraping_tables``: what was simulated, for docs/scraping.md."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

from benchmarks.scraping_http_tables import DOCUMENT, MEASUREMENTS

FILE = "scraping.json"


def share(one: dict[str, Any], digits: int) -> str:
    """A share in percent with its interval."""
    low, high = (f"{100 * value:.{digits}f}" for value in one["interval"])
    return f"{100 * one['share']:.{digits}f} % ({low} to {high})"


def prose(text: str) -> str:
    """A paragraph in lines as the document has them."""
    return textwrap.fill(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def fleets(report: dict[str, Any]) -> str:
    """The fleets, fast and patient."""
    attackers = {
        "naive": report["naive"],
        "naive, honest activity doubled": report["doubled"]["naive"],
        "links missing": report["missing"],
    }
    naive, missing = report["naive"], report["missing"]
    rows = "\n".join(
        f"| {name} | {one['runs']} | {one['pairs']['median']:.0f}; {one['pairs']['95th']:.0f}; "
        f"{one['pairs']['most']:.0f} | {share(one['stopped by 300 pairs'], 2)} "
        f"| {share(one['stopped by 700 pairs'], 2)} | {share(one['under 1 % of the catalogue'], 2)} "
        f"| {share(one['honest success'], 3)} | {one['honest milliseconds']['99th']:g} |"
        for name, one in attackers.items()
    )
    head = prose(
        f"""A fleet of {naive["accounts"]} accounts at 20 times the capacity against 50 people at work,
        catalogue of {naive["catalogue"]}. "Missing": the one label that links them is unknown of 30 % of the
        accounts. Intervals are exact (95 %, Clopper-Pearson). Pairs are the median, the 95th percentile and
        the most; milliseconds the 99th percentile of honest requests in the simulated server."""
    )
    links = prose(
        f"""**When links are missing the wanted figures are not reached**: each account that nothing links to
        the others has to be found out alone, so the fleet gets a multiple. In the median it falls into
        {missing["clusters"]["median"]:.0f} clusters."""
    )
    slow = prose(
        """**A patient fleet is not stopped.** It opens what the feed shows it, at a pair each ten seconds and
        account, meets no canary and has no long tail. It gets its budget of pairs; days until it has a
        hundredth and a tenth of the catalogue (medians):"""
    )
    last = prose(
        """All it can be kept from is being fast: one more account that is linked to nothing is one more
        budget."""
    )
    names = "attacker | runs | pairs | stopped by 300 | stopped by 700 | under 1 % of the catalogue"
    table = f"| {names} | honest success | ms |\n|---|---|---|---|---|---|---|---|\n{rows}"
    return "\n\n".join((head, table, _reached(naive), links, slow, _patient(report["patient"]), last)) + "\n"


def _reached(naive: dict[str, Any]) -> str:
    found = naive["stopped by 700 pairs"]
    low = 100 * found["interval"][0]
    if found["hits"] == found["n"] and low < 99.9:
        return prose(
            f"""With {found["n"]} runs all stopped, the interval's lower end is {low:.2f} %: that the share is
            above 99.9 % is likely and not shown."""
        )
    return f"Stopped by 700 pairs were {found['hits']} of {found['n']} naive fleets."


def _patient(found: dict[str, Any]) -> str:
    names = {"linked": "20 accounts, linked", "one account": "one account"}
    rows = "\n".join(
        f"| {names.get(name, name)} | {one['runs']} | {one['clusters']['median']:.0f} "
        f"| {one['days to 1 %']['median']:.2f} | {one['days to 10 %']['median']:.1f} "
        f"| {one['pairs in 30 days']['median']:.0f} |"
        for name, one in found.items()
        if isinstance(one, dict)
    )
    return (
        "| patient attacker | runs | clusters | days to 1 % | days to 10 % | pairs in 30 days |\n"
        f"|---|---|---|---|---|---|\n{rows}"
    )


def honest(report: dict[str, Any]) -> str:
    """Months of honest people."""
    months = report["months"]
    hub = months["hub"]
    whole = {
        "a hub": hub,
        "- its programs": hub["of kinds"]["programs"],
        "collectors": months["collecting"],
        "moderators": months["moderating"],
        "programs": months["programs"],
        "a hub, activity doubled": report["doubled"]["months"]["hub"],
    }
    rows = "\n".join(
        f"| {name} | {one['false alarms']['n']} | {one['false alarms']['hits']} "
        f"| {share(one['false alarms'], 4)} | {100 * one['pairs put off']['share']:.2f} % |"
        for name, one in whole.items()
    )
    browsing = 100 * hub["of kinds"]["browsing"]["pairs put off"]["share"]
    head = prose(
        f"""Months of whole hubs of 4000 accounts with their links ({hub["accounts in clusters"]} of
        {hub["account-months"]} account-months were in a cluster, the largest of {hub["largest cluster"]}),
        and of people of three kinds. A false alarm is an alarm of any cause. "Put off" is the share of pairs
        that were answered with a time to come again."""
    )
    last = prose(
        f"""Nearly all that is put off is programs that fetch hundreds of other people's recipes in an hour;
        of people who browse it is {browsing:.2f} %. The budgets trade the one for the other: higher ones
        would let a patient fleet read faster."""
    )
    names = "| who | account-months | false alarms | per account-month | pairs put off |"
    return f"{head}\n\n{names}\n|---|---|---|---|---|\n{rows}\n\n{last}\n"


def canaries(report: dict[str, Any]) -> str:
    """Canaries, by arithmetic and by simulation."""
    found = report["canaries"]
    rows = "\n".join(
        f"| {fetches} | {100 * one['arithmetic']:.2f} % | {100 * one['without replacement']:.2f} % "
        f"| {share(one['simulated'], 2)} |"
        for fetches, one in found["detected"].items()
    )
    head = prose(
        f"""Where 1 in 100 is a canary, {found["fetches for 95 %"]} fetches without aim meet one with 95 % and
        {found["fetches for 99.9 %"]} with 99.9 %. A keyed hash over 100000 identifiers chose
        {found["canaries"]}; in {found["orders"]} random orders of that catalogue:"""
    )
    names = "| fetches | 1 - 0.99ⁿ | without replacement | simulated |"
    return f"{head}\n\n{names}\n|---|---|---|---|\n{rows}\n"


def costs(report: dict[str, Any]) -> str:
    """What deciding costs."""
    found = report["costs"]
    took = {name: one["median"] for name, one in found["microseconds"].items()}
    rounds = found["microseconds"]["decided and counted"]["n"]
    return (
        prose(
            f"""A request that is turned away from memory takes {took["turned away from memory"]:.2f}
            microseconds to decide, one that is decided and counted {took["decided and counted"]:.0f} (medians
            of {rounds} rounds), a ratio of {100 * found["turned away, of counted"]:.1f} %; this is without
            HTTP. Making 500 new pairs durable takes {found["milliseconds to write 500 pairs"]:g} ms."""
        )
        + "\n"
    )


def blocks(report: dict[str, Any]) -> list[str]:
    """The blocks of the document, in order."""
    return [fleets(report), honest(report), canaries(report), costs(report)]


def written(document: str, texts: list[str]) -> str:
    """The document with its blocks that are measured in ``FILE`` written anew."""
    start, end = f"<!-- measured: {FILE} -->\n", "<!-- end measured -->"
    pattern = re.compile(re.escape(start) + r".*?" + re.escape(end), re.DOTALL)
    assert len(pattern.findall(document)) == len(texts), f"{DOCUMENT.name} has other blocks of {FILE}"
    waiting = iter(texts)
    return pattern.sub(lambda match: start + next(waiting) + end, document)


def main() -> None:
    report = json.loads((MEASUREMENTS / FILE).read_text(encoding="utf-8"))
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), blocks(report)), encoding="utf-8")


if __name__ == "__main__":
    main()
