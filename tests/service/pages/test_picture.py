"""One picture: what its page tells to whom, and what people do with it."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image
from starlette.requests import HTTPConnection
from tests.service.pages.conftest import JSON, Browser, Hall

PROMPT = "1girl, silver hair, hoodie, marzipanmarker"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("pic-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("pic-bob")


@pytest.fixture
def private(hall: Hall, ann: Browser) -> str:
    return hall.draw(ann, PROMPT)


@pytest.fixture(scope="module")
def shown(hall: Hall, ann: Browser) -> str:
    made = hall.draw(ann, PROMPT)
    hall.publish(ann, made)
    return made


def test_a_published_picture_tells_its_recipe_and_origin(hall: Hall, bob: Browser, shown: str) -> None:
    for whose in (bob, hall.visitor()):
        page = whose.get(f"/pictures/{shown}")
        assert page.status_code == 200 and PROMPT in page.text
        for words in ("in 4 steps from seed", "The seal holds", "Entry ", "pixels"):
            assert words in page.text, words


def test_what_is_private_is_there_for_its_maker_alone(
    hall: Hall, ann: Browser, bob: Browser, private: str
) -> None:
    assert ann.get(f"/pictures/{private}").status_code == 200
    for path in ("", "/file", "/thumbnail"):
        assert bob.get(f"/pictures/{private}{path}").status_code == 404
        assert hall.visitor().get(f"/pictures/{private}{path}").status_code == 404
    for deed, told in DEEDS.items():
        reply = bob.post(f"/pictures/{private}/{deed}", told, **JSON)
        assert reply.status_code == 404, (deed, reply.text)
        reply = hall.visitor().post(f"/pictures/{private}/{deed}", told, **JSON)
        assert reply.status_code == (404 if deed == "take-down" else 401), (deed, reply.text)
    assert ann.get(f"/pictures/{private}").status_code == 200


DEEDS = {
    "like": {"liked": "1"},
    "comments": {"text": "Lovely"},
    "publish": {},
    "withdraw": {},
    "delete": {},
    "report": {"reason": "spam"},
    "take-down": {"text": "no"},
    "edit": {"instruction": "hair: blue"},
    "vary": {},
    "upscale": {},
    "download": {},
}


def test_words_that_are_kept_back_stay_so(hall: Hall, ann: Browser, bob: Browser) -> None:
    from rakkan.service import submitting, wishes
    from rakkan.service.access.actors import Actor

    wish = wishes.Create(prompt=PROMPT, disclosure="redacted", size="512x512")
    job = submitting.submit(hall.service, Actor(ann.account, "member"), "create", wish)
    hall.work()
    made = hall.made_by(ann, job)
    hall.publish(ann, made)
    assert "marzipanmarker" in ann.get(f"/pictures/{made}").text
    page = bob.get(f"/pictures/{made}").text
    assert "marzipanmarker" not in page and "keeps the words back" in page
    assert "marzipanmarker" not in bob.get(f"/pictures/{made}/remix").text
    assert b"marzipanmarker" not in bob.get(f"/pictures/{made}/file").content


def test_what_people_write_is_shown_as_text(hall: Hall, ann: Browser, bob: Browser) -> None:
    made = hall.draw(ann, f'1girl, silver hair, "{SCRIPT}')
    hall.publish(ann, made, caption=f"{SCRIPT}'\"")
    said = bob.post(f"/pictures/{made}/comments", {"text": f'"><img src=x onerror=alert(1)>{SCRIPT}'})
    assert said.status_code == 303
    fragment = bob.post(f"/pictures/{made}/comments", {"text": SCRIPT}, accept="*/*", hx_request="true")
    for text in (
        fragment.text,
        bob.get(f"/pictures/{made}").text,
        ann.get("/gallery").text,
        ann.get("/queue").text,
        ann.get(f"/create?from={made}").text,
        ann.get(f"/gallery?q={SCRIPT}").text,
        ann.get(f"/create?prompt={SCRIPT}").text,
    ):
        assert SCRIPT not in text and "<img src=x" not in text
    assert "&lt;script&gt;" in fragment.text


def test_likes_are_counted_once(bob: Browser, shown: str) -> None:
    for _ in range(2):
        reply = bob.post(f"/pictures/{shown}/like", {"liked": "1"}, accept="*/*", hx_request="true")
        assert reply.status_code == 200 and 'aria-pressed="true"' in reply.text
    assert bob.post(f"/pictures/{shown}/like", {"liked": "1"}, **JSON).json() == {"liked": True, "likes": 1}
    assert bob.post(f"/pictures/{shown}/like", {"liked": "0"}, **JSON).json() == {"liked": False, "likes": 0}


def test_a_comment_is_taken_back_by_its_writer(hall: Hall, ann: Browser, bob: Browser, shown: str) -> None:
    made = bob.post(f"/pictures/{shown}/comments", {"text": "A quiet evening"}, **JSON).json()["comment"]
    cid = hall.person("pic-cid")
    assert cid.post(f"/comments/{made}/remove", {}, **JSON).status_code == 404
    assert bob.post(f"/comments/{made}/remove", {}, **JSON).json() == {"removed": True}
    assert "A quiet evening" not in ann.get(f"/pictures/{shown}").text


def test_publishing_withdrawing_deleting(hall: Hall, ann: Browser, bob: Browser, private: str) -> None:
    assert ann.post(f"/pictures/{private}/publish", {"tags": "moon"}).status_code == 303
    assert bob.get(f"/pictures/{private}").status_code == 200
    assert ann.post(f"/pictures/{private}/withdraw").headers["location"] == f"/pictures/{private}"
    assert bob.get(f"/pictures/{private}").status_code == 404
    held = hall.service.catalogue.get(_member(ann), private)
    assert ann.post(f"/pictures/{private}/delete", {}, **JSON).json() == {"deleted": True}
    assert ann.get(f"/pictures/{private}").status_code == 404
    assert not hall.service.vault.holds(ann.account, held.file)
    assert not hall.service.vault.holds(ann.account, held.thumbnail)


def _member(whose: Browser):  # type: ignore[no-untyped-def]
    from rakkan.service.access.actors import Actor

    return Actor(whose.account, "member")


def test_a_remix_credits_what_it_came_from(hall: Hall, ann: Browser, bob: Browser, shown: str) -> None:
    led = bob.get(f"/create?from={shown}")
    assert led.status_code == 303
    page = bob.get(led.headers["location"])
    assert page.status_code == 200 and PROMPT in page.text
    assert f'name="parent" value="{shown}"' in page.text
    assert f'name="reference" value="{shown}"' in page.text
    asked = {"parent": shown, "reference": shown, "reference_kind": "style"}
    made = hall.draw(bob, "1girl, silver hair, smile", **asked)
    told = bob.get(f"/pictures/{made}").text
    assert f"/pictures/{shown}" in told and "The ledger states this step." in told
    hall.publish(bob, made)
    assert "1 remix" in ann.get(f"/pictures/{shown}").text


def test_a_remix_by_words_alone_is_credited_but_not_stated(hall: Hall, bob: Browser, shown: str) -> None:
    made = hall.draw(bob, "1girl, red hair", parent=shown)
    assert "the ledger does not state this step" in bob.get(f"/pictures/{made}").text


def test_edits_take_masks_rectangles_and_regions(hall: Hall, ann: Browser, shown: str) -> None:
    painted = io.BytesIO()
    mask = Image.new("L", (512, 512))
    mask.paste(255, (100, 60, 300, 200))
    mask.convert("RGB").save(painted, "PNG")
    asked = {"instruction": "hair: blue", "strength": "0.75"}
    files = {"mask": ("mask.png", painted.getvalue(), "image/png")}
    jobs = [
        ann.post(f"/pictures/{shown}/edit", asked, files, **JSON),
        ann.post(
            f"/pictures/{shown}/edit",
            {**asked, "left": "64", "top": "64", "width": "128", "height": "128"},
            **JSON,
        ),
        ann.post(f"/pictures/{shown}/edit", {**asked, "region": ["hair"]}, **JSON),
    ]
    assert [one.status_code for one in jobs] == [202] * 3, [one.text for one in jobs]
    hall.work()
    states = {hall.service.queue.get(ann.account, one.json()["job"]).state for one in jobs[:2]}
    assert states == {"done"}
    made = hall.made_by(ann, jobs[0].json()["job"])
    page = ann.get(f"/pictures/{made}").text
    assert "changed by" in page and f"/pictures/{shown}" in page
    assert ann.post(f"/pictures/{shown}/edit", {**asked, "strength": "much"}, **JSON).status_code == 422
    bad = {"mask": ("mask.png", b"<svg onload=alert(1)>", "image/png")}
    assert ann.post(f"/pictures/{shown}/edit", asked, bad, **JSON).status_code == 422


def test_variations_and_enlargements(hall: Hall, bob: Browser, shown: str) -> None:
    varied = bob.post(f"/pictures/{shown}/vary", {"strength": "0.4", "count": "2"}, **JSON)
    page = bob.post(f"/pictures/{shown}/vary", {"strength": "0.4", "count": "1"})
    assert page.headers["location"] == "/queue"
    hall.work()
    made = hall.made_by(bob, varied.json()["job"])
    assert "A variation of another picture" in bob.get(f"/pictures/{made}").text
    assert bob.post(f"/pictures/{shown}/upscale", {"scale": "3"}, **JSON).status_code == 422
    assert bob.post(f"/pictures/{shown}/upscale", {"scale": "x"}, **JSON).status_code == 422
    assert bob.post(f"/pictures/{shown}/upscale", {"scale": "2"}, **JSON).status_code == 202


def test_downloads_are_for_one_and_for_minutes(hall: Hall, ann: Browser, bob: Browser, shown: str) -> None:
    page = bob.post(f"/pictures/{shown}/download", {"format": "png", "disclosure": "full"})
    assert page.status_code == 303
    link = page.headers["location"]
    file = bob.get(link)
    assert file.status_code == 200 and file.headers["cache-control"] == "no-store"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in file.headers["content-security-policy"]
    held = hall.service.catalogue.get(_member(bob), shown)
    assert hashlib.sha256(file.content).hexdigest() == held.file
    assert ann.get(link).status_code == 404
    assert hall.visitor().get(link).headers["location"].startswith("/sign-in?next=")
    other = "x" if link[-2] != "x" else "y"  # not the last sign: two of its bits say nothing
    assert bob.get(link[:-2] + other + link[-1]).status_code == 404
    assert bob.post(f"/pictures/{shown}/download", {"format": "webp"}, **JSON).status_code == 422
    assert bob.post(f"/pictures/{shown}/download", {"disclosure": "digest"}, **JSON).status_code == 422


@pytest.mark.parametrize("reason", ["unsafe", "person", "copyright"])
def test_a_report_hides_at_once(hall: Hall, ann: Browser, bob: Browser, private: str, reason: str) -> None:
    hall.publish(ann, private)
    reply = bob.post(f"/pictures/{private}/report", {"reason": reason, "text": "Look at it"}, **JSON)
    assert reply.status_code == 200, reply.text
    assert bob.get(f"/pictures/{private}").status_code == 404
    assert f"/pictures/{private}" not in hall.visitor().get("/gallery").text
    assert ann.get(f"/pictures/{private}").status_code == 200
    assert ann.post(f"/pictures/{private}/delete", {}, **JSON).status_code == 409
    assert bob.post(f"/pictures/{private}/report", {"reason": reason}, **JSON).status_code == 404


def test_spam_is_reported_and_stays_until_somebody_decides(
    hall: Hall, ann: Browser, bob: Browser, private: str
) -> None:
    hall.publish(ann, private)
    assert bob.post(f"/pictures/{private}/report", {"reason": "spam"}).headers["location"] == "/gallery"
    assert bob.get(f"/pictures/{private}").status_code == 200
    assert bob.post(f"/pictures/{private}/report", {"reason": "dislike"}, **JSON).status_code == 422


def test_moderators_take_down(hall: Hall, ann: Browser, bob: Browser, private: str) -> None:
    hall.publish(ann, private)
    moderator = hall.person(f"mod-{private[-8:]}", "moderator")
    assert bob.post(f"/pictures/{private}/take-down", {"text": "no"}, **JSON).status_code == 404
    assert moderator.post(f"/pictures/{private}/take-down", {"text": " "}, **JSON).status_code == 422
    assert moderator.post(f"/pictures/{private}/take-down", {"text": "A copy"}, **JSON).status_code == 200
    assert bob.get(f"/pictures/{private}").status_code == 404
    assert ann.get(f"/pictures/{private}/file").status_code == 404
    assert moderator.get(f"/pictures/{private}").status_code == 200


@pytest.mark.parametrize("path", ["/create?prompt=a%20b", "/queue", "/models", "/downloads/x.y"])
def test_visitors_are_led_to_the_door_and_back(hall: Hall, path: str) -> None:
    page = hall.visitor().get(path)
    assert page.status_code == 303 and page.headers["location"].startswith("/sign-in?next=/")
    assert "//" not in page.headers["location"]
    assert hall.visitor().get(path, **JSON).status_code == 401
    assert hall.visitor().get(page.headers["location"]).status_code == 200


def test_forms_without_a_token_change_nothing(ann: Browser, shown: str) -> None:
    reply = ann.post(f"/pictures/{shown}/withdraw", {"csrf": "guess"}, **JSON)
    assert reply.status_code == 403


def test_a_reduced_reply_says_so_and_tells_nothing(
    hall: Hall, bob: Browser, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    def reduce(actor: object, request: HTTPConnection, access: object) -> None:
        request.state.decoy = True

    monkeypatch.setattr(hall.app.state, "door", replace(hall.service.door, weigh=reduce))
    page = bob.get(f"/pictures/{shown}").text
    assert "marzipanmarker" not in page and "in a short time" in page and "/file" not in page
    assert "marzipanmarker" not in bob.get(f"/pictures/{shown}/remix").text
    assert bob.post(f"/pictures/{shown}/download", {}, **JSON).status_code == 429
    assert bob.get(f"/pictures/{shown}/file").headers["content-type"] == "image/webp"
