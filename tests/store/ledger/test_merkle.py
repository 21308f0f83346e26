"""The tree of RFC 6962 and RFC 9162: vectors, definition, a foreign implementation."""

from __future__ import annotations

import hashlib

import pytest
from pymerkle import InmemoryTree

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle

#: The eight leaves by which implementations of Certificate Transparency are compared, and what they give.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAF_HASHES = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: Inner nodes of that tree, by level and place.
NODES = {
    (1, 0): ROOTS[2],
    (1, 1): "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    (1, 2): "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    (1, 3): "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    (2, 0): ROOTS[4],
    (2, 1): "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
}
#: Audit paths and consistency proofs published for it: (index, size) or (old, new) to nodes.
AUDIT_PATHS = {
    (0, 1): [],
    (0, 8): [(0, 1), (1, 1), (2, 1)],
    (5, 8): [(0, 4), (1, 3), (2, 0)],
    (2, 3): [(1, 0)],
    (1, 5): [(0, 0), (1, 1), (0, 4)],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [(0, 1), (1, 1), (2, 1)],
    (6, 8): [(1, 2), (1, 3), (2, 0)],
    (2, 5): [(1, 1), (0, 4)],
    (6, 7): [(1, 2), (0, 6), (2, 0)],
}


def published(level: int, index: int) -> bytes:
    return bytes.fromhex(LEAF_HASHES[index] if level == 0 else NODES[level, index])


def nodes_of(leaves: list[bytes]) -> merkle.Nodes:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]

    def node(level: int, index: int) -> bytes:
        part = hashes[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "an incomplete subtree was asked for"
        return merkle.perfect_root(part)

    return node


# ---- the definitions of RFC 9162, section 2.1, as they are written there


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def largest_power_below(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


# ---- published vectors


def test_the_published_roots_come_out() -> None:
    assert [merkle.leaf_hash(leaf).hex() for leaf in LEAVES] == LEAF_HASHES
    assert [merkle.root(size, nodes_of(LEAVES)).hex() for size in range(9)] == ROOTS


def test_the_published_audit_paths_come_out_and_verify() -> None:
    for (index, size), places in AUDIT_PATHS.items():
        proof = merkle.inclusion_proof(index, size, published)
        assert proof == [published(*place) for place in places], (index, size)
        merkle.verify_inclusion(published(0, index), index, size, proof, bytes.fromhex(ROOTS[size]))


def test_the_published_consistency_proofs_come_out_and_verify() -> None:
    for (old, new), places in CONSISTENCY.items():
        proof = merkle.consistency_proof(old, new, published)
        assert proof == [published(*place) for place in places], (old, new)
        merkle.verify_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), proof)


# ---- brute force


def test_every_tree_up_to_seventy_is_as_the_definition_says() -> None:
    leaves = [bytes([number]) * (number % 5) for number in range(70)]
    node = nodes_of(leaves)
    roots = [mth(leaves[:size]) for size in range(71)]
    for size in range(71):
        assert merkle.root(size, node) == roots[size]
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            assert proof == path(index, leaves[:size])
            merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, roots[size])
        for old in range(size + 1):
            proof = merkle.consistency_proof(old, size, node)
            assert proof == (subproof(old, leaves[:size], True) if old else [])
            merkle.verify_consistency(old, roots[old], size, roots[size], proof)


def test_a_foreign_implementation_agrees() -> None:
    leaves = [b"leaf %d" % number for number in range(40)]
    foreign = InmemoryTree.init_from_entries(leaves, algorithm="sha256")
    node = nodes_of(leaves)
    for size in range(1, 41):
        assert merkle.root(size, node) == foreign.get_root(size)
        for index in range(size):
            # Their path begins with the leaf itself.
            theirs = foreign.prove_inclusion(index + 1, size).path[1:]
            assert merkle.inclusion_proof(index, size, node) == theirs
        for old in range(1, size + 1):
            # Their consistency proofs split elsewhere than RFC 9162, so only the roots are comparable.
            proof = merkle.consistency_proof(old, size, node)
            merkle.verify_consistency(old, foreign.get_root(old), size, foreign.get_root(size), proof)


# ---- what must not verify


def changed(proof: list[bytes]) -> list[list[bytes]]:
    """Proofs that are wrong in one way each."""
    wrong = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    for at in range(len(proof)):
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        wrong += [proof[:at] + proof[at + 1 :], [*proof[:at], flipped, *proof[at + 1 :]]]
        wrong.append([*proof[:at], proof[at][:31], *proof[at + 1 :]])
    if len(proof) > 1:
        wrong.append(proof[::-1])
    return wrong


def test_a_wrong_inclusion_proof_is_refused() -> None:
    leaves = [bytes([number]) for number in range(12)]
    node = nodes_of(leaves)
    for size in (1, 2, 3, 7, 8, 12):
        expected = merkle.root(size, node)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            leaf = merkle.leaf_hash(leaves[index])
            for wrong in changed(proof):
                with pytest.raises(RakkanError):
                    merkle.verify_inclusion(leaf, index, size, wrong, expected)
            for other in set(range(-1, size + 2)) - {index}:
                with pytest.raises(RakkanError):
                    merkle.verify_inclusion(leaf, other, size, proof, expected)
            for no_leaf in (bytes(32), leaf[:31], b""):
                with pytest.raises(RakkanError):
                    merkle.verify_inclusion(no_leaf, index, size, proof, expected)
    with pytest.raises(RakkanError):
        merkle.verify_inclusion(b"", 0, 1, [], b"")


def test_a_wrong_consistency_proof_is_refused() -> None:
    node = nodes_of([bytes([number]) for number in range(12)])
    roots = [merkle.root(size, node) for size in range(13)]
    for new in range(13):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, node)
            for wrong in changed(proof):
                with pytest.raises(RakkanError):
                    merkle.verify_consistency(old, roots[old], new, roots[new], wrong)
            with pytest.raises(RakkanError):
                merkle.verify_consistency(old, bytes(32), new, roots[new], proof)
            if old or not new:
                with pytest.raises(RakkanError):
                    merkle.verify_consistency(old, roots[old], new, bytes(32), proof)


def test_a_proof_between_other_sizes_is_refused() -> None:
    """Else a log could claim more entries than its root covers, or fewer."""
    node = nodes_of([bytes([number]) for number in range(16)])
    roots = [merkle.root(size, node) for size in range(17)]
    for old in range(1, 16):
        for new in range(old + 1, 17):
            proof = merkle.consistency_proof(old, new, node)
            for claimed in range(old + 1, 17):
                if len(merkle.consistency_proof(old, claimed, node)) != len(proof):
                    with pytest.raises(RakkanError):
                        merkle.verify_consistency(old, roots[old], claimed, roots[new], proof)


def test_a_proof_of_what_is_not_there_is_not_made() -> None:
    node = nodes_of(LEAVES)
    for index, size in ((8, 8), (-1, 8), (0, 0)):
        with pytest.raises(RakkanError):
            merkle.inclusion_proof(index, size, node)
    for old, new in ((5, 4), (-1, 4)):
        with pytest.raises(RakkanError):
            merkle.consistency_proof(old, new, node)
