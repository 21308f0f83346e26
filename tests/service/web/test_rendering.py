"""Pages as HTML: escaped, nothing inline, whole in every language, assets addressed for ever."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from jinja2 import UndefinedError
from tests.service.web import sample_pages, samples

from rakkan.service.web import rendering, views
from rakkan.service.web.rendering import Page, asset, asset_file, render
from rakkan.service.web.words import LOCALES

PAGES = {"/create": ("create.html", samples.create("1girl", latest=True)), **sample_pages.PAGES}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Reader(HTMLParser):
    """What stands in a page: scripts and styles within it, identifiers, forms without a token."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.identifiers: list[str] = []
        self.forms: list[dict[str, str | None]] = []
        self.tokens = 0
        self.referred: list[str] = []
        self.controls: list[dict[str, str | None]] = []
        self.labelled: set[str] = set()
        self.within = 0
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.inline += [
            f"{tag} {name}" for name in given if name == "style" or name.startswith(("on", "hx-on"))
        ]
        if tag == "style" or (
            tag == "script" and "src" not in given and given.get("type") != "application/json"
        ):
            self.inline.append(tag)
        if given.get("id"):
            self.identifiers.append(str(given["id"]))
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
            self.referred += str(given.get(name) or "").split()
        if tag == "label":
            self.labelled.add(str(given.get("for")))
            self.within += 1
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden" and not self.within:
            self.controls.append(given)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "form":
            self.forms.append(given)
        if tag == "input" and given.get("name") == "csrf":
            self.tokens += 1

    def handle_endtag(self, tag: str) -> None:
        self.within -= tag == "label"


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def page(**given: object) -> Page:
    return Page(**{"handle": "mira", "role": "owner", "csrf": "token", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_whole_in_every_language(address: str, locale: str) -> None:
    name, view = PAGES[address]
    html = render(name, view, page(path=address, locale=locale))
    reader = read(html)
    assert f'<html lang="{locale}"' in html and html.count("<h1") == 1
    assert reader.inline == []
    assert len(reader.identifiers) == len(set(reader.identifiers))
    posted = [form for form in reader.forms if form.get("method") == "post" or "data-passkey" in form]
    assert reader.tokens == len(posted)


@pytest.mark.parametrize("address", PAGES)
def test_what_is_referred_to_is_there_and_every_field_has_a_name(address: str) -> None:
    name, view = PAGES[address]
    reader = read(render(name, view, page(path=address)))
    assert set(reader.referred) - set(reader.identifiers) == set()
    nameless = [one for one in reader.controls if not one.get("aria-label")]
    assert [one for one in nameless if one.get("id") not in reader.labelled] == []
    levels = [1, *reader.headings]
    assert max(after - before for before, after in pairwise(levels)) <= 1, levels


@pytest.mark.parametrize("role", ["visitor", "member"])
@pytest.mark.parametrize("address", PAGES)
def test_only_moderators_are_shown_the_way_to_moderation(address: str, role: str) -> None:
    name, view = PAGES[address]
    html = render(name, view, page(path=address, role=role, handle="" if role == "visitor" else "mira"))
    assert 'href="/moderation"' not in html
    assert ("/sign-in" in html) >= (role == "visitor")


def test_what_people_write_is_never_markup() -> None:
    card = replace(samples.card(0), alternative=HOSTILE, handle=HOSTILE)
    picture = replace(
        sample_pages.picture(),
        card=card,
        title=HOSTILE,
        prompt=HOSTILE,
        sentences=(HOSTILE,),
        tags=(HOSTILE,),
        comments=(views.Comment("k", HOSTILE, HOSTILE, "2026-01-01T00:00:00Z"),),
        origins=(views.Origin("parent", HOSTILE, HOSTILE),),
    )
    create = replace(samples.create(HOSTILE), phrases={"hairstyle": {"x": ("</script><script>alert(3)",)}})
    for name, view in (("picture.html", picture), ("create.html", create)):
        html = render(name, view, page(path=HOSTILE))
        assert "<script>alert" not in html and "<img src=x" not in html
        assert read(html).inline == []


def test_a_view_that_lacks_something_is_a_fault_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("picture.html", views.ErrorView(404, "gone"), page())


def test_what_is_not_allowed_is_not_offered() -> None:
    bare = replace(sample_pages.picture(), allowed=frozenset({"download"}), prompt="")
    html = render("picture.html", bare, page())
    assert "/pictures/p0/download" in html
    assert not re.search(r"/pictures/p0/(edit|vary|upscale|delete|publish|take-down|report|comments)", html)


def test_assets_have_addresses_that_change_with_their_contents() -> None:
    address = asset("css/rakkan.css")
    assert re.fullmatch(r"/static/[0-9a-f]{16}/css/rakkan\.css", address)
    with pytest.raises(FileNotFoundError):
        asset("css/nothing.css")


@pytest.mark.parametrize(
    "path", ["../views.py", "css/../../views.py", "/etc/hostname", "", "css", "js/nothing.js"]
)
def test_only_assets_are_given_out(path: str) -> None:
    assert asset_file(path) is None


def test_the_policy_allows_no_inline_script_or_style() -> None:
    assert "default-src 'none'" in rendering.CONTENT_SECURITY_POLICY
    assert "unsafe" not in rendering.CONTENT_SECURITY_POLICY


def test_an_empty_meter_and_an_overdrawn_one_are_drawn() -> None:
    over = replace(samples.create("1girl"), budget=views.Meter("create", 260, 200))
    assert '<progress max="200" value="200"' in render("create.html", over, page())
    assert "0 of 200 left" in render("create.html", over, page())


def test_files_of_the_studio_are_short() -> None:
    own = [
        path
        for path in rendering.STATIC.rglob("*")
        if path.suffix in (".js", ".css") and "vendor" not in path.parts
    ]
    assert len(own) >= 15
    assert [path.name for path in own if path.read_text().count("\n") > 400] == []


@pytest.mark.parametrize("locale", ["ja", "id"])
@pytest.mark.parametrize("status", [403, 404, 409, 413, 422, 429, 503, 418, 500])
def test_a_fault_is_told_in_the_readers_language_first(locale: str, status: int) -> None:
    view = views.ErrorView(status, "There is no such picture", "Look for it in the gallery")
    html = render("error.html", view, page(locale=locale))
    told = re.search(r"<h1>([^<]+)</h1>", html)
    assert told is not None and told[1] != view.message
    assert '<p class="lead" lang="en">There is no such picture. Look for it' in html
    english = render("error.html", view, page())
    assert "<h1>There is no such picture</h1>" in english and 'class="lead" lang' not in english
