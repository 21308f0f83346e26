"""The policy at the gate: what the ledger says of an account, a model or a picture decides."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.trust.made import ingredient, look, model_digest, picture, release, stated
from tests.trust.test_arrivals import SOUND, kept

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.store.ledger.statements import (
    Banned,
    Derived,
    Generated,
    Leaked,
    Licensed,
    Revoked,
    Statement,
    Subject,
    Trained,
)
from rakkan.trust.gate import Source
from rakkan.trust.policy import Action, Request, account_subject, decide
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.standing import known, release_policy

MODEL = Subject("model", {"sha256": hashlib.sha256(SOUND["safetensors"]).hexdigest()})


def state(predicate: Any, subject: Subject, account: str = "instance", time: int = 1) -> str:
    """State something; the digest to revoke it by."""
    (entry,) = assemble.ledger().append([Statement(predicate, (subject,), account, time)])
    return entry.statement_digest


def revoke(digest: str, account: str = "instance") -> None:
    state(Revoked(digest), Subject("statement", {"sha256": digest}), account)


def admit(folder: Path, data: bytes = SOUND["safetensors"], account: str = "local") -> None:
    path = folder / "arrival"
    path.write_bytes(data)
    assemble.gate().admit(Source(path, account))


def test_a_banned_account_releases_nothing_and_brings_nothing_in(tmp_path: Path) -> None:
    ban = state(Banned("scraping"), account_subject("someone"))
    before = stated()
    with pytest.raises(RakkanError, match=r"not released \(banned account\): the account is banned: "):
        release(tmp_path / "a.png", account="someone")
    with pytest.raises(RakkanError, match=r"not let in \(banned account\): the account is banned: "):
        admit(tmp_path, account="someone")
    assert not (tmp_path / "a.png").exists()
    assert stated() == before
    assert list(assemble.vault().list("someone")) == []
    assert release(tmp_path / "mine.png").exists()
    revoke(ban)
    assert release(tmp_path / "a.png", account="someone").exists()
    admit(tmp_path, account="someone")


def test_the_model_a_picture_was_made_by_counts(tmp_path: Path) -> None:
    ban = state(Banned("stolen"), Subject("model", {"sha256": model_digest()}))
    with pytest.raises(RakkanError, match=f"the model {model_digest()[:12]} is banned"):
        release(tmp_path / "a.png")
    revoke(ban)
    assert release(tmp_path / "a.png").exists()


@pytest.mark.parametrize("predicate", [Banned("stolen"), Leaked(confirmed=True)])
def test_a_model_that_is_barred_or_leaked_stays_out_until_that_is_revoked(
    predicate: Any, tmp_path: Path
) -> None:
    said = state(predicate, MODEL)
    before = kept()
    with pytest.raises(RakkanError, match=r"banned|leaked"):
        admit(tmp_path)
    assert kept() == before
    revoke(said, account="someone else")  # only who said it can take it back
    with pytest.raises(RakkanError, match=r"banned|leaked"):
        admit(tmp_path)
    revoke(said)
    admit(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_picture_is_known_with_its_seal_and_without(name: str, tmp_path: Path) -> None:
    """A ban names a picture as the ledger knows it: by the file without its seal."""
    data = release(tmp_path / name).read_bytes()
    state(Banned("harm"), Subject("picture", {"sha256": digest_of_file(data)}))
    for arrival in (data, without_seal(data)):
        with pytest.raises(RakkanError, match=r"the picture \w+ is banned"):
            admit(tmp_path, arrival)


def test_a_whole_file_can_be_barred_too(tmp_path: Path) -> None:
    data = release(tmp_path / "a.png").read_bytes()
    state(Banned("harm"), Subject("picture", {"file": hashlib.sha256(data).hexdigest()}))
    with pytest.raises(RakkanError, match="is banned"):
        admit(tmp_path, data)
    admit(tmp_path, without_seal(data))


def test_what_was_let_in_is_barred_by_the_name_it_was_stated_under(tmp_path: Path) -> None:
    """The digests of an ``admitted`` statement are those that a ban, or a parent's, is found by."""
    data = release(tmp_path / "a.png").read_bytes()
    admit(tmp_path, data)
    about = [said for _, said in assemble.ledger().about(digest_of_file(data))]
    subject = next(said.subjects[0] for said in about if type(said.predicate).__name__ == "Admitted")
    state(Leaked(confirmed=True), subject)
    with pytest.raises(RakkanError, match="known to have leaked"):
        admit(tmp_path, data)
    with pytest.raises(RakkanError, match="known to have leaked"):
        release(tmp_path / "b.png", picture("edit", 2, "x", ingredient("parent", tmp_path / "a.png")))


def test_a_parent_that_is_barred_stops_what_is_made_of_it(tmp_path: Path) -> None:
    source = tmp_path / "source.png"
    Image.new("RGB", (24, 16)).save(source)
    state(Banned("harm"), Subject("picture", {"sha256": digest_of_file(source.read_bytes())}))
    for relationship, operation in (("parent", "edit"), ("reference", "variation")):
        with pytest.raises(RakkanError, match="is banned"):
            release(tmp_path / "a.png", picture(operation, 2, "x", ingredient(relationship, source)))


def test_pixels_that_are_barred_do_not_leave_in_any_file(tmp_path: Path) -> None:
    state(Banned("harm"), Subject("picture", {"pixels": pixel_digest(picture().pixels)}))
    for name in ("a.png", "a.jpg"):
        with pytest.raises(RakkanError, match="is banned"):
            release(tmp_path / name)
    assert release(tmp_path / "b.png", picture(seed=8)).exists()


def test_a_licence_that_does_not_grant_it_stops_a_picture(tmp_path: Path) -> None:
    digest = state(Licensed("All-Rights-Reserved"), Subject("model", {"sha256": model_digest()}))
    with pytest.raises(RakkanError, match="does not grant: use"):
        release(tmp_path / "a.png")
    revoke(digest)
    state(Licensed("Apache-2.0"), Subject("model", {"sha256": model_digest()}))
    assert release(tmp_path / "a.png").exists()


def test_a_statement_that_was_lost_denies(tmp_path: Path) -> None:
    """What cannot be read any more could have been a ban."""
    found = look(release(tmp_path / "a.png"))
    assert found.entry is not None
    ban = state(Banned("stolen"), MODEL, account="moderator")
    revoke(ban, "moderator")
    admit(tmp_path)
    (bodies,) = [list(assemble.vault().list("moderator"))]
    for blob in bodies:
        assemble.vault().shred("moderator", blob.digest)
    assert "lost" in {assemble.ledger().state(index) for index in range(assemble.ledger().size())}
    with pytest.raises(RakkanError, match="is lost"):
        admit(tmp_path)


def test_how_a_thing_was_made_is_read_only_where_a_decision_hangs_on_it(tmp_path: Path) -> None:
    """Drawing the same again adds a statement about the same pixels each time."""
    for number in range(3):
        release(tmp_path / f"{number}.png")
    pixels = Subject("picture", {"pixels": pixel_digest(picture().pixels)})
    model = Subject("model", {"sha256": model_digest()})
    leaving = Request(Action.RELEASE, "local", pixels, (model,))
    ledger, made = assemble.ledger(), (Generated, Derived, Trained)
    assert known(ledger, leaving) == []
    sharing = known(ledger, replace(leaving, action=Action.SHARE_PICTURE))
    assert sum(isinstance(one.statement.predicate, made) for one in sharing) >= 3
    ban = state(Banned("stolen"), pixels)
    assert [one.digest for one in known(ledger, leaving)] == [ban]
    state(Licensed("All-Rights-Reserved"), pixels, "local")
    beside = known(ledger, leaving)
    assert sum(isinstance(one.statement.predicate, made) for one in beside) >= 3, "who made it counts now"
    everything = known(ledger, replace(leaving, action=Action.SHARE_PICTURE))
    assert decide(leaving, beside, 9) == decide(leaving, everything, 9)


def test_the_reason_says_what_to_do(tmp_path: Path) -> None:
    state(Banned("scraping", until=4_000_000_000), account_subject("local"))
    with pytest.raises(RakkanError, match="Wait until 2096-10-02 07:06 UTC"):
        release(tmp_path / "a.png")


def test_a_ban_that_has_ended_no_longer_counts(tmp_path: Path) -> None:
    from rakkan.trust.gate import Destination

    state(Banned("scraping", until=1000), account_subject("local"))
    to = Destination(tmp_path / "a.png")
    for now, allowed in ((999, False), (1000, True)):
        inspect = release_policy(assemble.ledger(), lambda now=now: now)  # type: ignore[misc]
        assert all(finding.allowed for finding in inspect(picture(), to)) == allowed


def test_the_policy_always_has_something_to_say(tmp_path: Path) -> None:
    from rakkan.trust.gate import Destination

    (finding,) = release_policy(assemble.ledger())(picture(), Destination(tmp_path / "a.png"))
    assert finding.allowed and finding.reason
