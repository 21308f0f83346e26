"""Every page in Chromium: nothing on the console, nothing for axe-core, nothing wider than a phone."""

from __future__ import annotations

import pytest
from tests.service.web import sample_pages
from tests.service.web.driving import Browser

from rakkan.service.web.rendering import STATIC

ADDRESSES = [
    "/create?latest&prompt=1girl,+red+eyes",
    "/create",
    "/gallery",
    "/gallery?like=p4",
    *sample_pages.PAGES,
]
#: Bytes of the first page, with everything it loads.
MOST_FIRST_PAGE = 200_000


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_clean_by_day_and_by_night(browser: Browser, address: str) -> None:
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.open(address)
        browser.until(lambda: browser.run("return document.readyState === 'complete'"), "the page is loaded")
        assert browser.violations() == [], scheme
    assert browser.complaints() == []


@pytest.mark.parametrize("locale", ["en", "ja", "id"])
def test_no_page_is_wider_than_a_phone(browser: Browser, locale: str) -> None:
    browser.size(360, 740)
    wide = []
    for address in ADDRESSES:
        browser.open(address + ("&" if "?" in address else "?") + f"locale={locale}")
        if browser.run("return document.scrollingElement.scrollWidth") > 360:
            wide.append(address)
    assert wide == []


def test_the_first_page_is_light(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.open("/create")
    browser.until(lambda: browser.all(".js"), "the modules have run")
    script = (
        "return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".map((one) => [one.name, one.encodedBodySize, one.decodedBodySize])"
    )
    loaded = browser.run(script)
    names = " ".join(one[0] for one in loaded)
    assert all(
        name in names for name in ("pictograms.svg", "create.js", "prompt.js", "rakkan.css", "/create")
    )
    sent, unpacked = (sum(one[at] for one in loaded) for at in (1, 2))
    assert 20_000 < sent < unpacked
    assert unpacked <= MOST_FIRST_PAGE
    # The first page does without htmx, which others load; with it, what is sent is as light.
    assert sent + (STATIC / "vendor" / "htmx-2.0.11.min.js").stat().st_size <= MOST_FIRST_PAGE


def test_light_and_dark_can_be_switched_and_are_kept(browser: Browser) -> None:
    browser.open("/create")
    day = browser.run("return getComputedStyle(document.documentElement).backgroundColor")
    browser.one("[data-theme-switch] button").click()
    night = browser.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert day != night
    browser.open("/gallery")
    assert browser.run("return getComputedStyle(document.documentElement).backgroundColor") == night
    assert browser.one("html").get_attribute("data-theme") == "dark"


def test_the_gallery_goes_on_as_one_scrolls_and_ends(browser: Browser) -> None:
    browser.open("/gallery")
    assert len(browser.all(".card")) == 16
    for wanted in (32, 48):
        browser.run("window.scrollTo(0, document.documentElement.scrollHeight)")
        browser.until(lambda wanted=wanted: len(browser.all(".card")) == wanted, f"{wanted} cards")  # type: ignore[misc]
    assert browser.all(".next") == []
    assert browser.complaints() == []


def test_a_like_is_swapped_in_place(browser: Browser) -> None:
    browser.open("/gallery")
    button = browser.all(".like button")[1]
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    browser.until(
        lambda: browser.all(".like button")[1].get_attribute("aria-pressed") == "true", "it is liked"
    )
    assert browser.posted("/pictures/p1/like") == [{"csrf": "sample-token", "liked": "1"}]


def test_a_comment_appears_and_its_box_is_empty(browser: Browser) -> None:
    browser.open("/pictures/p0")
    browser.one("#comment-text").send_keys("<b>so</b> calm")
    browser.one(".comments form button").click()
    browser.until(lambda: len(browser.all(".comment")) == 3, "the comment")
    assert browser.all(".comment")[2].text.endswith("<b>so</b> calm")
    browser.until(lambda: browser.one("#comment-text").get_property("value") == "", "the box is empty")


def test_without_scripts_a_picture_can_still_be_asked_for(browser: Browser) -> None:
    browser.scripts(False)
    browser.open("/create")
    assert not browser.one("[data-chips]").is_displayed()
    browser.one("#prompt").send_keys("1girl, red hoodie")
    browser.one("[data-draw]").click()
    browser.until(lambda: browser.posted("/studio/create"), "the form is posted")
    fields = browser.posted("/studio/create")[0]
    assert (
        fields["prompt"] == "1girl, red hoodie" and fields["seed"] == "7" and fields["csrf"] == "sample-token"
    )
