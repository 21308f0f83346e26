"""What the soak does to the policy and to the readers of preferences: large ledgers, damaged files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random
from typing import Any

from cases import Case, check

from rakkan.store.ledger.statements import (
    Banned,
    Consented,
    Derived,
    Leaked,
    Licensed,
    Reserved,
    Revoked,
    Statement,
    Subject,
    Trained,
)
from rakkan.trust import preferences
from rakkan.trust.policy import Action, Known, Request, account_subject, decide
from rakkan.trust.policy.licences import LICENCES
from rakkan.trust.policy.words import CHOICES, USES
from rakkan.trust.preferences.publish import headers

_NAMES = ("picture", "model", "work")
_SECONDS = 5.0


def _things(random: Random) -> list[Subject]:
    return [
        Subject(random.choice(_NAMES), {"sha256": f"{number:064x}"})
        for number in range(random.randint(2, 30))
    ]


def _predicate(random: Random, now: int, digests: list[str]) -> Any:
    until = random.choice([0, now - 1, now, now + 1])
    uses = random.sample([*USES, "c2pa.data_mining", "cawg.later"], random.randint(0, 3))
    return random.choice(
        [
            Banned("leak", tuple(random.sample([*Action, "odd"], random.randint(0, 2))), until),
            Reserved({use: random.choice([*CHOICES, "odd"]) for use in uses}, until),
            Consented(tuple(uses), until, random.choice(["", "terms"]), random.choice([(), ("a",)])),
            Licensed(random.choice([row.name for row in LICENCES] + ["odd"])),
            Leaked(random.random() < 0.5),
            Revoked(random.choice(digests)),
            Derived("edit", (f"{1:064x}",), "", "full", "m", f"{2:064x}"),
            Trained("m", "c", "", "consent", "MIT"),
        ]
    )


def the_policy_keeps_its_word(random: Random, folder: Path) -> None:
    now, accounts = random.randint(10, 2**33), ["a", "b", "c"]
    things = _things(random)
    about = [*things, *(account_subject(account) for account in accounts)]
    digests = [f"{random.getrandbits(256):064x}" for _ in range(random.randint(1, 300))]
    ledger = [
        Known(
            Statement(
                _predicate(random, now, digests),
                tuple(random.sample(about, random.randint(1, 2))),
                random.choice(accounts),
                random.randint(0, 3),
            ),
            digest,
        )
        for digest in digests
    ]
    action = random.choice(list(Action))
    sources = tuple(random.sample(things, random.randint(0, 2)))
    request = Request(action, random.choice(accounts), random.choice(things), sources, random.random() < 0.3)
    decision = decide(request, ledger, now)
    check(decision.allowed == (not decision.denials), "allowed and denied at once")
    check(all(reason.allows or reason.hint for reason in decision.reasons), "a denial without advice")
    random.shuffle(ledger)
    check(decide(request, ledger, now) == decision, f"the order counts for {request}")
    harm = random.choice([Banned("law", random.choice([(), (action,)])), Leaked(True), Leaked(False)])
    worse = [*ledger, Known(Statement(harm, (random.choice(about),), random.choice(accounts), 9), "f" * 64)]
    after = decide(request, worse, now)
    check(set(decision.denials) <= set(after.denials), f"{harm} undid a denial of {request}")


def damaged_preferences_let_nothing_in(random: Random, folder: Path) -> None:
    wished = preferences.Preferences(path=random.choice(["/", "/a/", "/a*b/", "/*.png$"]))
    texts = {
        name: text
        for name, text in preferences.files(wished).items()
        if name not in ("README.txt", "nginx.conf")
    }
    name, text = random.choice(list(texts.items()))
    data = bytearray(text.encode())
    for _ in range(random.randint(1, 20)):
        place = random.randrange(len(data))
        data[place : place + random.choice([0, 1, 1, 50])] = random.randbytes(random.choice([0, 1, 1, 9]))
        data = data or bytearray(b" ")
    if random.random() < 0.2:
        data *= random.randint(1, 3000)
    started = time.process_time()
    path = "/" + "".join(random.choice("ab/.%*$pngé") for _ in range(random.randint(0, 300)))
    readings = [
        preferences.read_robots(bytes(data), path),
        preferences.read_ai_txt(bytes(data), path),
        preferences.read_tdmrep(bytes(data), path),
        preferences.read_html(bytes(data)),
        preferences.read_assertion(bytes(data)),
        preferences.read_content_usage(data[:200].decode("latin-1")),
        preferences.read_headers({header: data[:99].decode("latin-1") for header in headers(wished)}),
    ]
    check(time.process_time() - started < _SECONDS, f"{name}, damaged, takes too long")
    for reading in readings:
        check(set(reading.uses) <= set(USES), "an unknown use was read")
        check(set(reading.uses.values()) <= {"allowed", "notAllowed"}, "an unknown choice was read")
    try:
        json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        check(all(readings[2].reserves(use) for use in USES), "a broken tdmrep.json lets something in")
        check(all(readings[4].reserves(use) for use in USES), "a broken assertion lets something in")


CASES = (
    Case("the_policy_keeps_its_word", 1, the_policy_keeps_its_word),
    Case("damaged_preferences_let_nothing_in", 1, damaged_preferences_let_nothing_in),
)
