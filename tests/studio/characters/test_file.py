"""A character as one signed file: everything comes over, and nothing that was changed does."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.around.attempts import noise, photographic
from tests.trust.made import move, release

from rakkan import assemble
from rakkan.casting import Casting
from rakkan.errors import RakkanError
from rakkan.formats import bundle
from rakkan.store.ledger.statements import Admitted, Versioned
from rakkan.studio.characters import file, records
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.making import CharacterRequest, Revision
from rakkan.studio.characters.records import Character
from rakkan.trust.instance import read_root
from rakkan.trust.seal import envelopes
from rakkan.trust.seal.authority import Authority, authority, make_authority
from rakkan.trust.takedown.digests import digests_of_path

TAGS = "1girl, silver twin tails"


@pytest.fixture
def exported(casting: Casting, tmp_path: Path) -> Path:
    """A character of two versions and two pictures, one made here and one from outside."""
    made = release(tmp_path / "made.png")
    Image.fromarray(noise(3, 64, 64)).save(tmp_path / "outside.png")
    casting.make(CharacterRequest("Mika", TAGS, references=(made, tmp_path / "outside.png"), seed=7))
    casting.revise("Mika", Revision(add=("glasses",), because="reads a lot"))
    return casting.export("mika", tmp_path / "mika.rakkan")


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Casting:
    move(monkeypatch, folder)
    return assemble.casting()


@cache
def somebody() -> Authority:
    """Who is not known here."""
    return authority(make_authority("Someone"))


@cache
def sample() -> bytes:
    """The file of a character of two versions and one picture, signed by somebody."""
    memory = io.BytesIO()
    Image.fromarray(noise(3, 64, 64)).save(memory, "PNG")
    digest = hashlib.sha256(memory.getvalue()).hexdigest()
    first = Character("Mika", 1, "", "", 5, tags=TAGS, references=(digest,), seed="7")
    second = replace(first, number=2, parent=records.digest(first), tags=f"{TAGS}, glasses")
    history = [Kept(one, records.digest(one)) for one in (second, first)]
    leaving = file.departure(history, {digest: memory.getvalue()}, somebody(), "local")
    assert leaving.sort == "character" and leaving.pictures == (memory.getvalue(),)
    (pieces,) = leaving.files.values()
    return b"".join(pieces())


def opened(files: dict[str, bytes] | bytes) -> file.Opened:
    return file.opened(files if isinstance(files, bytes) else b"".join(bundle.pack(files)), "it", [])


def resigned(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change what is in a file and sign it anew, by somebody who is not known here."""
    files = bundle.unpack(path.read_bytes(), "it")
    mine = somebody()
    files |= {"certificate.pem": mine.chain, "root.pem": mine.root}
    told = json.loads(base64.b64decode(json.loads(files.pop("statement.json"))["payload"]))
    change(files)
    told["subject"] = [
        {"name": one, "digest": {"sha256": hashlib.sha256(files[one]).hexdigest()}} for one in sorted(files)
    ]
    versions = sorted(one for one in files if one.startswith("character/"))
    told["predicate"]["head"] = hashlib.sha256(files[versions[-1]] if versions else b"").hexdigest()
    files["statement.json"] = envelopes.sign(told, mine)
    path.write_bytes(b"".join(bundle.pack(files)))


def test_all_of_it_comes_over_and_the_pictures_are_as_they_were(
    casting: Casting, exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = list(casting.characters.history("Mika"))
    pictures = [casting.vault.read("local", one) for one in before[0].version.references]
    root = assemble.instance().root
    there = elsewhere(monkeypatch, tmp_path / "b")
    kept, found = there.take(exported)
    assert not found.signer.trusted and found.signer.name.startswith("Rakkan ")
    assert list(there.characters.history("Mika")) == before and kept == before[0]
    assert [there.vault.read("local", one) for one in before[0].version.references] == pictures
    stated = [said.predicate for _, said in there.ledger.about(kept.digest)]
    assert stated == [
        Versioned("character", 2, before[1].digest, before[0].version.references, (), "imported")
    ]
    for one in pictures:
        digest = hashlib.sha256(one).hexdigest()
        assert any(isinstance(said.predicate, Admitted) for _, said in there.ledger.about(digest))
    (there_home := assemble.config.load().home / "roots").mkdir(parents=True)
    (there_home / "a.pem").write_bytes(root)
    assert read_root(there_home / "a.pem")
    assert there.check(exported).signer.trusted


def test_the_same_character_gives_the_same_file_but_for_the_signature(
    casting: Casting, exported: Path, tmp_path: Path
) -> None:
    again = casting.export("mika", tmp_path / "again.rakkan")
    one, two = (bundle.unpack(path.read_bytes(), "it") for path in (exported, again))
    signatures = [json.loads(files.pop("statement.json")) for files in (one, two)]
    assert one == two
    assert signatures[0]["payload"] == signatures[1]["payload"]


def test_what_is_here_already_is_not_kept_twice_and_more_is_added(
    casting: Casting, exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    size = casting.ledger.size()
    assert casting.take(exported)[0] == casting.characters.find("mika")
    assert casting.ledger.size() == size
    casting.revise("mika", Revision(add=("hat",)))
    newer = casting.export("mika", tmp_path / "newer.rakkan")
    with pytest.raises(RakkanError, match="revised since"):
        casting.take(exported)
    there = elsewhere(monkeypatch, tmp_path / "b")
    there.take(exported)
    assert there.take(newer)[0].version.number == 3
    assert [one.version.number for one in there.characters.history("Mika")] == [3, 2, 1]


def test_another_character_of_that_name_is_left_alone(
    exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = elsewhere(monkeypatch, tmp_path / "b")
    mine = there.characters.new("MIKA", tags="1boy")
    with pytest.raises(RakkanError, match="another character called 'MIKA'"):
        there.take(exported)
    assert there.characters.all() == [mine]


def test_a_changed_byte_is_refused_wherever_it_is() -> None:
    data = sample()
    assert opened(data).versions[-1].name == "Mika"
    for place in range(7, len(data), len(data) // 60):
        with pytest.raises(RakkanError):
            opened(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_a_change_with_its_checksums_put_right_is_refused() -> None:
    files = bundle.unpack(sample(), "it")
    for name in files:
        with pytest.raises(RakkanError):
            opened({**files, name: files[name].replace(b"i", b"j", 1) + b" "})
        with pytest.raises(RakkanError):
            opened({key: one for key, one in files.items() if key != name})


def _version(which: int, **changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        name = f"character/{which:04d}.json"
        files[name] = records.to_json(replace(records.from_json(files[name]), **changes))

    return change


def _raw(name: str, data: bytes | None) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files.pop(name, None)
        if data is not None:
            files[name] = data

    return change


def _style(files: dict[str, bytes]) -> None:
    files["character/0001.json"] = records.to_json(records.Style("Mika", 1, "", "", 0))


def _no_pictures(files: dict[str, bytes]) -> None:
    for name in [one for one in files if one.startswith("pictures/")]:
        del files[name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_version(1, tags="1boy"), "does not follow"),
        (_version(2, number=3), "does not follow"),
        (_version(2, parent="0" * 64), "does not follow"),
        (_raw("character/0001.json", None), "not counted from 1"),
        (_raw("character/0003.json", b"{}"), "its kind is"),
        (_raw("character/0002.json", b"[" * 60_000), "JSON"),
        (_raw("character/0002.json", b'"' + b"x" * 70_000 + b'"'), "bytes"),
        (_raw("character/x.json", b"{}"), "not counted from 1"),
        (_raw("more.txt", b"hello"), "does not belong"),
        (_raw("pictures/" + "0" * 64 + ".png", b"\x89PNG"), "does not belong"),
        (_raw(f"pictures/{hashlib.sha256(b'x').hexdigest()}.png", b"x"), "not those that its versions name"),
        (_no_pictures, "not those that its versions name"),
        (_style, "something else"),
    ],
)
def test_what_does_not_hold_together_is_refused_whoever_signed_it(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    (tmp_path / "it").write_bytes(sample())
    resigned(tmp_path / "it", change)
    with pytest.raises(RakkanError, match=said) as caught:
        opened((tmp_path / "it").read_bytes())
    assert "\n" not in str(caught.value)


def _put_in(path: Path) -> Callable[[dict[str, bytes]], None]:
    """A picture in the place of the ones that are there."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()

    def change(files: dict[str, bytes]) -> None:
        _no_pictures(files)
        files[f"pictures/{digest}.png"] = data
        first = replace(records.from_json(files["character/0001.json"]), references=(digest,))
        files["character/0001.json"] = records.to_json(first)
        second = records.from_json(files["character/0002.json"])
        second = replace(second, references=(digest,), parent=records.digest(first))
        files["character/0002.json"] = records.to_json(second)

    return change


def test_every_picture_in_it_passes_the_gate_and_without_it_nothing_is_kept(
    exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Image.fromarray(photographic(5, 256)).save(tmp_path / "photograph.png")
    (tmp_path / "no.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing")
    there = elsewhere(monkeypatch, tmp_path / "b")
    data = exported.read_bytes()
    for name, said in (("photograph.png", "drawings only"), ("no.png", "PNG")):
        exported.write_bytes(data)
        resigned(exported, _put_in(tmp_path / name))
        there.check(exported)
        with pytest.raises(RakkanError, match=said) as caught:
            there.take(exported)
        assert "the picture" in str(caught.value) and "/proc" not in str(caught.value)
        assert there.characters.all() == []
        assert list(there.vault.list("local")) == []


@pytest.mark.parametrize("words", ["Emma Watson", "A girl of 12 years"])
def test_its_words_pass_the_gate(
    exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    there = elsewhere(monkeypatch, tmp_path / "b")
    resigned(exported, _version(2, description=words))
    with pytest.raises(RakkanError, match="Nothing was kept"):
        there.take(exported)
    assert there.characters.all() == [] and list(there.vault.list("local")) == []


def test_no_picture_of_an_earlier_version_can_be_taken_out() -> None:
    files = bundle.unpack(sample(), "it")
    (first, second) = (records.from_json(files[f"character/000{number}.json"]) for number in (1, 2))
    assert isinstance(first, Character) and isinstance(second, Character)
    third = replace(second, number=3, parent=records.digest(second), references=())
    history = [Kept(one, records.digest(one)) for one in (third, second, first)]
    (digest,) = first.references
    picture = files[f"pictures/{digest}.png"]
    (pieces,) = file.departure(history, {digest: picture}, somebody(), "local").files.values()
    files = bundle.unpack(b"".join(pieces()), "it")
    assert opened(files).pictures == {digest: picture}
    del files[f"pictures/{digest}.png"]
    with pytest.raises(RakkanError, match="changed after it was signed"):
        opened(files)


def test_what_fails_at_the_end_leaves_no_picture_behind(
    exported: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = elsewhere(monkeypatch, tmp_path / "b")

    def fails(*given: object) -> None:
        raise RakkanError("the disk is full")

    monkeypatch.setattr(there.characters, "commit", fails)
    with pytest.raises(RakkanError, match="disk is full"):
        there.take(exported)
    left = [there.vault.read("local", blob.digest) for blob in there.vault.list("local")]
    # That they were let in stays in the ledger, whose bodies are all that is left.
    assert all(data.startswith(b"rakkan body 1\n") for data in left)


def test_a_signature_by_another_certificate_is_refused() -> None:
    files = bundle.unpack(sample(), "it")
    other = authority(make_authority("Another"))
    for changed in (
        {"certificate.pem": other.chain},
        {"root.pem": other.root},
        {"certificate.pem": other.chain, "root.pem": other.root},
        {"certificate.pem": other.root, "root.pem": other.root},
        {"certificate.pem": b"x" * 20_000},
        {"certificate.pem": b"no certificate"},
        {"statement.json": b"{}"},
        {"statement.json": b"\xff"},
    ):
        with pytest.raises(RakkanError):
            opened({**files, **changed})


def test_a_picture_that_was_taken_down_does_not_leave(
    casting: Casting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = release(tmp_path / "made.png")
    casting.make(CharacterRequest("Mika", TAGS, references=(made,)))
    assemble.takedown().report("my work", [digests_of_path(made)])
    with pytest.raises(RakkanError, match="not handed out"):
        casting.export("mika", tmp_path / "mika.rakkan")
    assert not (tmp_path / "mika.rakkan").exists()


def test_a_picture_of_ours_that_lost_its_seal_does_not_leave(casting: Casting, tmp_path: Path) -> None:
    from rakkan.formats.unsealed import without_seal

    made = release(tmp_path / "made.png")
    bare = tmp_path / "bare.png"
    bare.write_bytes(without_seal(made.read_bytes()))
    casting.make(CharacterRequest("Mika", TAGS, references=(bare,)))
    with pytest.raises(RakkanError, match="lost its seal"):
        casting.export("mika", tmp_path / "mika.rakkan")


def test_where_it_is_written_it_is_called_by_its_ending_and_over_nothing(
    casting: Casting, exported: Path, tmp_path: Path
) -> None:
    with pytest.raises(RakkanError, match=r"\.rakkan"):
        casting.export("mika", tmp_path / "mika.zip")
    assert casting.export("mika", exported).name == "mika-2.rakkan"


def test_a_folder_and_a_file_that_is_not_there_are_told(casting: Casting, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.rakkan", Path("/dev/zero")):
        with pytest.raises(RakkanError, match="no file"):
            file.read(path)
