"""The gallery and people's pages: what is found, how a page goes on, and no words of a prompt."""

from __future__ import annotations

import re

import pytest
from tests.service.pages.conftest import JSON, Browser, Hall

PROMPT = "1girl, silver hair, twin tails, hoodie, marzipanmarker"


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("gal-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("gal-bob")


@pytest.fixture(scope="module")
def shown(hall: Hall, ann: Browser) -> str:
    made = hall.draw(ann, PROMPT)
    hall.publish(ann, made, caption="Evening walk", tags="lantern, rain coat")
    return made


def test_lists_show_thumbnails_and_no_words(hall: Hall, ann: Browser, bob: Browser, shown: str) -> None:
    for whose in (hall.visitor(), bob, ann):
        for path in ("/gallery", "/people/gal-ann", f"/gallery?like={shown}", "/gallery?q=silver+hair"):
            page = whose.get(path)
            assert page.status_code == 200
            assert "marzipanmarker" not in page.text
        thumbnail = whose.get(f"/pictures/{shown}/thumbnail")
        assert thumbnail.status_code == 200 and b"marzipanmarker" not in thumbnail.content
        assert f"/pictures/{shown}/thumbnail" in whose.get("/gallery").text


@pytest.mark.parametrize(
    ("asked", "finds"),
    [
        ("q=silver hair", True),
        ("q=silver hair, hoodie", True),
        ("q=silver hair, kimono", False),
        ("q=lantern", True),
        ("q=evening walk", True),
        ("q=Who is it%3F%21", False),
        ("tag=rain coat", True),
        ("tag=umbrella", False),
    ],
)
def test_search_takes_words_for_tags_and_titles(hall: Hall, shown: str, asked: str, finds: bool) -> None:
    page = hall.visitor().get(f"/gallery?{asked}")
    assert page.status_code == 200
    assert (f"/pictures/{shown}" in page.text) is finds


def test_a_search_that_goes_on_stays_the_same_search(
    hall: Hall, ann: Browser, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.service.routes import gallery

    monkeypatch.setattr(gallery, "MOST", 1)
    others = [hall.draw(ann, f"1girl, silver hair, {word}") for word in ("smile", "kimono")]
    for one in others:
        hall.publish(ann, one, caption="Evening walk")
    found: list[str] = []
    for query in ("q=silver+hair", "q=evening+walk"):
        path, found = f"/gallery?{query}", []
        for _ in range(8):
            page = hall.visitor().get(path, accept="text/html", hx_request="true")
            found += re.findall(r'href="/pictures/(\w{26})"', page.text)
            following = re.search(r'hx-get="([^"]+)"', page.text)
            if not following:
                break
            path = following[1].replace("&amp;", "&")
            assert "<html" not in hall.visitor().get(path, hx_request="true").text
            assert "<html" in hall.visitor().get(path).text
        assert len(set(found)) == len(found)
        assert [one for one in found if one in (*others, shown)] == [*reversed(others), shown]


def test_a_cursor_of_another_list_is_refused(hall: Hall, shown: str) -> None:
    assert hall.visitor().get("/gallery?after=nonsense").status_code == 422


def test_filters_by_model_and_character(hall: Hall, shown: str) -> None:
    card = hall.service.catalogue.cards(hall.service.accounts.actor_of_key("") or _visitor(), [shown])[0]
    assert f"/pictures/{shown}" in hall.visitor().get(f"/gallery?model={card.model_digest}").text
    assert f"/pictures/{shown}" not in hall.visitor().get("/gallery?model=" + "0" * 64).text
    assert f"/pictures/{shown}" not in hall.visitor().get("/gallery?character=" + "0" * 26).text


def _visitor():  # type: ignore[no-untyped-def]
    from rakkan.service.access.actors import VISITOR

    return VISITOR


def test_following_changes_the_feed(hall: Hall, ann: Browser, bob: Browser, shown: str) -> None:
    assert f"/pictures/{shown}" not in bob.get("/gallery?feed=following").text
    assert bob.post("/people/gal-ann/follow", {"followed": "1"}).status_code == 303
    assert f"/pictures/{shown}" in bob.get("/gallery?feed=following").text
    assert bob.post("/people/gal-ann/follow", {"followed": "0"}, **JSON).json() == {"followed": False}
    assert f"/pictures/{shown}" not in bob.get("/gallery?feed=following").text
    assert ann.post("/people/gal-ann/follow", {}, **JSON).status_code == 409
    assert bob.post("/people/nobody-here/follow", {}, **JSON).status_code == 404
    assert hall.visitor().post("/people/gal-ann/follow", {}, **JSON).status_code == 401


def test_ones_own_page_has_what_is_private(hall: Hall, ann: Browser, bob: Browser) -> None:
    made = hall.draw(ann)
    assert f"/pictures/{made}" in ann.get("/people/gal-ann").text
    assert f"/pictures/{made}" not in bob.get("/people/gal-ann").text
    assert bob.get("/people/nobody-here").status_code == 404


@pytest.mark.parametrize("language", ["en", "ja", "id"])
def test_pages_in_all_languages(hall: Hall, ann: Browser, shown: str, language: str) -> None:
    for path in ("/gallery", "/people/gal-ann", f"/pictures/{shown}", "/queue", "/characters", "/create"):
        page = ann.get(path, accept="text/html", accept_language=language)
        assert page.status_code == 200 and f'<html lang="{language}"' in page.text
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy
