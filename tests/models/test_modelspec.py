"""ModelSpec read from strangers' files, and written into new ones."""

from __future__ import annotations

import io

import numpy
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.models.modelspec import ModelSpec, read, with_metadata, write

FULL = {
    "modelspec.sai_model_spec": "1.0.1",
    "modelspec.architecture": "stable-diffusion-xl-v1-base",
    "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
    "modelspec.title": "Teapots",
    "modelspec.resolution": "1024x1024",
    "modelspec.description": "Draws teapots",
    "modelspec.author": "Ann",
    "modelspec.date": "2026-11-22",
    "modelspec.hash_sha256": "0x" + "ab" * 32,
    "modelspec.license": "CreativeML Open RAIL++-M",
    "modelspec.tags": "teapots, kettles",
    "modelspec.prediction_type": "v",
    "modelspec.trigger_phrase": "tpt",
    "modelspec.merged_from": "one, two",
}


def test_what_the_specification_shows_is_read_and_written_back() -> None:
    spec = read(FULL)
    assert spec.title == "Teapots" and spec.tags == ("teapots", "kettles") and spec.hash == "ab" * 32
    assert spec.merged_from == ("one", "two") and spec.prediction == "v" and spec.trigger == "tpt"
    assert write(spec) == FULL


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resolution", "large"),
        ("resolution", "0x0"),
        ("date", "yesterday"),
        ("hash_sha256", "0x12"),
        ("prediction_type", "sample"),
    ],
)
def test_what_is_not_of_its_form_is_left_out_and_the_rest_stays(key: str, value: str) -> None:
    spec = read({**FULL, f"modelspec.{key}": value})
    name = {"prediction_type": "prediction", "hash_sha256": "hash"}.get(key, key)
    assert getattr(spec, name) == "" and spec.title == "Teapots"


def test_texts_are_cut_and_kept_on_one_line() -> None:
    spec = read({"modelspec.title": "a\nb\x1b[2J" + "c" * 9999, "modelspec.tags": ",".join("abc" * 999)})
    assert len(spec.title) <= 4000 and spec.title.isprintable()
    assert len(spec.tags) == 100


@given(st.dictionaries(st.sampled_from([*FULL, "other"]), st.text(max_size=50)))
def test_any_metadata_are_read(metadata: dict[str, str]) -> None:
    read(metadata)


def test_a_new_file_says_it_and_its_tensors_are_byte_for_byte_the_same() -> None:
    arrays = {"b": numpy.arange(10, dtype=numpy.float32), "a": numpy.float16([[1, 2]])}
    old = safetensors.numpy.save(
        arrays, {"kept": "as it was", "modelspec.title": "old", "modelspec.author": "B"}
    )
    new = b"".join(with_metadata(io.BytesIO(old), read(FULL)))
    body = 8 + int.from_bytes(new[:8], "little")
    assert body % 8 == 0 and new[body:] == old[8 + int.from_bytes(old[:8], "little") :]
    again = safetensors.numpy.load(new)
    assert all((again[name] == arrays[name]).all() for name in arrays) and len(again) == 2
    from rakkan.formats.safetensors_file import read as header

    assert header(new, len(new)).metadata == {"kept": "as it was", **FULL}


def test_what_the_specification_demands_is_demanded() -> None:
    for spec in (
        ModelSpec(),
        ModelSpec(architecture="a", implementation="b"),
        ModelSpec(architecture="a", implementation="b", title="c", resolution="big"),
        ModelSpec(architecture="a", implementation="b", title="c", tags=("x,y",)),
        ModelSpec(architecture="a", implementation="b", title="c\nd"),
    ):
        with pytest.raises(RakkanError):
            write(spec)
