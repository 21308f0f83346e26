"""A person's own model back out of the vault: what it says then, and what keeps it in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import safetensors
import safetensors.numpy
from tests.formats.checkpoints.tables import checkpoint_file, file_of, table, write_folder
from tests.formats.checkpoints.test_kinds import lora
from tests.models.test_registry import written

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.models.departing import described
from rakkan.models.licences import PERSON, claim
from rakkan.models.registry import Registry
from rakkan.store.ledger.statements import Banned, Refused, Reported, Statement, Subject
from rakkan.trust.safety.prompts.tables import Tables
from rakkan.trust.takedown.states import SPEAKER


@pytest.fixture
def models() -> Registry:
    return assemble.models()


def body(data: bytes) -> bytes:
    return data[8 + int.from_bytes(data[:8], "little") :]


def numbered(path: Path, **metadata: str) -> bytes:
    """A checkpoint whose tensors all differ."""
    shapes = table(SDXL, small=True).entries
    arrays = {
        name: numpy.full(one.shape, number / 4096, numpy.float16)
        for number, (name, one) in enumerate(shapes.items())
    }
    data = safetensors.numpy.save(arrays, metadata)
    path.write_bytes(data)
    return data


def said(path: Path) -> dict[str, str]:
    """A file's metadata as a foreign reader has them."""
    with safetensors.safe_open(path, "numpy") as file:
        return dict(file.metadata())


def test_a_file_comes_back_with_what_is_known_of_it_and_its_tensors_to_the_bit(
    tmp_path: Path, models: Registry
) -> None:
    theirs = {
        "kept": "as it was",
        "ss_sd_model_name": "teapots",
        "modelspec.merged_from": "one,  two",
        "modelspec.author": "Ann",
        "modelspec.hash_sha256": "0x" + "ab" * 32,
        "modelspec.date": "yesterday",
        "modelspec.thumbnail": "data:image/jpeg;base64,AAAA",
    }
    data = numbered(tmp_path / "teapots v1.safetensors", **theirs)
    kept = models.add(tmp_path / "teapots v1.safetensors", licence=claim("cc0", PERSON))
    told: list[tuple[int, int]] = []
    path = models.export(
        "teapots v1", tmp_path / "out" / "t.safetensors", progress=lambda *of: told.append(of)
    )
    assert path == tmp_path / "out" / "t.safetensors" and list(path.parent.iterdir()) == [path]
    assert told[-1] == (2 * len(data), 2 * len(data))
    assert said(path) == {
        "kept": "as it was",
        "ss_sd_model_name": "teapots",
        "modelspec.thumbnail": "data:image/jpeg;base64,AAAA",
        "modelspec.merged_from": "one,  two",
        "modelspec.author": "Ann",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": "stable-diffusion-xl-v1-base",
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.title": "teapots v1",
        "modelspec.resolution": "1024x1024",
        "modelspec.prediction_type": "epsilon",
        "modelspec.license": "cc0",
        "modelspec.hash_sha256": "0x" + hashlib.sha256(body(data)).hexdigest(),
    }
    assert body(path.read_bytes()) == body(data)
    before, after = safetensors.numpy.load(data), safetensors.numpy.load_file(path)
    assert len(after) == len(before)
    assert all((after[name] == one).all() and after[name].dtype == one.dtype for name, one in before.items())
    again = models.add(path, name="again")
    assert again.files[0].autov3 == kept.files[0].autov3 and again.files[0].sha256 != kept.files[0].sha256
    assert (again.card.title, again.card.author) == ("teapots v1", "Ann")
    assert (again.licence.licence, again.licence.source) == ("CC0-1.0", "file")
    third = models.export("again", tmp_path / "out" / "t.safetensors")
    assert third.name == "t-2.safetensors" and third.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("family", "claimed", "architecture"),
    [
        (SD1, {}, "stable-diffusion-v1"),
        (SD2, {}, "stable-diffusion-v2-768-v"),
        (SD2, {"modelspec.prediction_type": "epsilon"}, "stable-diffusion-v2-512"),
    ],
)
def test_families_are_named_as_the_specification_names_them(
    family: str, claimed: dict[str, str], architecture: str, tmp_path: Path, models: Registry
) -> None:
    kept = models.add(written(tmp_path / "a.safetensors", checkpoint_file(family, **claimed)))
    path = models.export("a", tmp_path / "b.safetensors")
    assert said(path)["modelspec.architecture"] == architecture
    assert models.add(path).card.prediction == kept.card.prediction


def test_what_goes_with_a_checkpoint_says_so_and_odd_names_are_written(
    tmp_path: Path, models: Registry
) -> None:
    path = written(tmp_path / "l.safetensors", file_of(lora(SDXL, rank=8).entries))
    kept = models.add(path, name="tea  pots, big")
    spec = described(kept, {}, "0" * 64)
    assert (spec.architecture, spec.title) == (f"{SDXL}/lora", "tea pots, big")
    assert said(models.export("tea  pots, big", tmp_path / "o.safetensors"))["modelspec.title"] == spec.title


def test_a_folder_comes_back_as_one_that_is_the_same_model(tmp_path: Path, models: Registry) -> None:
    source = write_folder(tmp_path / "m", SDXL, "v_prediction", rescale_betas_zero_snr=True)
    arrays = safetensors.numpy.load_file(source / "unet" / "diffusion_pytorch_model.safetensors")
    (source / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    names, held = sorted(arrays), {}
    for number, part in ((1, names[:9]), (2, names[9:])):
        shard = f"diffusion_pytorch_model-0000{number}-of-00002.safetensors"
        safetensors.numpy.save_file({name: arrays[name] for name in part}, source / "unet" / shard)
        held |= dict.fromkeys(part, shard)
    index = "unet/diffusion_pytorch_model.safetensors.index.json"
    (source / index).write_text(json.dumps({"metadata": {}, "weight_map": held}))
    kept = models.add(source, licence=claim('Fair: "mine"', PERSON))
    path = models.export("m", tmp_path / "back")
    assert path == tmp_path / "back" and len(kept.files) == 5
    for one in kept.files:
        assert (path / one.path).read_bytes() == (source / one.path).read_bytes()
    assert json.loads((path / index).read_text())["weight_map"] == held
    models.remove("m")
    again = models.add(path, name="again")
    assert again.card.digest == kept.card.digest and again.card.settings == kept.card.settings
    assert (again.card.prediction, again.card.zero_terminal_snr) == ("v", True)
    assert again.licence.source == "folder" and again.licence.words.startswith("Fair: ")
    assert models.export("again", tmp_path / "back").name == "back-2"
    for name in ("x.safetensors",):
        with pytest.raises(RakkanError, match="is a folder of files"):
            models.export("again", tmp_path / name)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["back", "back-2", "m"]


def test_one_file_is_not_written_under_another_ending(tmp_path: Path, models: Registry) -> None:
    models.add(written(tmp_path / "a.safetensors", checkpoint_file(SD1)))
    with pytest.raises(RakkanError, match=r"is one file.*--out x\.png\.safetensors"):
        models.export("a", tmp_path / "x.png")


def stated(predicate: Any, digest: str) -> None:
    subject = Subject("model", {"sha256": digest})
    assemble.ledger().append([Statement(predicate, (subject,), SPEAKER, 1)])


@pytest.mark.parametrize(
    ("predicate", "rule"),
    [
        (Banned("unsafe"), "banned subject"),
        (Banned("unsafe", ("export",)), "banned subject"),
        (Reported("0" * 32, "my work", 2**40), "reported"),
    ],
)
@pytest.mark.parametrize("which", ["a file", "a folder"])
def test_what_is_barred_or_reported_stays_in(
    predicate: Any, rule: str, which: str, tmp_path: Path, models: Registry
) -> None:
    if which == "a file":
        kept = models.add(written(tmp_path / "m.safetensors", checkpoint_file(SD1)))
    else:
        kept = models.add(write_folder(tmp_path / "m", SD1))
    stated(predicate, kept.files[-1].sha256)
    out = tmp_path / "out"
    with pytest.raises(RakkanError, match=rf"was not handed out \({rule}\)"):
        models.export("m", out / "o.safetensors" if which == "a file" else out)
    assert not out.exists()
    ((_, refused),) = assemble.ledger().since(0, {"refused"})
    assert refused is not None and isinstance(refused.predicate, Refused)
    assert (refused.predicate.action, refused.predicate.rule) == ("export", rule)


def test_words_that_are_refused_by_now_keep_a_model_in(
    tmp_path: Path, models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.trust.safety.prompts import inspectors
    from rakkan.trust.safety.prompts.models import judge_model

    models.add(written(tmp_path / "a.safetensors", checkpoint_file(SD1, note="abraham lincolm")))

    def stricter(texts: Any, name: str, tables: Tables | None = None) -> Any:
        changed = {key: text.replace("lincolm", "lincoln") for key, text in texts.items()}
        return judge_model(changed, name, tables)

    monkeypatch.setattr(inspectors, "judge_model", stricter)
    with pytest.raises(RakkanError, match=r"was not handed out \(real person\)"):
        models.export("a", tmp_path / "o.safetensors")
    assert not (tmp_path / "o.safetensors").exists()


@pytest.mark.parametrize("folder", [False, True])
def test_stopped_on_the_way_nothing_is_left(folder: bool, tmp_path: Path, models: Registry) -> None:
    if folder:
        models.add(write_folder(tmp_path / "m", SD1))
    else:
        models.add(written(tmp_path / "m.safetensors", checkpoint_file(SD1)))
    out = tmp_path / "out"

    def stop(done: int, of: int) -> None:
        if done > of * 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        models.export("m", out / ("m" if folder else "m.safetensors"), progress=stop)
    assert list(out.iterdir()) == []
    assert assemble.gate().released == []


def test_a_picture_does_not_leave_as_a_model(tmp_path: Path) -> None:
    from rakkan.trust.gate import Departure

    png = b"\x89PNG\r\n\x1a\n" + bytes(40)

    def pieces() -> Iterator[bytes]:
        yield from (png[:5], png[5:12], png[12:])

    for files, is_folder in (({"a": pieces}, False), ({"x": lambda: [b"{}"], "y": pieces}, True)):
        model = Departure("local", ("0" * 64,), ("a",), ({},), files, is_folder)  # type: ignore[arg-type]
        with pytest.raises(RakkanError, match="it is a picture"):
            assemble.gate().hand_out(model, tmp_path / "o")
    outside: Any = {"../x": lambda: [b"{}"]}
    with pytest.raises(RakkanError, match="leads out of the folder"):
        assemble.gate().hand_out(
            Departure("local", ("0" * 64,), ("a",), ({},), outside, True), tmp_path / "o"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_gate_without_its_inspectors_hands_nothing_out(tmp_path: Path, models: Registry) -> None:
    from dataclasses import replace

    from rakkan.trust.gate import Departure

    model = Departure("local", (), (), (), {"a": lambda: [b"{}"]})
    for name in ("policy", "text"):
        left = {key: one for key, one in assemble.gate().departure_inspectors.items() if key != name}
        with pytest.raises(RakkanError, match=f"the inspector {name!r} is missing"):
            replace(assemble.gate(), departure_inspectors=left).hand_out(model, tmp_path / "o")
    assert list(tmp_path.iterdir()) == []
