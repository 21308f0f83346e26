"""A character as one file: all its versions, its pictures as they are, a statement signed over all of it.

statement.json          a DSSE envelope with an in-toto statement: the digest of each other file
certificate.pem         the certificate that signed it, and
root.pem                the root that issued that
character/0001.json     the versions, each naming the digest of the one before
pictures/DIGEST.png     reference pictures, with the seals they have
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.formats import bundle
from rakkan.formats.bundle import unsound
from rakkan.formats.caps import LARGEST_FILE
from rakkan.store.ledger.statements import STATEMENT_TYPE
from rakkan.studio.characters import records
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.records import Character
from rakkan.trust.gate import Departure
from rakkan.trust.seal import envelopes
from rakkan.trust.seal.authority import Authority
from rakkan.trust.seal.envelopes import Signer

SUFFIX = ".rakkan"
PREDICATE = "urn:rakkan:character-file:1"
MOST_VERSIONS = 1000
_STATEMENT, _CERTIFICATE, _ROOT = "statement.json", "certificate.pem", "root.pem"
_PICTURE = re.compile(r"pictures/([0-9a-f]{64})\.(?:png|jpg|webp)")
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}


@dataclass(frozen=True)
class Opened:
    """A character's file that holds: its versions, the first one first, its pictures by the SHA-256 of their
    files, and who signed it."""

    versions: tuple[Character, ...]
    pictures: Mapping[str, bytes]
    signer: Signer


def departure(
    history: Sequence[Kept[Character]], pictures: Mapping[str, bytes], authority: Authority, account: str
) -> Departure:
    """A character with its ``history`` (newest first) and its pictures, for the gate to hand out.

    Raises RakkanError when a version of it is no longer kept, and when it is too much for a file.
    """
    versions = [one.version for one in reversed(history)]
    if versions[0].number != 1 or len(versions) > MOST_VERSIONS:
        raise RakkanError(
            f"Of {versions[-1].name!r} not every version is kept, or more than {MOST_VERSIONS} are",
            "Make a new character of the newest",
        )
    files = {_version_name(one.number): records.to_json(one) for one in versions}
    files |= {f"pictures/{digest}.{_ending(data)}": data for digest, data in pictures.items()}
    files |= {_CERTIFICATE: authority.chain, _ROOT: authority.root}
    files[_STATEMENT] = envelopes.sign(_statement(files, versions[-1], history[0].digest), authority)
    words = dict.fromkeys(word for one in versions for word in records.words(one))
    packed = list(bundle.pack(files))
    return Departure(
        account,
        tuple(one.digest for one in history),
        tuple(words),
        (),
        {f"{versions[-1].number}{SUFFIX}": lambda: packed},
        sort="character",
        pictures=tuple(pictures.values()),
    )


def opened(data: bytes, name: str, roots: Sequence[bytes]) -> Opened:
    """Read a character's file that anyone may have made; ``roots`` are trusted here (PEM).

    Raises RakkanError for bytes that are not what was signed, and for what does not hold together. Its
    pictures are not looked at, nor its words: that is the gate's.
    """
    files = bundle.unpack(data, name)
    missing = [one for one in (_STATEMENT, _CERTIFICATE, _ROOT) if one not in files]
    if missing:
        raise unsound(name, f"it lacks {missing[0]}")
    statement, signer = envelopes.check(files[_STATEMENT], files[_CERTIFICATE], files[_ROOT], roots)
    _check_subjects(statement, files, name)
    versions = _versions(files, name)
    pictures = _pictures(files, name)
    used = {digest for one in versions for digest in one.references}
    if not set(versions[-1].references) <= set(pictures) <= used:
        raise unsound(name, "its pictures are not those that its versions name")
    head = hashlib.sha256(files[_version_name(len(versions))]).hexdigest()
    if statement["predicate"].get("head") != head:
        raise unsound(name, "its statement is about another version")
    return Opened(versions, pictures, signer)


def read(path: Path) -> bytes:
    """The bytes of a character's file. Raises RakkanError for what cannot be read, or is too large."""
    try:
        if not path.is_file():
            raise RakkanError(f"There is no file {path}", "Check its name")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise RakkanError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}", "Check its permissions"
        ) from error
    if len(data) > LARGEST_FILE:
        raise unsound(path.name, f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    return data


def _statement(files: Mapping[str, bytes], newest: Character, head: str) -> dict[str, Any]:
    """What is signed. Its time is the newest version's: the same character gives the same statement."""
    subjects = [
        {"name": one, "digest": {"sha256": hashlib.sha256(files[one]).hexdigest()}} for one in sorted(files)
    ]
    said = {"name": newest.name, "head": head, "time": newest.time, "rakkan": __version__}
    return {"_type": STATEMENT_TYPE, "subject": subjects, "predicateType": PREDICATE, "predicate": said}


def _check_subjects(statement: Any, files: Mapping[str, bytes], name: str) -> None:
    """Every file but the statement itself is one of its subjects, with its digest, and no other is."""
    is_ours = isinstance(statement, dict) and statement.get("_type") == STATEMENT_TYPE
    if not is_ours or statement.get("predicateType") != PREDICATE:
        raise unsound(name, "its statement is of another kind")
    subjects = [
        {"name": one, "digest": {"sha256": hashlib.sha256(files[one]).hexdigest()}}
        for one in sorted(files)
        if one != _STATEMENT
    ]
    if statement.get("subject") != subjects or not isinstance(statement.get("predicate"), dict):
        raise unsound(name, "it was changed after it was signed")


def _versions(files: Mapping[str, bytes], name: str) -> tuple[Character, ...]:
    named = sorted(one for one in files if one.startswith("character/"))
    if not named or named != [_version_name(number + 1) for number in range(len(named))]:
        raise unsound(name, "its versions are not counted from 1")
    found: list[Character] = []
    before = ""
    for place, one in enumerate(named):
        version = records.from_json(files[one])
        if not isinstance(version, Character):
            raise unsound(name, "it holds something else than a character")
        if (version.number, version.parent) != (place + 1, before):
            raise unsound(name, f"its version {place + 1} does not follow the one before")
        before = hashlib.sha256(files[one]).hexdigest()
        found.append(version)
    return tuple(found)


def _pictures(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    found = {}
    for one, data in files.items():
        if one in (_STATEMENT, _CERTIFICATE, _ROOT) or one.startswith("character/"):
            continue
        match = _PICTURE.fullmatch(one)
        if not match or hashlib.sha256(data).hexdigest() != match[1] or match[1] in found:
            raise unsound(name, f"{one[:80]!r} does not belong in it")
        found[match[1]] = data
    return found


def _version_name(number: int) -> str:
    return f"character/{number:04d}.json"


def _ending(data: bytes) -> str:
    return next((ending for start, ending in _ENDINGS.items() if data.startswith(start)), "png")
