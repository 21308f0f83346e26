"""Training the figure reader: what befalls pictures, losses by hand, what ships, and a run that goes on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.canvas import PARTS
from rakkan.errors import RakkanError
from rakkan.studio.starter.reading import running
from rakkan.studio.starter.reading.exporting import meanings_of
from rakkan.studio.starter.reading.network import ANSWERS, PARTS_SIDE, SIDE, Heads, maps_of
from rakkan.studio.starter.reading.training import (
    answers_of,
    items_of,
    parts_loss,
    slots_loss,
    taken_apart,
)
from rakkan.studio.starter.reading.wear import COMPRESSED, SOFTENED, shown, worn
from rakkan.studio.starter.renders import render_with_parts
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, UNSPECIFIED, condition_of, encode


def drawn(height: int = 256) -> torch.Tensor:
    """A white square on black, part 3 on part 0: uint8 [1, height, 256, 4]."""
    made = torch.zeros(1, height, 256, 4, dtype=torch.uint8)
    made[:, 64:128, 64:192, :3] = 255
    made[:, 64:128, 64:192, 3] = 3
    return made


def test_untouched_a_picture_is_only_fitted() -> None:
    pictures, parts = shown(drawn(), np.random.default_rng(1), 0)
    assert pictures.shape == (1, 3, SIDE, SIDE) and parts.shape == (1, PARTS_SIDE, PARTS_SIDE)
    assert torch.equal(pictures[0, 0] > 0.5, drawn()[0, :, :, 0] > 128)
    assert torch.equal(parts[0] == 3, drawn()[0, ::2, ::2, 3] == 3)


def test_a_tall_picture_stands_whole_in_the_middle() -> None:
    pictures, _ = shown(drawn(384), np.random.default_rng(1), 0)
    rows, columns = torch.nonzero(pictures[0, 0] > 0.5, as_tuple=True)
    scale = 256 / 384
    assert abs(int(rows.min()) - 64 * scale) <= 1.5 and abs(int(rows.max()) + 1 - 128 * scale) <= 1.5
    left = (256 - 256 * scale) / 2
    assert abs(int(columns.min()) - (left + 64 * scale)) <= 1.5


@pytest.mark.parametrize("seed", range(6))
def test_parts_move_with_their_picture(seed: int) -> None:
    pictures, parts = shown(drawn(), np.random.default_rng(seed))
    assert float(pictures.min()) >= 0 and float(pictures.max()) <= 1
    seen = pictures[0].mean(0)[::2, ::2] > 0.5
    true = parts[0] == 3
    assert float((seen == true).float().mean()) > 0.93


def test_some_are_softened_some_compressed_and_parts_stay() -> None:
    items = torch.from_numpy(render_with_parts(Attributes(), 3, 256, 256))[None].repeat(200, 1, 1, 1)
    made = worn(items, lambda pictures: 255 - pictures, np.random.default_rng(4))
    assert torch.equal(made[..., 3], items[..., 3])
    untouched = float((made == items).flatten(1).all(1).float().mean())
    assert abs(untouched - (1 - SOFTENED) * (1 - COMPRESSED)) < 0.08
    assert worn(items[:1], lambda pictures: pictures, np.random.default_rng(4)).shape == items[:1].shape


def test_what_cannot_be_seen_is_an_answer_of_its_own() -> None:
    ids = encode(condition_of(Attributes(expression="closed eyes")))
    answers = answers_of(np.stack([ids, UNSPECIFIED]))
    at = SLOTS.index("eye_colour")
    assert answers[0, at] == len(SLOT_VALUES["eye_colour"])
    assert answers[0, SLOTS.index("expression")] == SLOT_VALUES["expression"].index("closed eyes")
    assert answers[1].tolist() == [count - 1 for count in ANSWERS]


def test_losses_by_hand() -> None:
    logits, answers = torch.zeros(2, sum(ANSWERS)), torch.zeros(2, len(SLOTS), dtype=torch.long)
    assert float(slots_loss(logits, answers)) == pytest.approx(np.mean(np.log(ANSWERS)), rel=1e-5)
    parts = torch.full((1, 8, 8), 3)
    for side in (8, 2):
        assert float(parts_loss(torch.zeros(1, len(PARTS), side, side), parts)) == pytest.approx(math.log(8))
    sure = torch.zeros(1, len(PARTS), 2, 2)
    sure[:, 3] = 30
    assert float(parts_loss(sure, parts)) < 1e-5


def test_items_are_taken_apart_as_they_were_put_together() -> None:
    pictures, parts = shown(drawn(), np.random.default_rng(1), 0)
    maps, back = taken_apart(items_of(pictures, parts))
    assert torch.equal(back, parts)
    for one, other in zip(maps, maps_of(pictures), strict=True):
        assert torch.equal(one, other.float())
    found = Heads().eval()(maps)
    assert found.slots.shape == (1, sum(ANSWERS))
    assert Heads().eval().parts(found).shape == (1, len(PARTS), PARTS_SIDE, PARTS_SIDE)


def test_what_is_too_sure_is_cooled_and_slots_that_are_read_well_tell_more() -> None:
    random = np.random.default_rng(2)
    answers = np.zeros((300, len(SLOTS)), np.int64)
    logits = torch.zeros(300, sum(ANSWERS))
    at = 0
    for slot, count in zip(SLOTS, ANSWERS, strict=True):
        wrong = 0.5 if slot == "eye_shape" else 0.02
        named = np.where(random.random(300) < wrong, 1, 0)
        logits[torch.arange(300), torch.from_numpy(at + named)] = 12.0
        at += count
    told = meanings_of(logits, answers)
    assert told["temperatures"]["eye_shape"] == pytest.approx(4.0, abs=0.01)
    assert told["identity"]["eye_shape"] < 0.6 * told["identity"]["hair_colour"]
    assert sum(told["identity"].values()) == pytest.approx(1, abs=1e-3)
    assert "outfit" not in told["identity"]


def test_a_run_leaves_weights_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 4)
    settings = running.Settings(0.06, tmp_path, capacity=8, workers=0)
    ids = np.stack([encode(condition_of(Attributes()))] * 4)
    pictures = drawn().repeat(4, 1, 1, 1)
    (tmp_path / "stock").mkdir()
    for name in ("square", "tall"):  # renders that an earlier run left: none are drawn afresh
        for _ in range(1 if name == "tall" else 2):
            stock = running._stock(settings, name)
            room = min(stock.room, 4)
            stock.put(items_of(*shown(pictures[:room], np.random.default_rng(1), 0)), ids[:room])
    lines: list[str] = []
    first = running.run(settings, lines.append)
    assert first.steps > 0 and "saved" in lines[-1]
    _, steps = running.load(tmp_path / running.FILE)
    assert steps == first.steps
    again = running.Settings(0.06, tmp_path, resume=True, capacity=8, workers=0)
    second = running.run(again, lines.append)
    assert running.load(tmp_path / running.FILE)[1] == first.steps + second.steps


def test_there_must_be_something_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="no reader to go on with"):
        running.run(running.Settings(1, tmp_path, resume=True), print)
    with pytest.raises(RakkanError, match="0 minutes cannot be trained"):
        running.run(running.Settings(0, tmp_path), print)
