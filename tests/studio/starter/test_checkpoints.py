"""Weights on disk: small shards, whole or not there, and refused when damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.starter import checkpoints
from rakkan.studio.starter.checkpoints import (
    SHARD_BYTES,
    Checkpoint,
    StageRecord,
    install,
    load_checkpoint,
    save_checkpoint,
)


def _checkpoint(fill: float = 0.0, parts: tuple[str, ...] = checkpoints.PARTS) -> Checkpoint:
    tensors = {f"{part}.weight": np.full((4, 3), fill, np.float16) for part in parts}
    record = StageRecord(12.5, 10, 320, "a processor", "abc")
    return Checkpoint("f16c32", {"latent_channels": 32}, tensors, {"flow": record}, True, 2.0)


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(1.5), tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert loaded.stages == _checkpoint().stages
    assert (loaded.latent, loaded.sizes, loaded.distilled, loaded.guidance) == (
        "f16c32",
        {"latent_channels": 32},
        True,
        2.0,
    )
    assert (loaded.part("unet")["weight"] == 1.5).all()


def test_no_shard_exceeds_sixteen_mebibytes(tmp_path: Path) -> None:
    tensors = {f"unet.{index}": np.zeros((1024, 1500), np.float16) for index in range(12)}
    save_checkpoint(Checkpoint("f16c32", {}, tensors), tmp_path)
    sizes = [file.stat().st_size for file in tmp_path.glob("*.safetensors")]
    assert len(sizes) == 3 and max(sizes) <= SHARD_BYTES
    assert set(load_checkpoint(tmp_path).tensors) == set(tensors)


def test_old_shards_go_when_new_ones_are_in_place(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(1), tmp_path)
    save_checkpoint(_checkpoint(2), tmp_path)
    listed = json.loads((tmp_path / "manifest.json").read_text())["files"]
    assert {file.name for file in tmp_path.glob("*")} == {"manifest.json", *listed}


def test_a_failed_save_leaves_the_old_weights_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(_checkpoint(1), tmp_path)
    write = checkpoints._write
    written: list[Path] = []

    def full(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(checkpoints, "_write", full)
    with pytest.raises(RakkanError, match="No space left"):
        save_checkpoint(_checkpoint(2), tmp_path)
    assert (load_checkpoint(tmp_path).part("text")["weight"] == 1).all()
    assert not list(tmp_path.glob("*.part"))


def test_damaged_weights_are_refused_by_name(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(1), tmp_path)
    shard = next(tmp_path.glob("unet*"))
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    with pytest.raises(RakkanError, match=shard.name):
        load_checkpoint(tmp_path)


def test_weights_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(1), tmp_path)
    manifest = tmp_path / "manifest.json"
    content = json.loads(manifest.read_text())
    content["vocabulary"]["fingerprint"] = "0" * 64
    manifest.write_text(json.dumps(content))
    with pytest.raises(RakkanError, match="another vocabulary"):
        load_checkpoint(tmp_path)


def test_a_manifest_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"files": {"a": {}}}')
    with pytest.raises(RakkanError, match="not one of a starter model"):
        load_checkpoint(tmp_path)


def test_only_whole_models_are_installed(tmp_path: Path) -> None:
    save_checkpoint(_checkpoint(1, ("autoencoder",)), tmp_path / "half" / "weights")
    with pytest.raises(RakkanError, match="text, unet"):
        install(tmp_path / "half", tmp_path / "package")
    assert not (tmp_path / "package").exists()
    save_checkpoint(_checkpoint(3), tmp_path / "run" / "weights")
    install(tmp_path / "run", tmp_path / "package")
    assert (load_checkpoint(tmp_path / "package").part("unet")["weight"] == 3).all()
