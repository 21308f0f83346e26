"""The ledger as a whole: what is said is kept, proven, found again and erased."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.ledger.conftest import INDEX_KEY, KEY
from tests.store.ledger.doubles import PlainBodies, digest_of, generated

from rakkan.errors import RakkanError
from rakkan.store import database
from rakkan.store.ledger import audit, merkle
from rakkan.store.ledger.checkpoint import open_checkpoint
from rakkan.store.ledger.entry import parse_leaf
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.notes import SigningKey
from rakkan.store.ledger.statements import Admitted, Consented, Erased, Statement, Subject
from rakkan.store.ledger.verify import verify_evidence, verify_inclusion

KEYS = [KEY.verification_key()]


def anonymous(statement: Statement) -> Statement:
    return replace(statement, account="")


def test_who_made_a_statement_is_for_the_vault_to_know(ledger: Ledger) -> None:
    ledger.append([generated(1), generated(1), generated(2, "taro")])
    told = [verify_evidence(ledger.evidence(at), KEYS).statement.account for at in range(3)]
    assert len({*told, "mika", "taro"}) == 5, "neither a name nor the same sign twice"
    assert not any(b"mika" in ledger.evidence(at).envelope for at in range(3))
    assert [said.account for _, said in ledger.about(digest_of(1))] == ["mika", "mika"]
    by_hand = hmac.new(INDEX_KEY, b"key\npseudonyms", hashlib.sha256).digest()
    salted = ledger.evidence(2).salt + b"taro"
    assert told[2] == hmac.new(by_hand, salted, hashlib.sha256).hexdigest()


def test_a_body_of_another_account_is_not_taken_for_ones_own(
    ledger: Ledger, bodies: PlainBodies, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append([generated(1)])
    row = ledger._index.row(0)
    assert row is not None
    bodies.put_many("taro", [bodies.read("mika", row.body)])
    monkeypatch.setattr(ledger._index, "about", lambda digest: [replace(row, account="taro")])
    with pytest.raises(RakkanError, match="of another account"):
        ledger.about(digest_of(1))


def test_a_statement_comes_back_and_a_stranger_can_check_it(ledger: Ledger) -> None:
    said = generated(1)
    [entry] = ledger.append([said])
    assert (entry.index, entry.kind) == (0, "generated")
    evidence = ledger.evidence(0)
    assert hashlib.sha256(evidence.envelope).hexdigest() == entry.statement_digest
    verified = verify_evidence(evidence, KEYS)
    assert anonymous(verified.statement) == anonymous(said)
    assert ledger.about(digest_of(1)) == [(entry, said)]
    assert (verified.index, verified.size, verified.origin) == (0, 1, KEY.name)


def test_what_was_said_is_there_when_the_ledger_is_opened_again(opened: Callable[..., Ledger]) -> None:
    said = [generated(number) for number in range(5)]
    opened().append(said)
    again = opened()
    assert [again.about(digest_of(at))[0][1] for at in range(5)] == said
    assert [entry.index for entry in again.append([generated(9)])] == [5]


def test_every_entry_is_proven_at_sizes_around_a_tile(ledger: Ledger) -> None:
    checkpoints = []
    for count in (1, 254, 1, 1, 255, 300):
        ledger.append([generated(number) for number in range(count)])
        checkpoints.append(open_checkpoint(ledger.checkpoint(), KEYS)[0])
    assert [one.size for one in checkpoints] == [1, 255, 256, 257, 512, 812]
    for index in (0, 1, 254, 255, 256, 257, 511, 512, 810, 811):
        assert verify_evidence(ledger.evidence(index), KEYS).index == index
    last = checkpoints[-1]
    for one in checkpoints:
        proof = ledger.prove_consistency(one.size)
        merkle.verify_consistency(one.size, one.root, last.size, last.root, proof)


def test_statements_are_found_by_what_they_are_about(ledger: Ledger) -> None:
    two = Subject("picture", {"sha256": digest_of(1), "pixels": digest_of(2)})
    both = Statement(Admitted("image/png", 10, "file", "none"), (two,), "taro", 5)
    entries = ledger.append([generated(1), generated(7), both])
    assert ledger.about(digest_of(1)) == [(entries[0], generated(1)), (entries[2], both)]
    assert ledger.about(digest_of(2)) == [(entries[2], both)]
    assert ledger.about(digest_of(99)) == []


def test_the_log_says_the_kind_and_nothing_else(ledger: Ledger) -> None:
    ledger.append([generated(1), generated(1)])
    first, second = (parse_leaf(ledger.inclusion(at).leaf) for at in (0, 1))
    assert (first.kind, first.version) == ("generated", 1)
    assert first.commitment != second.commitment, "the same words must not be seen to be the same"


def test_nothing_is_said_by_an_empty_list(ledger: Ledger) -> None:
    before = ledger.checkpoint()
    assert ledger.append([]) == []
    assert ledger.checkpoint() == before


def test_a_bad_statement_among_good_ones_records_none(ledger: Ledger) -> None:
    bad = Statement(Admitted("image/png", -1, "file", "none"), generated().subjects, "mika", 5)
    with pytest.raises(RakkanError, match="'size'"):
        ledger.append([generated(), bad])
    assert ledger.size() == 0


@pytest.mark.parametrize("index", [-1, 1, 10**9])
def test_an_entry_that_is_not_there_is_a_fault_in_words(ledger: Ledger, index: int) -> None:
    ledger.append([generated()])
    for ask in (ledger.evidence, ledger.inclusion, ledger.state):
        with pytest.raises(RakkanError, match="no entry"):
            ask(index)


# ---- erasing

PROMPT = "an unmistakable silver-haired lighthouse keeper"
NAME = "Unmistakable Person"


def traces(folder: Path, needles: list[bytes]) -> list[str]:
    """Where below ``folder`` one of the ``needles`` stands, in contents or names."""
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        found += [f"{path}: {one!r}" for one in needles if one in data or one in str(path).encode()]
    return found


def test_an_erased_account_leaves_no_trace(tmp_path: Path, ledger: Ledger) -> None:
    import base64

    digest = digest_of(4711)
    consent = Statement(
        Consented(("cawg.ai_training",), terms=PROMPT), (Subject("work", {"sha256": digest}),), NAME, 5
    )
    ledger.append([generated(1), consent, generated(2)])
    ledger.append([Statement(consent.predicate, consent.subjects, NAME, 6)])
    evidence = [ledger.evidence(at) for at in (1, 3)]
    tags = [
        ledger._index._tag(kind, value)  # what a thief with the index key would look for
        for kind, value in (("account", NAME), ("subject", digest))
    ]
    bodies = [hashlib.sha256(b"rakkan body 1\n" + one.salt + one.envelope).digest() for one in evidence]
    spellings = [NAME.encode(), PROMPT.encode(), digest.encode(), bytes.fromhex(digest)]
    spellings += [one.envelope for one in evidence] + [one.salt for one in evidence]
    spellings += [value for one in tags + bodies for value in (one, one.hex().encode())]
    spellings += [base64.b64encode(NAME.encode())[1:-4], hashlib.sha256(NAME.encode()).hexdigest().encode()]
    assert traces(tmp_path, spellings), "the search would find what is there"
    entry = ledger.erase_account(NAME)
    assert traces(tmp_path, spellings) == []
    assert entry.index == 4
    erased = verify_evidence(ledger.evidence(4), KEYS).statement
    assert erased.predicate == Erased((1, 3))
    assert ledger.about(erased.subjects[0].digests["sha256"])[0][1].account == "instance"


def test_after_erasing_inclusion_still_holds_and_the_rest_stands(ledger: Ledger) -> None:
    entries = ledger.append([generated(1), generated(1, "taro"), generated(3)])
    before = ledger.inclusion(1)
    ledger.erase_account("taro")
    assert [ledger.state(at) for at in range(4)] == ["present", "erased", "present", "present"]
    with pytest.raises(RakkanError, match="erased"):
        ledger.evidence(1)
    after = ledger.inclusion(1)
    assert after.leaf == before.leaf
    assert verify_inclusion(after.leaf, after.proof, KEYS)[0] == 1
    assert ledger.about(digest_of(1)) == [(entries[0], generated(1))]
    assert ledger.about(digest_of(3)) == [(entries[2], generated(3))]


def test_evidence_given_before_erasing_still_verifies(ledger: Ledger) -> None:
    ledger.append([generated(1)])
    kept = ledger.evidence(0)
    ledger.erase_account("mika")
    assert anonymous(verify_evidence(kept, KEYS).statement) == anonymous(generated(1))


def test_an_interrupted_erasure_is_finished_by_repeating_it(
    ledger: Ledger, bodies: PlainBodies, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated(1)])
    bodies.erase("mika")  # and then the light went out
    again = opened()
    assert again.state(0) == "lost"
    with pytest.raises(RakkanError, match="lost"):
        again.evidence(0)
    with pytest.raises(RakkanError, match="lost"):
        again.about(digest_of(1))
    again.erase_account("mika")
    assert again.state(0) == "erased"
    assert again.about(digest_of(1)) == []


def test_an_account_that_said_nothing_is_erased_all_the_same(ledger: Ledger, bodies: PlainBodies) -> None:
    bodies.put_many("taro", [b"a picture"])
    ledger.erase_account("taro")
    assert list(bodies.list("taro")) == []
    assert verify_evidence(ledger.evidence(0), KEYS).statement.predicate == Erased(())


def test_the_instance_cannot_erase_itself(ledger: Ledger) -> None:
    with pytest.raises(RakkanError, match="instance"):
        ledger.erase_account("instance")


def test_an_erased_account_may_speak_again(ledger: Ledger) -> None:
    ledger.append([generated(1)])
    ledger.erase_account("mika")
    ledger.append([generated(1)])
    assert [ledger.state(at) for at in range(3)] == ["erased", "present", "present"]
    assert [entry.index for entry, _ in ledger.about(digest_of(1))] == [2]


def test_many_erased_entries_make_several_statements(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rakkan.store.ledger.ledger._LISTED", 4)
    ledger.append([generated(at) for at in range(10)])
    assert ledger.erase_account("mika").index == 12
    listed = [verify_evidence(ledger.evidence(at), KEYS).statement.predicate.entries for at in (10, 11, 12)]
    assert listed == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]


# ---- the index is only an index


def test_the_index_is_made_again_from_log_and_vault(
    tmp_path: Path, ledger: Ledger, bodies: PlainBodies, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated(1), generated(2, "taro"), generated(1, "hana"), generated(4)])
    ledger.erase_account("hana")
    bodies.put_many("mika", [b"a picture, not a body"])
    before = ledger.about(digest_of(1)), [ledger.state(at) for at in range(5)]
    for path in tmp_path.glob("index.sqlite*"):
        path.unlink()
    again = opened()
    assert again.state(0) == "lost"
    assert again.rebuild_index(["taro", "mika"]) == 4
    assert (again.about(digest_of(1)), [again.state(at) for at in range(5)]) == before
    again.append([generated(5)])


def test_a_database_of_another_key_or_version_is_refused(
    tmp_path: Path, ledger: Ledger, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated(1)])
    url = database.url_of(tmp_path / "index.sqlite")
    other = opened(index=Index(database.connect(url), b"j" * 32))
    with pytest.raises(RakkanError, match="another key"):
        other.evidence(0)
    with sqlite3.connect(tmp_path / "index.sqlite") as connection:
        connection.execute("update schema_versions set version = 2")
    connection.close()
    with pytest.raises(RakkanError, match="version 2"):
        Index(database.connect(url), INDEX_KEY)


# ---- never sign a fork


def test_a_log_without_its_checkpoint_is_not_begun_again(
    tmp_path: Path, ledger: Ledger, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated()])
    (tmp_path / "ledger" / "checkpoint").unlink()
    with pytest.raises(RakkanError, match="lost its checkpoint"):
        opened()


def test_a_log_of_another_key_is_refused(ledger: Ledger, opened: Callable[..., Ledger]) -> None:
    with pytest.raises(RakkanError, match="not signed by"):
        opened(key=SigningKey(KEY.name, b"x" * 32))
    with pytest.raises(RakkanError, match="whose key is not known"):
        opened(key=SigningKey("another.example/ledger", b"k" * 32))


def test_a_log_that_was_rolled_back_takes_no_more(
    tmp_path: Path, ledger: Ledger, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated(1)])
    old = ledger.checkpoint()
    ledger.append([generated(2)])
    ledger.append([generated(3)])
    newest = ledger.checkpoint()
    (tmp_path / "ledger" / "checkpoint").write_bytes(old)
    with pytest.raises(RakkanError, match="had 2 entries and is now another, of 1"):
        opened().append([generated(4)])
    (tmp_path / "ledger" / "checkpoint").write_bytes(newest)
    assert opened().append([generated(4)])[0].index == 3


@pytest.mark.parametrize("place", ["tile/0/000.p/3", "tile/entries/000.p/3"])
def test_a_damaged_end_is_not_signed(tmp_path: Path, ledger: Ledger, place: str) -> None:
    ledger.append([generated(at) for at in range(3)])
    signed = ledger.checkpoint()
    path = tmp_path / "ledger" / place
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(RakkanError, match=r"match|damaged"):
        ledger.append([generated(4)])
    assert ledger.checkpoint() == signed


def test_damage_deep_in_the_tree_is_not_signed(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([generated(at) for at in range(300)])
    path = tmp_path / "ledger" / "tile/1/000.p/1"
    path.write_bytes(bytes(32))
    with pytest.raises(RakkanError, match="do not match its checkpoint"):
        ledger.append([generated(4)])
    assert ledger.size() == 300


# ---- several processes


def _say(folder: Path, account: str) -> None:
    index = Index(database.connect(database.url_of(folder / "index.sqlite")), INDEX_KEY)
    ledger = Ledger(folder / "ledger", PlainBodies(folder / "vault"), KEY, index)
    for number in range(12):
        ledger.append([generated(number, account)] * (number % 3 + 1))


def test_several_processes_append_to_one_log(tmp_path: Path, opened: Callable[..., Ledger]) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_say, args=(tmp_path, f"account {at}")) for at in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    ledger = opened()
    assert ledger.size() == 3 * 24
    assert audit.check(tmp_path / "ledger", KEYS) == []
    told = [one for number in range(12) for one in ledger.about(digest_of(number))]
    found = sorted(told, key=lambda one: one[0].index)
    for at in range(3):
        own = [said for _, said in found if said.account == f"account {at}"]
        assert own == [
            generated(number, f"account {at}") for number in range(12) for _ in range(number % 3 + 1)
        ]


def test_what_was_said_since_an_entry_is_told_by_kind(
    ledger: Ledger, bodies: PlainBodies, opened: Callable[..., Ledger]
) -> None:
    other = Statement(Admitted("image/png", 1, "file", "none"), generated(0).subjects, "taro", 1)
    ledger.append([generated(0), other, *(generated(at) for at in range(2, 257)), other])
    assert dict(ledger.since(0, {"admitted"})) == {1: other, 257: other}
    assert dict(ledger.since(256, {"admitted", "generated"})) == {256: generated(256), 257: other}
    assert list(ledger.since(258, {"admitted"})) == []
    bodies.shred("mika", ledger._index.row(256).body)  # type: ignore[union-attr]
    assert dict(ledger.since(256, {"generated", "admitted"})) == {256: None, 257: other}
    ledger.erase_account("taro")
    assert list(opened().since(256, {"generated", "admitted"})) == [(256, None)]
