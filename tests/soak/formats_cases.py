"""Outside files, damaged and lying, again and again: what the soak does to ``rakkan.formats``."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from cases import Case, check

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.formats import abuse, fuzzing, ordinary

_ROOT = Path(__file__).resolve().parent.parent.parent


def any_file_is_described_truly_or_refused_in_words(random: Random, folder: Path) -> None:
    for _ in range(20):
        fuzzing.hold(fuzzing.broken(random))


def any_bytes_come_back_from_the_sandbox(random: Random, folder: Path) -> None:
    from rakkan.errors import RakkanError
    from rakkan.formats.sandbox import Limits, Sandbox

    limits = Limits(memory=256 * 1024 * 1024, seconds=2.0, payload=2**20)
    with Sandbox(limits, packages=("tests.formats",), paths=(str(_ROOT),)) as sandbox:
        for _ in range(random.randint(1, 5)):
            data = random.randbytes(random.randrange(2**19))
            check(sandbox.call(abuse.echo, data)[1] == data[::-1], "the payload changed")
            deed = random.choice([abuse.leave, abuse.crash, abuse.hog, abuse.fall, abuse.deep_answer])
            try:
                sandbox.call(deed, b"")
            except RakkanError as fault:
                check("\n" not in str(fault), f"a fault of several lines: {fault}")
            else:
                check(False, f"{deed.__name__} got away with it")


def a_seal_never_decides_what_is_under_it(random: Random, folder: Path) -> None:
    """Taking a seal off twice is taking it off once, and takes nothing else, whatever the seal holds."""
    from rakkan.formats.unsealed import without_seal

    names = [name for name in ordinary.pictures() if name.startswith("png")]
    data = ordinary.pictures()[random.choice(names)]
    seal = ordinary.chunk(b"caBX", random.randbytes(random.randrange(70_000)))
    place = random.choice([33, len(data) - 12])
    sealed = data[:place] + seal + data[place:]
    check(without_seal(sealed) == data, "more than the seal came off")
    check(without_seal(data) == data, "something came off that was no seal")


CASES = (
    Case(
        "any_file_is_described_truly_or_refused_in_words", 8, any_file_is_described_truly_or_refused_in_words
    ),
    Case("any_bytes_come_back_from_the_sandbox", 1, any_bytes_come_back_from_the_sandbox),
    Case("a_seal_never_decides_what_is_under_it", 0.5, a_seal_never_decides_what_is_under_it),
)
