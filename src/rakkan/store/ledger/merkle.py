"""The Merkle tree of RFC 6962 and RFC 9162 (section 2.1) over SHA-256: roots and both kinds of proof.

Hashes are 32 bytes. A tree is read through ``Nodes``: the hash of the complete subtree at (level, index),
which covers the leaves ``index * 2**level`` up to ``(index + 1) * 2**level``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from rakkan.errors import RakkanError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Nodes = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2ⁿ neighbouring hashes of one level, n ≥ 0."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def root(size: int, nodes: Nodes) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return _range(0, size, nodes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The path from leaf ``index`` to the root of ``size`` leaves, sibling first (RFC 9162, 2.1.3.1).

    Raises RakkanError unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise RakkanError(f"There is no entry {index} in a log of {size}", "Count from 0")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, nodes))
            end = middle
        else:
            path.append(_range(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """What shows that the tree of ``old`` leaves begins the tree of ``new`` (RFC 9162, 2.1.4.1).

    Empty for ``old`` of 0 or equal to ``new``. Raises RakkanError unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise RakkanError(f"A log of {new} does not continue one of {old}", "Give the smaller size first")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end, known = 0, new, True  # known: whether the old root is that of a whole left part
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range(middle, end, nodes))
            end = middle
        else:
            path.append(_range(start, middle, nodes))
            start, known = middle, False
    if not known:
        path.append(_range(start, end, nodes))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that the leaf with hash ``leaf`` stands at ``index`` under the root (RFC 9162, 2.1.3.2).

    Raises RakkanError when it does not.
    """
    if not 0 <= index < size:
        raise RakkanError(f"The inclusion proof is for entry {index} of a log of {size}", "It is forged")
    fn, sn, found = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise RakkanError("The inclusion proof is too long", "It is damaged or for another log")
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or found != expected or not _well_formed([leaf, *proof]):
        raise RakkanError(
            "The inclusion proof does not lead to the root of the checkpoint",
            "The entry is not in this log, or the proof is damaged",
        )


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the ``new`` tree only adds to the ``old`` one (RFC 9162, 2.1.4.2).

    An empty old tree is consistent with every tree, by an empty proof. Raises RakkanError.
    """
    roots = proven_roots(old, old_root, new, new_root, proof)
    if roots != (old_root, new_root):
        raise RakkanError(
            f"The log of {new} entries does not continue the one of {old}",
            "Keep both checkpoints: the log has been rewritten, or the proof is damaged",
        )


def proven_roots(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The roots at both sizes that a consistency proof leads to; equal to those given when it holds.

    If only the first differs, the log itself has proven that it once had another past. Raises
    RakkanError for a proof that cannot be one between these sizes.
    """
    malformed = RakkanError(
        f"This is no consistency proof from {old} to {new} entries", "Ask the log for another"
    )
    if not 0 <= old <= new or not _well_formed(proof):
        raise malformed
    if old in (0, new):
        if proof:
            raise malformed
        shown = new_root if new else EMPTY_ROOT
        return (shown if old else EMPTY_ROOT), shown
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not proof or not steps:
        raise malformed
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if sn == 0:
            raise malformed
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise malformed
    return first, second


def _well_formed(proof: Sequence[bytes]) -> bool:
    return all(len(step) == HASH_BYTES for step in proof)


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _range(start: int, end: int, nodes: Nodes) -> bytes:
    """The root of the leaves from ``start`` to before ``end``, a range that a proof can name."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range(start, middle, nodes), _range(middle, end, nodes))
