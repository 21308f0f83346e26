"""Pictures that look alike: the same character is nearer than others, and the nearest are found exactly."""

from __future__ import annotations

from random import Random

import numpy
import pytest
from tests.service.pictures.hub import MODERATOR, Hub, member

from rakkan.errors import RakkanError
from rakkan.service.access.actors import VISITOR
from rakkan.service.pictures import nearness as of_nearness
from rakkan.service.pictures.nearness import Nearness, Vector, embedding, reader
from rakkan.studio.starter.pairs import draw_pair
from rakkan.studio.starter.renders import BUCKETS, render_with_parts

ANN = member("ann")


def unit(seed: int, length: int = 8) -> Vector:
    made = numpy.random.default_rng(seed).normal(size=length)
    return (made / numpy.linalg.norm(made)).astype(numpy.float16)


def test_a_character_is_nearest_to_itself_in_another_drawing() -> None:
    random, pairs = Random("pairs of the hub"), []
    for number in range(12):
        one, other, _ = draw_pair(BUCKETS[0], random, role="identity")
        pairs.append([render_with_parts(who, number, 256, 256)[..., :3] for who in (one, other)])
    first, second = (numpy.stack([embedding(pair[at]) for pair in pairs]) for at in (0, 1))
    assert first.dtype == numpy.float16 and 64 <= first.shape[1] <= 256
    products = first.astype(numpy.float32) @ second.T.astype(numpy.float32)
    assert numpy.allclose(numpy.linalg.norm(first.astype(numpy.float32), axis=1), 1, atol=5e-3)
    assert (products.argmax(1) == numpy.arange(12)).sum() >= 10
    same, others = products.diagonal(), products[~numpy.eye(12, dtype=bool)]
    assert same.mean() > others.mean() + 0.2


def test_colours_tell_apart_what_shows_nobody() -> None:
    flat = [
        numpy.full((80, 60, 3), colour, numpy.uint8)
        for colour in ((220, 40, 40), (225, 50, 45), (40, 60, 220))
    ]
    red, also_red, blue = (embedding(pixels).astype(numpy.float32) for pixels in flat)
    assert red @ also_red > red @ blue + 0.05


def test_the_nearest_are_exactly_those_by_the_cosine(hub: Hub) -> None:
    vectors = {hub.published(embedding=unit(seed)): unit(seed) for seed in range(40)}
    asked = unit(99)
    near = Nearness(hub.catalogue.engine).nearest(asked, 7)
    true = {name: float(one.astype(float) @ asked.astype(float)) for name, one in vectors.items()}
    assert [name for name, _ in near] == sorted(true, key=true.__getitem__, reverse=True)[:7]
    assert all(abs(score - true[name]) < 1e-3 for name, score in near)


def test_pictures_of_several_blocks_come_and_go(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_nearness, "_BLOCK", 4)
    vectors = {hub.published(embedding=unit(seed)): unit(seed) for seed in range(19)}
    nearness = Nearness(hub.catalogue.engine)
    assert nearness.refresh() == 19 and len(nearness._blocks) == 5
    for name in list(vectors)[:13]:
        nearness.forget(name)
        del vectors[name]
        asked = unit(7)
        true = {name: float(one.astype(float) @ asked.astype(float)) for name, one in vectors.items()}
        with nearness._lock:
            scores = nearness._products(asked.astype(numpy.float32))
        found = dict(zip(nearness._names, scores.tolist(), strict=True))
        assert found.keys() == true.keys()
        assert all(abs(found[name] - true[name]) < 1e-3 for name in true)
    assert len(nearness._blocks) <= 3


def test_it_keeps_up_with_what_is_published_and_taken_down(hub: Hub) -> None:
    catalogue, nearness = hub.catalogue, hub.catalogue.nearness
    hub.add(embedding=unit(1))
    assert nearness.refresh() == 0
    made = [hub.published(embedding=unit(seed)) for seed in range(5)]
    assert nearness.refresh() == 5
    hub.clock.now += 3600
    catalogue.hide(MODERATOR, made[0], "reported")
    catalogue.unpublish(ANN, made[4])
    assert nearness.refresh() == 3
    catalogue.delete(ANN, made[1])
    assert len(nearness) == 2
    catalogue.restore(MODERATOR, made[0], "nothing in it")
    assert nearness.refresh() == 3
    assert {name for name, _ in nearness.nearest(unit(0))} == {made[0], made[2], made[3]}
    assert nearness.nearest(unit(3), 1)[0][0] == made[3]


def test_more_are_taken_in_than_one_answer_holds(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rakkan.service.pictures.nearness._AT_ONCE", 3)
    made = [hub.published(embedding=unit(seed)) for seed in range(10)]
    assert hub.catalogue.nearness.refresh() == 10
    assert hub.catalogue.nearness.nearest(unit(9), 1)[0][0] == made[9]


def test_similar_pictures_of_one_that_may_be_seen(hub: Hub) -> None:
    catalogue = hub.catalogue
    one, other, third = (hub.published(embedding=unit(seed)) for seed in (1, 1, 2))
    private, without = hub.add(embedding=unit(2)), hub.published("bob")
    assert [card.identifier for card in catalogue.similar(VISITOR, one)] == [other, third]
    assert [card.identifier for card in catalogue.similar(ANN, private, 1)] == [third]
    assert catalogue.similar(VISITOR, without) == ()
    with pytest.raises(RakkanError, match="no such picture"):
        catalogue.similar(VISITOR, private)


def test_one_that_another_process_deleted_is_not_shown(hub: Hub) -> None:
    other_process = Nearness(hub.catalogue.engine)
    one, gone = hub.published(embedding=unit(1)), hub.published(embedding=unit(2))
    other_process.refresh()
    hub.catalogue.delete(ANN, gone)
    near = [name for name, _ in other_process.nearest(unit(2))]
    assert [card.identifier for card in hub.catalogue.cards(VISITOR, near)] == [one]


def test_numbers_of_another_reader_do_not_count(hub: Hub) -> None:
    made = hub.published(embedding=unit(1))
    assert Nearness(hub.catalogue.engine, "another").refresh() == 0
    assert hub.catalogue.nearness.vector(made) is not None and "0.8" in reader()
    with pytest.raises(RakkanError, match="another reader"):
        hub.catalogue.nearness.nearest(unit(1, 9))
