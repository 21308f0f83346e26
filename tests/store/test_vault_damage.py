"""Whatever is done to the stored bytes: never wrong bytes, always one line that says what is damaged."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rakkan.errors import RakkanError
from rakkan.store import entries
from rakkan.store.faults import Damaged, Missing, WrongKey
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.streaming import SEGMENT
from rakkan.store.vault import Vault

SMALL, LARGE, OTHER = 300, 3 * SEGMENT + 7, 3 * SEGMENT + 7
BODIES = {
    name: random.Random(name).randbytes(size) for name, size in [("s", SMALL), ("l", LARGE), ("o", OTHER)]
}
DIGESTS = {name: hashlib.sha256(body).hexdigest() for name, body in BODIES.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault in which two owners hold three blobs each, and its key beside it."""
    folder = tmp_path_factory.mktemp("whole")
    vault = opened(folder)
    for owner in ("alice", "bob"):
        for body in BODIES.values():
            vault.put(owner, body)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "copy")


def opened(folder: Path) -> Vault:
    return Vault(FolderStorage(folder / "vault"), KeyFile(folder / "master"))


def place(folder: Path, kind: str, name: str = "", owner: str = "alice") -> Path:
    """The file of one thing: ``key`` of an owner, ``entry`` or ``body`` of a blob, ``keyring``."""
    if kind == "keyring":
        return folder / "vault" / "keyring" / "owner-tags"
    owners = opened(folder)._owners
    keys = owners.find(owners.tag(owner))
    assert keys is not None
    if kind == "key":
        return folder / "vault" / owners.path(keys.tag)
    if kind == "entry":
        return folder / "vault" / keys.folder / "entries" / keys.entry_name(DIGESTS[name])
    content = opened(folder)._shelves.content(keys, DIGESTS[name])
    return folder / "vault" / keys.folder / "bodies" / content.body


def attempts(folder: Path, name: str, owner: str = "alice") -> Iterator[Callable[[], bytes]]:
    """The ways to get at a blob, each with a vault of its own; all that give bytes give all of them."""

    def verify() -> bytes:
        opened(folder).verify(owner, DIGESTS[name])
        return BODIES[name]

    def through_a_file() -> bytes:
        with opened(folder).open(owner, DIGESTS[name]) as file:
            return file.read()

    yield lambda: opened(folder).read(owner, DIGESTS[name])
    yield through_a_file
    yield verify


def refused(folder: Path, name: str, owner: str = "alice") -> None:
    """Every way to get at a blob ends in an error that says in one line what is damaged."""
    for attempt in attempts(folder, name, owner):
        with pytest.raises((Damaged, WrongKey)) as caught:
            attempt()
        assert "\n" not in str(caught.value) and str(caught.value).count("'") % 2 == 0
        assert any(word in caught.value.message for word in ("lob", "entry", "key", "secret")), caught.value


def flips(data: bytes, bits: tuple[int, ...] = tuple(range(8))) -> Iterator[bytes]:
    for at in range(len(data)):
        for bit in bits:
            yield data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


@pytest.mark.parametrize(("kind", "name"), [("entry", "l"), ("key", "l"), ("keyring", "l")])
def test_every_flipped_bit_of_a_record_is_refused(copy: Path, kind: str, name: str) -> None:
    path = place(copy, kind, name)
    good = path.read_bytes()
    digest = DIGESTS[name]
    for bad in flips(good):
        path.write_bytes(bad)
        with pytest.raises((Damaged, WrongKey)):
            opened(copy).open("alice", digest)
    path.write_bytes(good)
    opened(copy).verify("alice", digest)


def test_every_flipped_bit_of_a_blob_in_its_entry_is_refused(copy: Path) -> None:
    path = place(copy, "entry", "s")
    good = path.read_bytes()
    for number, bad in enumerate(flips(good, (0, 5))):
        path.write_bytes(bad)
        if number % 97 == 0:
            refused(copy, "s")
        with pytest.raises(Damaged):
            opened(copy).read("alice", DIGESTS["s"])


def test_flipped_bits_of_a_body_are_refused_before_a_byte_of_their_segment_is_read(copy: Path) -> None:
    path = place(copy, "body", "l")
    good = path.read_bytes()
    chosen = random.Random(0)
    for at in [*range(40), *chosen.sample(range(40, len(good)), 12), len(good) - 1]:
        bad = bytearray(good)
        bad[at] ^= 1 << chosen.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(Damaged, match=r"segment|header"):
            opened(copy).verify("alice", DIGESTS["l"])
        if at < 40:
            continue
        with opened(copy).open("alice", DIGESTS["l"]) as file:
            index = at // SEGMENT
            file.seek(start(index) + 5)
            with pytest.raises(Damaged, match=f"segment {index + 1} of 4"):
                file.read(1)
            # The other segments are as good as ever.
            other = start((index + 2) % 4) + 5
            file.seek(other)
            assert file.read(50) == BODIES["l"][other : other + 50]


def start(index: int) -> int:
    """Where the plaintext of a segment begins: each holds a MiB less its tag, the first a header less."""
    return max(0, index * (SEGMENT - 16) - 40)


def test_what_is_cut_short_or_grown_is_refused_when_it_is_opened(copy: Path) -> None:
    for kind, name in (("body", "l"), ("entry", "l"), ("entry", "s"), ("key", "l"), ("keyring", "l")):
        path = place(copy, kind, name)
        good = path.read_bytes()
        ends = {0, 1, len(good) // 2, len(good) - 1, SEGMENT, 2 * SEGMENT}
        for bad in [*(good[:end] for end in sorted(ends) if end < len(good)), good + b"\0", good * 2]:
            path.write_bytes(bad)
            refused(copy, name)
            with pytest.raises(Damaged):
                opened(copy).open("alice", DIGESTS[name])
        path.write_bytes(good)


SWAPS = [
    (("entry", "s", "alice"), ("entry", "l", "alice")),
    (("entry", "l", "alice"), ("entry", "o", "alice")),
    (("body", "l", "alice"), ("body", "o", "alice")),
    (("entry", "l", "alice"), ("entry", "l", "bob")),
    (("body", "l", "alice"), ("body", "l", "bob")),
    (("key", "", "alice"), ("key", "", "bob")),
]


@pytest.mark.parametrize(("one", "other"), SWAPS, ids=str)
def test_what_is_swapped_is_refused(
    copy: Path, one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    first, second = place(copy, one[0], one[1], one[2]), place(copy, other[0], other[1], other[2])
    first_bytes, second_bytes = first.read_bytes(), second.read_bytes()
    first.write_bytes(second_bytes)
    second.write_bytes(first_bytes)
    for _, name, owner in (one, other):
        refused(copy, name or "l", owner)


def test_an_entry_under_another_name_or_put_together_from_two_is_refused(copy: Path) -> None:
    entry, other = place(copy, "entry", "l"), place(copy, "entry", "o")
    good, second = entry.read_bytes(), other.read_bytes()
    for cut in (4, 8, 68, 100):
        entry.write_bytes(second[:cut] + good[cut:])
        if cut > 8:
            refused(copy, "l")
    entry.write_bytes(good)
    entry.rename(entry.with_name("0" * 64))
    with pytest.raises(Damaged):
        list(opened(copy).list("alice"))


def test_a_secret_under_anothers_name_is_refused(copy: Path) -> None:
    from rakkan.store.keyring import Keyring

    keyring = Keyring(FolderStorage(copy / "vault"), KeyFile(copy / "master"))
    keyring.secret("another", lambda: bytes(32))
    path = place(copy, "keyring")
    path.with_name("another").replace(path)
    refused(copy, "l")


def test_segments_in_another_order_are_refused(copy: Path) -> None:
    path = place(copy, "body", "l")
    good = path.read_bytes()
    one, two = good[SEGMENT : 2 * SEGMENT], good[2 * SEGMENT : 3 * SEGMENT]
    path.write_bytes(good[:SEGMENT] + two + one + good[3 * SEGMENT :])
    refused(copy, "l")


def test_a_lost_body_is_damage_and_a_lost_entry_is_absence(copy: Path) -> None:
    place(copy, "body", "l").unlink()
    refused(copy, "l")
    place(copy, "entry", "s").unlink()
    with pytest.raises(Missing):
        opened(copy).read("alice", DIGESTS["s"])


def test_a_folder_or_a_link_to_nowhere_in_a_files_place_is_an_error(copy: Path) -> None:
    for kind, name in (("entry", "s"), ("body", "l"), ("key", "")):
        path = place(copy, kind, name)
        good = path.read_bytes()
        path.unlink()
        path.mkdir()
        with pytest.raises(RakkanError):
            opened(copy).read("alice", DIGESTS[name or "s"])
        path.rmdir()
        path.write_bytes(good)


@pytest.mark.parametrize("name", ["s", "l"])
@pytest.mark.parametrize("harm", ["entry", "body"])
def test_putting_again_mends_what_is_damaged(copy: Path, name: str, harm: str) -> None:
    if (harm, name) == ("body", "s"):
        harm = "entry"
    path = place(copy, harm, name)
    path.write_bytes(path.read_bytes()[:-1])
    refused(copy, name)
    assert opened(copy).put("alice", BODIES[name]).digest == DIGESTS[name]
    for attempt in attempts(copy, name):
        assert attempt() == BODIES[name]
    assert opened(copy).sweep(0) == (1 if name == "l" else 0)
    assert opened(copy).read("alice", DIGESTS["o"]) == BODIES["o"]


def test_a_damaged_entry_stops_a_rotation_before_keys_are_dropped(copy: Path) -> None:
    path = place(copy, "entry", "s")
    good = path.read_bytes()
    path.write_bytes(good[:20] + b"?" + good[21:])
    with pytest.raises(Damaged):
        opened(copy).rotate_owner("alice")
    path.write_bytes(good)
    for name in BODIES:
        assert opened(copy).read("alice", DIGESTS[name]) == BODIES[name]
    assert opened(copy).rotate_owner("alice") == 3


def test_a_damaged_blob_can_be_shredded(copy: Path) -> None:
    path = place(copy, "entry", "l")
    path.write_bytes(b"?")
    opened(copy).shred("alice", DIGESTS["l"])
    assert not opened(copy).holds("alice", DIGESTS["l"])
    assert opened(copy).sweep(0) == 1


def test_a_blob_whose_entry_lies_about_its_digest_is_refused(copy: Path) -> None:
    vault = opened(copy)
    tag = vault._owners.tag("alice")
    keys = vault._owners.find(tag)
    assert keys is not None
    lying = entries.new_content(tag, b"other bytes", DIGESTS["s"])
    path = place(copy, "entry", "s")
    path.write_bytes(entries.encode(lying, keys, path.name))
    for reading in (vault.read, vault.verify):
        with pytest.raises(Damaged, match="not what its digest says"):
            reading("alice", DIGESTS["s"])
