"""Canonical JSON, DSSE envelopes, log entries and bodies: foreign implementations, vectors, hostile input."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.conftest import KEY

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER
from rakkan.store.ledger import canonical, entry
from rakkan.store.ledger.entry import Leaf, parse_leaf
from rakkan.store.ledger.envelope import PAYLOAD_TYPE, open_envelope, pre_authentication, seal
from rakkan.store.ledger.notes import SigningKey

KEYS = [KEY.verification_key()]
VALID = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | VALID,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(VALID, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_json_is_that_of_another_implementation(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)
    assert canonical.decode(canonical.encode(value), "it", 10_000) == value


def test_keys_are_sorted_by_utf_16_as_the_rfc_shows() -> None:
    # RFC 8785, 3.2.3: by code points U+1F600 would come after U+FB33.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    found = list(json.loads(canonical.encode(dict.fromkeys(keys, 0))))
    assert found == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**53), {1: 2}, "\ud800", {"\udc00": 1}, b"x", {1, 2}])
def test_what_canonical_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(RakkanError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"9007199254740992",
        b"9" * 9000,
        b"[" * 9000,
        b'{"a":' * 1500,
        b"[]" * 2,
        b" " * 10_001,
    ],
)
def test_json_from_strangers_is_read_strictly(data: bytes) -> None:
    with pytest.raises(RakkanError, match=r"^The thing"):
        canonical.decode(data, "The thing", 10_000)


# ---- envelopes


def test_the_pre_authentication_encoding_is_that_of_the_specification() -> None:
    assert (
        pre_authentication("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_is_canonical_and_opens_with_the_right_key() -> None:
    envelope = seal(b'{"a":1}', KEY)
    value = json.loads(envelope)
    assert rfc8785.dumps(value) == envelope
    assert set(value) == {"payload", "payloadType", "signatures"}
    assert open_envelope(envelope, KEYS) == b'{"a":1}'
    signature = base64.b64decode(value["signatures"][0]["sig"])
    assert KEYS[0].accepts(signature, b'DSSEv1 28 application/vnd.in-toto+json 7 {"a":1}')
    with pytest.raises(RakkanError, match="signature"):
        open_envelope(envelope, [SigningKey("other.example", b"o" * 32).verification_key()])
    with pytest.raises(RakkanError, match="signature"):
        open_envelope(envelope, [])


def altered(**changes: Any) -> bytes:
    value = json.loads(seal(b'{"a":1}', KEY))
    return json.dumps({**value, **changes}).encode()


def test_what_dsse_lets_others_write_is_read() -> None:
    value = json.loads(seal(b"\xfb\xff\xfe{}", KEY))
    own = value["signatures"][0]
    url_safe = value["payload"].replace("+", "-").replace("/", "_")
    assert url_safe != value["payload"]
    stranger = {"sig": base64.b64encode(bytes(64)).decode(), "more": 1}
    other = {"sig": own["sig"].replace("+", "-").replace("/", "_")}
    written = {"payload": url_safe, "payloadType": PAYLOAD_TYPE, "signatures": [stranger, other], "x": []}
    assert open_envelope(json.dumps(written, indent=2).encode(), KEYS) == b"\xfb\xff\xfe{}"


@pytest.mark.parametrize(
    "envelope",
    [
        b"[]",
        b"null",
        b"{}",
        altered(payload=1),
        altered(payload="*"),
        altered(payload="eyJhIjoxfQ"),
        altered(payload=base64.b64encode(b'{"a":2}').decode()),
        altered(payloadType="text/plain"),
        altered(payloadType=None),
        altered(signatures=[]),
        altered(signatures={}),
        altered(signatures=[1]),
        altered(signatures=[{}]),
        altered(signatures=[{"sig": 1}]),
        altered(signatures=[{"sig": "", "keyid": "x"}]),
        altered(signatures=[{"sig": "AAAA", "keyid": 5}]),
        altered(signatures=json.loads(altered())["signatures"] * 17),
        altered(padding=" " * 1_500_000),
    ],
)
def test_a_hostile_envelope_is_refused_in_words(envelope: bytes) -> None:
    with pytest.raises(RakkanError):
        open_envelope(envelope, KEYS)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_envelope_or_a_fault_in_words(data: bytes) -> None:
    for read in (lambda data: open_envelope(data, KEYS), parse_leaf, entry.parse_body):
        try:
            read(data)
        except RakkanError as fault:
            assert fault.message
        else:
            raise AssertionError("nothing of this is ours")


@given(st.binary(max_size=400))
def test_any_payload_comes_back(payload: bytes) -> None:
    assert open_envelope(seal(payload, KEY), KEYS) == payload


# ---- entries and bodies


def test_an_entry_is_the_bytes_that_are_documented() -> None:
    leaf = Leaf("generated", 1, "0" * 64)
    assert bytes(leaf) == b'{"commitment":"' + b"0" * 64 + b'","kind":"generated","version":1}'
    assert parse_leaf(bytes(leaf)) == leaf


@pytest.mark.parametrize(
    "data",
    [
        b'{"commitment":"' + b"0" * 64 + b'","kind":"generated","version":1,"x":1}',
        b'{"commitment":"' + b"0" * 64 + b'", "kind":"generated","version":1}',
        b'{"kind":"generated","commitment":"' + b"0" * 64 + b'","version":1}',
        b'{"commitment":"' + b"0" * 63 + b'","kind":"generated","version":1}',
        b'{"commitment":"' + b"A" * 64 + b'","kind":"generated","version":1}',
        b'{"commitment":"' + b"0" * 64 + b'","kind":"Mika","version":1}',
        b'{"commitment":"' + b"0" * 64 + b'","kind":"a","version":true}',
        b'{"commitment":"' + b"0" * 64 + b'","kind":"a","version":0}',
        b'{"commitment":["' + b"0" * 64 + b'"],"kind":"a","version":1}',
        b'{"commitment":null,"kind":null,"version":null}',
    ],
)
def test_an_entry_with_anything_else_in_it_is_refused(data: bytes) -> None:
    with pytest.raises(RakkanError):
        parse_leaf(data)


def test_a_commitment_is_over_domain_salt_and_envelope() -> None:
    import hashlib

    salt = bytes(range(32))
    expected = hashlib.sha256(b"rakkan commitment 1\n" + salt + b"envelope").hexdigest()
    assert entry.commit(salt, b"envelope") == expected
    with pytest.raises(RakkanError):
        entry.commit(salt[:31], b"envelope")
    assert entry.parse_body(entry.body(salt, b"envelope")) == (salt, b"envelope")


@pytest.mark.parametrize(
    "data", [b"", b"rakkan body 1\n", b"rakkan body 1\n" + bytes(32), b"rakkan body 2\n" + bytes(99)]
)
def test_what_is_no_body_is_refused(data: bytes) -> None:
    with pytest.raises(RakkanError):
        entry.parse_body(data)
    with pytest.raises(RakkanError):
        entry.parse_body(b"rakkan body 1\n" + bytes(2_000_000))
