"""What the soak does to the ledger: kills, damage, hostile bytes, and long lives checked against a model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import ROOT, Case, check
from tests.store.ledger.doubles import PlainBodies, digest_of, generated
from tests.store.ledger.entries import leaf

from rakkan.errors import RakkanError
from rakkan.store import database
from rakkan.store.ledger import audit, merkle, notes
from rakkan.store.ledger.checkpoint import open_checkpoint
from rakkan.store.ledger.entry import parse_leaf
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.notes import SigningKey
from rakkan.store.ledger.statements import from_payload
from rakkan.store.ledger.tiles import TileReader
from rakkan.store.ledger.verify import verify_evidence
from rakkan.store.ledger.witness import parse_request

KEY = SigningKey("soak.example/ledger", b"s" * 32)
KEYS = [KEY.verification_key()]

#: Appends, a line for each statement once it is acknowledged, until it is killed.
_SPEAKER = """
import sys
from pathlib import Path
from random import Random
from tests.soak.ledger_cases import generated, opened
ledger, random = opened(Path(sys.argv[1])), Random(sys.argv[2])
print("ready", flush=True)
while True:
    numbers = [random.randrange(10**9) for _ in range(random.choice([1, 2, 30, 300]))]
    entries = ledger.append([generated(number, sys.argv[2]) for number in numbers])
    for number, entry in zip(numbers, entries):
        print(entry.index, number, flush=True)
"""


def opened(folder: Path) -> Ledger:
    folder.mkdir(exist_ok=True)
    index = Index(database.connect(database.url_of(folder / "index.sqlite")), bytes(32))
    return Ledger(folder / "ledger", PlainBodies(folder / "vault"), KEY, index)


def a_killed_ledger_keeps_what_it_acknowledged(random: Random, folder: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(ROOT / "tests/soak")]),
    }
    first = opened(folder)
    first.append([generated(1)] * random.choice([1, 250, 255, 256]))
    before = [first.checkpoint()]
    for round_number in range(2):
        speakers = [
            subprocess.Popen(
                [sys.executable, "-c", _SPEAKER, str(folder), f"account {round_number} {at}"],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            for at in range(random.randint(1, 2))
        ]
        lines: list[str] = []
        for speaker in speakers:
            check(speaker.stdout is not None and speaker.stdout.readline() == "ready\n", "did not start")
        time.sleep(random.random() * 0.7)
        for speaker in speakers:
            speaker.send_signal(signal.SIGKILL)
        for speaker in speakers:
            said = speaker.communicate()[0]
            lines += [line for line in said.split("\n")[:-1] if line.count(" ") == 1]
        _nothing_is_lost(random, opened(folder), folder, lines, before)
        before.append(opened(folder).checkpoint())


def _nothing_is_lost(
    random: Random, ledger: Ledger, folder: Path, lines: list[str], before: list[bytes]
) -> None:
    faults = audit.check(folder / "ledger", KEYS, before)
    check(not faults, f"the log is damaged: {faults[:3]}")
    for line in random.sample(lines, min(len(lines), 40)):
        index, number = map(int, line.split(" "))
        said = verify_evidence(ledger.evidence(index), KEYS).statement
        check(said.subjects[0].digests["sha256"] == digest_of(number), f"entry {index} is another")
        found = [entry.index for entry, _ in ledger.about(digest_of(number))]
        check(index in found, f"entry {index} is not found")
    ledger.append([generated(2)])


def a_long_life_of_the_ledger_is_that_of_the_model(random: Random, folder: Path) -> None:
    ledger = opened(folder)
    model: list[tuple[str, int] | None] = []  # account and number of every entry; None when erased
    accounts = ["mika", "taro", "hana"]
    for _ in range(random.randint(5, 25)):
        step = random.random()
        if step < 0.6:
            said = [(random.choice(accounts), random.randrange(6)) for _ in range(random.choice([1, 3, 40]))]
            ledger.append([generated(number, account) for account, number in said])
            model += said
        elif step < 0.75:
            gone = random.choice(accounts)
            ledger.erase_account(gone)
            model = [None if one is not None and one[0] == gone else one for one in model]
            model.append(("instance", -1))
        elif step < 0.9:
            ledger = opened(folder)
        else:
            for path in folder.glob("index.sqlite*"):
                path.unlink()
            ledger = opened(folder)
            ledger.rebuild_index(accounts)
    check(ledger.size() == len(model), "entries are missing")
    for at in random.sample(range(len(model)), min(len(model), 30)):
        check(ledger.state(at) == ("present" if model[at] else "erased"), f"entry {at}: {ledger.state(at)}")
    for number in range(6):
        expected = [at for at, one in enumerate(model) if one is not None and one[1] == number]
        found = [entry.index for entry, _ in ledger.about(digest_of(number))]
        check(found == expected, f"picture {number}: found {found}, not {expected}")
    check(not audit.check(folder / "ledger", KEYS), "the log is damaged")


def a_log_grown_in_any_steps_is_consistent(random: Random, folder: Path) -> None:
    log = Log(Folder(folder), KEY)
    log.create()
    peaks: list[tuple[int, bytes]] = []  # the foreign way: sizes and roots of whole subtrees
    known = [(0, merkle.EMPTY_ROOT)]
    size = 0
    for _ in range(random.randint(2, 8)):
        more = [leaf(random.getrandbits(60)) for _ in range(random.choice([1, 2, 255, 256, 257, 3000]))]
        log.append(more)
        for one in more:
            peaks.append((1, merkle.leaf_hash(one)))
            while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
                (width, left), (_, right) = peaks[-2:]
                peaks[-2:] = [(2 * width, merkle.node_hash(left, right))]
        size += len(more)
        root = peaks[-1][1]
        for _, left in reversed(peaks[:-1]):
            root = merkle.node_hash(left, root)
        check(log.checkpoint().root == root, f"another root at {size}")
        known.append((size, root))
    reader = TileReader(Folder(folder), size)
    for _ in range(20):
        index = random.randrange(size)
        within, root = random.choice([one for one in known if one[0] > index])
        proof = log.inclusion_proof(index, within)
        data = merkle.leaf_hash(reader.entries(index // 256)[index % 256])
        merkle.verify_inclusion(data, index, within, proof, root)
        (old, old_root), (new, new_root) = sorted(random.sample(known, 2))
        merkle.verify_consistency(old, old_root, new, new_root, log.consistency_proof(old, new))


def any_damage_to_a_log_is_found(random: Random, folder: Path) -> None:
    log = Log(Folder(folder), KEY)
    log.create()
    size = random.choice([3, 256, 700, 1024])
    log.append([leaf(number) for number in range(size)])
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    victim = random.choice(files)
    data = bytearray(victim.read_bytes())
    how = random.choice(["flip", "cut", "lengthen", "drop", "swap"])
    if how == "flip":
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif how == "cut":
        del data[random.randrange(len(data)) :]
    elif how == "lengthen":
        data += random.randbytes(random.randint(1, 64))
    elif how == "drop":
        victim.unlink()
    else:
        other = random.choice([path for path in files if path.read_bytes() != victim.read_bytes()])
        data, theirs = bytearray(other.read_bytes()), bytes(data)
        other.write_bytes(theirs)
    if how != "drop":
        victim.write_bytes(data)
    check(bool(audit.check(folder, KEYS)), f"{how} of {victim.relative_to(folder)} was not found")


def any_bytes_are_checked_or_refused_in_words(random: Random, folder: Path) -> None:
    ledger = opened(folder)
    ledger.append([generated(number) for number in range(9)])
    evidence = ledger.evidence(random.randrange(9))
    request = b"old 3\n\n" + ledger.checkpoint()
    for _ in range(100):
        name = random.choice(["envelope", "salt", "leaf", "proof"])
        value = getattr(evidence, name)
        broken = _broken(random, value.encode() if isinstance(value, str) else value)
        given = broken.decode("utf-8", "replace") if isinstance(value, str) else broken
        try:
            verify_evidence(replace(evidence, **{name: given}), KEYS)
            check(given == value, f"changed {name} was believed")
        except RakkanError as fault:
            check(bool(fault.message), "a fault without words")
        for read in (
            notes.parse,
            parse_request,
            parse_leaf,
            from_payload,
            lambda data: open_checkpoint(data, KEYS),
        ):
            try:
                read(_broken(random, random.choice([request, evidence.leaf, evidence.envelope])))
            except RakkanError as fault:
                check(bool(fault.message), "a fault without words")


def _broken(random: Random, data: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(made) + 1)
        how = random.random()
        if how < 0.4 and at < len(made):
            made[at] = random.randrange(256)
        elif how < 0.6:
            del made[at : at + random.randint(1, 9)]
        elif how < 0.8:
            made[at:at] = random.choice([b"\n", b"\n\n", b"}", b'"', b"\xff", b"9" * 30, random.randbytes(5)])
        else:
            made[at:at] = made[: random.randrange(1, 60)]
    return bytes(made)


CASES = (
    Case("a_killed_ledger_keeps_what_it_acknowledged", 2, a_killed_ledger_keeps_what_it_acknowledged),
    Case("a_long_life_of_the_ledger_is_that_of_the_model", 2, a_long_life_of_the_ledger_is_that_of_the_model),
    Case("a_log_grown_in_any_steps_is_consistent", 1, a_log_grown_in_any_steps_is_consistent),
    Case("any_damage_to_a_log_is_found", 1, any_damage_to_a_log_is_found),
    Case("any_bytes_are_checked_or_refused_in_words", 1, any_bytes_are_checked_or_refused_in_words),
)
