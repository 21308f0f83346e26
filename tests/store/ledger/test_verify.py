"""What a stranger checks: each step fails in its own words, and nothing but evidence and keys is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.conftest import KEY
from tests.store.ledger.doubles import generated

from rakkan.errors import RakkanError
from rakkan.store.ledger import entry, merkle, notes
from rakkan.store.ledger import envelope as envelopes
from rakkan.store.ledger.checkpoint import Checkpoint
from rakkan.store.ledger.entry import Leaf
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.notes import COSIGNATURE, SigningKey
from rakkan.store.ledger.proof import Proof, parse_proof
from rakkan.store.ledger.statements import to_payload
from rakkan.store.ledger.verify import Evidence, verify_evidence
from rakkan.store.ledger.witness import Witness

KEYS = [KEY.verification_key()]
OTHER = SigningKey("other.example/ledger", b"o" * 32)
WITNESS = SigningKey("witness.example/w", b"w" * 32)


@pytest.fixture
def evidence(ledger: Ledger) -> Evidence:
    ledger.append([generated(number) for number in range(5)])
    return ledger.evidence(2)


def forged(said: bytes, key: SigningKey = KEY, leaf: Leaf | None = None) -> Evidence:
    """Evidence of a log that holds one entry, made by hand."""
    sealed = envelopes.seal(said, key)
    salt = bytes(32)
    made = bytes(leaf or Leaf("generated", 1, entry.commit(salt, sealed)))
    root = merkle.leaf_hash(made)
    signed = notes.sign(Checkpoint(KEY.name, 1, root).text, KEY)
    return Evidence(sealed, salt, made, str(Proof(0, (), bytes(signed))))


def test_evidence_made_by_hand_verifies() -> None:
    assert verify_evidence(forged(to_payload(generated(3))), KEYS).statement == generated(3)


def test_a_statement_signed_by_another_is_refused(evidence: Evidence) -> None:
    with pytest.raises(RakkanError, match="signature of the statement"):
        verify_evidence(forged(to_payload(generated()), OTHER), KEYS)
    with pytest.raises(RakkanError, match="signature of the statement"):
        verify_evidence(evidence, [OTHER.verification_key()])


def test_another_statement_of_the_same_log_is_refused(ledger: Ledger, evidence: Evidence) -> None:
    other = ledger.evidence(3)
    with pytest.raises(RakkanError, match="commitment"):
        verify_evidence(replace(evidence, envelope=other.envelope), KEYS)
    with pytest.raises(RakkanError, match="commitment"):
        verify_evidence(replace(evidence, salt=other.salt), KEYS)
    with pytest.raises(RakkanError, match="commitment"):
        verify_evidence(replace(evidence, leaf=other.leaf), KEYS)
    with pytest.raises(RakkanError, match="inclusion"):
        verify_evidence(replace(evidence, proof=other.proof), KEYS)
    whole = replace(evidence, envelope=other.envelope, salt=other.salt, leaf=other.leaf)
    with pytest.raises(RakkanError, match="inclusion"):
        verify_evidence(whole, KEYS)


def test_an_entry_that_names_another_kind_is_refused() -> None:
    sealed = envelopes.seal(to_payload(generated()), KEY)
    for leaf in (
        Leaf("licensed", 1, entry.commit(bytes(32), sealed)),
        Leaf("generated", 2, entry.commit(bytes(32), sealed)),
    ):
        with pytest.raises(RakkanError, match="The log entry says"):
            verify_evidence(forged(to_payload(generated()), leaf=leaf), KEYS)


def test_the_proof_is_bound_to_index_and_checkpoint(ledger: Ledger, evidence: Evidence) -> None:
    proof = parse_proof(evidence.proof)
    for index in (0, 3, 4, 5, 99):
        with pytest.raises(RakkanError, match="inclusion"):
            verify_evidence(replace(evidence, proof=str(replace(proof, index=index))), KEYS)
    for at in range(len(proof.hashes)):
        cut = proof.hashes[:at] + proof.hashes[at + 1 :]
        with pytest.raises(RakkanError, match="inclusion"):
            verify_evidence(replace(evidence, proof=str(replace(proof, hashes=cut))), KEYS)
    ledger.append([generated(9)])
    later = replace(proof, checkpoint=ledger.checkpoint())
    with pytest.raises(RakkanError, match="inclusion"):
        verify_evidence(replace(evidence, proof=str(later)), KEYS)


def test_a_checkpoint_of_another_log_or_with_other_words_is_refused(evidence: Evidence) -> None:
    proof = parse_proof(evidence.proof)
    note = notes.parse(proof.checkpoint)
    other = bytes(notes.sign(note.text.replace(KEY.name, OTHER.name), OTHER))
    with pytest.raises(RakkanError, match="whose key is not known"):
        verify_evidence(replace(evidence, proof=str(replace(proof, checkpoint=other))), KEYS)
    # The same key given under both names must not let one log speak for another.
    with pytest.raises(RakkanError, match="not signed by"):
        theirs = bytes(notes.sign(note.text, OTHER))
        verify_evidence(
            replace(evidence, proof=str(replace(proof, checkpoint=theirs))), [*KEYS, OTHER.verification_key()]
        )
    changed = proof.checkpoint.replace(b"\n5\n", b"\n6\n")
    with pytest.raises(RakkanError, match=r"signature of studio\.example/ledger is wrong"):
        verify_evidence(replace(evidence, proof=str(replace(proof, checkpoint=changed))), KEYS)


def test_witnesses_are_counted_when_asked_for(tmp_path: Path, ledger: Ledger) -> None:
    ledger.append([generated(1)])
    witness = Witness(tmp_path / "witness", WITNESS, {KEY.name: KEYS}, clock=lambda: 1_700_000_001)
    keys = [witness.verification_key(), OTHER.verification_key(COSIGNATURE)]
    with pytest.raises(RakkanError, match="0 known witnesses, not 1"):
        verify_evidence(ledger.evidence(0), KEYS, keys, quorum=1)
    ledger.submit([witness.add_checkpoint], keys)
    ledger.append([generated(2)])  # the newer checkpoint has no witness yet
    verified = verify_evidence(ledger.evidence(0), KEYS, keys, quorum=1)
    assert [(one.name, one.time) for one in verified.witnesses] == [(WITNESS.name, 1_700_000_001)]
    assert verified.size == 1
    with pytest.raises(RakkanError, match="1 known witnesses, not 2"):
        verify_evidence(ledger.evidence(0), KEYS, keys, quorum=2)
    assert verify_evidence(ledger.evidence(1), KEYS, keys).witnesses == ()
    wrong = ledger.evidence(0).proof.replace("witness.example/w ", "witness.example/v ")
    with pytest.raises(RakkanError, match="0 known witnesses"):
        verify_evidence(replace(ledger.evidence(0), proof=wrong), KEYS, keys, quorum=1)


def test_any_flipped_bit_is_refused(evidence: Evidence) -> None:
    """Every byte of the evidence counts."""
    for name in ("envelope", "salt", "leaf"):
        data = getattr(evidence, name)
        for at in range(0, len(data), 3):
            flipped = bytearray(data)
            flipped[at] ^= 1 << at % 8
            with pytest.raises(RakkanError):
                verify_evidence(replace(evidence, **{name: bytes(flipped)}), KEYS)
    text = evidence.proof.encode()
    for at in range(len(text)):
        flipped = bytearray(text)
        flipped[at] ^= 1 << at % 7
        with pytest.raises(RakkanError):
            verify_evidence(replace(evidence, proof=flipped.decode("utf-8", "replace")), KEYS)


HASH = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\nx",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nx",
        "c2sp.org/tlog-proof@v1\nextra *\nindex 0\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\nx",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}{HASH}\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{(HASH + chr(10)) * 64}\nx",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n\ud800",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "x" * 100_000,
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(RakkanError):
        parse_proof(text)


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=99),
)
def test_any_proof_comes_back_from_its_text(index: int, hashes: list[bytes], extra: bytes) -> None:
    proof = Proof(index, tuple(hashes), b"anything\n", extra)
    assert parse_proof(str(proof)) == proof


def test_the_form_of_a_proof_is_that_of_the_specification() -> None:
    lines = str(Proof(7, (bytes(32),), b"log.example\n1\n", b"abc")).split("\n")
    assert lines == ["c2sp.org/tlog-proof@v1", "extra YWJj", "index 7", HASH, "", "log.example", "1", ""]


def test_verifying_needs_no_vault_and_no_database(environment: dict[str, str], evidence: Evidence) -> None:
    code = (
        "import sys\n"
        "from rakkan.store.ledger.notes import parse_key\n"
        "from rakkan.store.ledger.verify import Evidence, verify_evidence\n"
        f"verify_evidence({evidence!r}, [parse_key({str(KEYS[0])!r})])\n"
        "print([name for name in ('sqlalchemy', 'numpy', 'rakkan.store.vault') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_quorum_must_be_reached_when_submitting(
    tmp_path: Path, ledger: Ledger, opened: Callable[..., Ledger]
) -> None:
    ledger.append([generated(1)])
    witnesses = [
        Witness(tmp_path / name, SigningKey(f"witness.example/{name}", name.encode() * 16), {KEY.name: KEYS})
        for name in ("w1", "w2")
    ]
    asked = [one.add_checkpoint for one in witnesses]
    keys = [one.verification_key() for one in witnesses]
    with pytest.raises(RakkanError, match="1 known witnesses have cosigned, not 2"):
        ledger.submit(asked, keys[:1], quorum=2)
    ledger.append([generated(2)])
    assert len(ledger.submit(asked, keys, quorum=2)) == 2
    assert len(verify_evidence(opened().evidence(1), KEYS, keys, quorum=2).witnesses) == 2
