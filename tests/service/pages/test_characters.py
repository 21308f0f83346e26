"""Characters: made from words, drawn with, renamed, removed; nobody else's business."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.service.pages.conftest import JSON, Browser, Hall

from rakkan.records import Picture, Recipe

if TYPE_CHECKING:
    from rakkan.studio.characters.cast import Cast


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("cha-ann")


@pytest.fixture(scope="module")
def mira(ann: Browser) -> str:
    """A character with a name that addresses must not trip over; its page."""
    made = ann.post("/characters", {"name": "Mira & Co? #1%", "words": "1girl, silver hair, red eyes"})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def test_a_character_is_listed_shown_and_drawn_with(hall: Hall, ann: Browser, mira: str) -> None:
    page = ann.get("/characters").text
    assert mira in page and "Mira &amp; Co? #1%" in page
    assert "silver hair" in ann.get(mira).text
    identifier = mira.rpartition("/")[2]
    create = ann.get(f"/create?character={identifier}").text
    assert 'value="Mira &amp; Co? #1%" selected' in create
    made = hall.draw(ann, "smile", character="Mira & Co? #1%")
    assert f"/pictures/{made}" in ann.get(mira).text
    assert f"/pictures/{made}/thumbnail" in ann.get("/characters").text
    hall.publish(ann, made)
    found = hall.visitor().get(f"/gallery?character={identifier}").text
    assert f"/pictures/{made}" in found


def test_a_character_is_its_makers(hall: Hall, ann: Browser, mira: str) -> None:
    bob = hall.person("cha-bob")
    assert mira not in bob.get("/characters").text
    assert bob.get(mira).status_code == 404
    for deed, told in (("sheet", {}), ("rename", {"name": "Nova"}), ("remove", {})):
        assert bob.post(f"{mira}/{deed}", told, **JSON).status_code == 404
        assert hall.visitor().post(f"{mira}/{deed}", told, **JSON).status_code == 401
    assert mira not in hall.visitor().get("/characters").text


def test_a_sheet_is_drawn_as_a_job(
    hall: Hall, ann: Browser, mira: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the renderer: the gate takes what the fake engine draws on a sheet for no drawing."""
    from rakkan.api import equipment
    from rakkan.corpus.figures.attributes import sample
    from rakkan.studio.starter.renders import render_figure

    drawn = iter(range(100))

    def drawing(model: str, say: object, account: str) -> Callable[[Cast], Picture]:
        assert account == ann.account

        def one(cast: Cast) -> Picture:
            number = next(drawn)
            told = Recipe(
                cast.prompt, "", "starter", "ab" * 32, "euler", "linear", 4, 1.0, 7, 96, 96,
                settings=cast.settings,
            )  # fmt: skip
            return Picture(render_figure(sample(Random(number)), number, 96, 96), told)

        return one

    monkeypatch.setattr(equipment, "drawing", drawing)
    job = ann.post(f"{mira}/sheet", {}, **JSON)
    assert job.status_code == 202, job.text
    hall.work()
    made = hall.made_by(ann, job.json()["job"])
    assert f"/pictures/{made}/file" in ann.get(mira).text
    assert "A sheet of 15 pictures." in ann.get(f"/pictures/{made}").text


@pytest.mark.parametrize(
    ("name", "words"), [("", "1girl"), ("a/b", "1girl"), ("Nova", ""), ("Nova", "zzzz " * 1000)]
)
def test_what_is_no_character_is_refused(ann: Browser, name: str, words: str) -> None:
    assert ann.post("/characters", {"name": name, "words": words}, **JSON).status_code == 422


def test_a_name_is_escaped_changed_and_given_up(ann: Browser) -> None:
    made = ann.post("/characters", {"name": "Nova'\"&", "words": "1girl, <b>bold</b>"}, **JSON)
    assert made.status_code == 201, made.text
    page = ann.get(f"/characters/{made.json()['character']}").text
    assert "<b>bold" not in page
    changed = ann.post(f"/characters/{made.json()['character']}/rename", {"name": "Vesper"})
    assert changed.status_code == 303
    assert "Vesper" in ann.get(changed.headers["location"]).text
    assert ann.get(f"/characters/{made.json()['character']}").status_code == 404
    assert ann.post(f"{changed.headers['location']}/remove", {}, **JSON).json() == {"removed": True}
    assert ann.get(changed.headers["location"]).status_code == 404
