"""Signed notes, keys, checkpoints and cosignatures: the specifications' examples, and hostile ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.store.ledger import checkpoint as checkpoints
from rakkan.store.ledger import notes
from rakkan.store.ledger.checkpoint import Checkpoint, cosign, cosigners, open_checkpoint, parse_checkpoint
from rakkan.store.ledger.notes import COSIGNATURE, Signature, SignedNote, SigningKey, VerificationKey

KEY = SigningKey("log.example/a", b"a" * 32)
WITNESS = SigningKey("witness.example/w", b"w" * 32)

#: The example of c2sp.org/signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
    "IneyaQM=\n"
).encode()
#: The example of c2sp.org/tlog-checkpoint.
CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_specification_verifies() -> None:
    key = notes.parse_key(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    note = notes.parse(EXAMPLE)
    assert note.text == "This is an example message.\n"
    assert notes.verify(note, [key]) == [key]
    assert bytes(note) == EXAMPLE


def test_any_change_of_the_example_is_refused() -> None:
    key = notes.parse_key(EXAMPLE_KEY)
    for at in range(len(EXAMPLE)):
        damaged = bytearray(EXAMPLE)
        damaged[at] ^= 1
        with pytest.raises(RakkanError):
            notes.verify(notes.parse(bytes(damaged)), [key])


def test_a_damaged_key_is_refused() -> None:
    for at in range(len(EXAMPLE_KEY)):
        damaged = EXAMPLE_KEY[:at] + chr(ord(EXAMPLE_KEY[at]) ^ 1) + EXAMPLE_KEY[at + 1 :]
        with pytest.raises(RakkanError):
            notes.parse_key(damaged)
    for text in ("", "a", "a+b", "a+b+c", "a+00000000+AQ==", EXAMPLE_KEY[:-4]):
        with pytest.raises(RakkanError):
            notes.parse_key(text)


def test_a_seed_stays_out_of_sight() -> None:
    assert "aaaa" not in repr(KEY)


def test_unknown_signatures_are_ignored_and_a_wrong_known_one_is_not() -> None:
    note = notes.sign("text\n", KEY)
    other = notes.sign("text\n", SigningKey("log.example/b", b"b" * 32))
    both = SignedNote(note.text, other.signatures + note.signatures)
    key = KEY.verification_key()
    assert notes.verify(notes.parse(bytes(both)), [key]) == [key]
    forged = Signature(KEY.name, key.identifier, bytes(64))
    with pytest.raises(RakkanError, match="wrong"):
        notes.verify(SignedNote(note.text, (*note.signatures, forged)), [key])
    same_name = Signature(KEY.name, b"\0\0\0\0", bytes(64))
    assert notes.verify(SignedNote(note.text, (same_name, *note.signatures)), [key]) == [key]
    with pytest.raises(RakkanError, match="not signed by"):
        notes.verify(other, [key])


def test_a_note_may_hold_empty_lines_and_sixteen_signatures() -> None:
    keys = [SigningKey(f"log.example/{number}", bytes([number]) * 32) for number in range(16)]
    text = "one\n\ntwo\n\n\nthree\n"
    signed = SignedNote(text, tuple(notes.sign(text, key).signatures[0] for key in keys))
    note = notes.parse(bytes(signed))
    assert note == signed
    assert len(notes.verify(note, [key.verification_key() for key in keys])) == 16


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text",
        b"text\n",
        b"text\n\n",
        b"\n\n" + EXAMPLE.partition(b"\n\n")[2],
        EXAMPLE[:-1],
        EXAMPLE + b"x\n",
        EXAMPLE.replace(b"\n\n", b"\n"),
        EXAMPLE.replace(b"This", b"Th\tis"),
        EXAMPLE.replace(b"This", b"Th\xffis"),
        EXAMPLE.replace(b"\n", b"\r\n"),
        EXAMPLE.replace(b"foo Uw", b"foo  Uw"),
        EXAMPLE.replace(b"foo Uw", "foo\u00a0x Uw".encode()),
        EXAMPLE.replace(b"foo Uw", b"foo+x Uw"),
        EXAMPLE.replace(b"aQM=", b"aQN="),
        EXAMPLE.replace("—".encode(), b"-"),
        b"text\n\n" + "— a AAAAAA==\n".encode() * 65,
        b"text\n\n" + "— a AAAA\n".encode(),
        b"x" * 70_000 + b"\n\n" + EXAMPLE.partition(b"\n\n")[2],
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(RakkanError):
        notes.parse(data)


VALID = st.characters(exclude_categories=("Cs",))


@given(st.binary(max_size=300) | st.text(VALID, max_size=100).map(lambda text: EXAMPLE[:40] + text.encode()))
def test_any_bytes_are_a_note_or_a_fault_in_words(data: bytes) -> None:
    try:
        note = notes.parse(data)
    except RakkanError as fault:
        assert fault.message
    else:
        assert bytes(note) == data


@given(
    st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs", "Cc"))), min_size=1),
    st.binary(min_size=32, max_size=32),
)
def test_any_text_comes_back_from_a_note(lines: list[str], seed: bytes) -> None:
    text = "\n".join(lines) + "\n"
    if len(text) < 2:
        text = "x\n"
    key = SigningKey("log.example/any", seed)
    note = notes.parse(bytes(notes.sign(text, key)))
    assert note.text == text
    assert notes.verify(note, [key.verification_key()])


@given(st.text(max_size=120) | st.text("+abc0=/ \n", max_size=60))
def test_any_text_is_a_key_or_a_fault_in_words(text: str) -> None:
    with pytest.raises(RakkanError):
        notes.parse_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\ud800"])
def test_a_name_with_spaces_or_plus_is_no_key_name(name: str) -> None:
    with pytest.raises(RakkanError):
        SigningKey(name, b"a" * 32)


# ---- checkpoints


def test_the_checkpoint_of_the_specification_is_read() -> None:
    checkpoint = parse_checkpoint(CHECKPOINT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e1d90c808014aa89b")
    assert checkpoint.text == CHECKPOINT
    extended = parse_checkpoint(CHECKPOINT + "more\nand more\n")
    assert extended.extensions == ("more", "and more")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        CHECKPOINT[:-1],
        CHECKPOINT + "\n",
        "\n" + CHECKPOINT,
        CHECKPOINT.replace("20852163", "020852163"),
        CHECKPOINT.replace("20852163", "-1"),
        CHECKPOINT.replace("20852163", "+1"),
        CHECKPOINT.replace("20852163", "٣"),
        CHECKPOINT.replace("20852163", "9223372036854775808"),
        CHECKPOINT.replace("20852163", "9" * 5000),
        CHECKPOINT.replace("CsUY", "CsU"),
        CHECKPOINT.replace("q2I=", "q2J="),
        "a\n1\nAAAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(RakkanError):
        parse_checkpoint(text)


def test_only_a_key_named_like_the_origin_speaks_for_a_log() -> None:
    other = SigningKey("log.example/b", b"b" * 32)
    signed = bytes(notes.sign(Checkpoint(KEY.name, 3, bytes(32)).text, other))
    with pytest.raises(RakkanError, match="whose key is not known"):
        open_checkpoint(signed, [other.verification_key()])
    with pytest.raises(RakkanError, match="not signed by"):
        open_checkpoint(signed, [other.verification_key(), KEY.verification_key()])


# ---- cosignatures


def cosigned(time: int = 1679315147) -> SignedNote:
    note = notes.sign(Checkpoint(KEY.name, 3, bytes(32)).text, KEY)
    return SignedNote(note.text, (*note.signatures, cosign(note, WITNESS, time)))


def test_a_cosignature_is_over_time_and_text_as_specified() -> None:
    note = cosigned()
    data = note.signatures[1].data
    assert int.from_bytes(data[:8], "big") == 1679315147
    message = b"cosignature/v1\ntime 1679315147\n" + note.text.encode()
    assert WITNESS.verification_key().accepts(data[8:], message)
    key = WITNESS.verification_key(COSIGNATURE)
    assert base64.b64decode(str(key).rsplit("+", 1)[1])[0] == 4
    assert cosigners(notes.parse(bytes(note)), [key]) == (checkpoints.Cosigned(WITNESS.name, 1679315147),)


def test_a_wrong_cosignature_of_a_known_witness_is_refused() -> None:
    note = cosigned()
    data = note.signatures[1].data
    key = WITNESS.verification_key(COSIGNATURE)
    for wrong in (
        data[:7] + bytes([data[7] ^ 1]) + data[8:],
        data[:-1],
        data + b"\0",
        data[:-1] + bytes([data[-1] ^ 1]),
        bytes(8) + WITNESS.sign(b"cosignature/v1\ntime 0\n" + note.text.encode()),
    ):
        forged = SignedNote(note.text, (Signature(WITNESS.name, key.identifier, wrong),))
        with pytest.raises(RakkanError, match="cosignature"):
            cosigners(forged, [key])


def test_the_log_itself_is_no_witness_and_no_witness_counts_twice() -> None:
    note = cosigned()
    assert cosigners(note, [KEY.verification_key()]) == ()
    key = WITNESS.verification_key(COSIGNATURE)
    alias = VerificationKey("witness.example/alias", key.public, COSIGNATURE)
    again = Signature(alias.name, alias.identifier, note.signatures[1].data)
    assert len(cosigners(SignedNote(note.text, (*note.signatures, again)), [key, alias])) == 1
