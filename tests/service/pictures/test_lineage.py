"""Where pictures came from: by the catalogue for whoever may see it, and by what the ledger states."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.service.pictures.hub import MODERATOR, Hub, member
from tests.trust.made import ingredient, look, model_digest, picture, release

from rakkan import assemble
from rakkan.service.access.actors import VISITOR
from rakkan.service.errors import NotFound
from rakkan.service.pictures.lineage import from_ledger, lineage
from rakkan.service.pictures.records import Origin
from rakkan.store.ledger.statements import Licensed, Statement, Subject
from rakkan.trust.provenance import digest_of_file

ANN, BOB = member("ann"), member("bob")


def test_ancestors_and_descendants_as_far_as_they_may_be_seen(hub: Hub) -> None:
    root = hub.published("ann")
    remix = hub.published("bob", parent=root, operation="variation")
    edit = hub.add("bob", parent=remix, operation="edit")
    leaf = hub.published("ann", parent=edit)
    other = hub.published("ann", parent=root)

    def seen(actor: object, picture: str) -> tuple[list[tuple[str, bool]], set[tuple[str, int]]]:
        found = lineage(hub.catalogue, actor, picture)  # type: ignore[arg-type]
        up = [(link.identifier, link.card is not None) for link in found.ancestors]
        return up, {(link.identifier, link.depth) for link in found.descendants}

    assert seen(VISITOR, leaf) == ([(edit, False), (remix, True), (root, True)], set())
    assert seen(BOB, leaf)[0] == [(edit, True), (remix, True), (root, True)]
    assert seen(VISITOR, root) == ([], {(remix, 1), (other, 1)})
    assert seen(MODERATOR, root)[1] == {(remix, 1), (other, 1), (edit, 2), (leaf, 3)}
    hub.catalogue.delete(ANN, root)
    assert seen(VISITOR, remix) == ([(root, False)], set())
    with pytest.raises(NotFound):
        lineage(hub.catalogue, VISITOR, edit)


def test_each_step_says_whether_the_ledger_states_it(hub: Hub) -> None:
    root = hub.published()
    remix = hub.published(parent=root)
    false = hub.published(parent=root)
    digests = {name: hub.catalogue.get(ANN, name).digest for name in (root, remix, false)}
    stated = {
        digests[remix]: Origin("variation", "m", "", references=(digests[root],)),
        digests[false]: Origin("variation", "m", "", references=("ff" * 32,)),
    }
    for name, expected in ((remix, True), (false, False)):
        found = lineage(hub.catalogue, VISITOR, name, stated.get, lambda shown: "trusted")
        assert [link.stated for link in found.ancestors] == [expected]
        assert found.origin is not None and found.origin.seal == "trusted"
    bare = lineage(hub.catalogue, VISITOR, remix)
    assert bare.origin is None and bare.ancestors[0].stated is None


def test_pictures_that_name_each_other_end(hub: Hub) -> None:
    from rakkan.service.schema import new_identifier

    one, other = new_identifier(1.0), new_identifier(2.0)
    hub.published(identifier=one, parent=other)
    hub.published(identifier=other, parent=one)
    found = lineage(hub.catalogue, VISITOR, one)
    assert [link.identifier for link in found.ancestors] == [other]
    assert [link.identifier for link in found.descendants] == [other]


def test_what_the_ledger_states_of_real_pictures(tmp_path: Path) -> None:
    first = release(tmp_path / "a.png")
    edited = release(tmp_path / "b.png", picture("edit", 2, "x", ingredient("parent", first)))
    digests = [digest_of_file(path.read_bytes()) for path in (first, edited)]
    ledger = assemble.ledger()
    ledger.append([Statement(Licensed("CC-BY-4.0"), (Subject("picture", {"sha256": digests[1]}),), "ann", 5)])
    origin = from_ledger(ledger, digests[1])
    assert origin is not None
    assert (origin.operation, origin.model, origin.parents) == ("edit", "rakkan-starter", (digests[0],))
    assert origin.model_digest == model_digest() and origin.training["licence"]
    assert origin.licences == ("CC-BY-4.0",) and origin.entry > 0 and origin.time > 0
    made = from_ledger(ledger, digests[0])
    assert made is not None and made.parents == () and made.operation == "create"
    assert from_ledger(ledger, "00" * 32) is None
    assert look(edited).state == "valid"
