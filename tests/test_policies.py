"""The standing rules, held against the code: what they promise is what is done."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from PIL import Image
from tests.around.attempts import noise
from tests.test_architecture import imports, read_sources
from tests.trust.made import move, release

from rakkan import assemble
from rakkan.cli import entry
from rakkan.studio.starter.evaluation.protocol import ACCOUNT
from rakkan.trust.policy.words import BAN_REASONS
from rakkan.trust.takedown.states import TERM
from rakkan.trust.transparency import OTHER
from rakkan.trust.transparency_page import SECTIONS

POLICIES = Path(__file__).resolve().parent.parent / "docs" / "policies"
NAMES = ("acceptable-use", "data", "moderation", "transparency")


def text(name: str) -> str:
    return (POLICIES / f"{name}.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """The rows of the tables of a policy, without their heads."""
    rows = [line.strip("| ").split(" | ") for line in text(name).splitlines() if line.startswith("| ")]
    return [row for at, row in enumerate(rows) if not (set(rows[at][0]) <= {"-"} or _is_head(rows, at))]


def _is_head(rows: list[list[str]], at: int) -> bool:
    return at + 1 < len(rows) and set(rows[at + 1][0]) <= {"-"}


def test_every_policy_has_a_version_and_a_date_and_is_short() -> None:
    assert {path.stem for path in POLICIES.glob("*.md")} == set(NAMES)
    for name in NAMES:
        assert re.search(r"^\*Version \d+, in force from \d{4}-\d\d-\d\d\.\*$", text(name), re.MULTILINE)
        assert len(text(name).split()) < 900


@pytest.mark.parametrize("name", NAMES)
def test_links_of_the_policies_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text(name)):
        assert (POLICIES / target).exists(), target


def test_the_grounds_for_a_ban_are_all_there_are() -> None:
    assert dict(table("acceptable-use")) == {f"`{word}`": meaning for word, meaning in BAN_REASONS.items()}


def test_the_tables_of_the_report_are_told_with_their_reasons() -> None:
    assert table("transparency") == [[section.heading, section.why] for section in SECTIONS]
    assert f"`{OTHER}`" in text("transparency")
    hours = f"{TERM // 3600} hours"
    assert hours in text("transparency") and hours in text("moderation")


def test_the_commands_of_the_policies_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        for line in re.findall(r"`rakkan ([^`]*)`", text(name)):
            words = [word for word in line.split() if re.fullmatch("[a-z]+", word)][:2]
            assert entry([*words[:2], "--help"]) == 0 or entry([*words[:1], "--help"]) == 0, line
            for option in re.findall(r"--[a-z]+", line):
                assert option in capsys.readouterr().out, line


# ---- what is kept


def places() -> list[str]:
    """The patterns of the table of what is kept."""
    return [pattern for row in table("data") for pattern in re.findall(r"`((?:HOME|CONFIG)/[^`]*)`", row[2])]


def covered(path: str, pattern: str) -> bool:
    """``*`` is one part of a path, ``**`` any number of them."""
    parts, wanted = path.split("/"), pattern.split("/")
    if wanted[-1] == "**":
        return parts[: len(wanted) - 1] == wanted[:-1] and len(parts) >= len(wanted)
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))


def kept() -> list[str]:
    """Every file of this instance, by the names of the policy."""
    roots = {
        "HOME": Path(os.environ["RAKKAN_HOME"]),
        "CONFIG": Path(os.environ["XDG_CONFIG_HOME"]) / "rakkan",
    }
    return [
        f"{name}/{path.relative_to(root)}"
        for name, root in roots.items()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]


def at_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an instance do everything that leaves data: two of them, for one that watches the other."""
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    (folder / "works").mkdir()
    Image.fromarray(noise(1, 300, 300)).save(folder / "works" / "a.png")
    assemble.ledger()
    key, log = str(assemble.instance().ledger_key.verification_key()), os.environ["RAKKAN_HOME"] + "/ledger"
    move(monkeypatch, folder / "second")
    (folder / "second" / "config" / "rakkan").mkdir(parents=True)
    (folder / "second" / "config" / "rakkan" / "config.toml").write_text('disclosure = "digest"\n')
    work = folder / "works" / "a.png"
    for command in (
        ["create", "smile", "--seed", "1", "--out", str(folder / "out")],
        ["import", str(work)],
        ["protect", str(folder / "works")],
        ["identity", "--out", str(folder / "public")],
        ["identity", "--trust", str(folder / "public" / "root.pem")],
        ["ledger", "witness", log, "--key", key],
        ["vault", "rotate"],
        ["report"],
    ):
        assemble.forget()
        assert entry(command) == 0, command
    release(folder / "someone.png", account="someone")
    assemble.vault().put(ACCOUNT, b"what a measurement drew")
    assert entry(["account", "erase", "someone", "--yes"]) == 0


def test_every_file_an_instance_keeps_is_in_the_table_and_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work(tmp_path, monkeypatch)
    found, patterns = kept(), places()
    assert len(found) > 20
    assert [path for path in found if not any(covered(path, pattern) for pattern in patterns)] == []
    served = {"HOME/run/*", "HOME/spool/*"}
    seldom = {"HOME/ledger/checkpoint.witnessed", "HOME/database.sqlite-*", "HOME/vault/temporary/*", *served}
    missing = [one for one in patterns if one not in seldom and not any(covered(path, one) for path in found)]
    assert missing == []


def test_a_file_that_is_not_in_the_table_would_be_seen() -> None:
    patterns = places()
    for path in ("HOME/history.log", "HOME/vault/prompts/1", "CONFIG/usage.json", "HOME/ledger/names"):
        assert not any(covered(path, pattern) for pattern in patterns), path


def test_the_account_of_measurements_is_called_by_its_name() -> None:
    assert f"`{ACCOUNT}`" in text("data")
    assert f"`rakkan account erase {ACCOUNT}`" in text("data")


# ---- nothing trains on what is people's own

#: Where training begins: the model's, and that of the classifier that measures it.
TRAINING = ("studio/starter/recipe.py", "studio/starter/evaluation/classifier.py")
#: Where people's own lies, and what would lead to it.
OWN = ("store", "trust", "assemble", "cli", "service", "studio/create", "studio/prompts", "studio/metadata")


def reached(start: str, sources: dict[str, str]) -> set[str]:
    """Every module of the package that a module imports, at any depth, wherever the import stands."""
    waiting, found = [start], set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for _, target in imports(name, ast.parse(sources[name])):
            parts = target.split(".")[1:] if target.startswith("rakkan.") else []
            candidates = [
                file
                for end in range(1, len(parts) + 1)
                for file in ("/".join(parts[:end]) + ".py", "/".join(parts[:end]) + "/__init__.py")
            ]
            waiting += [file for file in candidates if file in sources]
    return found


@pytest.mark.parametrize("start", TRAINING)
def test_no_training_can_reach_what_is_peoples_own(start: str) -> None:
    found = reached(start, read_sources())
    assert "corpus/figures/drawing.py" in found, "it learns from the renderer"
    assert [name for name in found if name.startswith(OWN)] == []


def test_a_way_from_the_vault_to_training_would_be_seen() -> None:
    sources = read_sources()
    sources["studio/starter/renders.py"] += "\ndef more():\n    from rakkan.studio.starter import newcomer\n"
    sources["studio/starter/newcomer.py"] = "from rakkan.store.vault import Vault\n"
    assert any(name.startswith(OWN) for name in reached(TRAINING[0], sources))


NETWORK = {"socket", "ssl", "http", "urllib", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}


def test_only_a_vault_in_a_bucket_and_the_fetching_of_models_can_call_anyone() -> None:
    callers = {
        name
        for name, source in read_sources().items()
        for _, target in imports(name, ast.parse(source))
        if target.split(".")[0] in NETWORK | {"boto3", "botocore", "telnetlib", "xmlrpc"}
        if not target.startswith("urllib.parse")
    }
    fetching = {"models/answers.py", "models/download.py"}
    # A pair of sockets to a process of our own; neither has an address that anybody could call.
    within = {f"studio/engines/checkpoint/{name}.py" for name in ("channel", "child")}
    # Sockets of this host by their paths; its name; the port that the service itself listens at.
    serving = {f"service/{name}.py" for name in ("jobs/bell", "jobs/queue", "serving")}
    assert callers <= {"store/s3.py", "store/places.py", *fetching, *within, *serving}, callers
    for name in serving:
        names = {
            node.attr for node in ast.walk(ast.parse(read_sources()[name])) if isinstance(node, ast.Attribute)
        }
        assert not names & {"connect", "connect_ex", "create_connection", "getaddrinfo"}, name
    calling = {"connect", "connect_ex", "create_connection", "bind", "listen", "getaddrinfo"}
    for name in within:
        names = {
            node.attr for node in ast.walk(ast.parse(read_sources()[name])) if isinstance(node, ast.Attribute)
        }
        assert not names & calling, name


def test_conversions_are_reported_to_nobody() -> None:
    """OpenVINO would tell its makers of each, from whatever process imports it first."""
    code = (
        "import rakkan, openvino\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == done.stdout.strip(), "and in this process"
