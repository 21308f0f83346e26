"""Entries: each of their two seals holds by itself, whatever the other is worth."""

from __future__ import annotations

import hashlib

import pytest

from rakkan.store import entries
from rakkan.store.faults import Damaged
from rakkan.store.owners import OwnerKeys

KEYS = OwnerKeys("a" * 64, bytes(32), {1: b"\1" * 32})
CONTENT = entries.new_content(KEYS.tag, b"text", hashlib.sha256(b"text").hexdigest())
NAME, OTHER = "1" * 64, "2" * 64
ENTRY = entries.encode(CONTENT, KEYS, NAME)
BOB = OwnerKeys("b" * 64, KEYS.naming, KEYS.wrapping)


def test_an_entry_is_read_back_also_when_it_is_wrapped_anew() -> None:
    assert entries.decode(ENTRY, KEYS, NAME, "x") == CONTENT
    newer = OwnerKeys(KEYS.tag, KEYS.naming, {**KEYS.wrapping, 2: b"\2" * 32})
    again = entries.rewrap(ENTRY, newer, NAME, "x")
    assert entries.version(again, "x") == 2
    assert entries.decode(again, newer, NAME, "x") == CONTENT
    with pytest.raises(Damaged, match="wrapping key is gone"):
        entries.decode(again, KEYS, NAME, "The entry")


@pytest.mark.parametrize(("keys", "name"), [(KEYS, OTHER), (BOB, NAME)], ids=["name", "owner"])
def test_a_moved_entry_is_not_wrapped_anew(keys: OwnerKeys, name: str) -> None:
    with pytest.raises(Damaged):
        entries.rewrap(ENTRY, keys, name, "x")


@pytest.mark.parametrize(("keys", "name"), [(KEYS, OTHER), (BOB, NAME)], ids=["name", "owner"])
def test_metadata_is_bound_even_to_a_key_that_is_wrapped_for_the_place(keys: OwnerKeys, name: str) -> None:
    forged = entries.encode(CONTENT, keys, name)[: entries._KEY_END] + ENTRY[entries._KEY_END :]
    with pytest.raises(Damaged):
        entries.decode(forged, keys, name, "x")


def test_the_version_is_bound() -> None:
    keys = OwnerKeys(KEYS.tag, KEYS.naming, {1: b"\1" * 32, 2: b"\1" * 32})
    with pytest.raises(Damaged):
        entries.decode(ENTRY[:7] + b"\2" + ENTRY[8:], keys, NAME, "x")


@pytest.mark.parametrize("entry", [b"", ENTRY[:4], b"RKE2" + ENTRY[4:], ENTRY[:-1], ENTRY + b"x"])
def test_what_is_no_entry_is_damaged(entry: bytes) -> None:
    with pytest.raises(Damaged, match="The entry"):
        entries.decode(entry, KEYS, NAME, "The entry")
