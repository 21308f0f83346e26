"""The comparison on a processor: its arithmetic by hand, and a rehearsal of those that are always there."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.test_docs import unfounded

from benchmarks import checkpoint_contestants, checkpoints
from rakkan.formats.checkpoints.architecture import SD1, SDXL

GUIDED, PLAIN = checkpoints.KINDS


def drawn(seconds: float, peak: int = 4) -> dict[str, Any]:
    return {"seconds": seconds, "load_seconds": 1.0, "peak_bytes": peak, "wall_seconds": seconds + 1}


def results() -> dict[str, Any]:
    return {
        "operations": {"unet": 10e9, "decoder": 5e9},
        "rates": {"bf16": 100e9, "f32": 50e9},
        f"convert {SD1} unet": {"wall_seconds": 3.0, "peak_bytes": 7_000_000_000},
        f"convert {SD1} decoder": {"wall_seconds": 2.0, "peak_bytes": 6},
        f"convert {SDXL} unet": {"wall_seconds": 30.0, "peak_bytes": 70_000_000_000},
        "large": {"seconds": 9.0, "steps": 2, "peak_bytes": 11_000_000_000, "wall_seconds": 10.0},
        f"rakkan / {GUIDED} / 0": drawn(2.0),
        f"rakkan / {GUIDED} / 1": drawn(6.0, peak=9_000_000_000),
        f"rakkan / {GUIDED} / 2": drawn(4.0),
        f"diffusers-f32 / {GUIDED} / 0": drawn(16.0),
        f"openvino-genai / {GUIDED} / 0": drawn(5.0),
        f"openvino-genai / {GUIDED} / 1": {"fault": "it broke", "peak_bytes": 1},
        f"optimum-intel / {GUIDED} / 0": {"fault": "it broke", "peak_bytes": 1},
        f"rakkan / {PLAIN} / 0": drawn(0.5),
    }


def test_few_steps_say_how_long_all_would_take() -> None:
    # One step with all around it 5 s, three steps 9 s: 2 s a step.
    assert checkpoints.scaled(1, 5, 9) == 5
    assert checkpoints.scaled(20, 5, 9) == 5 + 19 * 2


def test_guidance_runs_the_denoiser_twice_a_step() -> None:
    assert [checkpoints.passes(kind) for kind in (GUIDED, PLAIN)] == [40, 4]


def test_summary_by_hand() -> None:
    summary = checkpoints.summarise(results(), threads=2, rounds=3)
    for key in ("command", "seed", "commit", "n", "interval", "processor"):
        assert summary[key]
    found = summary["results"][GUIDED]
    own = found["contestants"]["rakkan"]
    assert (own["seconds"], own["low"], own["high"], own["n"]) == (4.0, 2.0, 6.0, 3)
    assert own["gigaflops"] == pytest.approx((40 * 10 + 5) / 4)
    assert own["peak_gigabytes"] == 9
    assert not own["scaled"]
    assert found["contestants"]["diffusers-f32"]["scaled"]
    assert found["contestants"]["optimum-intel"] == {"fault": "it broke"}
    assert found["contestants"]["stable-diffusion-cpp"] == {"fault": "not installed"}
    assert found["times_as_fast"] == {"diffusers-f32": 4.0, "openvino-genai": 1.25}
    assert found["fastest_peer"] == "openvino-genai"
    assert summary["results"][PLAIN]["fastest_peer"] is None
    assert summary["conversion"] == {"seconds": 5.0, "peak_gigabytes": 7}
    assert summary["large"]["conversion"] == {"seconds": 30.0, "peak_gigabytes": 70}


def test_what_is_shown_can_stand_in_a_document() -> None:
    summary = checkpoints.summarise(results(), threads=2, rounds=3)
    shown = checkpoints.show(summary)
    assert "| rakkan | 4.0 (2.0 to 6.0) |  | 101 | 9.0 |" in shown
    assert "| openvino-genai | 5.0 (5.0 to 5.0) | 1.25× | 81 | 0.0 |" in shown
    assert "| diffusers-f32 | 16.0 (scaled) | 4.00× |" in shown
    assert "| optimum-intel | it broke |" in shown
    assert "draws in 11.0 GB and is converted in 70.0 GB" in shown
    name = "checkpoint-speed.json"
    block = f"<!-- measured: {name} -->{shown}<!-- end measured -->"
    assert unfounded(block, {name: json.loads(json.dumps(summary))}) == []


def test_a_job_that_fails_says_why_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = argparse.Namespace(threads=1, work=tmp_path)
    broken = checkpoints.child(sys.executable, given, "wings")
    assert "wings" in broken["fault"]
    assert broken["peak_bytes"] > 1_000_000
    given = argparse.Namespace(
        threads=1, work=tmp_path, python=sys.executable, contestants=["rakkan"], rounds=2, large=False
    )
    asked: list[tuple[str, ...]] = []

    def child(python: str, given: Any, *job: str) -> dict[str, Any]:
        asked.append(job)
        is_broken = job[-1] == PLAIN and len(asked) < 9
        return {"fault": "it broke"} if is_broken else drawn(1.0)

    monkeypatch.setattr(checkpoints, "child", child)
    monkeypatch.setattr(checkpoint_contestants, "WIDTH", "small")
    monkeypatch.setattr(checkpoints, "rates", lambda threads: {"bf16": 1e9, "f32": 1e9})
    checkpoints.compare(given)
    assert [job[0] for job in asked] == ["convert"] * 3 + ["contest"] * 4
    asked.clear()
    monkeypatch.setattr(checkpoints, "child", lambda *_: asked.append(()) or drawn(2.0))
    found = checkpoints.compare(given)
    assert len(asked) == 2
    assert found[f"rakkan / {PLAIN} / 1"]["seconds"] == 2.0
    assert found[f"rakkan / {GUIDED} / 0"]["seconds"] == 1.0
    assert json.loads((tmp_path / "results.json").read_text()) == found


def test_a_peer_that_is_not_there_is_left_out() -> None:
    assert checkpoints.is_installed(sys.executable, "rakkan")
    assert not checkpoints.is_installed("/bin/false", "rakkan")


def test_a_rehearsal_on_small_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("diffusers")
    monkeypatch.setattr(checkpoint_contestants, "WIDTH", "small")
    monkeypatch.setattr(checkpoints, "SIDE", 64)
    checkpoint_contestants.make_checkpoint(tmp_path, SD1)
    for part in checkpoint_contestants.parts(SD1):
        checkpoint_contestants.convert_rakkan(tmp_path, SD1, part, 1)
    assert all(value > 1e6 for value in checkpoints.operations().values())
    for name in ("rakkan", "diffusers-bf16", "diffusers-f32"):
        measured = checkpoints.contest(name, tmp_path, 1, PLAIN)
        assert measured["seconds"] > 0
        assert measured["load_seconds"] > 0
    picture: Any = checkpoint_contestants.painter("rakkan", tmp_path, 1, 64, 1.0)(1, 1.0, 0)
    assert picture.shape == (64, 64, 3)
