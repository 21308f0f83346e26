"""The benchmark's arithmetic by hand, and a rehearsal of the whole on random weights."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench


def test_summary_by_hand() -> None:
    """Of six values the range misses the median with probability 2/64; of five none would do."""
    assert bench.summarise([3, 1, 2]) == bench.Summary(2, 1, 3, 3)
    assert bench.summarise([6, 5, 4, 3, 2, 1]) == bench.Summary(3.5, 1, 6, 6)
    # Of nine, the 2nd to the 8th: 2 (1 + 9) / 512 = 3.9 % outside.
    assert bench.summarise(list(range(1, 10))) == bench.Summary(5, 2, 8, 9)
    with pytest.raises(ValueError, match="nothing"):
        bench.summarise([])


def test_ratios_are_to_the_better_torch() -> None:
    results: dict[str, dict[str, Any]] = {
        name: {"warm_seconds": {"median": median}}
        for name, median in zip(bench.CONTESTANTS, (0.5, 1.0, 3.0), strict=True)
    }
    assert bench.ratios(results) == {"warm_seconds": 2.0}


def test_a_child_is_measured() -> None:
    code = "data = bytearray(200 << 20); print('done')"
    seconds, peak, output = bench.run_child([sys.executable, "-c", code])
    assert output == "done\n"
    assert peak >= 200 << 20
    assert seconds > 0
    with pytest.raises(SystemExit, match="status 3"):
        bench.run_child([sys.executable, "-c", "raise SystemExit(3)"])


def test_no_weights(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no weights"):
        bench.main(["--weights", str(tmp_path)])


@pytest.mark.slow
def test_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One round on random weights: all contestants draw the same picture."""
    torch = pytest.importorskip("torch")
    from rakkan.studio.starter import networks
    from rakkan.studio.starter.autoencoder import Autoencoder
    from rakkan.studio.starter.checkpoints import Checkpoint, half, save_checkpoint

    torch.manual_seed(2)
    sizes = networks.sizes_of("f16c32")
    tensors: dict[str, Any] = {}
    kinds = {"autoencoder": Autoencoder, "text": networks.TextEncoder, "unet": networks.UNet}
    for part, kind in kinds.items():
        module = kind(sizes)
        with torch.no_grad():
            for weight in module.parameters():
                if not weight.any():
                    weight.copy_(0.02 * torch.randn_like(weight))
        tensors.update(half(module.state_dict(), part))
    save_checkpoint(Checkpoint("f16c32", asdict(sizes), tensors), tmp_path / "weights")

    monkeypatch.setattr(bench, "ROUNDS", 1)
    out = tmp_path / "bench.json"
    few = ["--steps", "1", "--repeats", "1", "--cold", "1", "--batch", "1"]
    bench.main(["--weights", str(tmp_path / "weights"), "--out", str(out), *few])
    report = json.loads(out.read_text())
    assert set(report["results"]) == set(bench.CONTESTANTS)
    assert all(difference <= 3 for difference in report["mean_difference_in_levels"].values())
    assert all(ratio > 0 for ratio in report["ratios"].values())
    assert "warm picture, s" in capsys.readouterr().out
