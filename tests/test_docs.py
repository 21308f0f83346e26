"""The documents: their commands exist, their figures are measured, and they speak of Rakkan alone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEASUREMENTS = ROOT / "docs" / "measurements"

BLOCK = re.compile(r"<!-- measured: (?P<file>[\w.-]+) -->(?P<text>.*?)<!-- end measured -->", re.DOTALL)
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
#: Not text a reader takes for a figure: code, comments, targets of links, and links' own addresses.
QUIET = re.compile(r"`[^`\n]*`|<!--.*?-->|\]\([^)]*\)|https?://\S+", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:[,\u202f]\d{3})*(?:\.\d+)?(?![\w/]|[.,]\d)")
#: A number before one of these reads as measured.
UNIT = (
    r"(?:%|percent|per cent|ms|s|seconds?|minutes|h|hours|KB|MB|GB|KiB|MiB|GiB|points|dB"
    r"|(?:pictures|images)/s|×|times (?:as|faster|slower|less|more))"
)
MEASURED = re.compile(NUMBER.pattern + rf"[ \u00a0\u202f]?{UNIT}(?!\w)")


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def numbers(value: Any) -> Iterator[float]:
    """Every number in a measurement, also those written inside its texts (a processor's name, a date)."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(key)
            yield from numbers(item)
    elif isinstance(value, list):
        yield float(len(value))
        for item in value:
            yield from numbers(item)
    elif isinstance(value, str):
        yield from (float(found) for found in re.findall(r"\d+(?:\.\d+)?", value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def unfounded(document: str, files: dict[str, Any]) -> list[str]:
    """What is wrong with the figures of a document, given the measurement files by name."""
    complaints = []
    for block in BLOCK.finditer(document):
        name = block["file"]
        if name not in files:
            complaints.append(f"{name} does not exist")
            continue
        known = list(numbers(files[name]))
        prose = QUIET.sub(" ", FENCE.sub(" ", block["text"]))
        complaints += [
            f"{text} is not in {name}" for text in NUMBER.findall(prose) if not _is_known(text, known)
        ]
    outside = QUIET.sub(" ", BLOCK.sub(" ", FENCE.sub(" ", document)))
    complaints += [f"'{found[0]}' has no measurement" for found in MEASURED.finditer(outside)]
    return complaints


def _is_known(text: str, known: list[float]) -> bool:
    plain = re.sub(r"[,\u202f]", "", text)
    places = len(plain.partition(".")[2])
    # Half a unit of the last place printed, and a hair for binary fractions.
    near = 0.5 * 10.0**-places + 1e-9
    return any(abs(scale * value - float(plain)) <= near for value in known for scale in (1.0, 100.0))


def measurement_files() -> dict[str, Any]:
    return {path.name: json.loads(path.read_text()) for path in sorted(MEASUREMENTS.glob("*.json"))}


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_every_figure_comes_from_a_measurement(path: Path) -> None:
    complaints = unfounded(path.read_text(), measurement_files())
    assert not complaints, f"{path.name}: {'; '.join(complaints)}"


SAMPLE = {"bench.json": {"warm_seconds": 0.6312, "ratio": 2.417, "mean": 0.934, "n": 200, "cpu": "EPYC 9004"}}


@pytest.mark.parametrize(
    "text",
    [
        "<!-- measured: bench.json -->A picture takes 0.63 s (n = 200).<!-- end measured -->",
        "<!-- measured: bench.json -->| 2.4× | 93.4 % | EPYC 9004 |<!-- end measured -->",
        "Python 3.11, `512 MB`, part 2, 24 figures, 4 steps, 512x768",
        "```\n0.1 s\n```\nplain",
    ],
)
def test_founded_figures_pass(text: str) -> None:
    assert unfounded(text, SAMPLE) == []


@pytest.mark.parametrize(
    "text",
    [
        "<!-- measured: bench.json -->A picture takes 0.64 s.<!-- end measured -->",
        "<!-- measured: bench.json -->94 %<!-- end measured -->",
        "<!-- measured: gone.json -->1<!-- end measured -->",
        "A picture takes 0.63 s.",
        "It is right in 93 % of cases.",
        "It is 2.4× faster",
        "It needs 900 MB of memory",
        "It draws 120 pictures/s",
    ],
)
def test_unfounded_figures_are_found(text: str) -> None:
    assert unfounded(text, SAMPLE)


def test_measurements_say_how_they_were_made() -> None:
    for name, content in measurement_files().items():
        for key in ("command", "seed", "commit", "n", "processor"):
            assert key in json.dumps(content), f"{name} does not say its {key}"


# ---- commands


def commands(text: str) -> list[str]:
    """The lines of a document's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_makes_of_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE))
    assert {"create", "test"} <= named
    assert named <= targets


def test_the_variables_of_make_create_exist() -> None:
    known = re.search(r"^OPTIONS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert known
    for line in commands((ROOT / "README.md").read_text()):
        if line.startswith("make create"):
            assert set(re.findall(r"\b([A-Z]+)=", line)) <= set(known[1].split())


def test_the_readme_names_every_command_and_only_those() -> None:
    from rakkan.cli.main import app

    groups = {str(group.name): group.typer_instance for group in app.registered_groups}
    existing = {_name(command) for command in app.registered_commands} | {
        f"{name} {_name(command)}"
        for name, group in groups.items()
        if group is not None
        for command in group.registered_commands
    }
    text = (ROOT / "README.md").read_text()
    lines = [line for line in commands(text) if "rakkan " in line]
    named = set()
    for line in lines:
        words = line.split("rakkan ", 1)[1].split()
        if not words[0].startswith("-"):
            named.add(" ".join(words[:2]) if words[0] in groups else words[0])
    assert named <= existing, f"{named - existing} are in the README and nowhere else"
    assert existing <= named, f"{existing - named} are missing from the README"


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))


def test_the_options_of_the_readme_exist(rakkan: Any) -> None:
    for line in commands((ROOT / "README.md").read_text()):
        if not line.startswith(".venv/bin/rakkan"):
            continue
        words = [word for word in line.split()[1:3] if re.fullmatch("[a-z][a-z-]*", word)]
        options = set(re.findall(r"(?<!\S)--[a-z]+", line))
        if words and options:
            shown = rakkan(*words, "--help", COLUMNS="200").stdout
            assert options <= set(re.findall(r"--[a-z]+", shown)), line


def test_the_prompts_of_the_readme_are_understood_to_the_last_word() -> None:
    from rakkan.studio.starter.lexicon import read

    text = "\n".join(commands((ROOT / "README.md").read_text()))
    prompts = re.findall(r'(?:PROMPT=|rakkan create )"([^"]+)"', text)
    assert len(prompts) >= 3
    for prompt in prompts:
        reading = read(prompt)
        assert reading.condition
        assert not reading.unknown, f"{prompt!r}: {reading.unknown}"


def test_links_lead_somewhere() -> None:
    for path in [*documents(), ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_settings_of_the_readme_are_all_there_are() -> None:
    from dataclasses import fields

    from rakkan.config import Config

    text = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \| `RAKKAN_", text, re.MULTILINE)) == {
        part.name for part in fields(Config)
    }


def test_the_table_of_operations_is_the_one_seals_are_made_from() -> None:
    from rakkan.trust.seal.operations import table

    text = (ROOT / "docs" / "provenance.md").read_text()
    found = re.search(r"<!-- operations -->\n(.*?)<!-- end operations -->", text, re.DOTALL)
    assert found and found[1] == table(), "Print it anew with rakkan.trust.seal.operations.table()"


# ---- what the repository must not say

#: Spelled so that no pattern finds itself here.
FORBIDDEN = {
    "a folder of someone's machine": re.compile(
        r"(?<![\w.~$}])/(?:wor[k]|hom[e]/\w+|roo[t]|User[s]/\w+)(?:/|\b)"
    ),
    "an address": re.compile(r"[\w.+-]+@[\w-]+\.(?:com|org|net|io|dev|example)\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVAT[E] KEY"),
    "a token": re.compile(r"\b(?:ghp_|gho_|hf_|sk-|AKIA|xox[bap]-)[A-Za-z0-9]{12,}"),
}


def told(text: str) -> list[str]:
    return [f"{what}: {found[0]}" for what, pattern in FORBIDDEN.items() for found in pattern.finditer(text)]


def test_no_text_names_a_machine_or_holds_a_secret() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout
    complaints = []
    for name in filter(None, tracked.split("\0")):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data[:4096]:
            complaints += [f"{name}: {what}" for what in told(data.decode("utf-8", "replace"))]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    "text",
    [
        "see /{}/main".format("work"),
        "in /{}/someone/x".format("home"),
        "'/{}/.cache'".format("root"),
        "someone{}somewhere.org".format("@"),
        "-----BEGIN RSA {} KEY".format("PRIVATE"),
        "hf_" + "a" * 20,
    ],
)
def test_what_must_not_be_said_is_found(text: str) -> None:
    assert told(text)
