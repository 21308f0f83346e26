"""The gatherer of test pictures: licences, resources and halves; and the exact intervals of measurements."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

import pytest
from benchmarks.drawing.pool import free
from benchmarks.pictures import licences, own, resources
from benchmarks.pictures.sources import DEVELOPMENT, HELD_OUT, OTHER, SOURCES
from benchmarks.proportions import clopper_pearson

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: someone
License: GPL-3+

Files: images/land/*
       images/sea/one.jpg
Copyright: another
License: public-domain
 Taken by a public body.

Files: images/land/sky* ./images/air/*
Copyright: a third
License: CC-BY-4.0

Files: images/fire/*
Copyright: a fourth
License:
 Do as you like.
"""


@pytest.mark.parametrize(
    ("path", "licence"),
    [
        ("usr/share/game/images/land/hill.jpg", "public-domain"),
        ("usr/share/game/images/land/sky1.jpg", "CC-BY-4.0"),
        ("usr/share/game/images/sea/one.webp", "public-domain"),
        ("usr/share/game/images/sea/two.jpg", "GPL-3+"),
        ("usr/share/game/images/air/bird.png", "CC-BY-4.0"),
        ("usr/share/game/images/fire/red.png", "not stated"),
    ],
)
def test_the_last_stanza_that_fits_is_the_licence(path: str, licence: str) -> None:
    assert licences.licence(path, licences.stanzas(COPYRIGHT)) == licence


def test_without_a_copyright_file_no_licence_is_made_up() -> None:
    assert licences.licence("usr/share/a.png", []) == "not stated"
    assert not free("not stated")


@pytest.mark.parametrize(
    ("licence", "usable"),
    [
        ("CC-BY-SA-4.0", True),
        ("public-domain", True),
        ("GPL-2+", False),
        ("LGPL-3", False),
        ("CC-BY-4.0, GPL-2+", False),
        ("GFDL-1.2+", False),
        ("CC-sampling-plus-1.0", False),
    ],
)
def test_only_free_licences_are_learned_from(licence: str, usable: bool) -> None:
    assert free(licence) is usable


def test_files_come_out_of_a_qt_resource() -> None:
    # A root folder with one folder that holds a plain and a compressed file, version 1 of the format.
    names, places = b"", {}
    for name in ("in", "a.png", "b.png"):
        places[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    packed = struct.pack(">I", 5) + zlib.compress(b"other")
    content = struct.pack(">I", 4) + b"this" + struct.pack(">I", len(packed)) + packed
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", places["in"], 2, 2, 2)
    tree += struct.pack(">IHHHI", places["a.png"], 0, 0, 0, 0)
    tree += struct.pack(">IHHHI", places["b.png"], 1, 0, 0, 8)
    start = 20
    head = b"qres" + struct.pack(">4I", 1, start, start + len(tree), start + len(tree) + len(content))
    assert dict(resources.files(head + tree + content + names)) == {"in/a.png": b"this", "in/b.png": b"other"}
    with pytest.raises(ValueError, match="not a Qt resource"):
        list(resources.files(b"PK\x03\x04" + bytes(40)))


def test_every_package_is_in_one_half_and_names_its_licence() -> None:
    assert max(Counter(source.package for source in SOURCES).values()) == 1
    assert {source.half for source in SOURCES} == {DEVELOPMENT, HELD_OUT}
    assert not set(own.STYLES[DEVELOPMENT]) & set(own.STYLES[HELD_OUT])
    for source in SOURCES:
        assert source.licence or source.package in {"endless-sky-data", "gcompris-qt-data", "naev-data"}
        assert source.rules or source.also
    gpl = [source for source in SOURCES if source.half == DEVELOPMENT and "GPL" in source.licence]
    assert gpl and not any(free(source.licence) for source in gpl), "nothing that ships learns from the GPL"
    assert any(kind == OTHER for source in SOURCES for _, kind in source.rules)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025**0.1),
        (10, 10, 0.025**0.1, 1.0),
        (5, 10, 0.18709, 0.81291),
        (98, 100, 0.92962, 0.99757),
    ],
)
def test_exact_intervals_are_the_published_ones(hits: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=1e-5)


def test_no_trials_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no proportion"):
        clopper_pearson(0, 0)
