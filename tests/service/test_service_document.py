"""What docs/service.md says of commands, options and settings is so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from rakkan.config import Config
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service.accounts.tokens import OWNER_DAYS
from rakkan.service.making import transit

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


def lines() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return [line.split()[1:] for block in blocks for line in block.splitlines() if line.startswith("rakkan ")]


def test_its_options_exist_and_the_table_has_all_of_them(rakkan: Callable[..., Any]) -> None:
    known = {}
    for words in lines():
        name = words[0]
        if name in ("serve", "work"):
            if name not in known:
                shown = rakkan(name, "--help", COLUMNS="200").stdout
                known[name] = set(re.findall(r"--[a-z-]+", shown)) - {"--help"}
            assert {word for word in words if word.startswith("--")} <= known[name], words
    assert set(known) == {"serve", "work"}
    rows = re.findall(r"^\| (`--[^|]*) \|", TEXT, re.MULTILINE)
    assert {option for row in rows for option in re.findall(r"--[a-z-]+", row)} == known["serve"]


def test_its_other_commands_run(rakkan: Callable[..., Any]) -> None:
    others = [words for words in lines() if words[0] not in ("serve", "work")]
    assert others == [["vault", "verify"], ["ledger", "check"]]
    for words in others:
        done = rakkan(*words)
        assert done.returncode == 0, done.stderr


def test_its_settings_and_its_terms_are_those_of_the_code() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert named and named <= {part.name for part in fields(Config)}
    assert "once, within a day" in TEXT and OWNER_DAYS == 1
    assert "an hour later, drafts after ten minutes" in TEXT
    assert (transit.PICTURE, transit.DRAFT) == (3600, 600)
    body = re.search(r"client_max_body_size (\d+)m;", TEXT)
    assert body is not None and int(body[1]) << 20 > LARGEST_FILE
