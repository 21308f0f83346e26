"""Pages of lists: nothing twice, nothing skipped, and never a look at rows past the page."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from tests.service.pictures.hub import MODERATOR, SHARED, Hub, make, member

from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.pictures.records import Page, Wanted
from rakkan.service.pictures.social import Social

ANN, EVE = member("ann"), member("eve")
#: What happens between two pages: publish, hide, delete or put back the nth picture.
ACTS = st.lists(st.tuples(st.sampled_from(["publish", "hide", "delete", "restore"]), st.integers(0, 99)))


@settings(max_examples=25)
@given(
    before=st.integers(0, 14),
    most=st.integers(1, 6),
    acts=st.lists(ACTS.filter(lambda acts: len(acts) <= 3), max_size=8),
    wanted=st.sampled_from(
        [Wanted(), Wanted(tags=("hoodie",)), Wanted(followed=True), Wanted(tags=("hoodie", "twin tails"))]
    ),
    same_time=st.booleans(),
)
def test_pages_are_the_list_whatever_happens_between_them(
    before: int, most: int, acts: list[list[tuple[str, int]]], wanted: Wanted, same_time: bool
) -> None:
    with TemporaryDirectory() as folder:
        hub = make(Path(folder) / "hub.sqlite")
        Social(hub.catalogue).follow(EVE, "ann")
        made = [hub.add() for _ in range(before)]
        for one in made:
            hub.clock.now += 0 if same_time else 1
            hub.catalogue.publish(ANN, one)
        there = set(made)
        hub.clock.now += 1
        seen: list[str] = []
        cursor, rounds = "", iter(acts)
        while True:
            page = hub.catalogue.feed(EVE, wanted, cursor, most)
            assert len(page.cards) <= most
            seen += [card.identifier for card in page.cards]
            cursor = page.cursor
            if not cursor:
                break
            for act in next(rounds, []):
                there -= set(happen(hub, made, *act))
        hub.catalogue.engine.dispose()
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
    if not any(acts):
        stamps = [(made.index(one) if not same_time else one) for one in seen]
        assert stamps == sorted(stamps, reverse=True)
        assert set(seen) == set(made)


def happen(hub: Hub, made: list[str], act: str, number: int) -> list[str]:
    """Do it, and name the pictures that were not there all along any more."""
    if act == "publish":
        hub.published()
        return []
    picture = made[number % len(made)]
    catalogue = hub.catalogue
    try:
        state = catalogue.get(MODERATOR, picture).state
    except Exception:
        return [picture]
    if act == "hide" and state == "published":
        catalogue.hide(MODERATOR, picture, "reported")
    if act == "restore" and state == "hidden":
        catalogue.restore(MODERATOR, picture, "nothing in it")
    if act == "delete" and state == "published":
        catalogue.delete(ANN, picture)
    return [picture] if act != "restore" else []


@pytest.mark.parametrize("same_time", [True, False])
def test_a_feed_of_many_who_are_followed_is_in_order(hub: Hub, same_time: bool) -> None:
    random, social = Random(3), Social(hub.catalogue)
    names = [f"m{number}" for number in range(9)]
    for name in names[:7]:
        social.follow(EVE, name)
    made = []
    for _ in range(40):
        name, one = random.choice(names), ""
        one = hub.add(name)
        hub.clock.now += 0 if same_time else 1
        hub.catalogue.publish(member(name), one)
        made += [one] if name in names[:7] else []
    pages = [hub.catalogue.feed(EVE, Wanted(followed=True), "", 4)]
    while pages[-1].cursor:
        pages.append(hub.catalogue.feed(EVE, Wanted(followed=True), pages[-1].cursor, 4))
    seen = [card.identifier for page in pages for card in page.cards]
    assert seen == sorted(made, reverse=True) if same_time else seen == made[::-1]


def test_one_s_own_and_liked_pictures_come_in_pages_too(hub: Hub) -> None:
    made = [hub.published() for _ in range(5)]
    social = Social(hub.catalogue)
    for one in made:
        hub.clock.now += 1
        social.like(EVE, one)
    for ask in (
        lambda cursor: hub.catalogue.mine(ANN, cursor, 2),
        lambda cursor: social.liked(EVE, cursor, 2),
        lambda cursor: hub.catalogue.feed(VISITOR, Wanted(account="ann"), cursor, 2),
    ):
        pages: list[Page] = [ask("")]
        while pages[-1].cursor:
            pages.append(ask(pages[-1].cursor))
        assert [len(page.cards) for page in pages] == [2, 2, 1]
        assert [card.identifier for page in pages for card in page.cards] == made[::-1]


LISTS: dict[str, tuple[Actor, Wanted]] = {
    "all": (VISITOR, Wanted()),
    "tag": (VISITOR, Wanted(tags=("hoodie",))),
    "tags": (VISITOR, Wanted(tags=("hoodie", "silver hair", "twin tails"))),
    "title": (VISITOR, Wanted(title="the moon")),
    "character": (VISITOR, Wanted(character="aki")),
    "model": (VISITOR, Wanted(model="ab" * 32)),
    "account": (VISITOR, Wanted(account="ann")),
    "followed": (EVE, Wanted(followed=True)),
    "followed and tagged": (EVE, Wanted(tags=("hoodie",), followed=True)),
    "followed and character": (EVE, Wanted(character="aki", followed=True)),
}


def plans(hub: Hub, ask: object) -> list[str]:
    """How SQLite answers every question that ``ask`` puts."""
    asked: list[tuple[str, object]] = []

    def listen(connection, cursor, statement, parameters, context, many) -> None:  # type: ignore[no-untyped-def]
        asked.append((statement, parameters))

    event.listen(hub.catalogue.engine, "before_cursor_execute", listen)
    ask()  # type: ignore[operator]
    event.remove(hub.catalogue.engine, "before_cursor_execute", listen)
    found = []
    with hub.catalogue.engine.connect() as connection:
        raw = connection.connection.cursor()
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found += [row[3] for row in raw.fetchall()]
    return found


def assert_searched(found: list[str]) -> None:
    assert found
    # A subquery's few rows may be run through; a table may not.
    for line in found:
        assert not line.startswith("SCAN ") or line in ("SCAN (subquery-1)", "SCAN anon_1"), found


of_sqlite = pytest.mark.skipif(bool(SHARED), reason="reads how SQLite plans")


@of_sqlite
@pytest.mark.parametrize("name", LISTS)
def test_no_list_looks_at_all_pictures(hub: Hub, name: str) -> None:
    actor, wanted = LISTS[name]
    Social(hub.catalogue).follow(EVE, "ann")
    for _ in range(3):
        hub.published(title="the moon", character="aki")
    first = hub.catalogue.feed(actor, wanted, most=1)
    assert first.cursor
    for cursor in ("", first.cursor):
        found = plans(hub, lambda: hub.catalogue.feed(actor, wanted, cursor, 1))  # noqa: B023
        assert_searched(found)
        if not wanted.followed or wanted.tags:
            assert not any("TEMP B-TREE" in line for line in found), found


@of_sqlite
def test_nor_does_anything_else_that_is_asked_often(hub: Hub) -> None:
    made, social = hub.published(), Social(hub.catalogue)
    social.like(EVE, made)
    social.comment(EVE, made, "a fine teapot")
    for ask in (
        lambda: hub.catalogue.mine(ANN),
        lambda: hub.catalogue.get(VISITOR, made),
        lambda: hub.catalogue.recipe(VISITOR, made),
        lambda: hub.catalogue.cards(VISITOR, [made]),
        lambda: social.liked(EVE),
        lambda: social.likes_of(EVE, [made]),
        lambda: social.comments(VISITOR, made),
        lambda: social.follows(EVE),
        lambda: social.count_followers("ann"),
        lambda: hub.catalogue.nearness.refresh(),
        lambda: hub.catalogue.audit.read(made),
    ):
        assert_searched(plans(hub, ask))


@of_sqlite
def test_the_planner_would_be_caught_looking_at_everything(hub: Hub) -> None:
    def all_of_them() -> None:
        with hub.catalogue.engine.connect() as connection:
            connection.execute(text("SELECT * FROM pictures WHERE title LIKE '%moon%'")).all()

    with pytest.raises(AssertionError):
        assert_searched(plans(hub, all_of_them))
