"""Models added, found, opened and removed: through the gate, with nothing kept of what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy
import pytest
import safetensors.numpy
from tests.formats.checkpoints.tables import (
    architecture,
    checkpoint_file,
    file_of,
    table,
    without,
    write_folder,
)
from tests.formats.checkpoints.test_kinds import lora

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.formats.checkpoints.detect import detect
from rakkan.models.card import from_json, to_json
from rakkan.models.licences import PERSON, Claim, claim
from rakkan.models.registry import Registry
from rakkan.store.ledger.statements import Admitted, Refused
from rakkan.trust.takedown.states import OVERTURNED


@pytest.fixture
def models() -> Registry:
    return assemble.models()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def blobs() -> set[str]:
    """The models' files and cards in the vault; what the ledger keeps there besides stays."""
    vault = assemble.vault()
    starts = {blob.digest: vault.read_start("local", blob.digest, 9) for blob in vault.list("local")}
    return {digest for digest, start in starts.items() if start[8:] == b"{" or start == b'{"card":{'}


def test_a_checkpoint_is_kept_with_its_card_and_stated(tmp_path: Path, models: Registry) -> None:
    spec = {"modelspec.title": "Teapots", "modelspec.license": "MIT", "modelspec.trigger_phrase": "tpt"}
    data = checkpoint_file(SDXL, **spec, **{"modelspec.prediction_type": "v"})
    kept = models.add(written(tmp_path / "teapots.safetensors", data))
    card, digest = kept.card, hashlib.sha256(data).hexdigest()
    assert (card.name, card.kind, card.family, card.base) == ("teapots", "checkpoint", SDXL, "SDXL")
    assert (card.prediction, card.resolution, card.title, card.triggers) == ("v", 1024, "Teapots", ("tpt",))
    assert (card.digest, kept.files[0].sha256, kept.files[0].autov2) == (digest, digest, digest[:10])
    assert kept.licence == Claim("MIT", "MIT", "file")
    assert assemble.vault().read("local", digest) == data
    stated = [made for _, made in assemble.ledger().about(digest) if isinstance(made.predicate, Admitted)]
    assert [(one.predicate.source, one.predicate.media_type) for one in stated] == [
        ("file", "application/x-safetensors")
    ]
    assert from_json(to_json(kept)) == kept
    with models.opened(models.find("teapots")) as tensors:
        assert detect(tensors).unet == architecture(SDXL, small=True).unet


def test_a_folder_is_kept_as_its_files_and_opened_as_one(tmp_path: Path, models: Registry) -> None:
    path = write_folder(tmp_path / "m", SDXL, "v_prediction", rescale_betas_zero_snr=True)
    (path / "README.md").write_text("---\nlicense: faipl-1.0-sd\n---\n")
    kept = models.add(path, name="folder")
    assert [one.path.split("/")[0] for one in kept.files] == ["unet", "vae", "text_encoder", "text_encoder_2"]
    assert kept.licence.licence == "LicenseRef-FAIPL-1.0-SD" and kept.licence.source == "folder"
    assert (kept.card.prediction, kept.card.zero_terminal_snr) == ("v", True)
    with models.opened(kept) as tensors:
        found = detect(tensors)
    assert (found.layout, found.prediction, found.zero_terminal_snr) == ("diffusers", "v", True)
    assert len(blobs()) == 5
    models.remove("folder")
    assert blobs() == set() and models.all() == []


def test_a_lora_is_told_with_its_ranks(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "l.safetensors", file_of(lora(SD1, rank=8, small=True).entries))
    card = models.add(path).card
    assert (card.kind, card.ranks, card.layout) == ("LoRA", (8,), "kohya")


def test_models_are_found_by_name_and_by_any_hash(tmp_path: Path, models: Registry) -> None:
    kept = models.add(written(tmp_path / "teapot.safetensors", checkpoint_file(SD1)))
    one = kept.files[0]
    for known in (
        "teapot",
        one.sha256,
        one.sha256[:8],
        one.autov1,
        one.autov3.upper(),
        one.crc32,
        one.blake3,
    ):
        assert models.find(known) == kept
    with pytest.raises(RakkanError, match=r"no model called 'teapt'. Did you mean 'teapot'"):
        models.find("teapt")
    with pytest.raises(RakkanError, match=r"See rakkan model list"):
        models.find(one.sha256[:7])


def test_the_persons_word_on_the_licence_counts_before_the_files(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1, **{"modelspec.license": "MIT"}))
    assert models.add(path, licence=claim("cc0", PERSON)).licence == Claim("CC0-1.0", "cc0", "person")
    assert models.find("a").licence.source == "person"


def test_adding_again_changes_the_card_and_another_model_needs_another_name(
    tmp_path: Path, models: Registry
) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    models.add(path)
    models.add(path, licence=claim("mit", PERSON))
    assert [one.licence.licence for one in models.all()] == ["MIT"]
    assert len(blobs()) == 2
    other = written(tmp_path / "b.safetensors", checkpoint_file(SDXL))
    before = blobs()
    with pytest.raises(RakkanError, match=r"another model called 'a'.*--name"):
        models.add(other, name="a")
    assert blobs() == before


def test_a_file_that_two_models_share_stays_until_both_are_gone(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    digest = models.add(path).files[0].sha256
    models.add(path, name="again")
    models.remove("a")
    assert digest in blobs()
    models.remove("again")
    assert blobs() == set()


def test_each_account_has_its_own(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    models.add(path, account="ann")
    assert models.all() == [] and len(models.all("ann")) == 1
    assemble.erase("ann")
    assert models.all("ann") == []
    assert assemble.database_engine() is not None


def bad_weights() -> bytes:
    arrays = {name: numpy.zeros(one.shape, numpy.float16) for name, one in table(SD1, True).entries.items()}
    list(arrays.values())[7].reshape(-1)[0] = numpy.inf
    return safetensors.numpy.save(arrays)


def mixed() -> bytes:
    unet = dict(without(table(SD1, True), "cond_stage_model").entries)
    return file_of({**unet, **without(table(SDXL, True), "model.", "first_stage").entries})


def short() -> bytes:
    entries = dict(table(SD1, True).entries)
    del entries["model.diffusion_model.out.0.bias"]
    return file_of(entries)


BAD = {
    "cut short": (checkpoint_file(SD1)[:-1], "follow its header"),
    "a lying header": (b"\xff" * 7 + b"\x7f{}", "header would have"),
    "infinite weights": (bad_weights(), "infinite or no numbers, in "),
    "all nonsense": (file_of(table(SD1, True).entries, value=255), "infinite or no numbers.*and "),
    "mixed": (mixed(), "mixture"),
    "one tensor short": (short(), "lacks 1 of .* tensors: model.diffusion_model.out.0.bias"),
    "a half": (file_of(dict(list(table(SD1, True).entries.items())[:40])), "lacks"),
    "a pickle": (b"\x80\x02}q\x00.", "is a pickle"),
    "unknown": (safetensors.numpy.save({"x": numpy.zeros((1, 2, 3)), "y": numpy.zeros(2)}), "no model known"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a sound safetensors"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_kept(
    what: str, tmp_path: Path, models: Registry
) -> None:
    data, match = BAD[what]
    path = written(tmp_path / "a.safetensors", data)
    with pytest.raises(RakkanError, match=match) as caught:
        models.add(path)
    assert "\n" not in str(caught.value) and caught.value.hint
    assert blobs() == set() and models.all() == [] and assemble.ledger().size() == 0


def test_a_checkpoint_without_an_autoencoder_is_kept_with_a_note(tmp_path: Path, models: Registry) -> None:
    data = file_of(without(table(SD1, True), "first_stage_model.").entries)
    kept = models.add(written(tmp_path / "a.safetensors", data))
    assert "no autoencoder" in kept.card.notes[-1]


def test_the_gate_is_asked_and_of_a_folder_it_refuses_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    gate = assemble.gate()

    def admit(source: object) -> object:
        asked.append(source)
        if len(asked) == 3:
            raise RakkanError("refused here")
        return gate.admit(source)  # type: ignore[arg-type]

    registry = assemble.models()
    monkeypatch.setattr(registry, "_admit", admit)
    with pytest.raises(RakkanError, match=r"refused here"):
        registry.add(write_folder(tmp_path / "m", SD1))
    assert len(asked) == 3 and blobs() == set() and registry.all() == []


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", "x" * 121, "\udcff"])
def test_names_that_are_none_are_refused(name: str, tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    if name:
        with pytest.raises(RakkanError, match=r"cannot be called|--name"):
            models.add(path, name=name)
    with pytest.raises(RakkanError):
        models.add(tmp_path / name)


def test_a_card_that_is_none_is_refused(tmp_path: Path, models: Registry) -> None:
    kept = models.add(written(tmp_path / "a.safetensors", checkpoint_file(SD1)))
    value = json.loads(to_json(kept))
    for change in ({"kind": "x"}, {"files": []}, {"files": [1]}, {"card": 1}, {"licence": {"x": 1}}):
        with pytest.raises(RakkanError):
            from_json(json.dumps({**value, **change}).encode())


def test_the_database_tells_no_names(tmp_path: Path, models: Registry) -> None:
    from rakkan import config

    models.add(written(tmp_path / "crane-at-dusk.safetensors", checkpoint_file(SD1)))
    for file in config.load().home.rglob("*"):
        if file.is_file():
            assert b"crane-at-dusk" not in file.read_bytes(), file


def test_a_file_is_resolved_to_what_is_here_already_under_any_name(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    kept = models.add(path, name="teapots")
    entries = assemble.ledger().size()
    assert models.resolve(str(path)) == models.resolve("teapots") == kept
    assert assemble.ledger().size() == entries  # it did not come in again
    other = written(tmp_path / "b.safetensors", checkpoint_file(SDXL))
    assert models.resolve(str(other)).card.name == "b"
    assert [one.card.name for one in models.all()] == ["b", "teapots"]
    for wrong in ("nothing", "x" * 9999, "a\0b"):
        with pytest.raises(RakkanError, match="no model called"):
            models.resolve(wrong)


def test_of_a_folders_settings_only_what_is_drawn_by_is_kept(tmp_path: Path, models: Registry) -> None:
    path = write_folder(tmp_path / "m", SD1, secret_of_mine="a crane")
    settings = models.add(path).card.settings
    assert settings == {"scheduler/prediction_type": "epsilon", "unet/attention_head_dim": "8"}


def test_each_file_is_read_once_by_us_and_twice_by_the_gate(
    tmp_path: Path, models: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    read: Counter[Path] = Counter()

    class Counted(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            got = super().readinto(buffer) or 0
            read[path] += got
            return got

    usual = Path.open

    def opened(self: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if self == path and mode == "rb":
            return io.BufferedReader(Counted(self))
        return usual(self, mode, *more, **named)

    monkeypatch.setattr(Path, "open", opened)
    size = path.stat().st_size
    header = 8 + int.from_bytes(path.read_bytes()[:8], "little")
    read.clear()

    def times() -> int:
        """How often all of the file was read; the header is looked at more often."""
        whole = read.pop(path)
        assert whole % size < 4 * (header + io.DEFAULT_BUFFER_SIZE)
        return whole // size

    models.resolve(str(path))  # its hashes; the gate's inspection; its keeping, which is held to that
    assert times() == 3
    models.resolve(str(path))
    assert times() == 1
    models.add(path, name="again")
    assert times() == 3


def test_a_refused_name_is_a_case_that_can_be_appealed(tmp_path: Path, models: Registry) -> None:
    path = written(tmp_path / "a.safetensors", checkpoint_file(SD1))
    with pytest.raises(RakkanError, match=r"was not let in \(real person\): its name here: ") as caught:
        models.add(path, name="abraham lincoln v2")
    case = re.search(r"rakkan takedown appeal ([0-9a-f]{32})", caught.value.hint)
    assert case is not None
    stated = [said.predicate for _, said in assemble.ledger().about(case[1])]
    assert stated == [Refused(case[1], "admit", "real person")]
    assert blobs() == set() and models.all() == []
    desk = assemble.takedown()
    desk.appeal(desk.docket.find(case[1]), "account", "it is a teapot")
    desk.decide(desk.docket.find(case[1]), OVERTURNED, "unproven", "it is", "Moderator")
    assert models.add(path, name="abraham lincoln v2").card.name == "abraham lincoln v2"
    with pytest.raises(RakkanError, match="was not let in"):
        models.add(path, name="abraham lincoln v3")
    models.remove("abraham lincoln v2")
    other = checkpoint_file(SD1, ss_tag_frequency='{"a": {"abraham lincoln": 3}}')
    with pytest.raises(RakkanError, match="was not let in"):  # the name was overturned, the file was not
        models.add(written(tmp_path / "b.safetensors", other), name="abraham lincoln v2")


def test_a_trigger_word_is_judged_as_the_card_will_show_it(tmp_path: Path, models: Registry) -> None:
    data = checkpoint_file(SD1, **{"modelspec.trigger_phrase": "abraham\x01lincoln"})
    with pytest.raises(RakkanError, match="real person"):
        models.add(written(tmp_path / "a.safetensors", data))
    assert models.all() == []
