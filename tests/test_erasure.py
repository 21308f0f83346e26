"""An account is erased: afterwards no byte that is left tells its name or what it asked for."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.trust.made import look, picture, recipe, release

from rakkan import assemble
from rakkan.cli import entry
from rakkan.errors import RakkanError
from rakkan.store.ledger import audit
from rakkan.store.ledger.verify import verify_inclusion
from rakkan.trust.gate import Source
from rakkan.trust.verification import VALID

NAME = "Planted Account Owlbert"
PROMPT = "planted prompt of a heron"
MARK = "planted text in a file"


def home() -> Path:
    return Path(os.environ["RAKKAN_HOME"])


def key_folder() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"])


def spellings(text: str) -> list[bytes]:
    """``text`` in UTF-8, UTF-16, hexadecimal, base64 at every offset, and the digest of it in two forms."""
    digest = hashlib.sha256(text.encode())
    found = [digest.digest(), digest.hexdigest().encode(), base64.b64encode(digest.digest())[:40]]
    for whole in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        found += [whole, whole.hex().encode(), whole.hex().upper().encode()]
        found += [base64.b64encode(bytes(offset) + whole)[4 * bool(offset) :][:-4] for offset in range(3)]
    return found


def holding(texts: tuple[str, ...], *folders: Path) -> list[Path]:
    """The files in these folders that hold one of the texts, or are called by one."""
    wanted = [form for text in texts for form in spellings(text)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        path
        for path in files
        if any(form in content for form in wanted for content in (path.read_bytes(), os.fsencode(path)))
    ]


def account_with_pictures(folder: Path) -> tuple[list[Path], list[int]]:
    """An account's delivered pictures and the entries of its statements."""
    subjects = [replace(picture(seed=seed), recipe=recipe(PROMPT, seed)) for seed in (1, 2)]
    paths = [
        release(folder / f"{number}.png", subject, account=NAME, disclosure="digest")
        for number, subject in enumerate(subjects)
    ]
    path = folder / "imported.jpg"
    Image.fromarray(numpy.zeros((8, 8, 3), numpy.uint8)).save(path, comment=MARK.encode())
    admission = assemble.gate().admit(Source(path, NAME))
    found = [look(one).entry for one in paths]
    assert all(found)
    return paths, [*(one.index for one in found if one), admission.entry]


def test_the_search_finds_each_spelling(tmp_path: Path) -> None:
    for number, form in enumerate(spellings(NAME)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_bytes(b"xyz" + form + b"xyz")
        assert holding((NAME,), folder) == [folder / "file"]


def test_an_erased_account_leaves_no_trace(tmp_path: Path) -> None:
    paths, entries = account_with_pictures(tmp_path)
    other = look(release(tmp_path / "other.png", account="someone else"))
    vault = assemble.vault()
    blobs = {path for path in (home() / "vault").rglob("*") if path.is_file()}
    assert len(list(vault.list(NAME))) == 3 + 2 + 1  # bodies of statements, openings, the file
    leaves = {index: assemble.ledger().leaf(index) for index in entries}

    assert entry(["account", "erase", NAME, "--yes"]) == 0
    assemble.forget()

    assert holding((NAME, PROMPT, MARK), home(), key_folder()) == []
    assert list(assemble.vault().list(NAME)) == []
    gone = blobs - {path for path in (home() / "vault").rglob("*") if path.is_file()}
    assert len(gone) >= 6 + 1  # with the account's key
    ledger, key = assemble.ledger(), assemble.instance().ledger_key.verification_key()
    assert audit.check(home() / "ledger", [key], ledger.remembered()) == []
    for index in entries:
        assert ledger.state(index) == "erased"
        inclusion = ledger.inclusion(index)
        assert inclusion.leaf == leaves[index]
        assert verify_inclusion(inclusion.leaf, inclusion.proof, [key])[0] == index
        with pytest.raises(RakkanError, match="erased"):
            ledger.evidence(index)
    assert entry(["ledger", "check"]) == 0
    # What was delivered proves itself; what others have is still there.
    assert [look(path).state for path in paths] == [VALID, VALID]
    assert other.entry is not None and ledger.state(other.entry.index) == "present"
    assert entry(["vault", "verify", "--account", "someone else"]) == 0


def test_before_it_is_erased_nothing_tells_of_an_account_either(tmp_path: Path) -> None:
    account_with_pictures(tmp_path)
    assert holding((NAME, PROMPT, MARK), home(), key_folder()) == []


def test_erasing_again_is_harmless(tmp_path: Path) -> None:
    account_with_pictures(tmp_path)
    for _ in range(2):
        assert entry(["account", "erase", NAME, "--yes"]) == 0
        assemble.forget()
    assert entry(["ledger", "check"]) == 0
    assert holding((NAME, PROMPT, MARK), home(), key_folder()) == []


def test_an_account_may_begin_anew(tmp_path: Path) -> None:
    account_with_pictures(tmp_path)
    assert entry(["account", "erase", NAME, "--yes"]) == 0
    assemble.forget()
    found = look(release(tmp_path / "new.png", account=NAME))
    assert found.state == VALID and found.entry is not None
    assert assemble.ledger().state(found.entry.index) == "present"
