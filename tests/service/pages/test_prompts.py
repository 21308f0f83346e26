"""Files of prompts: tables of styles, wildcards, prompts to keep and to draw; and what is drawn by them."""

from __future__ import annotations

import pytest
from tests.service.pages.conftest import JSON, Browser, Hall

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.arrivals import prompts, texts
from rakkan.service.arrivals.prompts import NamedStyle

TABLE = (
    "name,prompt,negative_prompt\n"
    'My ink,"ink drawing, {prompt}, fine lines",blurry\n'
    "--- mine ---,,\n"
    'With/adapter,"soft light, <lora:missing:0.8>",\n'
    "pastel,pastel colours,\n"
)


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("pro-ann")


def bring(whose: Browser, use: str, *files: tuple[str, str | bytes]):  # type: ignore[no-untyped-def]
    sent = [("files", (name, data, "text/plain")) for name, data in files]
    reply = whose.post("/account/prompts", {"use": use}, sent, **JSON)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_table_of_styles_becomes_styles(hall: Hall, ann: Browser) -> None:
    told = bring(ann, "wildcards", ("styles.csv", "﻿" + TABLE))
    assert told["kept"] == {"styles": 2}
    assert len(told["remarks"]) == 1 and "pastel" in told["remarks"][0]  # one that ships
    kept = {one.version.name: one.version for one in assemble.casting().styles.all(ann.account)}
    assert set(kept) == {"My ink", "With adapter"}
    assert kept["My ink"].tags == "ink drawing, fine lines" and kept["My ink"].negative == "blurry"
    assert '<option value="My ink">' in ann.get("/create").text
    made = hall.draw(ann, "1girl, silver hair", style="My ink")
    recipe = hall.service.catalogue.recipe(Actor(ann.account, "member"), made)
    assert "ink drawing" in recipe.prompt  # type: ignore[union-attr]


def test_wildcards_are_drawn_from(hall: Hall, ann: Browser) -> None:
    told = bring(ann, "wildcards", ("cards/hats.txt", "beret\n# none\nstraw hat\n"), ("b.txt", "x"))
    assert told == {"kept": {"wildcards": 2}, "remarks": []}
    page = ann.get("/create").text
    assert "__hats__" in page
    made = hall.draw(ann, "1girl, silver hair, __hats__")
    recipe = hall.service.catalogue.recipe(Actor(ann.account, "member"), made)
    assert recipe.prompt.rpartition(", ")[2] in ("beret", "straw hat")  # type: ignore[union-attr]
    bob = hall.person("pro-bob")
    assert "__hats__" not in bob.get("/create").text
    job = bob.post("/studio/create", {"prompt": "1girl, __hats__"}, **JSON).json()["job"]
    hall.work()
    found = hall.service.queue.get(bob.account, job)
    assert found.state == "failed" and "hats" in found.error
    assert str(hall.folder.parent) not in found.error + found.hint  # no place of this machine
    assert "beret" not in found.error + found.hint


def test_a_wildcard_of_the_same_name_is_replaced(hall: Hall, ann: Browser) -> None:
    for lines in ("one\n", "two\nthree\n"):
        bring(ann, "wildcards", ("same.txt", lines))
    found = [one for one in hall.service.texts.of(ann.account, "wildcard") if one.name == "same"]
    assert [(one.text, one.lines) for one in found] == [("two\nthree\n", 2)]


def test_prompts_are_kept_considered_and_offered(hall: Hall, ann: Browser) -> None:
    told = bring(ann, "prompts", ("p.txt", "# mine\n1girl, red hair\n\n1girl, red hair\n1boy, smile\n"))
    assert told["kept"] == {"prompts": 3}
    kept = [one.text for one in hall.service.texts.of(ann.account, "prompt")]
    assert kept == ["1boy, smile", "1girl, red hair"]
    assert '<option value="1boy, smile">' in ann.get("/create").text
    told = bring(ann, "prompts", ("q.txt", "1girl, nude\n"))
    assert told["kept"] == {} and "line 1" in told["remarks"][0]
    (first, _) = hall.service.texts.of(ann.account, "prompt")
    bob = hall.person("pro-cid")
    assert bob.post(f"/account/prompts/{first.identifier}/remove").status_code == 404
    assert ann.post(f"/account/prompts/{first.identifier}/remove").status_code == 303
    assert [one.text for one in hall.service.texts.of(ann.account, "prompt")] == ["1girl, red hair"]


def test_lines_can_be_drawn_at_once(hall: Hall, ann: Browser) -> None:
    told = bring(ann, "draw", ("p.txt", "1girl, hat\n1boy, hat\n"))
    assert told["kept"] == {"draw": 2}
    jobs = hall.service.queue.page(ann.account, limit=2)
    assert {one.priority for one in jobs} == {"batch"}
    hall.work()


def test_the_page_says_what_came_of_it(hall: Hall, ann: Browser) -> None:
    sent = [("files", ("a.pdf", b"%PDF", "text/plain")), ("files", ("b.csv", b"x,y\n1,2\n", "text/csv"))]
    page = ann.post("/account/prompts", {"use": "prompts"}, sent).text
    assert "a.pdf: only .csv and .txt are read here" in page and "b.csv: It is no table of styles" in page
    assert ann.post("/account/prompts", {}, [("files", ("", b""))], **JSON).status_code == 422
    strange = bring(ann, "wildcards", ("__.txt", "x"), ("bytes.txt", b"\xff\xff\xff"))
    assert strange["kept"] == {} and len(strange["remarks"]) == 2


def test_there_is_an_end_to_what_is_kept(hall: Hall, ann: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST_WILDCARD", 100)
    assert "larger than" in bring(ann, "wildcards", ("large.txt", "x" * 200))["remarks"][0]
    monkeypatch.setitem(texts.MOST, "wildcard", len(hall.service.texts.of(ann.account, "wildcard")))
    assert "kept already" in bring(ann, "wildcards", ("another.txt", "x"))["remarks"][0]
    monkeypatch.setattr(texts, "ROOM", 10)
    assert "MiB" in bring(ann, "prompts", ("p.txt", "1girl, a long enough prompt"))["remarks"][0]


def test_what_is_kept_is_sealed_in_the_database_and_goes_with_the_account(hall: Hall) -> None:
    eve = hall.person("pro-eve")
    bring(eve, "prompts", ("p.txt", "1girl, marzipanhat\n"))
    data = b"".join(one.read_bytes() for one in (hall.folder.parent / "home").glob("database.sqlite*"))
    assert b"marzipanhat" not in data
    hall.service.closing.begin(eve.account)
    assert hall.service.closing.finish(eve.account)
    assert hall.service.texts.of(eve.account, "prompt") == []


def test_tables_are_read_as_other_tools_write_them() -> None:
    found = list(prompts.styles_of(TABLE.encode("utf-16")))
    assert found == [
        NamedStyle("My ink", "ink drawing, fine lines", "blurry", ()),
        NamedStyle("With adapter", "soft light", "", ("missing:0.8",)),
        NamedStyle("pastel", "pastel colours", "", ()),
    ]
    assert [one.name for one in prompts.styles_of(b"name,text\nold,flat colours\n")] == ["old"]
    for data in (b"", b"prompt\nx\n", b'name,prompt\n"open'):
        with pytest.raises(RakkanError, match="table"):
            list(prompts.styles_of(data))
    many = b"name,prompt\n" + b"".join(b"s%d,x\n" % number for number in range(prompts.MOST_STYLES + 1))
    with pytest.raises(RakkanError, match="more than"):
        list(prompts.styles_of(many))
