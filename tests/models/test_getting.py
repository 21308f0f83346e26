"""Models by their address on a hub: which files those are, and that a folder comes whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.formats.checkpoints.tables import architecture, checkpoint_file, write_folder
from tests.models.servers import Host, breaks_off, repository, serving, status

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.formats.checkpoints.detect import detect
from rakkan.models.getting import got
from rakkan.models.hub import look
from rakkan.models.licences import Claim

COMMIT = "c0" * 20


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as made:
        yield made


def folder_files(tmp_path: Path) -> dict[str, bytes]:
    path = write_folder(tmp_path / "source", SDXL, "v_prediction")
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_the_only_file_of_a_repository_is_meant(host: Host, tmp_path: Path) -> None:
    repository(host, "ann/teapots", {"t.safetensors": checkpoint_file(SD1), "a.ckpt": b"x"}, license="mit")
    agreed: list[tuple[Claim, int]] = []
    address = "hf:ann/teapots"
    with got(address, tmp_path, lambda *told: agreed.append(told), hub=host.address) as found:
        assert found.path.read_bytes() == checkpoint_file(SD1)
        assert (found.name, found.source) == ("t", f"hf:ann/teapots@{COMMIT}:t.safetensors")
    assert agreed == [(Claim("MIT", "mit", "hub"), len(checkpoint_file(SD1)))]
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_file_and_a_revision_are_named(host: Host) -> None:
    given = {"a.safetensors": checkpoint_file(SD1), "b/c.safetensors": b"x"}
    repository(host, "ann/teapots", given)
    offer = look("hf:ann/teapots@v1:b/c.safetensors", host.address)
    assert [one.path for one in offer.weights] == ["b/c.safetensors"] and not offer.is_folder
    for address, match in (
        ("hf:ann/teapots:x.safetensors", "no file x.safetensors"),
        ("hf:ann/none", "no such file"),
        ("hf:ann", "names no model"),
        ("hf:../../x/y", "names no model"),
        ("hf:ann/teapots@../../x", "names no model"),
    ):
        with pytest.raises(RakkanError, match=match):
            look(address, host.address)


def test_of_several_one_is_to_be_named_and_pickles_are_refused_with_advice(host: Host) -> None:
    repository(host, "a/two", {"a.safetensors": b"", "b.safetensors": b""})
    with pytest.raises(RakkanError, match=r"2 models: a\.safetensors, b\.safetensors.*owner/name:file"):
        look("hf:a/two", host.address)
    repository(host, "a/old", {"model.ckpt": b""})
    for address in ("hf:a/old", "hf:a/old:model.ckpt"):
        with pytest.raises(RakkanError, match="convert it to safetensors"):
            look(address, host.address)


def test_a_folder_comes_whole_even_when_it_breaks_off(host: Host, tmp_path: Path) -> None:
    given = folder_files(tmp_path)
    extra = {
        "unet/diffusion_pytorch_model.fp16.safetensors": b"x",
        "unet/x.bin": b"x",
        "README.md": b"---\n---\n",
    }
    repository(host, "ann/big", {**given, **extra}, license="other", license_name="faipl-1.0-sd")
    place = f"/ann/big/resolve/{COMMIT}/vae/diffusion_pytorch_model.safetensors"
    host.tricks[place] = [breaks_off(100), *[status(404)] * 2]
    with (
        pytest.raises(RakkanError, match="no such file"),
        got("hf:ann/big", tmp_path / "d", lambda *told: None, hub=host.address),
    ):
        pass
    host.asked.clear()
    host.tricks.clear()
    with got("hf:ann/big", tmp_path / "d", lambda *told: None, hub=host.address) as found:
        assert (found.name, found.licence.licence) == ("big", "LicenseRef-FAIPL-1.0-SD")
        with files.opened(found.path) as tensors:
            assert detect(tensors).unet == architecture(SDXL, small=True).unet
            assert detect(tensors).prediction == "v"
    assert not any("unet/diffusion" in path for path, _ in host.asked)  # it had come the first time
    assert not [file for file in (tmp_path / "d").rglob("*") if file.is_file()]


def test_a_token_goes_to_the_hub_alone(host: Host, tmp_path: Path) -> None:
    repository(host, "ann/t", {"t.safetensors": checkpoint_file(SD1)})
    with got("hf:ann/t", tmp_path, lambda *told: None, token="secret", hub=host.address):
        assert {headers.get("authorization") for _, headers in host.asked} == {"Bearer secret"}
    host.asked.clear()
    host.files["/t.safetensors"] = checkpoint_file(SD1)
    with got(f"{host.address}/t.safetensors", tmp_path, lambda *told: None, token="secret"):
        assert {headers.get("authorization") for _, headers in host.asked} == {None}


@pytest.mark.parametrize(
    "answer", [b"[]", b"{", b'{"sha": "x"}', b'{"sha": "' + b"c0" * 20 + b'", "siblings": 7}', b"[" * 99999]
)
def test_a_hub_that_talks_nonsense_is_refused(answer: bytes, host: Host) -> None:
    host.files["/api/models/a/b/revision/main"] = answer
    with pytest.raises(RakkanError):
        look("hf:a/b", host.address)


def test_paths_that_lead_out_are_not_offered(host: Host) -> None:
    repository(host, "a/b", {"../x.safetensors": b"", "/y.safetensors": b"", "z.safetensors": b""})
    assert [one.path for one in look("hf:a/b", host.address).weights] == ["z.safetensors"]


@pytest.mark.parametrize("digest", ["12", "g" * 64])
def test_a_digest_that_is_none_is_refused(digest: str, tmp_path: Path) -> None:
    with (
        pytest.raises(RakkanError, match="64 hexadecimal"),
        got("https://example.org/x", tmp_path, lambda *told: None, sha256=digest),
    ):
        pass
