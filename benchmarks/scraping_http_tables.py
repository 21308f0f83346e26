"""``python -m benchmarks.scraping_http_tables``: what was measured over HTTP, for docs/scraping.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "scraping.md"
MEASUREMENTS = ROOT / "docs" / "measurements"


def attack(report: dict[str, Any]) -> str:
    """The runs of ``scraping_http``."""
    capacity, pairs = report["capacity"], report["pairs"]
    idle, busy = report["idle ms"], report["attacked ms"]
    low, high = (f"{100 * value:.2f}" for value in report["honest success interval"])
    rows = {
        "distinct pairs given, least; median; most": (
            f"{pairs['least']}; {pairs['median']:g}; {pairs['most']}"
        ),
        "runs stopped by 300 pairs": f"{report['stopped by 300']} of {report['n']}",
        "the most of the catalogue seen in a run": f"{100 * report['most of the catalogue']:.2f} %",
        "requests of the fleet a second": f"{report['fleet requests a second']:.0f}",
        "the server's share of its core": f"{100 * report['server processor share']:.1f} %",
        "honest requests that succeeded within 2 s": (
            f"{100 * report['honest success']:.2f} % of {report['honest requests']} ({low} to {high})"
        ),
        "ms of honest requests when idle, median; 99th": f"{idle['median']:g}; {idle['99th']:g}",
        "ms of honest requests under attack, median; 99th": f"{busy['median']:g}; {busy['99th']:g}",
    }
    before, after = report["load before"][0], report["load after"][0]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"The server gives {capacity['a second']:g} answers a second at most to requests of people at work, "
        f"{capacity['processor ms']:.1f} ms of its\nprocessor each. A naive fleet of 20 accounts asks "
        f"{report['offered']:.0f} times a second, 20 times as often; {report['n']} runs of\n"
        f"{report['seconds']:g} seconds each. The machine's load was {before:.1f} before and {after:.1f} "
        f"after them.\n\n| what | figure |\n|---|---|\n{table}\n"
    )


def lists(report: dict[str, Any]) -> str:
    """What wrk measured."""
    rows = "\n".join(
        f"| {name} | {one['a second']:.0f} | {one['p50 ms']:g} | {one['p99 ms']:g} "
        f"| {one['processor ms']:g} |"
        for name, one in report["wrk"].items()
    )
    return (
        "| asked for | a second | ms, median | ms, 99th | ms of the server's processor |\n"
        f"|---|---|---|---|---|\n{rows}\n\n"
        f"The server held {report['server_most_mib']:.0f} MiB at most, without a worker.\n"
    )


def written(document: str, file: str, text: str) -> str:
    """The document with the block that is measured in ``file`` written anew."""
    start, end = f"<!-- measured: {file} -->\n", "<!-- end measured -->"
    found = re.compile(re.escape(start) + r".*?" + re.escape(end), re.DOTALL)
    assert found.search(document), f"docs/scraping.md has no block of {file}"
    return found.sub(lambda match: start + text + end, document)


def main() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for file, told in (("scraping-http.json", attack), ("hub-http.json", lists)):
        report = json.loads((MEASUREMENTS / file).read_text(encoding="utf-8"))
        document = written(document, file, told(report))
    DOCUMENT.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    main()
