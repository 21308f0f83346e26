"""Files and folders of models: read lazily wherever they lie; what lies, is cut short or runs is refused."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

import numpy
import pytest
import safetensors.numpy
from tests.formats.checkpoints.tables import architecture, checkpoint_file, file_of, write_folder

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.detect import detect
from rakkan.formats.checkpoints.tensors import Entry


def arrays() -> dict[str, numpy.ndarray]:
    random = numpy.random.default_rng(1)
    return {
        "b": random.standard_normal((3, 5)).astype(numpy.float32),
        "a": random.integers(0, 9, 7),
        "none": numpy.zeros((0, 4), numpy.float16),
    }


def test_tensors_are_those_that_the_reference_reads() -> None:
    data = safetensors.numpy.save(arrays(), {"title": "x"})
    read = files.SafetensorsFile(io.BytesIO(data), "x")
    wanted = safetensors.numpy.load(data)
    assert dict(read.metadata) == {"title": "x"}
    assert set(read.entries) == set(wanted)
    for name, array in wanted.items():
        assert read.read(name) == array.tobytes()
        assert read.entries[name].shape == array.shape


def test_a_file_in_the_vault_is_read_tensor_by_tensor() -> None:
    data = checkpoint_file(SD1)
    digest = assemble.vault().put("local", data).digest
    with assemble.vault().open("local", digest) as content:
        read = files.SafetensorsFile(content, "x")
        assert detect(read) == architecture(SD1, small=True)
        name = list(read.entries)[-1]
        assert read.read(name) == data[-len(read.read(name)) :]


def test_entries_are_in_the_order_of_their_bytes() -> None:
    header = {
        "z": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]},
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [2, 3]},
    }
    text = json.dumps(header, sort_keys=True).encode()
    read = files.SafetensorsFile(io.BytesIO(len(text).to_bytes(8, "little") + text + b"xyz"), "x")
    assert list(read.entries) == ["z", "a"]
    assert (read.read("z"), read.read("a")) == (b"xy", b"z")


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
def test_a_folder_is_read_as_its_parts(family: str, tmp_path: Path) -> None:
    path = write_folder(tmp_path / "m", family, "v_prediction" if family == SD2 else "epsilon")
    with files.opened(path) as tensors:
        assert detect(tensors) == architecture(family, small=True, kind="diffusers")
        assert tensors.read("unet/conv_in.bias") == bytes(16)


def test_a_part_in_shards_is_put_together(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "m", SD1)
    whole = path / "unet" / "diffusion_pytorch_model.safetensors"
    entries = files.SafetensorsFile(io.BytesIO(whole.read_bytes()), "x").entries
    names = sorted(entries)
    halves = {"a-1-of-2.safetensors": names[::2], "a-2-of-2.safetensors": names[1::2]}
    for name, keys in halves.items():
        (path / "unet" / name).write_bytes(file_of({key: entries[key] for key in keys}))
    whole.unlink()
    listed = {key: name for name, keys in halves.items() for key in keys}
    index = path / "unet" / "a.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": listed}))
    with files.opened(path) as tensors:
        assert detect(tensors) == architecture(SD1, small=True, kind="diffusers")
    index.write_text(json.dumps({"weight_map": {**listed, names[0]: "a-2-of-2.safetensors"}}))
    with pytest.raises(RakkanError, match=f"a-2-of-2.safetensors lacks {names[0]}"):
        files.weights_of(path)
    for wrong in ({"x": "../../m.safetensors"}, {"x": 7}, {}, {"x": "y.bin"}):
        index.write_text(json.dumps({"weight_map": wrong}))
        with pytest.raises(RakkanError):
            files.weights_of(path)
    index.write_text(json.dumps({"weight_map": listed}))
    (path / "unet" / "a-1-of-2.safetensors").unlink()
    with pytest.raises(RakkanError, match=r"lacks a-1-of-2"):
        files.weights_of(path)


def test_of_several_variants_the_full_one_is_taken(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "m", SD1)
    (path / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"other")
    (path / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"other")
    assert sorted(files.weights_of(path)) == [
        "text_encoder/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, match in ((tmp_path / "empty", "model_index.json"), (tmp_path / "none", "no file or folder")):
        with pytest.raises(RakkanError, match=match), files.opened(path):
            pass
    path = write_folder(tmp_path / "m", SD1)
    (path / "unet" / "diffusion_pytorch_model.safetensors").rename(path / "unet" / "x.bin")
    with pytest.raises(RakkanError, match=r"unet/x.bin is a pickle.*convert"):
        files.weights_of(path)
    (path / "unet" / "x.bin").unlink()
    with pytest.raises(RakkanError, match=r"no unet/"):
        files.weights_of(path)


@pytest.mark.parametrize("name", ["x.ckpt", "x.pt", "x.pth", "x.bin", "x.safetensors", "x"])
@pytest.mark.parametrize("protocol", [2, 4, 5, "zip"])
def test_a_pickle_is_refused_whatever_it_is_called(name: str, protocol: int | str) -> None:
    data = b"PK\3\4" + bytes(60) if protocol == "zip" else pickle.dumps({"a": 1}, int(protocol))
    with pytest.raises(RakkanError, match=r"is a pickle.*Get the safetensors version, or convert it"):
        files.SafetensorsFile(io.BytesIO(data), name)


def test_an_old_pickle_goes_by_its_name_and_a_safetensors_file_by_what_it_is() -> None:
    with pytest.raises(RakkanError, match=r"is a pickle"):
        files.SafetensorsFile(io.BytesIO(pickle.dumps({"a": 1}, 0)), "x.ckpt")
    assert files.SafetensorsFile(io.BytesIO(checkpoint_file(SD1)), "x.ckpt").entries


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_a_file_cut_short_is_refused_before_anything_is_read(cut: int) -> None:
    with pytest.raises(RakkanError, match=r"x.safetensors: This is not a sound safetensors file"):
        files.SafetensorsFile(io.BytesIO(checkpoint_file(SD1)[:cut]), "x.safetensors")


def test_a_file_cut_short_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(file_of({"a": Entry("F16", (99_999,))}))
    with path.open("rb") as content:
        read = files.SafetensorsFile(content, "x")
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(RakkanError, match=r"cut short at its tensor a"):
            read.read("a")
        with pytest.raises(RakkanError, match=r"holds no tensor b"):
            read.read("b")
