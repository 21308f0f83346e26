"""What comes in and what does not: every refusal names the file in one line and leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.formats.ordinary import chunk, models, pictures, raw_png
from tests.trust.made import look, move, release, stated

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.store.ledger.statements import Admitted
from rakkan.trust import arrivals
from rakkan.trust.gate import Arrival, Finding, Source
from rakkan.trust.provenance import digest_of_file


def kept() -> tuple[set[str], int]:
    """What the instance holds of the account, and how many statements besides those about refusals."""
    return {blob.digest for blob in assemble.vault().list("local")}, stated()


def files() -> list[str]:
    """The names of all files in the vault's folder."""
    vault = Path(os.environ["RAKKAN_HOME"]) / "vault"
    return sorted(str(path) for path in vault.rglob("*") if path.is_file() and "lock" not in path.name)


SOUND = {
    "png": pictures()["png RGB"],
    "jpeg": pictures()["jpeg"],
    "webp": next(data for name, data in pictures().items() if name.startswith("webp")),
    "safetensors": max(models().values(), key=len),
}
MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "safetensors": "application/x-safetensors",
}


@pytest.mark.parametrize("kind", SOUND)
def test_what_is_sound_is_kept_for_its_account_and_stated(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{kind}"
    path.write_bytes(SOUND[kind])
    admission = assemble.gate().admit(Source(path, "someone"))
    digest = hashlib.sha256(SOUND[kind]).hexdigest()
    assert admission.digest == digest
    assert assemble.vault().read("someone", digest) == SOUND[kind]
    assert not assemble.vault().holds("local", digest)
    about = digest if kind == "safetensors" else digest_of_file(SOUND[kind])
    ((entry, statement),) = assemble.ledger().about(about)
    assert entry.index == admission.entry and entry.kind == "admitted"
    assert statement.account == "someone"
    assert statement.predicate == Admitted(MEDIA_TYPES[kind], len(SOUND[kind]), "file", "none")
    assert statement.subjects[0].name == ("model" if kind == "safetensors" else "picture")


def test_a_statement_says_what_the_seal_was_worth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = release(tmp_path / "a.png")
    broken = tmp_path / "broken.png"
    Image.new("RGB", (24, 16), "red").save(tmp_path / "plain.png")
    data, plain = path.read_bytes(), (tmp_path / "plain.png").read_bytes()
    place = data.index(b"caBX") - 4
    end = place + 12 + int.from_bytes(data[place : place + 4], "big")
    broken.write_bytes(plain[:33] + data[place:end] + plain[33:])

    def worth(file: Path) -> tuple[str, str]:
        admission = assemble.gate().admit(Source(file))
        evidence = assemble.ledger().about(digest_of_file(file.read_bytes()))
        predicate = next(said.predicate for entry, said in evidence if entry.index == admission.entry)
        return predicate.seal, admission.remarks[0]

    assert worth(path) == ("trusted", "a seal that is trusted here")
    assert worth(tmp_path / "plain.png") == ("none", "no seal")
    assert worth(broken)[0] == "invalid"
    move(monkeypatch, tmp_path / "another")
    assert worth(path) == ("valid", "a seal by someone who is not known here")


def test_a_sealed_file_is_known_by_its_digest_with_and_without_the_seal(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    assemble.gate().admit(Source(path))
    data = path.read_bytes()
    for digest in (hashlib.sha256(data).hexdigest(), hashlib.sha256(without_seal(data)).hexdigest()):
        kinds = {type(statement.predicate).__name__ for _, statement in assemble.ledger().about(digest)}
        assert "Admitted" in kinds


def test_a_name_that_lies_about_the_kind_is_remarked(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(SOUND["png"])
    assert "The file is called .jpg but is image/png" in assemble.gate().admit(Source(path)).remarks


def bomb() -> bytes:
    return raw_png(16_000, 16_000, 8, 2, bytes(48_001 * 200))


REFUSED: dict[str, bytes] = {
    "nothing at all": b"",
    "eight bytes": b"\x10" + bytes(7),
    "text": b"a text that goes on for a while",
    "a program": b"\x7fELF" + bytes(200),
    "a gif": b"GIF89a" + bytes(200),
    "a pickle": b"\x80\x04\x95" + bytes(100),
    "a picture and an archive": SOUND["png"] + b"PK\x03\x04" + bytes(100),
    "a jpeg and a page": SOUND["jpeg"] + b"<script>alert(1)</script>",
    "a webp and more": SOUND["webp"] + bytes(100),
    "a bomb": bomb(),
    "a lying size": SOUND["png"][:16] + (9999).to_bytes(4, "big") + SOUND["png"][20:],
    "half a picture": SOUND["jpeg"][: len(SOUND["jpeg"]) // 2],
    "a header longer than the file": (1 << 40).to_bytes(8, "little") + b"{" + bytes(100),
    "a header that is none": (100).to_bytes(8, "little") + b"{" + b"x" * 99,
    "a model cut short": SOUND["safetensors"][:-1],
    "a model and more": SOUND["safetensors"] + b"more",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_sound_stays_out_and_nothing_is_kept(what: str, tmp_path: Path) -> None:
    path = tmp_path / "some file.bin"
    path.write_bytes(REFUSED[what])
    before, held = kept(), files()
    with pytest.raises(RakkanError) as caught:
        assemble.gate().admit(Source(path))
    assert str(caught.value).startswith("some file.bin was not let in: ")
    assert "\n" not in str(caught.value)
    assert (kept(), files()) == (before, held)


def test_a_chunk_that_has_no_place_in_a_picture_keeps_it_out(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SOUND["png"][:33] + chunk(b"CODE", b"x") + SOUND["png"][33:])
    with pytest.raises(RakkanError, match=r"a\.png was not let in"):
        assemble.gate().admit(Source(path))


def test_what_is_no_readable_file_is_refused_by_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    before = kept()
    for path in (
        tmp_path,
        tmp_path / "missing.png",
        tmp_path / "pipe.png",
        tmp_path / "round.png",
        Path("/proc/self/mem"),
    ):
        with pytest.raises(RakkanError, match=path.name) as caught:
            assemble.gate().admit(Source(path))
        assert "\n" not in str(caught.value)
    assert kept() == before


def test_a_file_that_may_not_be_read_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: Path, *options: Any, **more: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *options, **more)

    path, opened = tmp_path / "secret.png", Path.open
    path.write_bytes(SOUND["png"])
    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(RakkanError, match=r"secret\.png cannot be read: permission denied"):
        assemble.gate().admit(Source(path))


Meddle = Callable[[bytes], bytes]
MEDDLING: dict[str, Meddle] = {
    "a weight": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "its header": lambda data: data.replace(b"F32", b"I32", 1),
    "its length": lambda data: data + b"more",
    "its end": lambda data: data[:-40],
    "all of it": lambda data: b"MZ" + bytes(len(data) - 2),
}


@pytest.mark.parametrize("size", [1000, 400_000])
@pytest.mark.parametrize("what", MEDDLING)
def test_a_model_that_changes_between_inspection_and_storing_stays_out(
    what: str, size: int, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_of(size))
    gate = assemble.gate()

    def meddle(*_: object) -> list[Any]:
        changed = MEDDLING[what](path.read_bytes())
        assert changed != path.read_bytes()
        path.write_bytes(changed)
        return []

    assemble.vault().put("local", b"something else")  # whoever has nothing yet is given a key
    before, held = kept(), files()
    checks = {**gate.arrival_inspectors, "meddler": meddle}
    with pytest.raises(RakkanError, match="changed while it was read"):
        replace(gate, arrival_inspectors=checks).admit(Source(path))
    assert (kept(), files()) == (before, held)


def test_a_model_that_changes_to_one_that_is_held_does_not_cost_that_one(tmp_path: Path) -> None:
    path, gate = tmp_path / "model.safetensors", assemble.gate()
    earlier = model_of(400_000, 1)
    path.write_bytes(earlier)
    held = gate.admit(Source(path)).digest
    path.write_bytes(model_of(400_000, 2))

    def meddle(*_: object) -> list[Any]:
        path.write_bytes(earlier)
        return []

    with pytest.raises(RakkanError, match="changed"):
        replace(gate, arrival_inspectors={**gate.arrival_inspectors, "meddler": meddle}).admit(Source(path))
    assert assemble.vault().read("local", held) == earlier


def test_a_model_that_grows_while_it_is_inspected_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_of(1000))
    look_at = arrivals.inspect_model

    def slow(*given: Any) -> Any:
        found = look_at(*given)
        with path.open("ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr(arrivals, "inspect_model", slow)
    with pytest.raises(RakkanError, match=r"model\.safetensors changed while it was read"):
        assemble.gate().admit(Source(path))
    assert kept()[0] == set()


def model_of(size: int, fill: int = 0) -> bytes:
    header = b'{"a":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}' % (size // 4, size)
    return len(header).to_bytes(8, "little") + header + bytes([fill]) * size


def test_a_file_that_is_let_in_or_refused_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    gate = assemble.gate()
    seen: list[Arrival] = []

    def parse(source: Path) -> Arrival:
        seen.append(gate.parse(source))
        return seen[-1]

    def refuse(*_: object) -> list[Finding]:
        return [Finding(False, "no")]

    path.write_bytes(model_of(1000))
    replace(gate, parse=parse).admit(Source(path))
    checks = {**gate.arrival_inspectors, "more": refuse}
    with pytest.raises(RakkanError, match="no"):
        replace(gate, parse=parse, arrival_inspectors=checks).admit(Source(path))
    assert [arrival.content.closed for arrival in seen] == [True, True]
    path.write_bytes(model_of(1000)[:-1])
    with pytest.raises(RakkanError) as caught:
        gate.admit(Source(path))
    # What was raised still holds on to whatever was left open.
    links = list(Path("/proc/self/fd").iterdir())
    assert caught.tb and not any(_leads_to(link, path) for link in links)


def _leads_to(link: Path, path: Path) -> bool:
    try:
        return os.readlink(link) == str(path)
    except FileNotFoundError:
        return False


def test_a_large_model_never_stands_in_memory(tmp_path: Path) -> None:
    """What comes in takes a few MB of memory, however large it is."""
    size, path = 200_000_000, tmp_path / "large.safetensors"
    start = model_of(size - size % 4)[:200]
    header = start[: 8 + int.from_bytes(start[:8], "little")]
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from rakkan import assemble; from rakkan.trust.gate import Source\n"
        "small = Path(sys.argv[1]).with_name('small.safetensors')\n"
        "assemble.gate().admit(Source(small))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "admission = assemble.gate().admit(Source(Path(sys.argv[1])))\n"
        "print(admission.inspected.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    (tmp_path / "small.safetensors").write_bytes(model_of(100_000))
    source = Path(arrivals.__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(path)],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    total, kibibytes = map(int, done.stdout.split())
    assert total == len(header) + size
    assert kibibytes < 60_000


def test_the_bytes_of_a_picture_are_those_that_were_inspected(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SOUND["png"])
    arrival = arrivals.parse(path, [])
    path.write_bytes(SOUND["jpeg"])
    assert arrival.start == arrival.content.read() == SOUND["png"]
    assert arrival.digest == hashlib.sha256(SOUND["png"]).hexdigest()
    assert isinstance(arrival.content, io.BytesIO)


def test_a_seal_read_in_the_sandbox_is_the_one_examined(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    assert arrivals.read_seal(path.read_bytes(), assemble.trusted_roots()) == look(path).report
