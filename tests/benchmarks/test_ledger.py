"""The ledger's benchmark: its arithmetic, and a rehearsal of the whole in miniature."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import ledger


def test_ten_times_as_many_entries_make_a_proof_longer_by_three_or_four_hashes() -> None:
    # 2¹⁹ < 10⁶ ≤ 2²⁰ and 2²³ < 10⁷ ≤ 2²⁴: four hashes of 44 letters and a newline, and two digits.
    assert ledger.at_ten_times(1000, 10**6) == 1000 + 4 * 45 + 2
    assert ledger.at_ten_times(1000, 1024) == 1000 + 4 * 45 + 2
    assert ledger.at_ten_times(1000, 1600) == 1000 + 3 * 45 + 2


def test_a_rehearsal_measures_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger.json"
    given = ["--entries", "700", "--samples", "6", "--rounds", "1", "--seconds", "0.01"]
    ledger.main([*given, "--json", str(path)])
    report = json.loads(path.read_text())
    assert report["command"].startswith("python -m benchmarks.ledger --entries 700")
    for key in ("seed", "commit", "n", "interval", "processor"):
        assert key in report
    assert report["proofs"]["entries"] == 700
    own = report["proofs"]["rakkan"]
    # Ten hashes, the head, the checkpoint and the entry.
    assert 10 * 45 + 300 < own["proof_with_salt_bytes_largest"] < 1100
    assert all(value > 0 for value in report["ratios"].values())
    shown = capsys.readouterr().out
    assert "ratios, rakkan to pymerkle" in shown
