"""Pictures in the catalogue: who sees which, how they are found, what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from sqlalchemy import select
from tests.service.pictures.hub import KEY, MODERATOR, RECIPE, SHARED, Hub, member

from rakkan.errors import RakkanError
from rakkan.records import UpscaleRecipe
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import NewPicture, Wanted
from rakkan.service.pictures.social import Social
from rakkan.service.pictures.tables import audit_log, embeddings, picture_tags, pictures

ACTORS = {
    "visitor": VISITOR,
    "owner": member("ann"),
    "other": member("bob"),
    "moderator": MODERATOR,
    "head": Actor("root", "owner"),
}
#: Who knows of a picture of ann's, and who may have its pixels.
MAY_SEE = {
    "private": {"owner", "moderator", "head"},
    "published": set(ACTORS),
    "hidden": {"owner", "moderator", "head"},
    "removed": {"owner", "moderator", "head"},
}
MAY_OPEN = {**MAY_SEE, "removed": {"moderator", "head"}}


def in_state(hub: Hub, state: str) -> str:
    made = hub.add() if state == "private" else hub.published()
    if state in ("hidden", "removed"):
        getattr(hub.catalogue, {"hidden": "hide", "removed": "remove"}[state])(MODERATOR, made, "a report")
    return made


@pytest.mark.parametrize("state", MAY_SEE)
@pytest.mark.parametrize("name", ACTORS)
def test_who_sees_what(hub: Hub, name: str, state: str) -> None:
    made, actor = in_state(hub, state), ACTORS[name]
    for asked, allowed in (
        (lambda: hub.catalogue.get(actor, made).state, MAY_SEE),
        (lambda: hub.catalogue.openable(actor, made).state, MAY_OPEN),
        (lambda: (hub.catalogue.recipe(actor, made) == RECIPE) and state, MAY_OPEN),
    ):
        if name in allowed[state]:
            assert asked() == state
        else:
            with pytest.raises(NotFound):
                asked()
    assert bool(hub.catalogue.cards(actor, [made])) == (name in MAY_SEE[state])
    assert bool(hub.catalogue.feed(actor).cards) == (state == "published")


@pytest.mark.parametrize("name", ["visitor", "other", "moderator"])
def test_only_its_maker_publishes_and_deletes(hub: Hub, name: str) -> None:
    made = hub.add()
    for act in (hub.catalogue.publish, hub.catalogue.unpublish, hub.catalogue.delete):
        with pytest.raises((NotFound, Forbidden)):
            act(ACTORS[name], made)
    assert hub.catalogue.get(member("ann"), made).state == "private"


def test_a_picture_is_kept_once_however_often_it_is_delivered(hub: Hub) -> None:
    made = hub.add(character="c1", character_name="Aki")
    with hub.catalogue.engine.connect() as connection:
        row = connection.execute(select(pictures)).one()
    told = {name: getattr(row, name) for name in ("account", "file", "digest", "thumbnail", "media_type")}
    again = NewPicture(made, **told, operation="create", recipe=RECIPE)
    assert not hub.catalogue.add(again)
    with pytest.raises(Conflict):
        hub.catalogue.add(replace(again, account="bob"))
    with pytest.raises(RakkanError, match="identifier"):
        hub.catalogue.add(replace(again, identifier="1"))
    shown = hub.catalogue.get(member("ann"), made)
    assert (shown.width, shown.height, shown.model, shown.character_name) == (64, 48, "starter", "Aki")


@pytest.mark.skipif(bool(SHARED), reason="reads the files of SQLite")
def test_prompts_lie_in_the_database_sealed_alone(hub: Hub) -> None:
    hub.add(prompt="1girl, planted stork")
    hub.catalogue.engine.dispose()
    files = [path.read_bytes() for path in _files(hub)]
    assert files and not any(b"stork" in data for data in files)


def test_tags_of_the_prompt_and_the_maker_find_a_picture_and_the_rest_of_the_prompt_does_not(
    hub: Hub,
) -> None:
    made = hub.published(prompt="1girl, silver hair, hoodie, planted stork", tags=("Sunny_Day",))
    assert set(hub.catalogue.get(VISITOR, made).tags) == {"1girl", "silver hair", "hoodie", "sunny day"}
    found = hub.catalogue.feed(VISITOR, Wanted(tags=("silver hair", "SUNNY day")))
    assert [card.identifier for card in found.cards] == [made]
    for tags in (("stork",), ("silver hair", "rainy day")):
        assert hub.catalogue.feed(VISITOR, Wanted(tags=tags)).cards == ()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(title="moon"), ["a"]),
        (Wanted(title="Harbour, MOON"), ["a"]),
        (Wanted(title="月の港"), ["b"]),
        (Wanted(title="月港"), []),
        (Wanted(character="aki"), ["c", "a"]),
        (Wanted(character="aki", account="bob"), ["c"]),
        (Wanted(model="cd" * 32), ["b"]),
        (Wanted(tags=("hoodie",), account="ann"), ["b", "a"]),
        (Wanted(tags=("hoodie", "twin tails"), title="harbour"), ["a"]),
        (Wanted(followed=True), ["c"]),
        (Wanted(followed=True, tags=("hoodie",)), ["c"]),
        (Wanted(followed=True, account="ann"), []),
        (Wanted(followed=True, character="nobody"), []),
    ],
)
def test_pictures_are_found_by_what_they_are(hub: Hub, wanted: Wanted, found: list[str]) -> None:
    other = replace(RECIPE, model_digest="cd" * 32)
    names = {
        hub.published("ann", "The moon over the harbour", character="aki"): "a",
        hub.published("ann", "月の港で", recipe=other): "b",
        hub.published("bob", "", character="aki"): "c",
    }
    actor = member("eve")
    Social(hub.catalogue).follow(actor, "bob")
    assert [names[card.identifier] for card in hub.catalogue.feed(actor, wanted).cards] == found


def test_what_is_taken_down_leaves_the_lists_and_comes_back_where_it_was(hub: Hub) -> None:
    first, second = hub.published(), hub.published()
    before = hub.catalogue.feed(VISITOR, Wanted(tags=("hoodie",)))
    assert [card.identifier for card in before.cards] == [second, first]
    hub.catalogue.hide(MODERATOR, first, "reported")
    hub.catalogue.remove(MODERATOR, first, "upheld")
    assert [card.identifier for card in hub.catalogue.feed(VISITOR).cards] == [second]
    for act in (hub.catalogue.publish, hub.catalogue.unpublish, hub.catalogue.delete):
        with pytest.raises(Conflict):
            act(member("ann"), first)
    with pytest.raises(Conflict):
        hub.catalogue.hide(MODERATOR, first, "again")
    hub.catalogue.restore(MODERATOR, first, "appeal")
    assert hub.catalogue.feed(VISITOR, Wanted(tags=("hoodie",))) == before
    assert [act.action for act in hub.catalogue.audit.read(first)] == [
        "picture restore",
        "picture remove",
        "picture hide",
    ]
    with pytest.raises(Forbidden):
        hub.catalogue.hide(member("bob"), first, "I do not like it")
    assert hub.catalogue.audit.verify() == 3


def test_publishing_again_keeps_the_place_and_changes_the_words(hub: Hub) -> None:
    first, second = hub.published(title="one", tags=("old",)), hub.published()
    was = hub.catalogue.get(VISITOR, first)
    hub.clock.now += 60
    now = hub.catalogue.publish(member("ann"), first, "two", ("new",), "CC-BY-4.0")
    assert (now.published, now.title, now.licence) == (was.published, "two", "CC-BY-4.0")
    assert "new" in now.tags and "old" not in now.tags
    assert hub.catalogue.feed(VISITOR, Wanted(title="one")).cards == ()
    assert [card.identifier for card in hub.catalogue.feed(VISITOR).cards] == [second, first]
    hub.catalogue.unpublish(member("ann"), first)
    assert hub.catalogue.get(member("ann"), first).tags == ()
    assert [card.identifier for card in hub.catalogue.mine(member("ann")).cards] == [second, first]


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("x" * 121, ()),
        ("a\u202eb", ()),
        ("", ("x" * 41,)),
        ("", ("<b>",)),
        ("", ("a",) * 1 + tuple(map(str, range(16)))),
    ],
)
def test_words_that_are_too_long_or_strange_are_refused(hub: Hub, title: str, tags: tuple[str, ...]) -> None:
    made = hub.add()
    with pytest.raises(RakkanError):
        hub.catalogue.publish(member("ann"), made, title, tags)
    assert hub.catalogue.get(member("ann"), made).state == "private"


def test_words_are_considered_before_anything_is_shown(hub: Hub) -> None:
    hub.published(title="A teapot", tags=("blue", "round"))
    assert hub.considered == ["A teapot", "blue, round"]


def test_an_enlargement_is_found_by_what_was_enlarged(hub: Hub) -> None:
    first = hub.add()
    digest = hub.catalogue.get(member("ann"), first).digest
    large = UpscaleRecipe(digest, "waifu2x", "ef" * 32, 2, 0, 128, 96)
    made = hub.published(recipe=large, operation="upscale", parent=first)
    assert "silver hair" in hub.catalogue.get(VISITOR, made).tags
    alien = hub.published("bob", recipe=large, operation="upscale")
    assert hub.catalogue.get(VISITOR, alien).tags == ()


def test_deleting_leaves_nothing_and_says_what_to_shred(hub: Hub) -> None:
    made = hub.published(embedding=numpy.ones(4, numpy.float16))
    shown = hub.catalogue.get(VISITOR, made)
    gone = hub.catalogue.delete(member("ann"), made)
    assert (gone.account, set(gone.digests)) == ("ann", {shown.file, shown.thumbnail})
    with hub.catalogue.engine.connect() as connection:
        for table in (pictures, picture_tags, embeddings):
            assert connection.execute(select(table)).all() == []
        assert connection.execute(select(audit_log)).all() == []
    with pytest.raises(NotFound):
        hub.catalogue.get(member("ann"), made)


def test_a_cursor_of_another_list_or_another_instance_is_refused(hub: Hub) -> None:
    for _ in range(3):
        hub.published()
    cursor = hub.catalogue.feed(VISITOR, most=1).cursor
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    elsewhere = Catalogue(hub.catalogue.engine, hub.clock, KEY[::-1])
    for ask in (
        lambda: hub.catalogue.feed(VISITOR, Wanted(tags=("hoodie",)), cursor),
        lambda: hub.catalogue.mine(member("ann"), cursor),
        lambda: hub.catalogue.feed(VISITOR, cursor=flipped),
        lambda: hub.catalogue.feed(VISITOR, cursor="é"),
        lambda: hub.catalogue.feed(VISITOR, cursor="x" * 10_000),
        lambda: elsewhere.feed(VISITOR, cursor=cursor),
    ):
        with pytest.raises(RakkanError, match="no place in this list"):
            ask()
    assert len(hub.catalogue.feed(VISITOR, cursor=cursor).cards) == 2


def test_an_account_that_goes_takes_all_of_its_own_along(hub: Hub) -> None:
    social = Social(hub.catalogue)
    own, other = hub.published("ann"), hub.published("bob")
    for actor in (member("ann"), member("eve")):
        social.like(actor, other)
        social.comment(actor, other, "a fine teapot")
    social.follow(member("ann"), "bob")
    social.follow(member("eve"), "ann")
    assert hub.catalogue.forget("ann") == 1
    shown = hub.catalogue.get(VISITOR, other)
    assert (shown.likes, shown.comments) == (1, 1)
    assert [one.account for one in social.comments(VISITOR, other).comments] == ["eve"]
    assert social.follows(member("eve")) == () and social.count_followers("bob") == 0
    with pytest.raises(NotFound):
        hub.catalogue.get(MODERATOR, own)


def _files(hub: Hub) -> list[Path]:
    path = Path(str(hub.catalogue.engine.url.database))
    return [path, *path.parent.glob(f"{path.name}-*")]


def test_a_picture_is_found_by_the_digest_that_recipes_have_for_it(hub: Hub) -> None:
    made = hub.add("ann")
    digest = hub.catalogue.get(ACTORS["owner"], made).digest
    assert hub.catalogue.known_as(ACTORS["owner"], digest) == made
    assert hub.catalogue.known_as(ACTORS["other"], digest) == ""
    assert hub.catalogue.known_as(ACTORS["owner"], "f" * 64) == ""
    hub.catalogue.publish(ACTORS["owner"], made)
    assert hub.catalogue.known_as(ACTORS["other"], digest) == made
    hub.catalogue.remove(MODERATOR, made, "because")
    assert hub.catalogue.known_as(ACTORS["owner"], digest) == ""
