"""The classifier learns what it is shown, is the same after a round trip, and reads labels right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.studio.starter.stand_in import render

from rakkan.corpus.figures.attributes import Attributes
from rakkan.studio.starter.evaluation import backbone, classifier
from rakkan.studio.starter.evaluation.trials import chance_trials
from rakkan.studio.starter.renders import BUCKETS
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, UNSPECIFIED, condition_of, encode


def pooled(pictures: NDArray[np.uint8]) -> backbone.Maps:
    """Feature maps without a network: mean colours, some of them many times over."""

    def maps(factor: int, channels: int) -> NDArray[np.float16]:
        count, height, width, _ = pictures.shape
        cells = pictures.reshape(count, height // factor, factor, width // factor, factor, 3)
        means = cells.mean((2, 4)).transpose(0, 3, 1, 2) / 128 - 1
        return np.asarray(means[:, np.arange(channels) % 3], np.float16)

    return maps(8, backbone.EIGHTH_CHANNELS), maps(16, backbone.SIXTEENTH_CHANNELS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network below, small batches, and a clock by which each step takes a second."""
    ticks = iter(range(10_000))
    monkeypatch.setattr(backbone, "maps", pooled)
    monkeypatch.setattr(classifier, "BATCH", 16)
    monkeypatch.setattr(classifier.time, "monotonic", lambda: float(next(ticks)))


class Shelf:
    """Sixteen renders in all, handed out once each, as `RenderQueue.take` does."""

    def __init__(self) -> None:
        self.handed_out: list[str] = []
        self.left = {"square": 12, "tall": 4}

    def take(self, name: str, limit: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        bucket = next(bucket for bucket in BUCKETS if bucket.name == name)
        count = min(limit, self.left[name], 5)  # never as many as asked for at once
        figures = [trial.attributes for trial in chance_trials(12, len(name))][:count]
        self.left[name] -= count
        self.handed_out += [name] * count
        pictures = [render(figure, seed, bucket.width, bucket.height) for seed, figure in enumerate(figures)]
        return np.stack(pictures), np.stack([encode(condition_of(figure)) for figure in figures])


def test_labels_by_hand() -> None:
    labels = classifier.labels_of(encode({"presentation": "man", "accessory ears": "earrings"}))
    assert labels.dtype == np.int64
    assert labels[SLOTS.index("presentation")] == SLOT_VALUES["presentation"].index("man") == 1
    assert labels[SLOTS.index("accessory ears")] == 1  # after the bare place
    told = [SLOTS.index("presentation"), SLOTS.index("accessory ears")]
    assert (np.delete(labels, told) == classifier.HIDDEN).all()


def test_labels_keep_their_shape_and_hide_what_cannot_be_seen() -> None:
    closed = encode(condition_of(Attributes(expression="closed eyes")))
    labels = classifier.labels_of(np.stack([closed, UNSPECIFIED]))
    assert labels.shape == (2, len(SLOTS))
    assert labels[0, SLOTS.index("eye_colour")] == classifier.HIDDEN
    assert labels[0, SLOTS.index("expression")] >= 0
    assert (labels[1] == classifier.HIDDEN).all()


@pytest.mark.parametrize(("height", "width"), [(256, 256), (384, 256)])
def test_shapes(height: int, width: int, quick: None) -> None:
    network = classifier.AttributeClassifier().eval()
    pictures = np.zeros((3, height, width, 3), np.uint8)
    eighth, sixteenth = (torch.from_numpy(part).float() for part in pooled(pictures))
    logits = network(eighth, sixteenth)
    assert [tuple(scores.shape) for scores in logits] == [(3, len(values)) for values in SLOT_VALUES.values()]
    values, features = classifier.predict(network, pictures)
    assert values.shape == (3, len(SLOTS)) and features.shape == (3, classifier.FEATURES)
    assert all((values[:, slot] < len(given)).all() for slot, given in enumerate(SLOT_VALUES.values()))


def test_a_batch_of_many_is_read_like_each_alone(quick: None) -> None:
    network = classifier.AttributeClassifier().eval()
    pictures = np.random.default_rng(0).integers(0, 256, (34, 64, 64, 3), dtype=np.uint8)
    values, features = classifier.predict(network, pictures)
    alone_values, alone_features = classifier.predict(network, pictures[33:])
    assert (values[33:] == alone_values).all()
    assert features[33:] == pytest.approx(alone_features, abs=1e-4)


def test_a_few_steps_lower_the_loss(quick: None) -> None:
    def losses(steps: int) -> float:
        shelf = Shelf()
        network = classifier.train(shelf.take, steps, lambda line: None, renders=16)
        assert sorted(shelf.handed_out) == ["square"] * 12 + ["tall"] * 4
        assert not network.training
        pictures, ids = Shelf().take("square", 5)
        maps = (torch.from_numpy(part).float() for part in pooled(pictures))
        with torch.inference_mode():
            return float(classifier._loss(network(*maps), torch.from_numpy(classifier.labels_of(ids))))

    assert losses(25) < 0.7 * losses(1)


def test_softening_by_hand() -> None:
    picture = np.zeros((1, 4, 4, 3), np.uint8)
    picture[0, 1, 1] = 160
    picture[0, 3, 3] = 160
    soft = classifier.softened(picture)[0, :, :, 0]
    assert soft.tolist() == [[10, 20, 10, 0], [20, 40, 20, 0], [10, 20, 20, 30], [0, 0, 30, 90]]
    assert (classifier.softened(np.full((1, 3, 5, 3), 255, np.uint8)) == 255).all()


def test_hidden_slots_teach_nothing() -> None:
    logits = [torch.randn(4, len(values)) for values in SLOT_VALUES.values()]
    labels = torch.full((4, len(SLOTS)), classifier.HIDDEN)
    labels[:, 0] = 1
    expected = torch.nn.functional.cross_entropy(logits[0], labels[:, 0])
    assert classifier._loss(logits, labels).item() == pytest.approx(expected.item())


def test_a_round_trip_changes_nothing(tmp_path: Path, quick: None) -> None:
    network = classifier.AttributeClassifier().eval()
    path = tmp_path / "classifier.safetensors"
    classifier.save(network, path, {"seconds": "12.5", "renders": "16"})
    assert classifier.facts_of(path) == {"seconds": "12.5", "renders": "16"}
    assert [left.name for left in tmp_path.iterdir()] == [path.name]
    again = classifier.load(path)
    assert not again.training
    pictures = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    for before, after in zip(
        classifier.predict(network, pictures), classifier.predict(again, pictures), strict=True
    ):
        assert (before == after).all()


def test_the_network_below_gives_maps_of_the_sizes_it_says() -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    eighth, sixteenth = backbone.maps(pictures)
    assert eighth.shape == (2, backbone.EIGHTH_CHANNELS, 8, 12)
    assert sixteenth.shape == (2, backbone.SIXTEENTH_CHANNELS, 4, 6)
    assert all(np.isfinite(part).all() and part.astype(np.float32).std() > 0 for part in (eighth, sixteenth))
    alone = backbone.maps(pictures[1:])
    assert (alone[0][0] == eighth[1]).all() and (alone[1][0] == sixteenth[1]).all()
