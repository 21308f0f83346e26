"""Versions are kept in the vault, stated in the ledger, and none of them is ever lost to another."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rakkan import assemble
from rakkan.casting import Casting
from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Versioned
from rakkan.studio.characters.records import Character, digest, to_json

TAGS = "1girl, silver twin tails"


def tagged(tags: str) -> object:
    return lambda before: replace(before, tags=tags)


def test_a_version_lies_in_the_vault_and_is_stated(casting: Casting) -> None:
    kept = casting.characters.new("Mika", "first", tags=TAGS, seed="7")
    assert kept.digest == digest(kept.version)
    assert casting.vault.read("local", kept.digest) == to_json(kept.version)
    ((_, said),) = casting.ledger.about(kept.digest)
    assert said.predicate == Versioned("character", 1, "")
    assert said.subjects[0].name == "character"


def test_a_revision_names_the_version_before_it(casting: Casting) -> None:
    first = casting.characters.new("Mika", tags=TAGS)
    second = casting.characters.revise("mika", lambda one: replace(one, tags="1girl"), "less")
    assert (second.version.number, second.version.parent) == (2, first.digest)
    assert [one.digest for one in casting.characters.history("Mika")] == [second.digest, first.digest]
    assert casting.characters.find("MIKA@1") == first
    assert casting.characters.find(f"Mika@{second.digest[:8]}") == second


def test_a_copy_and_its_original_in_one_account_do_not_end_each_other(casting: Casting) -> None:
    first = casting.characters.new("Mika", tags=TAGS)
    beside = replace(first.version, name="Aki", number=2, parent=first.digest)
    casting.characters.commit([first.version, beside], ("", ""))
    assert casting.characters.remove("Mika") == 1
    assert [one.version.number for one in casting.characters.history("Aki")] == [2, 1]
    with pytest.raises(RakkanError, match="called 'Aki'"):
        casting.characters.commit([first.version, replace(beside, seed="9")], ("", ""))
    assert [one.version.number for one in casting.characters.history("Aki")] == [2, 1]
    assert casting.characters.remove("Aki") == 2
    assert not casting.vault.holds("local", first.digest)


def test_two_revisions_of_the_same_version_do_not_both_count(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)

    def slow(before: Character) -> Character:
        casting.characters.revise("Mika", lambda one: replace(one, tags="1girl, bob cut"))
        return replace(before, tags="1girl, afro")

    with pytest.raises(RakkanError, match="meanwhile"):
        casting.characters.revise("Mika", slow)
    assert [one.version.tags for one in casting.characters.history("Mika")] == ["1girl, bob cut", TAGS]


def test_of_many_at_once_each_is_kept_or_told(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)
    told: list[str] = []
    kept: list[str] = []
    start = threading.Barrier(6)

    def work(number: int) -> None:
        start.wait()
        try:
            kept.append(
                casting.characters.revise(
                    "Mika", lambda one: replace(one, tags=f"{one.tags}, {number}")
                ).version.tags
            )
        except RakkanError as error:
            told.append(error.message)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    history = [one.version.tags for one in casting.characters.history("Mika")]
    assert sorted([*kept, TAGS]) == sorted(history)
    assert len(kept) + len(told) == 6 and kept
    assert all("meanwhile" in one for one in told)


def test_a_head_that_moved_between_looking_and_writing_is_seen(casting: Casting) -> None:
    first = casting.characters.new("Mika", tags=TAGS)
    index = casting.index
    assert index.advance("local", "character", ("Mika", first.digest), ("Mika", "1" * 64))
    assert not index.advance("local", "character", ("Mika", first.digest), ("Mika", "2" * 64))
    assert not index.advance("local", "character", ("", ""), ("mika", "3" * 64))
    assert not index.advance("local", "character", ("Mika", first.digest), ("Mikan", "4" * 64))
    assert index.all("local", "character") == {"Mika": "1" * 64}


def test_a_name_is_nobodys_twice_and_a_style_may_share_it(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)
    with pytest.raises(RakkanError, match="already"):
        casting.characters.new("MIKA", tags=TAGS)
    casting.styles.new("Mika", tags="pastel colours")
    casting.characters.new("Mika", tags=TAGS, account="someone")
    assert [one.version.name for one in casting.characters.all()] == ["Mika"]


def test_a_character_can_be_renamed_but_not_onto_another(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)
    casting.characters.new("Yuki", tags=TAGS)
    with pytest.raises(RakkanError, match="'Yuki' already"):
        casting.characters.revise("Mika", lambda one: replace(one, name="Yuki"))
    casting.characters.revise("Mika", lambda one: replace(one, name="Mikan"))
    assert [one.version.name for one in casting.characters.all()] == ["Mikan", "Yuki"]
    assert [one.version.name for one in casting.characters.history("Mikan")] == ["Mikan", "Mika"]


def test_nothing_that_changes_nothing_is_kept(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)
    size = casting.ledger.size()
    with pytest.raises(RakkanError, match="Nothing of 'Mika' would change"):
        casting.characters.revise("Mika", lambda one: one, "for no reason")
    assert casting.ledger.size() == size


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"name": "Emma Watson"}, "real person"),
        ({"description": "She looks like Emma Watson"}, "real person"),
        ({"tags": "1girl, Emma Watson"}, "real person"),
        ({"because": "More like Emma Watson"}, "real person"),
        ({"description": "A girl of 12 years"}, "characters are adults"),
        ({"tags": "teenager, silver hair"}, "characters are adults"),
        ({"name": "Toddler"}, "characters are adults"),
    ],
)
def test_words_that_no_character_may_have_are_refused_and_nothing_is_kept(
    casting: Casting, said: dict[str, str], rule: str
) -> None:
    said = {"name": "Mika", "tags": TAGS, **said}
    before = list(casting.vault.list("local"))
    with pytest.raises(RakkanError, match=rule):
        casting.characters.new(**said)  # type: ignore[arg-type]
    assert casting.characters.all() == []
    assert list(casting.vault.list("local")) == before
    if changes := {key: said[key] for key in said if key == "description" or said[key] not in ("Mika", TAGS)}:
        casting.characters.new("Mika", tags=TAGS)
        with pytest.raises(RakkanError, match=rule):
            because = changes.pop("because", "")
            changes = changes or {"licence": "CC0-1.0"}
            casting.characters.revise("Mika", lambda one: replace(one, **changes), because)
        assert [one.version.number for one in casting.characters.all()] == [1]


@pytest.mark.parametrize(
    "age",
    ["12 years old", "aged 12", "age: 12", "12 y.o.", "a 12 y/o", "of 12 years", "12歳", "twelve years"],
)
def test_an_age_below_eighteen_is_understood_however_it_is_written(casting: Casting, age: str) -> None:
    with pytest.raises(RakkanError, match="characters are adults"):
        casting.characters.new("Mika", description=f"A figure, {age}.", tags=TAGS)


def test_ageless_and_grown_up_figures_are_welcome(casting: Casting) -> None:
    for number, text in enumerate(
        ("a 300 year old witch", "aged 31", "age: 45", "1girl, chibi", "an ageless sprite")
    ):
        casting.characters.new(f"c{number}", description=text, tags=TAGS)


def test_an_unknown_name_is_told_with_the_nearest(casting: Casting) -> None:
    casting.characters.new("Mika", tags=TAGS)
    with pytest.raises(RakkanError) as caught:
        casting.characters.find("Mikka")
    assert caught.value.hint == "Did you mean 'Mika'?"
    with pytest.raises(RakkanError, match="no version '7'"):
        casting.characters.find("Mika@7")


def test_removed_is_removed_and_the_name_is_free(casting: Casting) -> None:
    first = casting.characters.new("Mika", tags=TAGS)
    casting.characters.revise("Mika", lambda one: replace(one, tags="1girl"))
    assert casting.characters.remove("mika") == 2
    assert not casting.vault.holds("local", first.digest)
    assert casting.characters.all() == []
    casting.characters.new("Mika", tags=TAGS)


def test_an_erased_account_has_no_characters_and_no_names(casting: Casting) -> None:
    kept = casting.characters.new("Planted Owlbert", tags=TAGS, account="someone")
    assemble.erase("someone")
    assert casting.characters.all("someone") == []
    assert not casting.vault.holds("someone", kept.digest)


def test_the_database_tells_no_names(casting: Casting) -> None:
    casting.characters.new("Planted Owlbert", tags=TAGS)
    home = assemble.config.load().home
    assert all(b"Owlbert" not in path.read_bytes() for path in home.rglob("*") if path.is_file())
