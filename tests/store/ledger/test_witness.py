"""Witnesses: they cosign a log that keeps its word, and no other; forks and rollbacks are real ones here."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.conftest import KEY
from tests.store.ledger.doubles import generated

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle, notes
from rakkan.store.ledger.checkpoint import Checkpoint, cosigners, open_checkpoint
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.notes import COSIGNATURE, SigningKey
from rakkan.store.ledger.verify import verify_evidence
from rakkan.store.ledger.witness import Refusal, Request, Witness, compare, parse_request, watch

KEYS = [KEY.verification_key()]
WITNESS = SigningKey("witness.example/w", b"w" * 32)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(Folder(tmp_path / "log"), KEY)
    made.create()
    return made


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return opened(tmp_path)


def opened(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "witness", WITNESS, {KEY.name: KEYS}, clock=lambda: 1679315147)


def request(log: Log, old: int) -> bytes:
    proof = log.consistency_proof(old, log.checkpoint().size)
    return bytes(Request(old, tuple(proof), log.signed()))


def fork(log: Log, tmp_path: Path) -> Log:
    """A copy of the log as it stands, to be appended to differently."""
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    return Log(Folder(tmp_path / "copy"), KEY)


def refused(witness: Witness, asked: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        witness.add_checkpoint(asked)
    return caught.value


def test_a_growing_log_is_cosigned_again_and_again(log: Log, witness: Witness, tmp_path: Path) -> None:
    old = 0
    for count in (0, 1, 3, 4, 300):
        log.append([b"%d" % number for number in range(count)])
        line = witness.add_checkpoint(request(log, old))
        note = notes.parse(log.signed() + line.encode())
        [cosigned] = cosigners(note, [witness.verification_key()])
        assert (cosigned.name, cosigned.time) == (WITNESS.name, 1679315147)
        old = log.checkpoint().size
        kept = opened(tmp_path).checkpoint(KEY.name)
        assert kept == bytes(note), "a monitor is shown what both have signed"
    assert witness.forks(KEY.name) == []


def test_the_request_is_that_of_the_specification(log: Log) -> None:
    log.append([b"a", b"b", b"c"])
    text = request(log, 1).decode()
    first, second, third, blank, origin, size, *_ = text.split("\n")
    assert (first, blank, origin, size) == ("old 1", "", KEY.name, "3")
    assert len(second) == len(third) == 44
    asked = parse_request(text.encode())
    assert (asked.old, len(asked.proof), asked.checkpoint) == (1, 2, log.signed())


def test_what_the_specification_refuses_is_refused_with_its_status(log: Log, witness: Witness) -> None:
    log.append([b"a", b"b", b"c"])
    signed = log.signed()
    other = SigningKey("other.example", b"o" * 32)
    assert refused(witness, b"nonsense").status == 400
    assert refused(witness, bytes(Request(4, (), signed))).status == 400
    unknown = bytes(notes.sign(Checkpoint(other.name, 0, merkle.EMPTY_ROOT).text, other))
    assert refused(witness, bytes(Request(0, (), unknown))).status == 404
    stranger = bytes(notes.sign(log.checkpoint().text, other))
    assert refused(witness, bytes(Request(0, (), stranger))).status == 403
    changed = signed.replace(b"\n3\n", b"\n4\n")
    assert refused(witness, bytes(Request(0, (), changed))).status == 403
    empty = bytes(notes.sign(Checkpoint(KEY.name, 0, bytes(32)).text, KEY))
    assert refused(witness, bytes(Request(0, (), empty))).status == 422
    assert refused(witness, bytes(Request(0, (bytes(32),), signed))).status == 422
    conflict = refused(witness, bytes(Request(2, (), signed)))
    assert (conflict.status, conflict.size) == (409, 0)
    assert witness.checkpoint(KEY.name) is None
    witness.add_checkpoint(request(log, 0))
    conflict = refused(witness, bytes(Request(0, (), signed)))
    assert (conflict.status, conflict.size) == (409, 3)
    log.append([b"d", b"e"])
    for wrong in ((), (bytes(32),), tuple(log.consistency_proof(2, 5))):
        assert refused(witness, bytes(Request(3, wrong, log.signed()))).status == 422
    assert open_checkpoint(witness.checkpoint(KEY.name) or b"", KEYS)[0].size == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 0",
        b"old 0\n",
        b"new 0\n\nx",
        b"old 00\n\nx",
        b"old -1\n\nx",
        b"old 1\nAAAA\n\nx",
        b"old 1\n" + b"A" * 43 + b"=\n" * 64 + b"\nx",
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\nx",
        b"old \xff\n\nx",
        b"old 0\r\n\r\nx",
        b"old 0\n\n" + b"x" * 80_000,
    ],
)
def test_a_hostile_request_is_refused(data: bytes, witness: Witness) -> None:
    assert refused(witness, data).status == 400


@given(st.binary(max_size=200) | st.text("old 0123=A\n", max_size=80).map(str.encode))
def test_any_bytes_are_a_request_or_a_fault_in_words(data: bytes) -> None:
    try:
        assert bytes(parse_request(data)) == data
    except RakkanError as fault:
        assert fault.message


# ---- logs that do not keep their word


def test_a_fork_of_the_same_size_is_proven(log: Log, witness: Witness, tmp_path: Path) -> None:
    log.append([b"a", b"b"])
    other = fork(log, tmp_path)
    witness.add_checkpoint(request(log, 0))
    log.append([b"c"])
    other.append([b"another c"])
    witness.add_checkpoint(request(log, 2))
    assert refused(witness, request(other, 2)).status == 409
    [kept] = opened(tmp_path).forks(KEY.name)
    assert "exclude each other" in kept
    assert log.signed().decode() in kept
    assert other.signed().decode() in kept
    found = compare(log.signed(), other.signed(), KEYS)
    assert found is not None
    assert found.shown


def test_a_fork_of_the_same_size_is_proven_also_with_the_right_old_size(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    other = fork(log, tmp_path)
    log.append([b"a"])
    other.append([b"b"])
    witness.add_checkpoint(request(log, 0))
    assert refused(witness, bytes(Request(1, (), other.signed()))).status == 422
    assert len(witness.forks(KEY.name)) == 1


def test_a_larger_fork_is_proven_by_its_own_consistency_proof(
    log: Log, witness: Witness, tmp_path: Path
) -> None:
    log.append([b"a", b"b"])
    other = fork(log, tmp_path)
    log.append([b"c"])
    other.append([b"another c", b"d", b"e"])
    witness.add_checkpoint(request(log, 0))
    assert refused(witness, request(other, 3)).status == 422
    [kept] = witness.forks(KEY.name)
    assert "exclude each other" in kept
    found = compare(log.signed(), other.signed(), KEYS, other.consistency_proof(3, 5))
    assert found is not None
    assert found.proof == tuple(other.consistency_proof(3, 5))
    assert compare(other.signed(), log.signed(), KEYS, found.proof) == found, "the order must not matter"


def test_a_garbled_proof_casts_doubt_and_proves_nothing(log: Log, witness: Witness) -> None:
    log.append([b"a", b"b", b"c"])
    witness.add_checkpoint(request(log, 0))
    log.append([b"d", b"e"])
    refused(witness, bytes(Request(3, (bytes(32),) * 3, log.signed())))
    [kept] = witness.forks(KEY.name)
    assert "did not prove" in kept
    assert "exclude each other" not in kept
    witness.add_checkpoint(request(log, 3))
    with pytest.raises(RakkanError):
        compare(log.signed(), witness.checkpoint(KEY.name) or b"", [])


def test_a_rolled_back_log_is_not_cosigned(tmp_path: Path, ledger: Ledger, witness: Witness) -> None:
    keys = [witness.verification_key()]
    ledger.append([generated(1)])
    shutil.copytree(tmp_path / "ledger", tmp_path / "backup")
    ledger.append([generated(2)])
    ledger.submit([witness.add_checkpoint], keys)
    shutil.rmtree(tmp_path / "ledger")
    (tmp_path / "backup").rename(tmp_path / "ledger")
    with pytest.raises(RakkanError, match="has seen 2 entries, the log has 1"):
        ledger.submit([witness.add_checkpoint], keys)


def test_checkpoints_of_one_log_are_compared(log: Log, tmp_path: Path) -> None:
    log.append([b"a"] * 5)
    first = log.signed()
    log.append([b"b"] * 4)
    second = log.signed()
    assert compare(first, first, KEYS) is None
    assert compare(first, second, KEYS, log.consistency_proof(5, 9)) is None
    with pytest.raises(RakkanError):
        compare(first, second, KEYS, log.consistency_proof(4, 9))
    with pytest.raises(RakkanError):
        compare(first, second, KEYS)
    other = SigningKey("other.example", b"o" * 32)
    theirs = bytes(notes.sign(Checkpoint(other.name, 5, bytes(32)).text, other))
    with pytest.raises(RakkanError, match="two logs"):
        compare(first, theirs, [*KEYS, other.verification_key()])


def test_of_two_forks_at_once_one_is_cosigned(tmp_path: Path, log: Log) -> None:
    other = fork(log, tmp_path)
    log.append([b"a"])
    other.append([b"b"])
    barrier = Barrier(2)
    answers: list[str] = []

    def ask(one: Log) -> None:
        own = opened(tmp_path)
        barrier.wait()
        try:
            answers.append(own.add_checkpoint(request(one, 0)))
        except Refusal as refusal:
            answers.append(str(refusal.status))

    threads = [Thread(target=ask, args=(one,)) for one in (log, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one) > 3 for one in answers) == [False, True]
    assert len(opened(tmp_path).forks(KEY.name)) == 1


def test_what_is_cosigned_is_remembered_before_it_is_answered(tmp_path: Path, log: Log) -> None:
    class Failing(Folder):
        def write(self, contents: object) -> None:
            raise RakkanError("no room")

    log.append([b"a"])
    full = Witness(tmp_path, WITNESS, {KEY.name: KEYS}, disk=Failing(tmp_path / "witness"))
    with pytest.raises(RakkanError, match="no room"):
        full.add_checkpoint(request(log, 0))


def test_the_folder_of_a_log_is_the_hash_of_its_origin(tmp_path: Path, log: Log, witness: Witness) -> None:
    witness.add_checkpoint(request(log, 0))
    name = hashlib.sha256(KEY.name.encode()).hexdigest()
    assert (tmp_path / "witness" / name / "checkpoint").exists()


def test_two_witnesses_of_one_state_are_both_kept(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([generated(1)])
    two = [SigningKey(f"witness.example/{at}", bytes([at]) * 32) for at in (1, 2)]
    keys = [one.verification_key(COSIGNATURE) for one in two]
    for key in two:
        witness = Witness(tmp_path / key.name.replace("/", "-"), key, {KEY.name: KEYS})
        note = watch(witness, tmp_path / "ledger", KEYS)
        assert [one.name for one in ledger.keep_cosigned(note.encode(), keys)] == [key.name]
    assert len(verify_evidence(ledger.evidence(0), KEYS, keys, quorum=2).witnesses) == 2
    with pytest.raises(RakkanError, match="None of these"):
        ledger.keep_cosigned(ledger.checkpoint(), keys)
