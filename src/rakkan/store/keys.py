"""Master keys: what seals all other keys and never leaves where it lives.

``MasterKey`` has the shape of a key management service, so one may take the place of the two here: a key
in a file and a key made from a passphrase. Neither hands out its bytes.
"""

from __future__ import annotations

import json
import secrets
import stat
import unicodedata
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from rakkan.errors import RakkanError
from rakkan.store import sealing
from rakkan.store.disk import Disk
from rakkan.store.faults import Damaged, WrongKey
from rakkan.store.folder import refusal
from rakkan.store.storage import Storage


class MasterKey(Protocol):
    """A key that wraps small secrets. Equal identifiers mean the same key."""

    @property
    def identifier(self) -> str: ...

    def wrap(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Encrypt and authenticate at most 4 KiB; ``associated_data`` is authenticated along with it."""
        ...

    def unwrap(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """What was wrapped with the same associated data. Raises RakkanError for anything else."""
        ...


class KeyFile:
    """A master key of 32 random bytes in a file, which is made at first use, for its owner alone.

    Raises RakkanError when the file cannot be read or made, when others may read it, or when it is not
    a key. Processes that make it at the same time end up with one key.
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self._path = path.absolute()
        self._disk = disk or Disk()

    @property
    def identifier(self) -> str:
        return f"file-{_check_value(self._key)}"

    def wrap(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return sealing.seal(self._key, plaintext, associated_data)

    def unwrap(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return sealing.unseal(self._key, ciphertext, associated_data, "What the key file sealed")

    @cached_property
    def _key(self) -> bytes:
        try:
            try:
                return self._read()
            except FileNotFoundError:
                self._make()
                return self._read()
        except OSError as error:
            raise refusal(error, f"The key file {self._path} could not be used") from error

    def _read(self) -> bytes:
        file = self._disk.open_to_read(self._path)
        try:
            mode = self._disk.mode(file)
            if not stat.S_ISREG(mode):
                raise RakkanError(f"{self._path} is no file", "Name a file for the master key")
            if mode & 0o077:
                raise RakkanError(
                    f"The key file {self._path} may be read by others (mode {stat.S_IMODE(mode):o})",
                    f"Run: chmod 600 '{self._path}'",
                )
            key = self._disk.read(file, 0, sealing.KEY + 1)
        finally:
            self._disk.close(file)
        if len(key) != sealing.KEY:
            raise RakkanError(
                f"{self._path} is no master key: it has not {sealing.KEY} bytes", "Restore it from a copy"
            )
        # Another process may have made it and not have got round to this.
        self._disk.flush_folder(self._path.parent)
        return key

    def _make(self) -> None:
        folder = self._path.parent
        for one in reversed([folder, *folder.parents]):
            if not one.exists():
                with suppress(FileExistsError):
                    self._disk.mkdir(one)
                self._disk.flush_folder(one.parent)
        temporary = folder / f".{self._path.name}.{secrets.token_hex(8)}"
        file = self._disk.create(temporary)
        try:
            try:
                self._disk.write(file, secrets.token_bytes(sealing.KEY))
                self._disk.flush(file)
            finally:
                self._disk.close(file)
            with suppress(FileExistsError):  # another process was first: its key it is
                self._disk.link(temporary, self._path)
        finally:
            self._disk.unlink(temporary)
        self._disk.flush_folder(folder)


@dataclass(frozen=True)
class _Parameters:
    """What argon2id was run with. The defaults are the second recommendation of RFC 9106, section 4."""

    salt: str
    check: str
    passes: int = 3
    kibibytes: int = 64 * 1024
    lanes: int = 4
    kind: str = "rakkan argon2id 1"


#: What is accepted from a stored record: not weaker than the recommendation, not a way to fill the memory.
_PASSES = range(3, 33)
_KIBIBYTES = range(64 * 1024, 4 * 1024 * 1024 + 1)
_LANES = range(1, 65)


class Passphrase:
    """A master key made from a passphrase by argon2id (RFC 9106: 64 MiB, 3 passes, 4 lanes).

    Salt, parameters and a check value are stored in ``storage`` under ``name`` at first use; give another
    name for another passphrase. Raises WrongKey for another passphrase than the first, RakkanError for an
    empty one, and Damaged when the record is not one.
    """

    def __init__(self, passphrase: str, storage: Storage, name: str = "passphrase") -> None:
        if not passphrase:
            raise RakkanError("The passphrase is empty", "Give one of several words")
        self._storage = storage
        self._name = name
        try:
            # Keyboards spell é in two ways (RFC 8265, section 4.2.2: NFC).
            self._passphrase = unicodedata.normalize("NFC", passphrase).encode()
        except UnicodeEncodeError as error:
            raise RakkanError("The passphrase is not valid Unicode", "Give another") from error

    @property
    def identifier(self) -> str:
        return f"passphrase-{_check_value(self._key)}"

    def wrap(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return sealing.seal(self._key, plaintext, associated_data)

    def unwrap(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return sealing.unseal(self._key, ciphertext, associated_data, "What the passphrase sealed")

    @cached_property
    def _key(self) -> bytes:
        stored = self._storage.get(self._name)
        if stored is None:
            stored = self._make()
        self._storage.settle(self._name)
        parameters = self._parameters(stored)
        key = _argon2id(self._passphrase, parameters)
        if not secrets.compare_digest(_check_value(key), parameters.check):
            raise WrongKey("This is not the passphrase the vault was made with", "Type it again")
        return key

    def _make(self) -> bytes:
        bare = _Parameters(secrets.token_hex(16), "")
        whole = _Parameters(bare.salt, _check_value(_argon2id(self._passphrase, bare)))
        made = json.dumps(asdict(whole), sort_keys=True).encode()
        if self._storage.put(self._name, made):
            return made
        return self._storage.get(self._name) or made

    def _parameters(self, stored: bytes) -> _Parameters:
        try:
            found = _Parameters(**json.loads(stored))
            numbers = (found.passes, found.kibibytes, found.lanes)
            sound = (
                found.kind == _Parameters.kind
                and len(bytes.fromhex(found.salt)) == 16
                and isinstance(found.check, str)
                and found.check.isascii()
                and all(type(number) is int for number in numbers)
                and found.passes in _PASSES
                and found.kibibytes in _KIBIBYTES
                and found.lanes in _LANES
            )
        except (ValueError, TypeError, RecursionError):
            sound = False
        if not sound:
            raise Damaged(f"The record of the passphrase ({self._name}) is damaged", "Restore it from a copy")
        return found


def _argon2id(passphrase: bytes, parameters: _Parameters) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        passphrase,
        bytes.fromhex(parameters.salt),
        parameters.passes,
        parameters.kibibytes,
        parameters.lanes,
        sealing.KEY,
        Type.ID,
    )


def _check_value(key: bytes) -> str:
    """Tells keys apart without telling anything of them."""
    return sealing.derive(key, "rakkan master key identifier 1").hex()[:16]
