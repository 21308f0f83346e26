"""Bringing in what one has, and the queue that tells what became of it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import pytest
from PIL import Image, PngImagePlugin
from tests.service.pages.conftest import JSON, ORIGIN, Browser, Hall

from rakkan.records import Recipe
from rakkan.service.access.actors import Actor
from rakkan.service.uploading import PARKED

SCRIPT = "<script>alert(1)</script>"
PARAMETERS = (
    f"1girl, silver hair, marzipanmarker {SCRIPT}\nNegative prompt: hat\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 18446744073709551615, Size: 96x64, Model: dawn"
)


def picture(shade: int, parameters: str = "", side: tuple[int, int] = (96, 64)) -> bytes:
    """A PNG of a gradient, as another tool would leave it."""
    made = Image.linear_gradient("L").resize(side).point(lambda level: (level + shade) % 256)
    told = PngImagePlugin.PngInfo()
    if parameters:
        told.add_text("parameters", parameters)
    file = io.BytesIO()
    made.convert("RGB").save(file, "PNG", pnginfo=told)
    return file.getvalue()


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/").replace("_", "."), data)
    return file.getvalue()


def bring(whose: Browser, *files: tuple[str, bytes]):  # type: ignore[no-untyped-def]
    sent = [("files", (name, data, "application/octet-stream")) for name, data in files]
    return whose.post("/account/import", {}, sent, **JSON)


def done(hall: Hall, whose: Browser, job: str) -> tuple[list[str], str]:
    """The pictures that an import made and all its remarks as one text."""
    hall.work()
    found = hall.service.queue.get(whose.account, job)
    assert found.state == "done" and found.result, (found.state, found.error)
    told = json.loads(found.result)
    return told["pictures"], "\n".join(told["remarks"])


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("imp-ann")


def test_pictures_come_in_with_what_they_claim(hall: Hall, ann: Browser) -> None:
    reply = bring(
        ann,
        ("../a<b>.png", picture(3, PARAMETERS)),
        ("broken.png", b"\x89PNG\r\n\x1a\n nothing"),
        ("model.safetensors", b"12345678"),
        ("notes.pdf", b"%PDF-"),
        ("more.zip", packed(in__b_png=picture(90), evil_svg=b"<svg/>")),
        ("bad.zip", b"PK\x03\x04 no"),
    )
    assert reply.status_code == 202, reply.text
    job = reply.json()["job"]
    wish = json.loads(hall.service.queue.get(ann.account, job).payload or b"")
    pictures, remarks = done(hall, ann, job)
    assert len(pictures) == 2
    for name in ("broken.png", "model.safetensors", "notes.pdf", "bad.zip"):
        assert f"{name}: " in remarks, remarks
    for one in wish["files"]:
        assert not hall.service.vault.holds(ann.account, one["waiting"])
    recipe = hall.service.catalogue.recipe(Actor(ann.account, "member"), pictures[0])
    assert isinstance(recipe, Recipe) and recipe.steps == 20 and (recipe.width, recipe.height) == (96, 64)
    assert "marzipanmarker" in recipe.prompt
    page = ann.get(f"/pictures/{pictures[0]}").text
    assert "claimed, not proven" in page and "marzipanmarker" in page and SCRIPT not in page
    assert "Nothing says how it was made" in ann.get(f"/pictures/{pictures[1]}").text
    queue = ann.get("/queue").text
    assert "broken.png" in queue and SCRIPT not in queue


def test_what_came_in_is_private_and_stays_so(hall: Hall, ann: Browser) -> None:
    (made,), _ = done(hall, ann, bring(ann, ("p.png", picture(17, PARAMETERS))).json()["job"])
    bob = hall.person("imp-bob")
    assert bob.get(f"/pictures/{made}").status_code == 404
    assert ann.post(f"/pictures/{made}/publish", {}, **JSON).status_code == 409
    assert 'action="/pictures/' + made + '/publish"' not in ann.get(f"/pictures/{made}").text
    small = ann.get(f"/pictures/{made}/thumbnail")
    assert small.status_code == 200 and b"marzipanmarker" not in small.content


def test_the_same_picture_comes_in_once(hall: Hall, ann: Browser) -> None:
    first, _ = done(hall, ann, bring(ann, ("p.png", picture(55))).json()["job"])
    again, remarks = done(hall, ann, bring(ann, ("p.png", picture(55))).json()["job"])
    assert len(first) == 1 and again == [] and "already" in remarks


def test_a_picture_of_here_is_proven_by_its_seal(hall: Hall, ann: Browser) -> None:
    made = hall.draw(ann, seed="1")  # which the gate takes for a drawing
    reply = ann.get(f"/pictures/{made}/file")
    assert reply.status_code == 200, reply.text
    file = reply.content
    bob = hall.person("imp-cid")
    pictures, remarks = done(hall, bob, bring(bob, ("sealed.png", file)).json()["job"])
    assert len(pictures) == 1, remarks
    (came,) = pictures
    assert "Its seal proves" in bob.get(f"/pictures/{came}").text


def test_an_import_that_is_done_twice_keeps_one_of_each(hall: Hall, ann: Browser) -> None:
    from rakkan.service.making.importing import bring_in
    from rakkan.service.wishes import Import

    job = bring(ann, ("p.png", picture(120)), ("q.png", b"none")).json()["job"]
    (leased,) = hall.queue.lease("w" * 26, {"import": 1})
    wish = Import.model_validate_json(leased.payload)
    delivery = hall.delivery
    seen = []
    for _ in range(2):
        came = bring_in(wish, leased, delivery, hall.folder, lambda done, total: None)
        seen.append(came.pictures)
        assert "q.png" in "".join(came.remarks)
        assert [bool(one["picture"]) for one in came.files] == [True, False]
    assert seen[0] == seen[1] and len(seen[0]) == 1
    hall.queue.give_back(leased)
    assert done(hall, ann, job)[0] == seen[0]


def test_prompts_are_queued_a_line_each(hall: Hall, ann: Browser) -> None:
    before = len(hall.service.queue.page(ann.account, limit=200))
    text = "# mine\n1girl, silver hair\n\n1boy, red hair, smile\n".encode("utf-8-sig")
    reply = ann.post("/account/import", {}, [("files", ("prompts.txt", text, "text/plain"))])
    assert reply.status_code == 303 and reply.headers["location"] == "/queue"
    jobs = hall.service.queue.page(ann.account, limit=200)
    assert len(jobs) - before == 2 and {one.priority for one in jobs[:2]} == {"batch"}
    page = ann.get("/queue").text
    assert "1boy, red hair, smile" in page and "1 before it" in page
    cancelled = [ann.post(f"/studio/jobs/{one.identifier}/cancel", {}, **JSON).json() for one in jobs[:2]]
    assert cancelled == [{"cancelled": True}] * 2
    assert "<html" not in ann.get("/queue", hx_request="true").text


def test_a_cancelled_import_leaves_nothing_behind(hall: Hall, ann: Browser) -> None:
    job = bring(ann, ("p.png", picture(200))).json()["job"]
    wish = json.loads(hall.service.queue.get(ann.account, job).payload or b"")
    assert hall.service.vault.holds(ann.account, wish["files"][0]["waiting"])
    ann.post(f"/studio/jobs/{job}/cancel", {}, **JSON)
    assert not hall.service.vault.holds(ann.account, wish["files"][0]["waiting"])


def test_refusals(hall: Hall, ann: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from rakkan.service.routes import importing

    assert hall.visitor().post("/account/import", {}, [("files", ("a.png", b"x"))], **JSON).status_code == 401
    assert bring(ann, ("", b"")).status_code == 422
    monkeypatch.setattr(importing, "MOST_FILES", 1)
    reply = bring(ann, ("two.zip", packed(a_png=picture(31), b_png=picture(32))))
    made, remarks = done(hall, ann, reply.json()["job"])
    assert len(made) == 1 and "more than an import takes" in remarks
    bob = hall.person("imp-dan")
    job = bring(ann, ("z.png", picture(77))).json()["job"]
    assert bob.post(f"/studio/jobs/{job}/cancel", {}, **JSON).status_code == 404
    assert job not in bob.get("/queue").text


def test_a_reference_is_shown_back_to_its_owner(hall: Hall, ann: Browser) -> None:
    sent = {"picture": ("r.png", picture(8, side=(128, 128)), "image/png")}
    told = ann.post("/studio/reference", {}, sent, **JSON).json()
    shown = ann.get(told["thumbnail"])
    assert shown.status_code == 200 and shown.headers["content-type"] == "image/png"
    assert "sandbox" in shown.headers["content-security-policy"]
    bob = hall.person("imp-eve")
    assert bob.get(told["thumbnail"]).status_code == 404
    assert ann.get("/studio/reference/" + "0" * 64).status_code == 404


def send(whose: Browser, path: str, content: bytes, kind: str = "image/png"):  # type: ignore[no-untyped-def]
    cookies = "; ".join(f"{name}={value}" for name, value in whose.cookies.items())
    headers = {"origin": ORIGIN, "cookie": cookies, "x-csrf-token": whose.csrf, "content-type": kind, **JSON}
    return whose.client.post(path, content=content, headers=headers)


def begin(whose: Browser, **waiting: str):  # type: ignore[no-untyped-def]
    files = [{"name": f"{name}.png", "waiting": digest} for name, digest in waiting.items()]
    return send(whose, "/account/import/begin", json.dumps({"files": files}).encode(), "application/json")


def test_pictures_come_one_by_one_and_none_twice(hall: Hall, ann: Browser) -> None:
    data = picture(140, PARAMETERS)
    digest = hashlib.sha256(data).hexdigest()
    asked = json.dumps({"digests": [digest, "0" * 64]}).encode()
    look = "/account/import/known"
    assert send(ann, look, asked, "application/json").json() == {"known": []}
    waiting = send(ann, "/account/import/picture", data).json()["waiting"]
    broken = send(ann, "/account/import/picture", data[:90]).json()["waiting"]
    job = begin(ann, good=waiting, broken=broken).json()["job"]
    pictures, remarks = done(hall, ann, job)
    assert len(pictures) == 1 and "broken.png: " in remarks
    told = json.loads(hall.service.queue.get(ann.account, job).result or b"")["files"]
    assert [(one["name"], bool(one["picture"]), bool(one["why"])) for one in told] == [
        ("good.png", True, False),
        ("broken.png", False, True),
    ]
    assert send(ann, look, asked, "application/json").json() == {"known": [digest]}
    bob = hall.person("imp-fay")
    assert send(bob, look, asked, "application/json").json() == {"known": []}
    # What waits for somebody else is not there, and what is no picture does not wait.
    mine = send(ann, "/account/import/picture", picture(33)).json()["waiting"]
    made, said = done(hall, bob, begin(bob, theirs=mine).json()["job"])
    assert made == [] and "theirs.png" in said
    assert send(ann, "/account/import/picture", b"GIF89a" + b"0" * 40).status_code == 422
    assert begin(ann).status_code == 422


def test_what_waits_lies_sealed_and_not_for_ever(hall: Hall, ann: Browser) -> None:
    data = picture(61, PARAMETERS)
    waiting = send(ann, "/account/import/picture", data).json()["waiting"]
    home = hall.folder.parent
    assert not [one for one in home.rglob("*") if one.is_file() and data[40:90] in one.read_bytes()]
    later = replace(hall.service.transit, clock=lambda: hall.service.clock() + PARKED + 60)
    assert later.sweep() >= 1
    assert not hall.service.vault.holds(ann.account, waiting)


def test_a_picture_that_was_made_elsewhere_says_so(hall: Hall, ann: Browser) -> None:
    (made,), _ = done(hall, ann, bring(ann, ("p.png", picture(171, PARAMETERS))).json()["job"])
    page = ann.get(f"/pictures/{made}").text
    assert "Imported, made elsewhere" in page and "Made elsewhere, origin unknown" in page
    assert "Why it is not published" in page and "Sealed by" not in page
    # The easel of Create shows what was drawn here, and says so.
    assert made not in ann.get("/create").text


def test_the_page_has_a_place_for_each_sort(hall: Hall, ann: Browser) -> None:
    page = ann.get("/account/import").text
    assert "webkitdirectory" in page and "/account/prompts" in page and 'href="/models"' in page
    assert 'href="/account/import"' in ann.get("/queue").text
    assert hall.visitor().get("/account/import").status_code in (303, 401)
