"""``rakkan gallery``: it grows, goes on, tells seeds that draw the same, and asks nobody for anything."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlparse

import pytest
from PIL import Image
from tests.cli.conftest import Command

from rakkan.errors import RakkanError
from rakkan.records import Picture
from rakkan.studio.create import Upscaler
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.gallery.drawing import GalleryRequest, gallery
from rakkan.studio.gallery.keeping import Shown, kept_in
from rakkan.studio.gallery.page import ASSETS, asset, page

ENLARGER = Upscaler("none", "00" * 32, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))


def shown_in(folder: str) -> list[dict[str, object]]:
    text = Path(folder, "pictures.js").read_text()
    found: list[dict[str, object]] = json.loads(text.removeprefix("rakkanGallery(").removesuffix(");\n"))[
        "shown"
    ]
    return found


def test_it_grows_and_goes_on_where_it_stopped(command: Command) -> None:
    assert command("gallery", "--count", "2", "--seed", "7", "--creativity", "0-1", "--out", "g").status == 0
    first = shown_in("g")
    assert [one["seed"] for one in first] == [7, 8]
    done = command("gallery", "--count", "3", "--creativity", "0-1", "--out", "g")
    assert done.status == 0 and "g/index.html  1 more" in done.out
    assert shown_in("g")[:2] == first and shown_in("g")[2]["seed"] == 9
    names = sorted(path.name for path in Path("g").iterdir())
    assert names == [
        "00001-7.png",
        "00002-8.png",
        "00003-9.png",
        *sorted([*ASSETS, "index.html", "pictures.js"]),
    ]
    assert command("verify", *(f"g/{name}" for name in names[:3])).status == 0
    assert "<img" in Path("g/index.html").read_text()
    again = shown_in("g")[1]
    command("create", str(again["words"]), "--seed", "8", "--out", "again.png")
    assert Image.open("again.png").tobytes() == Image.open("g/00002-8.png").tobytes()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--creativity", "1.5"), "out of range"),
        (("--creativity", "high"), "no number"),
        (("--creativity", "0.8-0.2"), "goes down"),
        (("--count", "0"), "is none"),
        (("--seed", "-1"), "out of range"),
        (("--out", "/dev/null/g"), "file, not a folder"),
        (("--disclosure", "some"), "full, redacted, digest"),
    ],
)
def test_bad_galleries_are_refused(more: tuple[str, str], words: str, refused: Command) -> None:
    assert words in refused("gallery", "--count", "1", *more).err


def released(picture: Picture, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(picture.pixels).save(path)
    return path


def draw(request: GalleryRequest, release: object = released) -> list[Shown]:
    said: list[str] = []
    run = gallery(request, FakeEngine, ENLARGER, lambda *words: None, release, said.append)  # type: ignore[arg-type]
    return [one.shown for one in run]


def test_the_same_seed_and_creativity_make_the_same_gallery(tmp_path: Path) -> None:
    one, other = (draw(GalleryRequest(tmp_path / name, (0.2, 0.9), 4, 11)) for name in ("a", "b"))
    assert one == other
    assert len({shown.creativity for shown in one}) == 4
    assert draw(GalleryRequest(tmp_path / "c", (0.4, 0.4), 4, 11)) != one


def test_one_that_is_refused_is_left_out_and_not_tried_again(tmp_path: Path) -> None:
    def release(picture: Picture, path: Path) -> Path:
        if picture.recipe.seed in (1, 2):  # type: ignore[union-attr]
            raise RakkanError("The picture was not released (content): a stand-in")
        return released(picture, path)

    shown = draw(GalleryRequest(tmp_path / "g", count=2, seed=0), release)
    assert [one.seed for one in shown] == [0, 3]
    assert [one.seed for one in draw(GalleryRequest(tmp_path / "g", count=3), release)] == [4]

    def full(picture: Picture, path: Path) -> Path:
        raise RakkanError("The disk is full")

    with pytest.raises(RakkanError, match="full"):
        draw(GalleryRequest(tmp_path / "g", count=4), full)


def test_what_is_not_to_be_told_is_not_on_the_page(tmp_path: Path) -> None:
    (shown,) = draw(GalleryRequest(tmp_path, count=1, seed=123456, telling=False))
    text = "".join(path.read_text() for path in tmp_path.iterdir() if path.suffix != ".png")
    assert shown.seed is None and "girl" not in text and "boy" not in text
    assert "123456" not in text
    assert len(draw(GalleryRequest(tmp_path, count=2, telling=False))) == 1  # it goes on, with another seed


@pytest.mark.parametrize(
    "text", ["", "{", "rakkanGallery({});\n", 'rakkanGallery({"seed":1,"drawn":0,"shown":[1]});\n']
)
def test_a_damaged_gallery_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "pictures.js").write_text(text)
    with pytest.raises(RakkanError, match="damaged"):
        kept_in(tmp_path)


class Seen(HTMLParser):
    """The addresses and the scripts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.inside = ""
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name in ("src", "href"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and data.strip():
            self.scripts.append(data)
        self.inside = ""


def test_the_page_asks_nobody_and_holds_no_script() -> None:
    shown = [Shown("00001-7.png", 512, 768, 0.4, 'a "hat" <script>x</script> & more', 7)]
    seen = Seen(page(shown))
    assert seen.handlers == [] and seen.scripts == []
    assert "<script>x" not in page(shown)
    for address in seen.addresses:
        parts = urlparse(address)
        assert parts.netloc == "" and parts.scheme in ("", "data"), address
    for name in ASSETS:
        assert not re.search(r"https?:|//[a-z]|@import|url\(|innerHTML|eval\(", asset(name)), name
