"""Master keys: made once, guarded, never handed out; and one that lives in another process."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.store import keys, sealing
from rakkan.store.faults import Damaged, WrongKey
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile, MasterKey, Passphrase
from rakkan.store.vault import Vault

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_key_file_is_made_at_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "deep" / "master.key"
    previous = os.umask(0)
    try:
        key = KeyFile(path)
        assert not path.exists()
        sealed = key.wrap(b"secret", b"context")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_bytes()) == 32
    assert os.listdir(path.parent) == ["master.key"]
    assert KeyFile(path).unwrap(sealed, b"context") == b"secret"
    assert KeyFile(path).identifier == key.identifier
    assert KeyFile(tmp_path / "other").identifier != key.identifier


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_key_file_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    KeyFile(path).wrap(b"", b"")
    path.chmod(mode)
    with pytest.raises(RakkanError, match="chmod 600"):
        KeyFile(path).wrap(b"", b"")


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33), b"-----BEGIN KEY"])
def test_a_file_that_is_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RakkanError, match="no master key"):
        KeyFile(path).wrap(b"", b"")
    assert path.read_bytes() == content


def test_a_folder_in_the_key_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="no file"):
        KeyFile(tmp_path).wrap(b"", b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RakkanError, match="could not be used"):
        KeyFile(tmp_path / "file" / "master").wrap(b"", b"")


def test_processes_that_make_the_key_at_once_end_up_with_one(tmp_path: Path) -> None:
    path = tmp_path / "config" / "master.key"
    program = (
        "import sys; from pathlib import Path; from rakkan.store.keys import KeyFile\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(KeyFile(Path(sys.argv[1])).identifier)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert {process.communicate()[0] for process in processes} == {KeyFile(path).identifier + "\n"}


def test_threads_that_make_the_key_at_once_end_up_with_one(tmp_path: Path) -> None:
    for turn in range(20):
        path = tmp_path / str(turn) / "master.key"
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda key: key.identifier, [KeyFile(path) for _ in range(8)]))
        assert len(set(found)) == 1
        assert os.listdir(path.parent) == ["master.key"]


def test_every_flipped_bit_of_what_is_wrapped_is_refused(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "master")
    sealed = key.wrap(b"secret", b"context")
    for place in range(len(sealed)):
        bad = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(Damaged):
            key.unwrap(bad, b"context")
    for bad in (b"", sealed[:-1], sealed + b"x", sealed[:12]):
        with pytest.raises(Damaged):
            key.unwrap(bad, b"context")
    with pytest.raises(Damaged):
        key.unwrap(sealed, b"another context")


def test_wrapping_twice_gives_two_texts(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "master")
    assert key.wrap(b"secret", b"") != key.wrap(b"secret", b"")


def test_sealing_is_aes_gcm_siv_of_rfc_8452() -> None:
    # RFC 8452, appendix C.2, the case of key 01 00…, nonce 03 00…, plaintext 01 00… (8 bytes), no AAD.
    key, nonce = bytes.fromhex("01" + "00" * 31), bytes.fromhex("03" + "00" * 11)
    published = bytes.fromhex("c2ef328e5c71c83b843122130f7364b761e0b97427e3df28")
    assert sealing.unseal(key, nonce + published, b"", "x") == bytes.fromhex("01" + "00" * 7)


# ---- passphrases


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count what argon2id is asked for, but do it with little memory, so that the tests are quick."""
    from argon2 import low_level

    real = low_level.hash_secret_raw

    def quick(secret: bytes, salt: bytes, passes: int, memory: int, lanes: int, *rest: Any) -> bytes:
        assert (passes, memory, lanes) == (3, 65536, 4)
        return real(secret, salt, 1, 64, 1, *rest)

    monkeypatch.setattr(low_level, "hash_secret_raw", quick)
    yield


def test_the_key_of_a_passphrase_is_argon2id_as_rfc_9106_computes_it() -> None:
    from argon2.low_level import Type, hash_secret_raw

    salt = bytes(range(16))
    parameters = keys._Parameters(salt.hex(), "", 3, 65536, 4)
    expected = hash_secret_raw(b"words", salt, 3, 65536, 4, 32, Type.ID)
    assert keys._argon2id(b"words", parameters) == expected
    assert (keys._Parameters("", "").passes, keys._Parameters("", "").kibibytes) == (3, 64 * 1024)


def test_a_passphrase_opens_what_it_sealed_and_another_is_refused(tmp_path: Path, cheap: None) -> None:
    storage = FolderStorage(tmp_path)
    vault = Vault(storage, Passphrase("four words of mine", storage))
    digest = vault.put("alice", b"x").digest
    assert Vault(storage, Passphrase("four words of mine", storage)).read("alice", digest) == b"x"
    with pytest.raises(WrongKey, match="not the passphrase"):
        Vault(storage, Passphrase("four words of yours", storage)).read("alice", digest)
    record = json.loads((tmp_path / "passphrase").read_text())
    assert (record["kibibytes"], record["passes"], record["lanes"]) == (65536, 3, 4)
    assert "words" not in json.dumps(record)


def test_the_passphrase_can_be_changed(tmp_path: Path, cheap: None) -> None:
    storage = FolderStorage(tmp_path)
    vault = Vault(storage, Passphrase("old", storage))
    digest = vault.put("alice", b"x").digest
    vault.rotate_master(Passphrase("new", storage, "passphrase-2"))
    assert Vault(storage, Passphrase("new", storage, "passphrase-2")).read("alice", digest) == b"x"
    with pytest.raises(WrongKey):
        Vault(storage, Passphrase("old", storage)).read("alice", digest)


def test_two_spellings_of_a_letter_are_one_passphrase(tmp_path: Path, cheap: None) -> None:
    storage = FolderStorage(tmp_path)
    one = Passphrase("caf\u00e9", storage).identifier
    assert Passphrase("cafe\u0301", storage).identifier == one


def test_two_that_choose_a_passphrase_at_once_agree_on_one_salt(tmp_path: Path, cheap: None) -> None:
    storage = FolderStorage(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda key: key.identifier, [Passphrase("same", storage) for _ in range(8)]))
    assert len(set(found)) == 1


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    for bad in ("", "\ud800"):
        with pytest.raises(RakkanError, match="passphrase"):
            Passphrase(bad, FolderStorage(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"kibibytes": 1024},
        {"kibibytes": 2**40},
        {"passes": 1},
        {"passes": 10**9},
        {"lanes": 0},
        {"passes": 3.0},
        {"salt": "00"},
        {"salt": 5},
        {"kind": "another"},
        {"check": "é"},
        {"more": 1},
    ],
    ids=str,
)
def test_weakened_or_absurd_parameters_are_refused(
    tmp_path: Path, cheap: None, change: dict[str, Any]
) -> None:
    storage = FolderStorage(tmp_path)
    assert Passphrase("words", storage).identifier
    path = tmp_path / "passphrase"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Damaged, match="record of the passphrase"):
        Passphrase("words", storage).wrap(b"", b"")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_a_damaged_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "passphrase").write_text(text)
    with pytest.raises(Damaged):
        Passphrase("words", FolderStorage(tmp_path)).wrap(b"", b"")


# ---- a key in another process

SERVICE = """
import json, os, sys
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
key = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())
for line in sys.stdin:
    asked = json.loads(line)
    data, context = bytes.fromhex(asked["data"]), bytes.fromhex(asked["context"])
    try:
        if asked["do"] == "wrap":
            nonce = os.urandom(12)
            answer = nonce + key.encrypt(nonce, data, context)
        else:
            answer = key.decrypt(data[:12], data[12:], context)
        print(json.dumps({"answer": answer.hex()}), flush=True)
    except Exception:
        print(json.dumps({"refused": True}), flush=True)
"""


class Service:
    """A client of a key management service: it sees what it wraps, never the key."""

    identifier = "service-1"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wrap(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return self._ask("wrap", plaintext, associated_data)

    def unwrap(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return self._ask("unwrap", ciphertext, associated_data)

    def _ask(self, do: str, data: bytes, context: bytes) -> bytes:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "data": data.hex(), "context": context.hex()}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Damaged("What the key service wrapped is damaged")
        return bytes.fromhex(answer["answer"])


@pytest.fixture
def service() -> Iterator[Service]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Service(process)
    finally:
        process.kill()
        process.communicate()


def test_a_key_in_another_process_does_all_a_master_key_does(service: Service, tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "vault")
    vault = Vault(storage, service)
    digests = [vault.put("alice", bytes(size)).digest for size in (10, 100_000)]
    assert vault.rotate_owner("alice") == 2
    assert [len(Vault(storage, service).read("alice", digest)) for digest in digests] == [10, 100_000]
    file: MasterKey = KeyFile(tmp_path / "master")
    assert vault.rotate_master(file) == 2
    assert vault.rotate_master(service) == 2
    with pytest.raises(WrongKey):
        Vault(storage, file).read("alice", digests[0])
    record = next((tmp_path / "vault").glob("owners/*/key"))
    text = json.loads(record.read_text())
    text["keys"]["service-1"] = "00" * 80
    record.write_text(json.dumps(text, separators=(",", ":")))
    with pytest.raises(Damaged):
        Vault(storage, service).read("alice", digests[0])
