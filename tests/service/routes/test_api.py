"""The open API over HTTP: each route once as it should be, each in the shape that its document declares."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import httpx
import pytest
import schemathesis
from PIL import Image
from tests.service.routes.conftest import Hub
from tests.service.small_models import tiny_embedding

from rakkan.formats.inspect import inspect
from rakkan.service.budgets.limits import Holder, Row
from rakkan.service.core import Service

V1 = "/api/v1"
PROMPT = "1girl, silver hair, red eyes"


class Caller:
    """Calls routes and holds each answer against the document."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.clients = {"mika": hub.client(hub.mika), "rin": hub.client(hub.rin)}
        self.clients["owner"] = hub.client(hub.instance.owner(), "moderate", "read")
        self.clients["nobody"] = hub.instance.visitor().client
        self.called: set[tuple[str, str]] = set()

    @cached_property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self.clients["nobody"].get(f"{V1}/openapi.json").json()
        return found

    @cached_property
    def schema(self) -> Any:
        return schemathesis.openapi.from_dict(self.document)

    def __call__(
        self, method: str, route: str, status: int = 200, who: str = "mika", **more: Any
    ) -> httpx.Response:
        """Call ``route``, its names filled in from ``more``; the rest is as for httpx."""
        names = {name: more.pop(name) for name in list(more) if f"{{{name}}}" in route}
        answer = self.clients[who].request(method, V1 + route.format(**names), **more)
        assert answer.status_code == status, answer.text
        answer.request.read()
        self.schema[V1 + route][method].validate_response(answer)
        self.called.add((V1 + route, method.lower()))
        return answer

    def drawn(self, wish: dict[str, Any], kind: str = "create", who: str = "mika") -> list[str]:
        """The pictures that come of a wish."""
        job = self("POST", f"/jobs/{kind}", 202, who, json=wish).json()["id"]
        self("GET", "/jobs/{job}/events", who=who, job=job)  # ends with the job
        found = self("GET", "/jobs/{job}", who=who, job=job).json()
        assert found["state"] == "done", found["error"]
        pictures: list[str] = found["pictures"]
        return pictures


def unhurried(service: Service) -> None:
    """Let members ask as fast as tests do; all other limits stand."""
    limits = service.budgets.limits
    member = replace(limits.rows["member"], rate=1000.0, burst=10_000.0)
    rows: dict[Holder, Row] = {**limits.rows, "member": member}
    object.__setattr__(service.budgets, "limits", replace(limits, rows=rows))


@pytest.fixture(scope="module")
def call(hub: Hub) -> Iterator[Caller]:
    unhurried(hub.instance.service)
    made = Caller(hub)
    yield made
    for one in made.clients.values():
        one.close()


@pytest.fixture(scope="module")
def picture(call: Caller) -> str:
    (made,) = call.drawn({"prompt": PROMPT, "seed": 5})
    return made


def png(side: int = 96) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(kept, "png")
    return kept.getvalue()


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    parts = [part.split("\n") for part in text.strip().split("\n\n") if part.startswith("event")]
    return [(one[0].removeprefix("event: "), json.loads(one[1].removeprefix("data: "))) for one in parts]


def test_the_instance_says_what_it_is(call: Caller) -> None:
    said = call("GET", "", who="nobody").json()
    assert said["openapi"] == f"{V1}/openapi.json"
    described = call("GET", "/openapi.json", who="nobody").json()
    assert described["openapi"] == "3.1.0"
    models = call("GET", "/models", who="nobody").json()["items"]
    assert models[0]["name"] == "rakkan-starter" and models[0]["sizes"] == ["512x512", "512x768"]


def test_a_job_is_accepted_followed_and_done(call: Caller) -> None:
    answer = call("POST", "/jobs/create", 202, json={"prompt": PROMPT, "seed": 7})
    job = answer.json()
    assert answer.headers["location"] == f"{V1}/jobs/{job['id']}"
    assert job["wish"] == {"prompt": PROMPT, "seed": 7}
    told = events(call("GET", "/jobs/{job}/events", job=job["id"]).text)
    assert [name for name, _ in told[:-1]] == ["progress"] * (len(told) - 1)
    done = [said["done"] for name, said in told if name == "progress"]
    assert done == sorted(done)
    assert told[-1][0] == "done" and len(told[-1][1]["pictures"]) == 1
    again = events(call("GET", "/jobs/{job}/events", job=job["id"]).text)
    assert again == told[-1:]
    listed = call("GET", "/jobs", params={"state": "done", "limit": 1}).json()
    assert [one["id"] for one in listed["items"]] == [job["id"]]
    assert call("GET", "/jobs", who="rin").json() == {"items": [], "next": None}


def test_lists_of_jobs_go_on_where_they_ended(call: Caller, picture: str) -> None:
    call.drawn({"prompt": PROMPT, "seed": 8})
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", "/jobs", params={"limit": 1, "cursor": cursor}).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    whole = call("GET", "/jobs", params={"limit": 100}).json()["items"]
    assert seen == [one["id"] for one in whole] and len(seen) >= 2


def test_a_key_for_a_wish_is_answered_with_the_same_job(call: Caller) -> None:
    sent: dict[str, Any] = {"json": {"prompt": PROMPT, "seed": 9}, "headers": {"idempotency-key": "mine-1"}}
    first = call("POST", "/jobs/create", 202, **sent).json()["id"]
    assert call("POST", "/jobs/create", 202, **sent).json()["id"] == first
    other = {**sent, "json": {"prompt": PROMPT, "seed": 10}}
    assert call("POST", "/jobs/create", 409, **other).json()["error"]["code"] == "conflict"
    assert call("POST", "/jobs/create", 202, "rin", **sent).json()["id"] != first
    assert call("POST", "/jobs/create", 202, json=sent["json"]).json()["id"] != first


def test_a_job_is_given_up(call: Caller) -> None:
    job = call("POST", "/jobs/create", 202, json={"prompt": PROMPT, "count": 8}, params={"priority": "batch"})
    given_up = call("DELETE", "/jobs/{job}", job=job.json()["id"]).json()
    assert given_up["state"] == "cancelled" or given_up["stopping"]
    name, told = events(call("GET", "/jobs/{job}/events", job=job.json()["id"]).text)[-1]
    assert (name, told["state"]) == ("failed", "cancelled")
    found = call("GET", "/jobs/{job}", job=job.json()["id"]).json()
    assert found["pictures"] == [] and found["error"]["message"] == "It was cancelled"


def test_words_that_nothing_is_drawn_from_are_refused(call: Caller) -> None:
    told = call("POST", "/jobs/create", 422, json={"prompt": "Marie Curie"}).json()["error"]
    assert "real people" in told["message"] and told["hint"]
    told = call("POST", "/jobs/create", 422, json={"prompt": PROMPT, "sed": 4}).json()["error"]
    assert told["code"] == "invalid" and told["fields"][0]["where"] == "body.sed"


def test_pictures_come_of_pictures(call: Caller, picture: str) -> None:
    part = {"left": 0, "top": 0, "width": 256, "height": 128}
    change = {"picture": picture, "prompt": "1girl, blue hair", "rectangle": part, "seed": 3}
    (edited,) = call.drawn(change, "edit")
    (varied,) = call.drawn({"picture": picture, "count": 1, "seed": 3}, "vary")
    upload = call("POST", "/uploads", 201, content=png(), headers={"content-type": "image/png"}).json()
    (enlarged,) = call.drawn({"picture": upload["picture"], "scale": 2}, "upscale")
    assert call("GET", "/pictures/{picture}", picture=enlarged).json()["width"] == 192
    lineage = call("GET", "/pictures/{picture}/lineage", picture=edited).json()
    assert [one["picture"] for one in lineage["ancestors"]] == [picture]
    assert lineage["origin"]["operation"] == "edit"
    below = call("GET", "/pictures/{picture}/lineage", picture=picture).json()["descendants"]
    assert {edited, varied} <= {one["picture"] for one in below}


def test_a_picture_is_let_in_as_a_form_or_by_itself(call: Caller) -> None:
    form = call("POST", "/uploads", 201, files={"picture": ("a.png", png(), "image/png")}).json()
    alone = call("POST", "/uploads", 201, content=png(), headers={"content-type": "image/png"}).json()
    assert form == alone
    told = call("POST", "/uploads", 422, files={"other": ("a.png", png(), "image/png")}).json()
    assert told["error"]["hint"] == "Send it as the file field picture"
    call("POST", "/uploads", 422, content=b"none", headers={"content-type": "image/png"})
    call("POST", "/uploads", 415, content=b"GIF89a", headers={"content-type": "image/gif"})


def test_a_picture_with_its_recipe_and_files(call: Caller, picture: str) -> None:
    told = call("GET", "/pictures/{picture}", picture=picture).json()
    assert told["artist"] == "mika" and told["state"] == "private" and "prompt" not in told
    recipe = call("GET", "/pictures/{picture}/recipe", picture=picture).json()
    assert recipe["recipe"]["prompt"] == PROMPT and recipe["hidden"] == []
    file = call("GET", "/pictures/{picture}/file", picture=picture)
    assert inspect(file.content).has_seal
    assert file.headers["content-disposition"] == f'attachment; filename="{picture}.png"'
    small = call("GET", "/pictures/{picture}/thumbnail", picture=picture)
    assert inspect(small.content).kind == "webp"


def test_a_picture_is_shown_found_liked_and_spoken_of(call: Caller, picture: str) -> None:
    for who in ("rin", "nobody"):
        call("GET", "/pictures/{picture}", 404, who, picture=picture)
    words = {"title": "By the river", "tags": ["quiet"], "licence": "CC BY 4.0"}
    shown = call("POST", "/pictures/{picture}/publish", picture=picture, json=words).json()
    assert shown["state"] == "published" and "quiet" in shown["tags"]
    for asked in (
        {"tag": "quiet"},
        {"title": "river"},
        {"account": "mika"},
        {"model": shown["model"]["digest"]},
    ):
        found = call("GET", "/pictures", who="nobody", params=asked).json()["items"]
        assert picture in [one["id"] for one in found], asked
        assert all("recipe" not in one and "tags" not in one for one in found)
    assert call("GET", "/pictures", params={"tag": ["quiet", "loud"]}).json()["items"] == []
    call("POST", "/accounts/{handle}/follow", who="rin", handle="mika")
    followed = call("GET", "/pictures", who="rin", params={"followed": True}).json()["items"]
    assert [one["id"] for one in followed] == [picture]
    profile = call("GET", "/accounts/{handle}", who="rin", handle="mika").json()
    assert (profile["followers"], profile["followed"]) == (1, True)
    assert call("GET", "/account", who="rin").json()["follows"] == ["mika"]
    call("POST", "/accounts/{handle}/unfollow", who="rin", handle="mika")
    assert picture in call("GET", "/catalogue", who="nobody").json()["items"]
    call("POST", "/accounts/{handle}/payment", 204, "owner", handle="mika", json={"label": "invoice 7"})
    assert call("POST", "/pictures/{picture}/like", who="rin", picture=picture).json() == {"likes": 1}
    assert call("GET", "/pictures/liked", who="rin").json()["items"][0]["liked"] is True
    assert call("POST", "/pictures/{picture}/unlike", who="rin", picture=picture).json() == {"likes": 0}
    said = call("POST", "/pictures/{picture}/comments", 201, "rin", picture=picture, json={"text": "Lovely"})
    heard = call("GET", "/pictures/{picture}/comments", who="nobody", picture=picture).json()["items"]
    assert heard == [said.json()] and heard[0]["artist"] == "rin"
    call("DELETE", "/comments/{comment}", 204, "rin", comment=heard[0]["id"])
    call("GET", "/pictures/{picture}/similar", who="nobody", picture=picture)
    call("GET", "/pictures/{picture}/recipe", who="nobody", picture=picture)
    hidden = call("POST", "/pictures/{picture}/unpublish", picture=picture).json()
    assert hidden["state"] == "private"
    call("GET", "/pictures/{picture}", 404, "nobody", picture=picture)


def test_a_recipe_is_told_as_far_as_its_artist_tells_it(call: Caller) -> None:
    for level, kept in (("redacted", {"width"}), ("digest", set())):
        (made,) = call.drawn({"prompt": PROMPT, "seed": 12, "disclosure": level})
        call("POST", "/pictures/{picture}/publish", picture=made, json={})
        own = call("GET", "/pictures/{picture}/recipe", picture=made).json()
        assert own["recipe"]["prompt"] == PROMPT
        told = call("GET", "/pictures/{picture}/recipe", who="rin", picture=made).json()
        assert {"prompt", "seed"} <= set(told["hidden"]) and not {"prompt", "seed"} & set(told["recipe"])
        assert kept <= set(told["recipe"]) and told["digest"] == own["digest"]


def test_ones_own_pictures_and_their_end(call: Caller) -> None:
    (made,) = call.drawn({"prompt": PROMPT, "seed": 13})
    first = call("GET", "/pictures/mine", params={"limit": 1}).json()
    assert first["items"][0]["id"] == made and first["next"]
    second = call("GET", "/pictures/mine", params={"limit": 1, "cursor": first["next"]}).json()
    assert second["items"][0]["id"] != made
    call("GET", "/pictures", 422, params={"cursor": first["next"]})
    call("DELETE", "/pictures/{picture}", 404, "rin", picture=made)
    call("DELETE", "/pictures/{picture}", 204, picture=made)
    call("GET", "/pictures/{picture}/file", 404, picture=made)


def test_a_picture_is_released_again_once(call: Caller, picture: str) -> None:
    wish = {"format": "jpeg", "disclosure": "redacted"}
    job = call("POST", "/pictures/{picture}/releases", 202, picture=picture, json=wish).json()
    told = events(call("GET", "/jobs/{job}/events", job=job["id"]).text)[-1]
    assert told[0] == "done" and told[1]["release"] == {"picture": picture, **wish}
    done = call("GET", "/jobs/{job}", job=job["id"]).json()
    assert done["kind"] == "release" and done["pictures"] == []
    file = call.clients["mika"].get(done["release"]["url"])
    assert file.headers["content-type"] == "image/jpeg" and inspect(file.content).has_seal
    assert PROMPT.encode() not in file.content
    again = call("POST", "/pictures/{picture}/releases", 202, picture=picture, json=wish).json()
    assert again["id"] == job["id"]
    keyed: dict[str, Any] = {"json": wish, "headers": {"idempotency-key": "release-1"}}
    first = call("POST", "/pictures/{picture}/releases", 202, picture=picture, **keyed).json()["id"]
    assert first != job["id"]
    assert call("POST", "/pictures/{picture}/releases", 202, picture=picture, **keyed).json()["id"] == first
    call("GET", "/jobs/{job}/events", job=first)
    listed = call("GET", "/pictures/{picture}/releases", picture=picture).json()["items"]
    assert [(one["format"], one["disclosure"]) for one in listed] == [("png", "full"), ("jpeg", "redacted")]
    assert call.clients["mika"].get(listed[1]["url"]).content == file.content
    assert call.clients["rin"].get(listed[1]["url"]).status_code == 404
    call("POST", "/pictures/{picture}/releases", 404, "rin", picture=picture, json=wish)
    call("GET", "/pictures/{picture}/releases", 404, "rin", picture=picture)
    call("POST", "/pictures/{picture}/releases", 422, picture=picture, json={"format": "gif"})


def test_characters_are_kept_revised_drawn_and_removed(call: Caller, picture: str) -> None:
    wish = {"name": "Mika", "tags": "1girl, silver twin tails, red eyes", "references": [picture], "seed": 4}
    kept = call("POST", "/characters", 201, json=wish).json()
    assert kept["version"] == 1 and kept["seed"] == 4 and len(kept["references"]) == 1
    revised = call("PATCH", "/characters/{name}", name="Mika", json={"add": ["hoodie"]}).json()
    assert revised["version"] == 2 and "hoodie" in revised["tags"] and revised["id"] == kept["id"]
    assert call("GET", "/characters/{name}", name="mika").json() == revised
    history = call("GET", "/characters/{name}/versions", name="Mika").json()["items"]
    assert [one["version"] for one in history] == [2, 1]
    assert [one["name"] for one in call("GET", "/characters").json()["items"]] == ["Mika"]
    (made,) = call.drawn({"prompt": "smile", "character": "Mika"})
    told = call("GET", "/pictures/{picture}", picture=made).json()
    assert told["character"] == {"id": kept["id"], "name": "Mika"}
    call("POST", "/pictures/{picture}/publish", picture=made, json={})
    found = call("GET", "/pictures", params={"character": kept["id"]}).json()["items"]
    assert [one["id"] for one in found] == [made]
    call("GET", "/characters/{name}", 404, "rin", name="Mika")
    call("POST", "/characters", 422, json={"name": "Aki"})
    call("DELETE", "/characters/{name}", 204, name="Mika")
    call("GET", "/characters/{name}", 404, name="Mika")


def test_characters_are_shared_found_copied_and_taken_along(call: Caller) -> None:
    kept = call("POST", "/characters", 201, json={"name": "Shared One", "tags": PROMPT}).json()
    shared = {"character": kept["id"]}
    for ending in ("", "/file"):
        call("GET", "/shared-characters/{character}" + ending, 404, "rin", **shared)
    call("POST", "/shared-characters/{character}/copy", 404, "rin", json={}, **shared)
    told = call("POST", "/characters/{name}/publish", name="Shared One", json={"terms": "copy"}).json()
    assert call("GET", "/shared-characters/{character}", who="nobody", **shared).json() == told
    assert told["artist"] == "mika" and told["tags"] == PROMPT and told["digest"] == kept["digest"]
    (listed,) = call("GET", "/characters", who="rin", params={"shared": True, "q": "shared"}).json()["items"]
    assert listed["id"] == kept["id"] and "tags" not in listed
    assert call("GET", "/characters", who="rin").json()["items"] == []
    (made,) = call.drawn({"prompt": "smile", "character": kept["id"]}, who="rin")
    seen = call("GET", "/pictures/{picture}", who="rin", picture=made).json()
    assert seen["character"] == {"id": kept["id"], "name": "Shared One"}
    call("PATCH", "/characters/{name}", 409, name="Shared One", json={"name": "Nova"})
    copy = call("POST", "/shared-characters/{character}/copy", 201, "rin", json={"name": "Mine"}, **shared)
    assert copy.json()["version"] == 2 and copy.json()["name"] == "Mine"
    again = call("POST", "/characters/{name}/publish", who="rin", name="Mine", json={}).json()
    assert again["copied_from"] == [{"name": "Shared One", "artist": "mika", "digest": kept["digest"]}]
    mine = {"character": copy.json()["id"]}
    call("POST", "/shared-characters/{character}/copy", 403, json={"name": "Hers"}, **mine)
    taken = call("GET", "/shared-characters/{character}/file", who="rin", **shared).content
    assert call("GET", "/characters/{name}/file", name="Shared One").content[:2] == taken[:2] == b"PK"
    brought = {"file": ("one.rakkan", taken, "application/octet-stream")}
    came = call("POST", "/characters/import", 201, "rin", files=brought).json()
    assert came["digest"] == kept["digest"]
    call("POST", "/characters/{name}/unpublish", 204, name="Shared One")
    call("GET", "/shared-characters/{character}", 404, "rin", **shared)
    call("POST", "/jobs/create", 404, "rin", json={"prompt": "smile", "character": kept["id"]})
    report = {"picture": mine["character"], "reason": "copyright", "text": "It is mine"}
    call("POST", "/reports", 201, json=report)
    call("GET", "/shared-characters/{character}", 404, "nobody", **mine)


def test_a_model_is_sent_in_parts_shared_and_removed(call: Caller) -> None:
    data = tiny_embedding(3)
    wish = {"file": "dawn.safetensors", "size": len(data), "name": "Dawn", "licence": "CC0"}
    begun = call("POST", "/models/uploads", 201, json=wish).json()
    assert (begun["received"], begun["state"]) == (0, "open") and begun["part"] >= len(data)
    at = {"upload": begun["id"]}
    binary = {"content-type": "application/octet-stream"}
    call("PUT", "/models/uploads/{upload}/{start}", 404, "rin", **at, start=0, content=data, headers=binary)
    sent = call("PUT", "/models/uploads/{upload}/{start}", **at, start=0, content=data, headers=binary)
    assert sent.json()["received"] == len(data)
    assert call("GET", "/models/uploads/{upload}", **at).json() == sent.json()
    assert [one["id"] for one in call("GET", "/models/uploads").json()["items"]] == [begun["id"]]
    job = call("POST", "/models/uploads/{upload}/finish", 202, **at).json()
    assert job["kind"] == "model"
    told = events(call("GET", "/jobs/{job}/events", job=job["id"]).text)
    assert told[-1][0] == "done" and told[-1][1]["model"]["name"] == "Dawn"
    (card,) = [one for one in call("GET", "/models").json()["items"] if one["name"] == "Dawn"]
    assert card["yours"] and not card["shared"] and card["bytes"] == len(data)
    assert "Dawn" not in call("GET", "/models", who="rin").text
    place = {"digest": card["digest"]}
    call("PATCH", "/models/{digest}", 404, "rin", **place, json={"shared": True})
    assert call("PATCH", "/models/{digest}", **place, json={"shared": True}).json()["shared"]
    assert "Dawn" in call("GET", "/models", who="rin").text
    call("DELETE", "/models/{digest}", 204, **place)
    assert "Dawn" not in call("GET", "/models").text
    other = call("POST", "/models/uploads", 201, json={**wish, "name": "Dusk"}).json()
    call("DELETE", "/models/uploads/{upload}", 204, upload=other["id"])
    call("POST", "/models/uploads", 422, json={**wish, "file": "teapot.ckpt"})


def test_strangers_things_are_not_there(call: Caller, picture: str) -> None:
    job = call("POST", "/jobs/create", 202, json={"prompt": PROMPT}).json()["id"]
    for method in ("GET", "DELETE"):
        call(method, "/jobs/{job}", 404, "rin", job=job)
    call("GET", "/jobs/{job}/events", 404, "rin", job=job)
    for ending in ("", "/recipe", "/file", "/thumbnail", "/similar", "/lineage", "/comments"):
        call("GET", "/pictures/{picture}" + ending, 404, "rin", picture=picture)
    for ending in ("/unpublish", "/like", "/unlike"):
        call("POST", "/pictures/{picture}" + ending, 404, "rin", picture=picture)
    call("POST", "/pictures/{picture}/publish", 404, "rin", picture=picture, json={})
    for kind, more in (("edit", {"prompt": PROMPT}), ("vary", {}), ("upscale", {})):
        call("POST", f"/jobs/{kind}", 404, "rin", json={"picture": picture, **more})
    call("POST", "/characters", 404, "rin", json={"name": "Taken", "picture": picture})


def test_a_picture_is_reported(call: Caller) -> None:
    (made,) = call.drawn({"prompt": PROMPT, "seed": 14})
    wish = {"picture": made, "reason": "copyright", "text": "It is mine"}
    call("POST", "/reports", 404, "rin", json=wish)
    call("POST", "/pictures/{picture}/publish", picture=made, json={})
    call("POST", "/reports", 422, "rin", json={**wish, "reason": "ugly"})
    call("POST", "/reports", 401, "nobody", json=wish, headers={"origin": call.hub.origin})
    assert call("POST", "/reports", 201, "rin", json=wish).json()["id"]
    assert call("GET", "/pictures/{picture}", picture=made).json()["state"] == "hidden"
    call("GET", "/pictures/{picture}", 404, "nobody", picture=made)


def test_keys_open_what_their_scopes_say(hub: Hub, call: Caller) -> None:
    read, create = hub.client(hub.mika, "read"), hub.client(hub.mika, "create")
    assert read.get(f"{V1}/account").json()["scopes"] == ["read"]
    assert read.post(f"{V1}/jobs/create", json={"prompt": PROMPT}).status_code == 403
    assert create.get(f"{V1}/pictures/mine").status_code == 403
    assert create.post(f"{V1}/jobs/create", json={"prompt": PROMPT}).status_code == 202
    assert hub.client(hub.mika).get(f"{V1}/account/keys").status_code == 403  # a session's alone
    assert call("GET", "/account/keys", 401, "nobody").json()["error"]["code"] == "unauthenticated"
    false = httpx.get(f"{hub.origin}{V1}", headers={"authorization": "Bearer rk_" + "0" * 64}, timeout=60)
    assert false.status_code == 401 and false.headers["www-authenticate"] == "Bearer"


def test_a_session_makes_and_revokes_keys(hub: Hub, call: Caller) -> None:
    session, headers = hub.mika.client, {"x-csrf-token": hub.mika.token(), "origin": hub.origin}
    call.clients["session"] = session
    without = call("POST", "/account/keys", 403, "session", json={"label": "a", "scopes": ["read"]})
    assert without.json()["error"]["code"] == "forbidden"
    sent = {"json": {"label": "script", "scopes": ["read"], "days": 3}, "headers": headers}
    made = call("POST", "/account/keys", 201, "session", **sent).json()
    bearer = {"authorization": f"Bearer {made['secret']}"}
    assert httpx.get(f"{hub.origin}{V1}/account", headers=bearer, timeout=60).json()["handle"] == "mika"
    listed = call("GET", "/account/keys", who="session").json()["items"]
    assert listed[0]["label"] == "script" and "secret" not in listed[0]
    call("DELETE", "/account/keys/{key}", 204, "session", key=made["id"], headers=headers)
    assert httpx.get(f"{hub.origin}{V1}/account", headers=bearer, timeout=60).status_code == 401


def test_faults_are_json_even_for_a_browser(hub: Hub) -> None:
    for path in (f"{V1}/nothing", f"{V1}/pictures/x", "/v1/nothing", "/sdapi/v1/nothing"):
        answer = httpx.get(hub.origin + path, headers={"accept": "text/html"}, timeout=60)
        assert answer.status_code in (404, 422) and "error" in answer.json(), path
    half = json.dumps({"prompt": PROMPT, "\ud800": 1}).encode()
    sent = {"content-type": "application/json"}
    assert hub.client(hub.mika).post(f"{V1}/jobs/create", content=half, headers=sent).status_code == 400


def test_every_route_was_called(call: Caller) -> None:
    declared = {(path, method) for path, told in call.document["paths"].items() for method in told}
    assert call.called == declared


def test_every_route_says_what_opens_it(call: Caller) -> None:
    security = {
        (path, method): told["security"]
        for path, methods in call.document["paths"].items()
        for method, told in methods.items()
    }
    assert security[f"{V1}/jobs/create", "post"] == [{"key": ["create"]}, {"session": []}]
    assert security[f"{V1}/account/keys", "get"] == [{"session": []}]
    assert security[f"{V1}/pictures", "get"] == [{}, {"key": []}, {"session": []}]
    for methods in call.document["paths"].values():
        for told in methods.values():
            assert told["description"] or told["summary"]
            assert {"4XX", "5XX"} <= set(told["responses"])
