"""The table of licences against one written by hand from the licences' texts."""

from __future__ import annotations

import pytest
from tests.trust.policy.cases import MODEL, NEW_MODEL, NOW, PARENT, PICTURE, WORK, ask, known

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Licensed
from rakkan.trust.policy import Action, Known, Request, decide
from rakkan.trust.policy.licences import LICENCES, find

#: Use, use for money, share copies, adapt, share adaptations, train, sell what it makes, name the author.
EXPECTED: dict[str, str] = {
    "CC0-1.0": "use money share adapt remix train sell",
    "CC-BY-4.0": "use money share adapt remix train sell name",
    "CC-BY-SA-4.0": "use money share adapt remix train sell name",
    "CC-BY-NC-4.0": "use share adapt remix train name",
    "CC-BY-NC-SA-4.0": "use share adapt remix train name",
    "CC-BY-ND-4.0": "use money share adapt sell name",
    "CC-BY-NC-ND-4.0": "use share adapt name",
    "MIT": "use money share adapt remix train sell name",
    "Apache-2.0": "use money share adapt remix train sell name",
    "GPL-3.0-only": "use money share adapt remix train sell name",
    "CreativeML-OpenRAIL-M": "use money share adapt remix sell name",
    "CreativeML-OpenRAIL++-M": "use money share adapt remix sell name",
    "Fair-AI-Public-License-1.0-SD": "use money share adapt remix sell name",
    "FLUX-1-dev-NC": "use share adapt remix sell name",
    "Stability-AI-Community": "use share adapt remix name",
    "All-Rights-Reserved": "",
    "unknown": "use",
}

#: Under which of the others what is made from it may be offered; "any" for all of them.
OFFERED: dict[str, str] = {
    "CC0-1.0": "any",
    "CC-BY-4.0": "any",
    "CC-BY-SA-4.0": "CC-BY-SA-4.0 GPL-3.0-only",
    "CC-BY-NC-4.0": "CC-BY-NC-4.0 CC-BY-NC-SA-4.0",
    "CC-BY-NC-SA-4.0": "CC-BY-NC-SA-4.0",
    "MIT": "any",
    "Apache-2.0": "any",
    "GPL-3.0-only": "GPL-3.0-only",
    "CreativeML-OpenRAIL-M": "CreativeML-OpenRAIL-M CreativeML-OpenRAIL++-M Fair-AI-Public-License-1.0-SD",
    "CreativeML-OpenRAIL++-M": "CreativeML-OpenRAIL-M CreativeML-OpenRAIL++-M Fair-AI-Public-License-1.0-SD",
    "Fair-AI-Public-License-1.0-SD": "Fair-AI-Public-License-1.0-SD",
    "FLUX-1-dev-NC": "FLUX-1-dev-NC",
    "Stability-AI-Community": "Stability-AI-Community",
}

FREE = known(Licensed("CC0-1.0"), MODEL, by="someone")


def questions(licence: str) -> dict[str, tuple[Request, tuple[Known, ...]]]:
    """For each word of ``EXPECTED``, the request that turns on it alone."""
    return {
        "use": (ask(Action.GENERATE, MODEL), (known(Licensed(licence), MODEL),)),
        "share": (ask(Action.SHARE_MODEL, MODEL, attributed=True), (known(Licensed(licence), MODEL),)),
        "adapt": (ask(Action.MERGE, NEW_MODEL, MODEL), (known(Licensed(licence), MODEL),)),
        "train": (ask(Action.TRAIN, NEW_MODEL, WORK), (known(Licensed(licence), WORK),)),
        "remix": (
            ask(Action.SHARE_MODEL, MODEL, PARENT, attributed=True),
            (known(Licensed(licence), PARENT), FREE),
        ),
        "money": (ask(Action.GENERATE, MODEL, commercial=True), (known(Licensed(licence), MODEL),)),
        "sell": (ask(Action.RELEASE, PICTURE, MODEL, commercial=True), (known(Licensed(licence), MODEL),)),
    }


@pytest.mark.parametrize("licence", EXPECTED)
def test_a_licence_grants_what_its_text_does(licence: str) -> None:
    granted = {
        word
        for word, (request, statements) in questions(licence).items()
        if not any(reason.rule == "licence" for reason in decide(request, statements, NOW).denials)
    }
    assert granted == set(EXPECTED[licence].split()) - {"name"}


@pytest.mark.parametrize("licence", EXPECTED)
def test_a_licence_asks_for_the_author_where_its_text_does(licence: str) -> None:
    request = ask(Action.SHARE_MODEL, MODEL)
    decision = decide(request, [known(Licensed(licence), MODEL)], NOW)
    asked = any(reason.rule == "attribution" for reason in decision.denials)
    assert asked == ("name" in EXPECTED[licence].split())


@pytest.mark.parametrize("licence", OFFERED)
def test_adaptations_are_offered_as_the_licence_asks(licence: str) -> None:
    offered = set()
    for other in EXPECTED:
        statements = [known(Licensed(licence), PARENT), known(Licensed(other), MODEL)]
        decision = decide(ask(Action.SHARE_MODEL, MODEL, PARENT, attributed=True), statements, NOW)
        if not any(reason.rule == "same licence" for reason in decision.denials):
            offered.add(other)
    expected = set(EXPECTED) if OFFERED[licence] == "any" else set(OFFERED[licence].split())
    assert offered == expected


def test_the_tables_speak_of_the_same_licences() -> None:
    assert [row.name for row in LICENCES] == list(EXPECTED)
    assert {name for row in LICENCES for name in row.offer_under} <= set(EXPECTED)
    assert all(row.source for row in LICENCES)
    assert set(OFFERED) == {name for name, words in EXPECTED.items() if "remix" in words}


def test_a_licence_is_found_in_any_case_and_its_neighbour_named() -> None:
    assert find("flux-1-DEV-nc").name == "FLUX-1-dev-NC"
    with pytest.raises(RakkanError, match=r"The nearest is 'Apache-2\.0'"):
        find("Apache 2")
    with pytest.raises(RakkanError):
        find("")
