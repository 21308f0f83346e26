"""Characters that are shared: seen, found, drawn with, copied with credit, withdrawn and taken down."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.service.access.fillers import picture_file
from tests.service.pages.conftest import JSON, Browser, Hall

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import bundle
from rakkan.service import exporting, uploading
from rakkan.service.access.actors import Actor
from rakkan.service.errors import NotFound, TooMany
from rakkan.service.submitting import submit
from rakkan.service.weighing import Scales, count_pair, pair_of
from rakkan.service.wishes import Create
from rakkan.store.ledger.statements import Copied, Versioned

LOOKS = "1girl, silver hair, red eyes, hoodie"


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("shr-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("shr-bob")


@pytest.fixture(scope="module")
def judge(hall: Hall) -> Browser:
    return hall.person("shr-judge", "moderator")


def made(whose: Browser, name: str, terms: str = "", looks: str = LOOKS) -> str:
    """A character of somebody's, shared if there are terms; its page."""
    reply = whose.post("/characters", {"name": name, "words": looks})
    assert reply.status_code == 303, reply.text
    page = str(reply.headers["location"])
    if terms:
        shared = whose.post(f"{page}/publish", {"terms": terms})
        assert shared.status_code == 303, shared.text
    return page


def actor(whose: Browser, role: str = "member") -> Actor:
    return Actor(whose.account, role)  # type: ignore[arg-type]


def listed(whose: Browser, **asked: str) -> str:
    query = "&".join(f"{name}={text}" for name, text in {"tab": "shared", **asked}.items())
    return str(whose.get(f"/characters?{query}").text)


def test_only_its_maker_shares_a_character_and_takes_it_back_at_once(
    hall: Hall, ann: Browser, bob: Browser, judge: Browser
) -> None:
    page = made(ann, "Mira the Keeper")
    for other in (bob, judge, hall.visitor()):
        assert other.get(page).status_code == 404
        assert other.post(f"{page}/publish", {"terms": "copy"}, **JSON).status_code in (401, 404)
    assert ann.post(f"{page}/publish", {"terms": "give"}, **JSON).status_code == 422
    assert ann.post(f"{page}/publish", {"terms": "draw"}, **JSON).json() == {"published": True}
    for other in (bob, hall.visitor()):
        seen = other.get(page).text
        assert "Mira the Keeper" in seen and "silver hair" in seen and "@shr-ann" in seen
        assert f"{page}/publish" not in seen and f"{page}/copy" not in seen
        assert page in listed(other)
    assert bob.post(f"{page}/withdraw", {}, **JSON).status_code == 404
    assert ann.post(f"{page}/rename", {"name": "Nova"}, **JSON).status_code == 409
    assert ann.post(f"{page}/withdraw", {}, **JSON).json() == {"published": False}
    for other in (bob, hall.visitor()):
        assert other.get(page).status_code == 404
        assert page not in listed(other)
    assert ann.get(page).status_code == 200


def test_shared_characters_are_found_by_name_and_tag_page_by_page(hall: Hall, ann: Browser) -> None:
    pages = [made(ann, f"Pager {'abcde'[number]}", "draw", "1girl, green hair") for number in range(5)]
    other = made(ann, "Somebody Else", "draw", "1girl, purple hair")
    assert other not in listed(hall.visitor(), q="pager")
    assert all(one in listed(hall.visitor(), q="pager") for one in pages)
    assert all(one in listed(hall.visitor(), q="green+hair") for one in pages)
    assert other in listed(hall.visitor(), tag="purple+hair")
    assert pages[0] not in listed(hall.visitor(), tag="purple+hair")
    assert "silver hair" not in listed(hall.visitor()), "lists tell nothing of how a character is drawn"
    seen: list[str] = []
    cursor = ""
    while True:
        found = hall.service.sharing.listed("pager", cursor=cursor, most=2)
        seen += [f"/characters/{one.shared.identifier}" for one in found.cards]
        cursor = found.cursor
        if not cursor:
            break
    assert seen == pages[::-1]
    assert hall.visitor().get("/characters?tab=shared&after=made-up").status_code == 422


def test_a_page_shows_no_picture_that_is_not_published(hall: Hall, ann: Browser, bob: Browser) -> None:
    page = made(ann, "Lio Shown", "draw")
    own = hall.draw(ann, "smile", character="Lio Shown")
    assert f"/pictures/{own}" in ann.get(page).text
    assert own not in bob.get(page).text and own not in listed(bob, q="lio")
    hall.publish(ann, own)
    assert f"/pictures/{own}/thumbnail" in bob.get(page).text
    assert f"/pictures/{own}/thumbnail" in listed(bob, q="lio")


def test_others_draw_with_it_and_the_picture_says_whose_it_is(hall: Hall, ann: Browser, bob: Browser) -> None:
    digest = uploading.let_in(ann.account, io.BytesIO(picture_file(33)))
    page = made(ann, "Kon Lent")
    identifier = page.rpartition("/")[2]
    assert bob.post("/studio/create", {"prompt": "smile", "character": identifier}, **JSON).status_code == 404
    ann.post(f"{page}/publish", {"terms": "draw"})
    assert f'value="{identifier}" selected' in bob.get(f"/create?character={identifier}").text
    drawn = hall.draw(bob, "smile", character=identifier)
    shown = hall.service.catalogue.get(actor(bob), drawn)
    assert (shown.character, shown.character_name, shown.account) == (identifier, "Kon Lent", bob.account)
    recipe: Any = hall.service.catalogue.recipe(actor(bob), drawn)
    head = hall.service.sharing.published(identifier).head
    assert recipe.settings["character"] == f"Kon Lent 1 {head}" and "silver hair" in recipe.prompt
    told = bob.get(f"/pictures/{drawn}").text
    assert f'href="{page}"' in told and "@shr-ann" in told
    hall.publish(bob, drawn)
    assert f"/pictures/{drawn}" in hall.visitor().get(f"/gallery?character={identifier}").text
    assert digest


def test_a_character_that_is_withdrawn_meanwhile_is_not_drawn(hall: Hall, ann: Browser, bob: Browser) -> None:
    page = made(ann, "Gone Meanwhile", "draw")
    job = bob.post("/studio/create", {"prompt": "smile", "character": page.rpartition("/")[2]}, **JSON).json()
    ann.post(f"{page}/withdraw", {})
    hall.work()
    found = hall.service.queue.get(bob.account, job["job"])
    assert found.state == "failed" and "no such character" in (found.error or "")


def test_a_copy_names_the_original_by_its_hash_and_its_maker(hall: Hall, ann: Browser, bob: Browser) -> None:
    page = made(ann, "Haru Copied", "copy")
    original = hall.service.sharing.published(page.rpartition("/")[2])
    taken = bob.post(f"{page}/copy", {"name": "Haru of Bob"})
    assert taken.status_code == 303, taken.text
    shown = bob.get(taken.headers["location"]).text
    assert "A copy of" in shown and f'href="{page}"' in shown and "@shr-ann" in shown
    assert original.head[:12] in shown
    kept = assemble.casting().characters.find("Haru of Bob", bob.account)
    assert kept.version.parent == original.head and kept.version.number == 2
    assert kept.version.because == "a copy of version 1"
    said = [one for _, one in assemble.ledger().about(kept.digest)]
    (copied,) = [one.predicate for one in said if isinstance(one.predicate, Copied)]
    assert copied.original == original.head and len(copied.maker) == 64
    assert [one.predicate.source for one in said if isinstance(one.predicate, Versioned)] == ["copied"]
    assert bob.post(f"{page}/copy", {"name": "Again"}, **JSON).status_code == 422
    assert ann.post(f"{page}/copy", {"name": "Mine"}, **JSON).status_code == 409
    # A copy of the copy names both; the copies stay when the first is withdrawn.
    bob.post(f"{taken.headers['location']}/publish", {"terms": "copy"})
    carol = hall.person("shr-carol")
    third = carol.post(f"{taken.headers['location']}/copy", {"name": "Haru of Carol"}).headers["location"]
    ann.post(f"{page}/withdraw", {})
    shown = carol.get(third).text
    assert "@shr-bob" in shown and "@shr-ann" in shown and f'href="{page}"' not in shown
    archived = dict(exporting._files(hall.service, actor(carol)))
    shared = json.loads(archived["shared.json"])
    assert [one["name"] for one in shared["credits"]] == ["Haru of Bob", "Haru Copied"]
    assert any(name.endswith(".rakkan") for name in archived)


def test_what_may_be_drawn_with_alone_is_neither_copied_nor_taken_along(
    hall: Hall, ann: Browser, bob: Browser
) -> None:
    page = made(ann, "Drawn Alone", "draw")
    assert bob.post(f"{page}/copy", {"name": "Mine"}, **JSON).status_code == 403
    assert bob.get(f"{page}/file", **JSON).status_code == 403
    assert ann.get(f"{page}/file", **JSON).status_code == 200
    assert "lets others draw with this character, but not copy it" in bob.get(page).text


def test_a_character_leaves_as_a_file_and_comes_in_again(hall: Hall, ann: Browser, bob: Browser) -> None:
    page = made(ann, "Traveller", "copy")
    taken = bob.get(f"{page}/file")
    assert taken.status_code == 200 and taken.headers["content-disposition"].startswith("attachment")
    # What is not shared yet does not go along.
    assemble.casting().revise("Traveller", _added("straw hat"), ann.account)
    assert versions(bob.get(f"{page}/file").content) == versions(taken.content) == 1
    assert versions(ann.get(f"{page}/file").content) == 2
    assert "newer version" in ann.get(page).text and "straw hat" not in bob.get(page).text
    brought = {"file": ("hers.rakkan", taken.content, "application/octet-stream")}
    came = bob.post("/characters/import", files=brought)
    assert came.status_code == 303, came.text
    assert "silver hair" in bob.get(came.headers["location"]).text
    broken = {"file": ("broken.rakkan", taken.content[:-40], "application/octet-stream")}
    assert bob.post("/characters/import", files=broken, **JSON).status_code == 422


def versions(file: bytes) -> int:
    """How many versions a character's file holds."""
    return sum(name.startswith("character/") for name in bundle.unpack(file, "the file"))


def _added(tag: str) -> Any:
    from rakkan.studio.characters.making import Revision

    return Revision(add=(tag,))


def test_pictures_that_belong_to_it_go_along_through_the_gate(hall: Hall, ann: Browser, bob: Browser) -> None:
    from rakkan.studio.characters.making import CharacterRequest
    from rakkan.studio.characters.pictures import in_memory

    with in_memory(picture_file(77)) as path:
        asked = CharacterRequest("Pictured", LOOKS, references=(path,))
        kept = assemble.casting().make(asked, ann.account)
    shared = hall.service.sharing.publish(actor(ann), "Pictured", "copy")
    (reference,) = kept.version.references
    assert not hall.service.vault.holds(bob.account, reference)
    hall.draw(bob, "smile", character=shared.identifier)
    assert not hall.service.vault.holds(bob.account, reference), "drawing gives nothing away"
    hall.service.sharing.copy(actor(bob), shared.identifier, "Pictured Too")
    assert hall.service.vault.holds(bob.account, reference)
    refused = made(ann, "Refused Later", "copy").rpartition("/")[2]
    with pytest.raises(RakkanError, match="Nothing was kept"):
        hall.service.sharing.copy(actor(bob), refused, "Emma Watson")
    assert "Emma Watson" not in [one.version.name for one in assemble.casting().characters.all(bob.account)]


def test_a_reported_character_is_hidden_decided_and_appealed(
    hall: Hall, ann: Browser, bob: Browser, judge: Browser
) -> None:
    page = made(ann, "Reported", "copy")
    copy = bob.post(f"{page}/copy", {"name": "Reported Copy"}).headers["location"]
    bob.post(f"{copy}/publish", {"terms": "copy"})
    carol = hall.person("shr-dora")
    sent = carol.post(f"{page}/report", {"reason": "copyright", "text": "She is mine"}, **JSON)
    assert sent.status_code == 200, sent.text
    for hidden in (page, copy):
        assert hall.visitor().get(hidden).status_code == 404 and hidden not in listed(carol)
    assert "was reported" in ann.get(page).text and "Reported" in judge.get(page).text
    assert ann.post(f"{page}/withdraw", {}, **JSON).status_code == 409, "it is evidence"
    assert ann.post(f"{page}/remove", {}, **JSON).status_code == 409
    assert page in judge.get("/moderation").text
    (case,) = [one.name for one in hall.service.reports.waiting() if hall.service.reports.characters(one)]
    decide = {"decision": "take_down", "reason": "rule", "note": "looked at it"}
    done = judge.post(f"/moderation/reports/{case}", decide, **JSON)
    assert done.status_code == 200, done.text
    assert "was taken down" in ann.get(page).text
    assert ann.post(f"{page}/publish", {"terms": "copy"}, **JSON).status_code == 409
    assert ann.get(f"{page}/file", **JSON).status_code == 422, "nor does the gate let it out"
    appeal = ann.post("/account/appeal", {"case": page.rpartition("/")[2], "text": "She is mine"}, **JSON)
    assert appeal.status_code == 200, appeal.text
    other = hall.person("shr-other-judge", "moderator")
    grant = {"decision": "grant", "reason": "unrelated", "note": "she is"}
    assert other.post(f"/moderation/appeals/{case}", grant, **JSON).status_code == 200
    for shown in (page, copy):
        assert hall.visitor().get(shown).status_code == 200


def test_a_moderator_takes_a_character_down_and_spam_waits(
    hall: Hall, ann: Browser, bob: Browser, judge: Browser
) -> None:
    page = made(ann, "Spammer", "draw")
    assert bob.post(f"{page}/report", {"reason": "spam"}, **JSON).status_code == 200
    assert hall.visitor().get(page).status_code == 200
    assert page in judge.get("/moderation").text
    assert bob.post(f"{page}/take-down", {"text": "no"}, **JSON).status_code == 404
    assert judge.post(f"{page}/take-down", {"text": "forty of them"}, **JSON).status_code == 200
    assert hall.visitor().get(page).status_code == 404
    assert "character remove" in judge.get("/moderation").text


def test_characters_of_banned_and_deleted_accounts_vanish(hall: Hall, bob: Browser, judge: Browser) -> None:
    eve = hall.person("shr-eve")
    page = made(eve, "Vanisher", "copy")
    identifier = page.rpartition("/")[2]
    copy = bob.post(f"{page}/copy", {"name": "Vanished Copy"}).headers["location"]
    ban = {"kind": "account", "who": "shr-eve", "reason": "scraping", "note": "see the alarm"}
    banned = judge.post("/moderation/bans", ban, **JSON)
    assert banned.status_code == 201, banned.text
    for other in (bob, hall.visitor()):
        assert other.get(page).status_code == 404 and page not in listed(other)
    assert bob.post("/studio/create", {"prompt": "smile", "character": identifier}, **JSON).status_code == 404
    assert bob.post(f"{page}/copy", {"name": "More"}, **JSON).status_code == 404
    judge.post(f"/moderation/bans/{banned.json()['ban']}/lift", {"note": "over"}, **JSON)
    assert bob.get(page).status_code == 200
    hall.service.closing.begin(eve.account)
    assert hall.visitor().get(page).status_code == 404
    assert hall.service.closing.finish(eve.account)
    assert hall.service.sharing.of(eve.account) == {}
    shown = bob.get(copy).text
    assert "somebody who has left" in shown and "Vanisher" not in shown


def test_characters_of_members_of_a_banned_organisation_vanish(hall: Hall, bob: Browser) -> None:
    flo = hall.person("shr-flo")
    page = made(flo, "Guilded", "draw")
    organisations = hall.service.accounts.organisations
    guild = organisations.create(actor(flo), "shr-guild").identifier
    keeper = next(one for one in hall.service.accounts.people.listed() if one.role == "owner")
    owner = Actor(keeper.identifier, "owner")
    organisations.set_state(owner, guild, "suspended")
    assert bob.get(page).status_code == 404 and page not in listed(bob)
    organisations.set_state(owner, guild, "active")
    assert bob.get(page).status_code == 200


def test_what_a_shared_character_says_is_a_pair_for_the_budgets(
    hall: Hall, ann: Browser, bob: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = hall.service
    pages = [made(ann, f"Weighed {name}", "draw").rpartition("/")[2] for name in ("One", "Two", "Three")]
    scales = Scales(service.budgets, service.catalogue, service.turnstile)
    asked = scales._of_character(actor(bob), pages[0])
    assert asked.what == "picture" and asked.picture == pair_of(service.budgets, pages[0]) != pages[0]
    assert not service.budgets.is_canary(asked.picture)
    assert scales._of_character(actor(ann), pages[0]).what == "page", "one's own costs a page"
    assert scales._of_character(actor(bob), "0" * 26).picture == ""
    row = service.budgets.limits.rows["member"]
    few = replace(row, pairs=(2, 2, 2))
    rows = {**service.budgets.limits.rows, "member": few}
    monkeypatch.setitem(service.budgets.__dict__, "limits", replace(service.budgets.limits, rows=rows))
    gus = hall.person("shr-gus")
    for character in (pages[0], pages[0], pages[1], pages[0]):
        submit(service, actor(gus), "create", Create(prompt="smile", character=character))
    with pytest.raises(TooMany):
        submit(service, actor(gus), "create", Create(prompt="smile", character=pages[2]))
    count_pair(service.budgets, actor(gus), pages[1])
    hall.work()


def test_a_canary_by_chance_is_never_asked_for(hall: Hall) -> None:
    budgets = hall.service.budgets
    names = [f"{number:026x}" for number in range(4000)]
    assert any(budgets.is_canary(one) for one in names)
    assert not any(budgets.is_canary(pair_of(budgets, one)) for one in names)


def test_a_reduced_page_says_nothing_to_collect(
    hall: Hall, ann: Browser, bob: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = made(ann, "Reduced", "copy")

    def weigh(one: Actor, request: Any, access: Any) -> None:
        request.state.decoy = True

    monkeypatch.setitem(hall.app.state.door.__dict__, "weigh", weigh)
    seen = bob.get(page).text
    assert "Reduced" in seen and "silver hair" not in seen
    assert bob.get(f"{page}/file", **JSON).status_code == 429
    assert bob.post(f"{page}/copy", {"name": "Mine"}, **JSON).status_code == 429
    assert "silver hair" in ann.get(page).text


def test_what_is_removed_is_shared_no_more_and_a_copy_keeps_its_history(
    hall: Hall, ann: Browser, bob: Browser
) -> None:
    page = made(ann, "Removed", "copy")
    copy = bob.post(f"{page}/copy", {"name": "Removed Copy"}).headers["location"]
    assert ann.post(f"{page}/remove", {}, **JSON).json() == {"removed": True}
    assert bob.get(page).status_code == 404
    with pytest.raises(NotFound):
        hall.service.sharing.published(page.rpartition("/")[2])
    assert bob.get(f"{copy}/file").status_code == 200
