"""``rakkan model``: adding, getting, listing, showing and removing, as a person sees it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.formats.checkpoints.tables import checkpoint_file, write_folder
from tests.models.servers import Host, repository, serving

from rakkan.formats.checkpoints.architecture import SD1, SDXL

DATA = checkpoint_file(SDXL, **{"modelspec.title": "Pony teapots", "modelspec.trigger_phrase": "tpt"})
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "teapots.safetensors"
    made.write_bytes(DATA)
    return made


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(teapots__safetensors=DATA) as made:
        yield made


def test_a_model_is_added_listed_shown_and_removed(path: Path, command: Command) -> None:
    done = command("model", "add", path, "--licence", "CC0")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{SHA256}  teapots",
        "  checkpoint, Pony, predicts epsilon, 1024 pixels, "
        "licence Creative Commons Zero 1.0 (claimed by the person)",
    ]
    line = command("model", "list").out.splitlines()
    assert line == [f"{SHA256[:10]}  {len(DATA) / 1000:.1f} kB  checkpoint  Pony  teapots", "models: 1"]
    shown = command("model", "show", "teapots").out
    for words in ("Pony teapots", "tpt", "rating_safe", "autov3", SHA256[:10], "stable-diffusion-xl-v1-base"):
        assert words in shown
    assert command("model", "show", SHA256[:12]).out == shown
    assert command("model", "remove", "teapots").out == f"{SHA256[:10]}  teapots  removed\n"
    assert command("model", "list").out == "models: 0\n"
    assert SHA256 not in command("vault", "list").out


def test_a_model_is_exported_and_comes_back(
    path: Path, tmp_path: Path, command: Command, refused: Command
) -> None:
    command("model", "add", path)
    done = command("model", "export", "teapots", "--out", tmp_path / "back.safetensors")
    assert (done.status, done.out, done.err) == (0, f"{tmp_path / 'back.safetensors'}\n", "")
    command("model", "add", tmp_path / "back.safetensors")
    shown = [command("model", "show", name).out for name in ("teapots", "back")]
    autov3 = [line for line in shown[0].splitlines() if "autov3" in line]
    assert autov3 and autov3[0] in shown[1] and "Pony teapots" in shown[1]
    lines = command("model", "list").out.splitlines()
    assert [line.rsplit("  ", 1)[1] for line in lines[:2]] == ["back", "teapots"]
    assert lines[0].index("checkpoint") == lines[1].index("checkpoint")
    assert "Did you mean" in refused("model", "export", "teapot", "--out", tmp_path / "x.safetensors").err
    assert "is one file" in refused("model", "export", "teapots", "--out", tmp_path / "x").err


def test_a_folder_is_added_under_a_name(tmp_path: Path, command: Command) -> None:
    path = write_folder(tmp_path / "m", SD1)
    assert command("model", "add", path, "--name", "a folder").status == 0
    assert "unet/diffusion_pytorch_model.safetensors" in command("model", "show", "a folder").out.replace(
        "\n", ""
    )


def test_refusals_are_one_line(path: Path, tmp_path: Path, command: Command, refused: Command) -> None:
    assert "no file or folder" in refused("model", "add", tmp_path / "none.safetensors").err
    (tmp_path / "m.ckpt").write_bytes(b"\x80\x02}q\x00.")
    assert "convert it" in refused("model", "add", tmp_path / "m.ckpt").err
    path.write_bytes(DATA[:-1])
    assert "follow its header" in refused("model", "add", path).err
    path.write_bytes(DATA)
    command("model", "add", path)
    assert "Did you mean 'teapots'" in refused("model", "show", "teapot").err
    assert refused("model", "remove", "x").err
    assert refused("model", "get", "http://example.org/x").err


def test_a_model_is_got_after_its_licence_was_shown(host: Host, command: Command, refused: Command) -> None:
    address = f"{host.address}/teapots.safetensors"
    done = command("model", "get", address)
    assert done.status == 2 and "give --yes" in done.err  # nobody sits here
    assert done.out == f"licence: not told\nsize: {len(DATA):,} bytes\n"
    assert command("model", "list").out == "models: 0\n"
    done = command("model", "get", address, "--yes", "--sha256", SHA256, "--licence", "MIT")
    assert done.status == 0 and done.out.startswith("licence: MIT License (claimed by the person)\n")
    assert f"{SHA256}  teapots" in done.out
    assert address in command("model", "show", "teapots").out.replace("\n", "").replace(" ", "")
    assert not list((Path(os.environ["RAKKAN_HOME"]) / "downloads").rglob("*.safetensors"))
    refused_line = command("model", "get", address, "--yes", "--sha256", "0" * 64, "--name", "b")
    assert refused_line.status == 2 and "nothing of it was kept" in refused_line.err


def test_a_hubs_model_is_got_with_its_licence(
    host: Host, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(host, "ann/pots", {"p.safetensors": DATA}, license="creativeml-openrail-m")
    monkeypatch.setenv("HF_ENDPOINT", host.address + "/")
    monkeypatch.setenv("HF_TOKEN", "secret")
    done = command("model", "get", "hf:ann/pots", "--yes")
    assert done.out.startswith("licence: CreativeML OpenRAIL-M (claimed by the hub)\n  https://")
    assert {headers.get("authorization") for _, headers in host.asked} == {"Bearer secret"}
    shown = command("model", "show", "p").out
    assert "hf:ann/pots@" in shown and "secret" not in shown


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 2), ("", 130)])
def test_who_sits_at_a_terminal_is_asked(
    answer: str, status: int, host: Host, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    done: Any = command("model", "get", f"{host.address}/teapots.safetensors")
    assert done.status == status, done
    assert command("model", "list").out.endswith(f"models: {int(status == 0)}\n")


def test_names_never_move_the_cursor(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(
        checkpoint_file(SD1, **{"modelspec.title": "x\x1b[2Jy", "modelspec.license": "z\x1b[2J"})
    )
    done = command("model", "add", path)
    shown = command("model", "show", "a")
    assert done.status == shown.status == 0
    assert "\x1b" not in done.out + shown.out
