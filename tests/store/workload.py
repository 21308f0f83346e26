"""A seeded life of a vault, what must be true of it at any moment, and a check that it is.

Run as a program it leads such a life and says so line by line, until it is killed:
``python workload.py FOLDER SEED LENGTH [KILL_AT before|after]``, or, with others at the same vault,
``python workload.py FOLDER SEED sharing``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from rakkan.errors import RakkanError
from rakkan.store.disk import Disk
from rakkan.store.faults import WrongKey
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.vault import INLINE, Vault

OWNERS = ("alice", "bob")
MARKER = b"PLANTED-PLAINTEXT-"


@dataclass(frozen=True)
class Step:
    """One thing done to a vault. ``bodies`` are what it puts, ``digest`` what it shreds."""

    kind: str
    owner: str = ""
    bodies: tuple[bytes, ...] = ()
    digest: str = ""


@dataclass
class State:
    """What a vault must hold: by owner and digest the bytes; and how often the master key was changed."""

    held: dict[str, dict[str, bytes]] = field(default_factory=lambda: {owner: {} for owner in OWNERS})
    masters: int = 0

    def after(self, step: Step) -> State:
        held = {owner: dict(blobs) for owner, blobs in self.held.items()}
        if step.kind == "put":
            held[step.owner].update({hashlib.sha256(body).hexdigest(): body for body in step.bodies})
        elif step.kind == "shred":
            held[step.owner].pop(step.digest, None)
        elif step.kind == "erase":
            held[step.owner] = {}
        return State(held, self.masters + (step.kind == "rotate master"))


def body(random: Random) -> bytes:
    """Bytes full of the marker; most are small, some span segments, some come again and again."""
    size = random.choice([0, 40, 40, 300, INLINE, INLINE + 1, 30_000, 1_200_000])
    words = MARKER + str(random.randrange(6 if size < INLINE else 10**9)).encode()
    return (words * (size // len(words) + 1))[:size] if size >= len(words) else words


def steps(seed: str, length: int) -> Iterator[tuple[Step, State]]:
    """The steps of a life, each with the state that must hold before it. One seed gives one life."""
    random = Random(f"life {seed}")
    state = State()
    for _ in range(length):
        owner = random.choice(OWNERS)
        kinds = (
            ["put"] * 4 + ["many"] * 3 + ["shred"] * 3 + ["rotate owner", "rotate master", "sweep", "erase"]
        )
        kind = random.choice(kinds)
        step = Step(kind, owner)
        if kind == "put":
            step = Step("put", owner, (body(random),))
        elif kind == "many":
            small = (MARKER + random.randbytes(8).hex().encode() for _ in range(random.randint(1, 14)))
            step = Step("put", owner, (*small, body(random)))
        elif kind == "shred":
            digests = sorted(state.held[owner])
            if not digests:
                continue
            step = Step("shred", owner, digest=random.choice(digests))
        yield step, state
        state = state.after(step)
    yield Step("sweep"), state


def tour() -> list[tuple[Step, State]]:
    """A short life with a step of every kind, as ``steps`` gives it."""
    large, small = MARKER * (INLINE // len(MARKER) + 1), MARKER * 3
    life = [
        Step("put", "alice", (large,)),
        Step("put", "bob", (small, large)),
        Step("put", "bob", tuple(MARKER + bytes([one]) for one in range(3))),
        Step("rotate owner", "bob"),
        Step("rotate master"),
        Step("shred", "bob", digest=hashlib.sha256(large).hexdigest()),
        Step("erase", "bob"),
        Step("put", "bob", (small,)),
        Step("sweep"),
    ]
    states = [State()]
    for step in life:
        states.append(states[-1].after(step))
    return list(zip(life, states, strict=False))


def open_vault(folder: Path, masters: int, disk: Disk | None = None) -> Vault:
    """The vault in ``folder`` with the master key it has after so many changes."""
    return Vault(FolderStorage(folder / "vault", disk), _key(folder, masters, disk))


def _key(folder: Path, number: int, disk: Disk | None = None) -> KeyFile:
    return KeyFile(folder / "keys" / f"master-{number}", disk)


def do(step: Step, vault: Vault, folder: Path, masters: int, disk: Disk | None = None) -> None:
    """Take a step; ``masters`` is how often the master key was changed before."""
    if step.kind == "put" and len(step.bodies) == 1:
        vault.put(step.owner, step.bodies[0])
    elif step.kind == "put":
        vault.put_many(step.owner, step.bodies)
    elif step.kind == "shred":
        vault.shred(step.owner, step.digest)
    elif step.kind == "erase":
        vault.erase(step.owner)
    elif step.kind == "rotate owner":
        vault.rotate_owner(step.owner)
    elif step.kind == "rotate master":
        vault.rotate_master(_key(folder, masters + 1, disk))
    else:
        vault.sweep()


class Broken(AssertionError):
    """A promise of the vault does not hold."""


def check(folder: Path, before: State, step: Step | None) -> None:
    """Raise Broken unless the vault is as it must be with ``step`` under way, or with nothing (None).

    What the step does not touch must be whole; what it touches must be as before it or as after it, each
    blob by itself for a put, all together for an erasure. Nothing else may be seen, no plaintext may lie
    about, and sweeping must leave nothing that is not part of a blob.
    """
    after = before.after(step) if step is not None else before
    _look_for_plaintext(folder)
    vault, masters = _opened(folder, before.masters, after.masters)
    for owner in OWNERS:
        found = _held(vault, owner)
        old, new = before.held[owner], after.held[owner]
        for digest in {*old, *new, *found}:
            if digest in found and found[digest] != old.get(digest, new.get(digest)):
                raise Broken(f"{digest} of {owner} was never put")
            if digest in old and digest in new and digest not in found:
                raise Broken(f"{digest} of {owner} is lost")
        if step is not None and step.kind == "erase" and found not in (old, new):
            raise Broken(f"{owner} is half erased")
    if step is not None and step.kind.startswith("rotate"):
        do(step, vault, folder, before.masters, _quick_disk())
        masters = after.masters
    _check_sweep(folder, masters)


def _opened(folder: Path, *candidates: int) -> tuple[Vault, int]:
    """The vault under the first of the master keys that opens all of it."""
    for masters in candidates:
        vault = open_vault(folder, masters, _quick_disk())
        try:
            for owner in OWNERS:
                vault.holds(owner, "0" * 64)
        except WrongKey:
            continue
        except RakkanError as fault:
            raise Broken(f"the vault cannot be opened: {fault}") from fault
        return vault, masters
    raise Broken("no master key opens all of the vault")


def _quick_disk() -> Disk:
    """A disk that does not wait: what is checked here is not going to lose power."""
    try:
        from .disks import HookedDisk
    except ImportError:  # run as a program
        from disks import HookedDisk
    return HookedDisk()


def _held(vault: Vault, owner: str) -> dict[str, bytes]:
    try:
        digests = [blob.digest for blob in vault.list(owner)]
        return {digest: vault.read(owner, digest) for digest in digests}
    except RakkanError as fault:
        raise Broken(f"something half-written is to be seen: {fault}") from fault


def _look_for_plaintext(folder: Path) -> None:
    for path in (folder / "vault").rglob("*"):
        if path.is_file() and MARKER in path.read_bytes():
            raise Broken(f"plaintext lies in {path}")


def _check_sweep(folder: Path, masters: int) -> None:
    vault = open_vault(folder, masters, _quick_disk())
    blobs = [blob for owner in OWNERS for blob in vault.list(owner)]
    vault.sweep(0)
    large = sum(blob.size > INLINE for blob in blobs)
    objects = [path for path in (folder / "vault" / "owners").rglob("*") if path.is_file()]
    bodies = sum(path.parent.name == "bodies" for path in objects)
    entries = sum(path.parent.name == "entries" for path in objects)
    if (bodies, entries) != (large, len(blobs)):
        raise Broken(f"{bodies} bodies and {entries} entries for {len(blobs)} blobs, {large} of them large")
    if any((folder / "vault" / "temporary").glob("*")) or vault.sweep(0):
        raise Broken("sweeping left something")
    for owner in OWNERS:
        for blob in vault.list(owner):
            vault.verify(owner, blob.digest)


def main(folder: Path, seed: str, length: int, disk: Disk | None) -> None:
    """Lead the life of ``seed`` in ``folder``; a line with the number of each step that is done."""
    for number, (step, state) in enumerate(steps(seed, length)):
        do(step, open_vault(folder, state.masters, disk), folder, state.masters, disk)
        print(number, flush=True)


def share(folder: Path, seed: str) -> None:
    """Use a vault while others do: what this process puts and no one shreds stays, and reads right."""
    random = Random(f"share {seed}")
    kept: dict[str, bytes] = {}
    for turn in range(40):
        vault = open_vault(folder, 0)
        common, own = body(random), MARKER + f"{seed}/{turn}".encode() * random.choice([1, 2000])
        kept[vault.put("alice", own).digest] = own
        vault.put_many("alice", [common, MARKER + random.randbytes(4).hex().encode()])
        action = random.choice(["rotate", "sweep", "shred", "erase", "nothing", "nothing"])
        if action == "rotate":
            vault.rotate_owner("alice")
        elif action == "sweep":
            vault.sweep()
        elif action == "shred":
            mine = random.choice(sorted(kept))
            del kept[mine]
            vault.shred("alice", mine)
            if vault.holds("alice", mine):
                raise Broken("a shredded blob came back")
        elif action == "erase":
            try:
                vault.put("bob", common)
            except RakkanError as fault:
                if "erased" not in fault.message:  # by another process, in the middle of this
                    raise
            vault.erase("bob")
        for digest in random.sample(sorted(kept), min(3, len(kept))):
            if vault.read("alice", digest) != kept[digest]:
                raise Broken("wrong bytes")


def check_shared(folder: Path) -> None:
    """Raise Broken unless a vault that many shared is whole and holds no orphans."""
    _look_for_plaintext(folder)
    _held(open_vault(folder, 0), "alice")
    _check_sweep(folder, 0)


if __name__ == "__main__":
    if sys.argv[3] == "sharing":
        share(Path(sys.argv[1]), sys.argv[2])
        sys.exit()
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from disks import KillingDisk

    killing = KillingDisk(int(sys.argv[4]), sys.argv[5] == "after") if len(sys.argv) > 4 else None
    print("ready", flush=True)
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), killing)
