"""The figure reader on renders, whose attributes and parts are known exactly."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.canvas import PARTS as OWN_PARTS
from rakkan.errors import RakkanError
from rakkan.features import networks
from rakkan.features.figures import reading
from rakkan.features.figures.parts import PARTS
from rakkan.studio.starter.pairs import draw_pair
from rakkan.studio.starter.renders import BUCKETS, render_with_parts
from rakkan.studio.starter.vocabulary import SLOT_VALUES

FIGURE = Attributes(
    hairstyle="twin tails", hair_colour="blue", eye_colour="red", outfit="hoodie", outfit_colour="yellow"
)


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return render_with_parts(FIGURE, 5, 256, 256)


@pytest.fixture(scope="module")
def read(drawn: np.ndarray) -> reading.FigureReading:
    return reading.read(drawn[..., :3])


def test_every_slot_has_a_value_of_its_own_and_a_probability(read: reading.FigureReading) -> None:
    assert set(read.slots) == set(SLOT_VALUES)
    for slot, (value, probability) in read.slots.items():
        assert value in SLOT_VALUES[slot]
        assert 0 <= probability <= 1


def test_plain_things_are_read_off_a_render(read: reading.FigureReading) -> None:
    for slot in ("framing", "view", "hair_colour", "outfit_colour", "background"):
        assert read.slots[slot][0] == getattr(FIGURE, slot), slot
        assert read.slots[slot][1] > 0.3, slot


def test_the_parts_lie_where_they_were_drawn(drawn: np.ndarray, read: reading.FigureReading) -> None:
    own = list(OWN_PARTS)
    for name, least in (("background", 0.93), ("hair", 0.85), ("outfit", 0.88), ("face", 0.8), ("eyes", 0.5)):
        true = np.isin(drawn[..., 3], [own.index(part) for part in PARTS[name]])
        seen = read.parts[name] >= 0.5
        assert seen.shape == (256, 256)
        assert (seen & true).sum() / (seen | true).sum() > least, name


def test_the_palette_is_the_drawings(read: reading.FigureReading) -> None:
    red, green, blue = (int(read.palette["hair"][0][at : at + 2], 16) for at in (1, 3, 5))
    assert blue > red and blue > 100
    red, green, blue = (int(read.palette["outfit"][0][at : at + 2], 16) for at in (1, 3, 5))
    assert min(red, green) > blue


def test_the_same_character_in_another_pose_is_nearer_than_others() -> None:
    random, bucket, pairs = Random("pairs of the reader"), BUCKETS[0], []
    for number in range(12):
        one, other, _ = draw_pair(bucket, random, role="identity")
        pair = [render_with_parts(who, number, 256, 256)[..., :3] for who in (one, other)]
        pairs.append([reading.read(pixels).embedding for pixels in pair])
    first, second = (np.array([pair[at] for pair in pairs]) for at in (0, 1))
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    nearest = (first @ second.T).argmax(1)
    assert (nearest == np.arange(12)).sum() >= 10


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (384, 256), (70, 50)])
def test_pictures_of_any_size_are_read(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (*size, 3), np.uint8)
    found = reading.read(pixels)
    assert found.parts["hair"].shape == size
    assert np.isfinite(found.embedding).all()


def test_a_small_figure_is_looked_at_again_at_its_head() -> None:
    bust = render_with_parts(FIGURE, 5, 256, 256)[..., :3]
    wide = np.full((600, 900, 3), 235, np.uint8)
    wide[200:456, 500:756] = bust
    found = reading.read(wide)
    assert found.bust is not None
    middle = found.bust.left + found.bust.width / 2, found.bust.top + found.bust.height / 2
    assert abs(middle[0] - 628) < 40 and abs(middle[1] - 328) < 40
    assert len(found.parts.looks) == 2
    assert found.slots["hair_colour"][0] == "blue"


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(RakkanError, match="no picture to read"):
        reading.read(pixels)


@pytest.mark.parametrize("name", ["reader.xml", "reader.bin", "reader.json"])
@pytest.mark.parametrize("way", ["missing", "changed"])
def test_other_files_than_those_that_shipped_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, way: str
) -> None:
    whole = reading.READER.path.parent
    for file in whole.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if way == "missing":
        (tmp_path / name).unlink()
    else:
        data = bytearray((tmp_path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (tmp_path / name).write_bytes(data)
    shipped = reading.READER
    monkeypatch.setattr(reading, "_WEIGHTS", tmp_path)
    monkeypatch.setattr(
        reading,
        "READER",
        networks.Network(tmp_path / "reader", shipped.graph_sha256, shipped.weights_sha256),
    )
    reading.meanings.cache_clear()
    try:
        with pytest.raises(RakkanError, match=name.replace(".", r"\.")):
            reading.read(np.zeros((8, 8, 3), np.uint8))
    finally:
        reading.meanings.cache_clear()


def test_all_of_it_is_at_most_four_megabytes() -> None:
    assert sum(file.stat().st_size for file in reading.READER.path.parent.iterdir()) <= 4 << 20
