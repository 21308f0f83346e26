"""Who an instance is stays the same under another name, another leaf and another master key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.trust.made import look, move, picture, release

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.store.keys import KeyFile
from rakkan.trust.instance import Instance, key_named, load, read_root, rename, witness_key
from rakkan.trust.seal import authority
from rakkan.trust.verification import VALID


def identity(instance: Instance) -> tuple[bytes, str]:
    return instance.root, str(instance.ledger_key.verification_key())


def test_an_instance_is_made_once() -> None:
    first = assemble.instance()
    assemble.forget()
    second = assemble.instance()
    assert identity(first) == identity(second)
    assert (first.name, first.authority.chain) == (second.name, second.authority.chain)
    assert first.fingerprint == authority.fingerprint(first.root)
    assert len(first.name) == len("Rakkan 01234567")


def test_two_instances_have_nothing_in_common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, witness = assemble.instance(), str(witness_key(assemble.keyring()).verification_key())
    move(monkeypatch, tmp_path)
    second = assemble.instance()
    assert first.root != second.root and first.name != second.name
    assert first.ledger_key.name != second.ledger_key.name
    assert witness != str(witness_key(assemble.keyring()).verification_key())


def test_keys_are_called_by_their_own_fingerprints() -> None:
    names = {key_named("rakkan", bytes([number]) * 32).name for number in range(4)}
    assert len(names) == 4 and all(name.startswith("rakkan/") for name in names)
    assert key_named("rakkan", bytes(32)).name == key_named("rakkan", bytes(32)).name


def test_a_new_name_keeps_the_root_and_what_was_sealed(tmp_path: Path) -> None:
    old = assemble.instance()
    before = release(tmp_path / "a.png")
    new = rename(assemble.keyring(), "Studio 落款")
    assert identity(new) == identity(old)
    assemble.forget()
    assert assemble.instance().name == "Studio 落款"
    after = release(tmp_path / "b.png", picture(seed=2))
    reports = [look(path) for path in (before, after)]
    assert [found.state for found in reports] == [VALID, VALID]
    signers = [found.report.signer for found in reports if found.report]
    assert signers == [old.name, "Studio 落款"]


def test_names_can_change_often_and_back() -> None:
    root = assemble.instance().root
    for name in ("one", "two", "one"):
        assert rename(assemble.keyring(), name).name == name
        assemble.forget()
        assert (assemble.instance().name, assemble.instance().root) == (name, root)


def test_the_same_name_again_makes_no_new_certificate() -> None:
    chain = rename(assemble.keyring(), "one").authority.chain
    assert rename(assemble.keyring(), "one").authority.chain == chain


@pytest.mark.parametrize("name", ["", " ", "a" * 57, "a\nb", "\x1b[2J"])
def test_a_name_that_no_certificate_holds_is_refused(name: str) -> None:
    before = assemble.instance().name
    with pytest.raises(RakkanError, match="cannot be the name of a seal"):
        rename(assemble.keyring(), name)
    assemble.forget()
    assert assemble.instance().name == before


def test_a_name_that_no_certificate_holds_makes_no_instance() -> None:
    with pytest.raises(RakkanError, match="cannot be the name of a seal"):
        rename(assemble.keyring(), "a\nb")
    assert rename(assemble.keyring(), "fine").name == "fine"


def test_a_certificate_that_has_signed_for_a_year_is_followed_by_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = authority.make_authority
    earlier = datetime.now(UTC) - timedelta(days=400)
    with monkeypatch.context() as past:
        past.setattr(authority, "make_authority", lambda name: made(name, earlier))
        past.setattr(authority, "needs_renewal", lambda keys: False)
        old = load(assemble.keyring())
        before = release(tmp_path / "a.png")
    assemble.forget()
    new = assemble.instance()
    assert identity(new) == identity(old) and new.name == old.name
    assert new.authority.chain != old.authority.chain
    assemble.forget()
    assert assemble.instance().authority.chain == new.authority.chain
    assert look(before).state == VALID
    assert look(release(tmp_path / "b.png", picture(seed=2))).state == VALID


def test_no_secret_of_an_instance_lies_in_the_clear(tmp_path: Path) -> None:
    keyring = assemble.keyring()
    assemble.ledger()
    witness_key(keyring)
    secrets = [keyring.secret(name, bytes) for name in ("seal-1", "ledger", "index", "witness")]
    assert all(len(secret) >= 32 for secret in secrets)
    files = [path.read_bytes() for path in tmp_path.parent.rglob("*") if path.is_file()]
    for secret in secrets:
        assert not any(secret in content or secret[:32] in content for content in files)
    assert not any(b"PRIVATE KEY" in content for content in files)


def test_without_the_master_key_there_is_no_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assemble.instance()
    assemble.forget()
    assert KeyFile(tmp_path / "other.key").identifier
    monkeypatch.setenv("RAKKAN_KEY", str(tmp_path / "other.key"))
    with pytest.raises(RakkanError):
        assemble.instance()


def test_a_root_is_read_without_what_stands_around_it(tmp_path: Path) -> None:
    root = assemble.instance().root
    (tmp_path / "root.pem").write_bytes(b"\xff\x1b[2J notes\r\n" + root.replace(b"\n", b"\r\n") + b"more")
    read = read_root(tmp_path / "root.pem")
    assert authority.fingerprint(read) == authority.fingerprint(root)
    assert b"\x1b" not in read and b"more" not in read


def test_roots_that_were_put_into_the_folder_are_trusted_and_bad_ones_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = assemble.instance().root
    move(monkeypatch, tmp_path)
    assert assemble.trusted_roots() == [assemble.instance().root]
    folder = tmp_path / "home" / "roots"
    folder.mkdir()
    (folder / "other.pem").write_bytes(other)
    assert [authority.fingerprint(one) for one in assemble.trusted_roots()] == [
        assemble.instance().fingerprint,
        authority.fingerprint(other),
    ]
    (folder / "bad.pem").write_text("nonsense")
    with pytest.raises(RakkanError, match=r"bad\.pem"):
        assemble.trusted_roots()
