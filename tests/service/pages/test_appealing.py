"""A picture that was taken down: its maker is told why on its page, and asks once for a second look."""

from __future__ import annotations

import pytest
from tests.service.pages.conftest import JSON, Browser, Hall


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("app-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("app-bob")


@pytest.fixture(scope="module")
def judges(hall: Hall) -> tuple[Browser, Browser]:
    return hall.person("app-mod", "moderator"), hall.person("app-mod2", "moderator")


@pytest.fixture
def down(hall: Hall, ann: Browser, judges: tuple[Browser, Browser]) -> str:
    """A picture of ann's that was taken down."""
    made = hall.draw(ann)
    hall.publish(ann, made, caption="By the lake")
    told = {"text": "It is another's, see the sketch", "reason": "work"}
    assert judges[0].post(f"/pictures/{made}/take-down", told, **JSON).status_code == 200
    return made


def settled(hall: Hall, judge: Browser, decision: str, reason: str) -> None:
    (case,) = [one for one in hall.service.reports.waiting() if one.state.appealed]
    told = {"decision": decision, "reason": reason, "note": "Looked at again"}
    assert judge.post(f"/moderation/appeals/{case.name}", told, **JSON).status_code == 200


def test_its_maker_is_told_why_and_sees_nothing_of_it(
    hall: Hall, ann: Browser, bob: Browser, down: str
) -> None:
    page = ann.get(f"/pictures/{down}")
    assert page.status_code == 200
    for words in ("was taken down", "Copies somebody", "made from it without leave", "see the sketch"):
        assert words in page.text, words
    assert f'action="/pictures/{down}/appeal"' in page.text
    assert f"/pictures/{down}/file" not in page.text and f"/pictures/{down}/thumbnail" not in page.text
    assert "silver hair" not in page.text, "the recipe"
    for whose in (bob, hall.visitor()):
        assert whose.get(f"/pictures/{down}").status_code == 404
    japanese = ann.get(f"/pictures/{down}", accept="text/html", accept_language="ja").text
    assert "取り下げられました" in japanese and "無断利用" in japanese


def test_an_appeal_is_made_once_by_its_maker_and_seen_by_moderators(
    hall: Hall, ann: Browser, bob: Browser, judges: tuple[Browser, Browser], down: str
) -> None:
    path = f"/pictures/{down}/appeal"
    assert bob.post(path, {"text": "Mine"}, **JSON).status_code == 404
    assert judges[0].post(path, {"text": "Mine"}, **JSON).status_code == 404
    for text in ("   ", "a" * 1001):
        assert ann.post(path, {"text": text}, **JSON).status_code == 422
    reply = ann.post(path, {"text": "I drew it, with my own reference"})
    assert reply.status_code == 303 and reply.headers["location"] == f"/pictures/{down}"
    page = ann.get(f"/pictures/{down}").text
    assert "You asked to look at it again" in page and path not in page
    assert ann.post(path, {"text": "And again"}, **JSON).status_code == 422
    moderation = judges[1].get("/moderation").text
    assert "I drew it, with my own reference" in moderation and "@app-ann" in moderation
    assert f'href="/pictures/{down}"' in moderation.partition('id="appeals"')[2]
    settled(hall, judges[1], "grant", "permitted")
    assert "By the lake" in bob.get(f"/pictures/{down}").text
    assert "was taken down" not in ann.get(f"/pictures/{down}").text


def test_a_second_decision_is_the_last(
    hall: Hall, ann: Browser, judges: tuple[Browser, Browser], down: str
) -> None:
    path = f"/pictures/{down}/appeal"
    assert ann.post(path, {"text": "Look again"}, **JSON).json() == {"appealed": True}
    settled(hall, judges[1], "refuse", "likeness")
    page = ann.get(f"/pictures/{down}").text
    assert "decided for good" in page and path not in page and "It shows the reporter" in page
    assert ann.post(path, {"text": "Once more"}, **JSON).status_code == 422
    assert ann.get(f"/pictures/{down}/file").status_code == 404


def test_what_is_hidden_says_so_to_its_maker_and_takes_no_appeal_yet(
    hall: Hall, ann: Browser, bob: Browser
) -> None:
    made = hall.draw(ann)
    assert ann.post(f"/pictures/{made}/appeal", {"text": "Why"}, **JSON).status_code == 409
    hall.publish(ann, made)
    assert bob.post(f"/pictures/{made}/report", {"reason": "person"}, **JSON).status_code == 200
    page = ann.get(f"/pictures/{made}").text
    assert "hidden for now" in page and "Shows a real person" in page and "A person decides by" in page
    assert ann.post(f"/pictures/{made}/appeal", {"text": "Why"}, **JSON).status_code == 422
    assert "hidden for now" not in ann.get(f"/pictures/{hall.draw(ann)}").text


def test_ones_files_are_kept_back_while_a_picture_is_down(
    hall: Hall, ann: Browser, judges: tuple[Browser, Browser]
) -> None:
    made = hall.draw(ann)
    reply = ann.post(f"/pictures/{made}/release", {"format": "webp", "disclosure": "digest"}, **JSON)
    assert reply.status_code == 202
    hall.work()
    told = {"format": "webp", "disclosure": "digest"}
    link = ann.post(f"/pictures/{made}/download", told).headers["location"]
    assert ann.get(link).status_code == 200
    hall.publish(ann, made)
    judges[0].post(f"/pictures/{made}/take-down", {"text": "No"}, **JSON)
    assert ann.get(link).status_code == 404
    assert ann.post(f"/pictures/{made}/download", told, **JSON).status_code == 404
    assert ann.post(f"/pictures/{made}/release", told, **JSON).status_code == 404
