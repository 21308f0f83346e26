"""Takedown: any history of reports is what the ledger says, and no bytes make the reader of digests fail."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy
from cases import Case, check

from rakkan import assemble
from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.fingerprints import catalogue, looks
from rakkan.trust.takedown.desk import CLAIMS
from rakkan.trust.takedown.digests import Digests, from_line, to_line
from rakkan.trust.takedown.states import ACCOUNT, OUTCOMES, REPORTER, state_of


def _figure(random: Random) -> numpy.ndarray:
    return render(attributes.sample(random), random.getrandbits(32))


def _digests(random: Random) -> Digests:
    exact = {name: random.randbytes(32).hex() for name in ("file", "sha256", "pixels")}
    return Digests(exact, looks(_figure(random)))


def any_history_of_a_case_is_what_the_ledger_says(random: Random, folder: Path) -> None:
    settings = dict(os.environ)
    os.environ |= {"RAKKAN_HOME": str(folder / "home"), "RAKKAN_KEY": str(folder / "key")}
    assemble.forget()
    try:
        _history(random)
    finally:
        assemble.forget()
        os.environ.clear()
        os.environ.update(settings)


def _history(random: Random) -> None:
    names: list[str] = []
    for _ in range(random.randint(5, 40)):
        desk = assemble.takedown()
        try:
            if not names or random.random() < 0.3:
                found = [_digests(random) for _ in range(random.randint(0, 3))]
                words = "".join(chr(random.randrange(1, 0x2FFF)) for _ in range(random.randint(0, 50)))
                names.append(desk.report(random.choice(CLAIMS), found, words, words).name)
            elif random.random() < 0.5:
                case = desk.docket.find(random.choice(names))
                desk.decide(case, random.choice(OUTCOMES), "work", "because", random.choice("abc"))
            else:
                case = desk.docket.find(random.choice(names))
                desk.appeal(case, random.choice([REPORTER, ACCOUNT]), "look again")
        except RakkanError as fault:
            check(bool(fault.message), "a fault without words")
        if random.random() < 0.2:
            assemble.forget()
    before = assemble.docket().cases()
    check({case.name for case in before} == set(names), "a case was lost or made up")
    for case in before:
        told = state_of(said for _, said in assemble.ledger().about(case.name))
        check(case.state == told, f"{case.name} is {case.state}, the ledger says {told}")
    assemble.docket().rebuild()
    check(assemble.docket().cases() == before, "the register made again is another")


def no_bytes_make_the_reader_of_digests_fail(random: Random, folder: Path) -> None:
    line = to_line(_digests(random)).encode()
    for _ in range(300):
        changed = bytearray(line)
        for _ in range(random.randint(1, 20)):
            place = random.randrange(len(changed))
            kind = random.randrange(3)
            if kind == 0:
                changed[place] = random.randrange(256)
            elif kind == 1:
                del changed[place : place + random.randint(1, 40)]
            else:
                changed[place:place] = changed[: random.randint(1, 60)]
        try:
            found = from_line(changed.decode("utf-8", "surrogateescape"))
        except RakkanError:
            continue
        check(set(json.loads(to_line(found))) == {"rakkan", "exact", "looks"}, "an odd line passed")


def a_picture_is_found_by_its_turned_and_inverted_self(random: Random, folder: Path) -> None:
    figure = attributes.sample(random)
    pixels = render(figure, random.getrandbits(32), random.choice([0.7, 1, 2]))
    seen = looks(pixels)
    turned = pixels if random.random() < 0.5 else pixels.swapaxes(0, 1)
    turned = turned[:: random.choice([1, -1]), :: random.choice([1, -1])]
    turned = turned if random.random() < 0.5 else 255 - turned
    known = catalogue([replace(look, hashes=look.hashes[:1]) for look in seen])
    check(bool(known.copies(looks(numpy.ascontiguousarray(turned)))), f"a turned {figure} is not found")


CASES = (
    Case("any_history_of_a_case_is_what_the_ledger_says", 2, any_history_of_a_case_is_what_the_ledger_says),
    Case("no_bytes_make_the_reader_of_digests_fail", 1, no_bytes_make_the_reader_of_digests_fail),
    Case(
        "a_picture_is_found_by_its_turned_and_inverted_self",
        1,
        a_picture_is_found_by_its_turned_and_inverted_self,
    ),
)
