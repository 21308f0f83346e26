"""Likes, follows and comments; and that counts stay right when many write at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select
from tests.service.pictures.hub import MODERATOR, Hub, make, member

from rakkan.errors import RakkanError
from rakkan.service.access.actors import VISITOR
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.pictures.social import Social
from rakkan.service.pictures.tables import comments, likes

ANN, BOB, EVE = (member(name) for name in ("ann", "bob", "eve"))


@pytest.fixture
def social(hub: Hub) -> Social:
    return Social(hub.catalogue)


def test_a_like_counts_once_and_can_be_taken_back(hub: Hub, social: Social) -> None:
    made = hub.published()
    assert [social.like(EVE, made), social.like(EVE, made), social.like(BOB, made)] == [1, 1, 2]
    assert social.likes_of(EVE, [made, "x"]) == {made}
    assert [social.unlike(EVE, made), social.unlike(EVE, made)] == [1, 1]
    assert hub.catalogue.get(VISITOR, made).likes == 1


def test_counts_stay_right_when_many_write_at_once(hub: Hub, social: Social) -> None:
    made = hub.published()

    def busy(number: int) -> None:
        random, actor = Random(number), member(f"m{number}")
        for _ in range(6):
            (social.like if random.random() < 0.6 else social.unlike)(actor, made)
            if random.random() < 0.3:
                said = social.comment(actor, made, "a fine teapot")
                if random.random() < 0.5:
                    social.take_back(actor, said.identifier)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(busy, range(16)))
    shown = hub.catalogue.get(VISITOR, made)
    with hub.catalogue.engine.connect() as connection:
        liked = connection.scalar(select(func.count()).select_from(likes))
        said = connection.scalar(
            select(func.count()).select_from(comments).where(comments.c.state == "shown")
        )
    assert (shown.likes, shown.comments) == (liked, said)
    assert shown.likes > 0 and shown.comments > 0


@pytest.mark.parametrize("state", ["private", "hidden", "deleted"])
def test_what_is_not_published_is_neither_liked_nor_spoken_about(
    hub: Hub, social: Social, state: str
) -> None:
    made = hub.add() if state == "private" else hub.published()
    if state == "hidden":
        hub.catalogue.hide(MODERATOR, made, "reported")
    if state == "deleted":
        hub.catalogue.delete(ANN, made)
    for act in (lambda: social.like(EVE, made), lambda: social.comment(EVE, made, "hello")):
        with pytest.raises(NotFound):
            act()


def test_visitors_only_look(hub: Hub, social: Social) -> None:
    made = hub.published()
    for act in (
        lambda: social.like(VISITOR, made),
        lambda: social.unlike(VISITOR, made),
        lambda: social.liked(VISITOR),
        lambda: social.follow(VISITOR, "ann"),
        lambda: social.unfollow(VISITOR, "ann"),
        lambda: social.comment(VISITOR, made, "hello"),
        lambda: social.take_back(VISITOR, made),
        lambda: hub.catalogue.mine(VISITOR),
    ):
        with pytest.raises(Forbidden):
            act()
    assert social.comments(VISITOR, made).comments == ()


def test_following_oneself_and_nobody(hub: Hub) -> None:
    social = Social(hub.catalogue, knows=lambda account: account == "bob")
    for _ in range(2):
        social.follow(EVE, "bob")
    assert social.follows(EVE) == ("bob",) and social.count_followers("bob") == 1
    with pytest.raises(Conflict):
        social.follow(EVE, "eve")
    with pytest.raises(NotFound):
        social.follow(EVE, "zoe")
    social.unfollow(EVE, "bob")
    assert social.follows(EVE) == ()


def test_nobody_follows_more_than_a_feed_can_show(
    hub: Hub, social: Social, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rakkan.service.pictures.social.MOST_FOLLOWED", 2)
    for name in ("a", "b"):
        social.follow(EVE, name)
    with pytest.raises(Conflict):
        social.follow(EVE, "c")
    assert social.follows(EVE) == ("a", "b")


def test_comments_come_in_pages_the_oldest_first(hub: Hub, social: Social) -> None:
    made = hub.published()
    for number in range(5):
        hub.clock.now += 1
        social.comment(EVE, made, f"  no {number}\r\nsecond line ")
    first = social.comments(VISITOR, made, most=3)
    rest = social.comments(VISITOR, made, first.cursor, most=3)
    texts = [one.text for one in (*first.comments, *rest.comments)]
    assert texts == [f"no {number}\nsecond line" for number in range(5)] and rest.cursor == ""
    assert hub.catalogue.get(VISITOR, made).comments == 5


@pytest.mark.parametrize("text", ["", " \n ", "x" * 1001, "a\u202eb", "bell\x07"])
def test_a_comment_has_words_and_not_too_many(hub: Hub, social: Social, text: str) -> None:
    made = hub.published()
    with pytest.raises(RakkanError):
        social.comment(EVE, made, text)
    assert hub.catalogue.get(VISITOR, made).comments == 0


def test_a_comment_passes_the_check_of_words(tmp_path: Path) -> None:
    def consider(text: str) -> None:
        if "spill" in text:
            raise RakkanError("That word may not stand here")

    hub = make(tmp_path / "hub.sqlite", consider)
    made = hub.published()
    with pytest.raises(RakkanError, match="may not stand"):
        Social(hub.catalogue).comment(EVE, made, "I spill tea")
    assert Social(hub.catalogue).comments(VISITOR, made).comments == ()


@pytest.mark.parametrize(
    ("who", "logged", "kept"), [(EVE, 0, ""), (ANN, 0, "a fine teapot"), (MODERATOR, 1, "a fine teapot")]
)
def test_who_takes_a_comment_away(hub: Hub, social: Social, who: object, logged: int, kept: str) -> None:
    made = hub.published()
    said = social.comment(EVE, made, "a fine teapot")
    with pytest.raises(NotFound):
        social.take_back(BOB, said.identifier)
    if who is MODERATOR:
        with pytest.raises(RakkanError, match="why"):
            social.take_back(MODERATOR, said.identifier)
    social.take_back(who, said.identifier, "off topic")  # type: ignore[arg-type]
    assert social.comments(VISITOR, made).comments == ()
    assert hub.catalogue.get(VISITOR, made).comments == 0
    with pytest.raises(NotFound):
        social.take_back(EVE, said.identifier)
    assert hub.catalogue.audit.verify() == logged
    with hub.catalogue.engine.connect() as connection:
        assert connection.scalar(select(comments.c.text)) == kept
