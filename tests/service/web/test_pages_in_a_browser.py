"""Every page in Chromium: nothing on the console, nothing for axe-core, nothing wider than a phone."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
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


def with_query(address: str, more: str) -> str:
    return address + ("&" if "?" in address else "?") + more


#: Bytes of the first page, with everything it loads.
MOST_FIRST_PAGE = 200_000


#: A phone that is still in use, and the least that a finger hits (CSS pixels).
NARROWEST, FINGER = 320, 44
#: What is touched: not links within a line, nor what a label stands for.
SMALL = """
const touched = 'button, select, summary, nav a, .button, a.tag, .person, input, textarea, label.check';
const height = (one) => Math.round(one.getBoundingClientRect().height);
return [...document.querySelectorAll(touched)]
  .filter((one) => !one.matches('.check input, .drop input, [type=hidden]') && one.checkVisibility())
  .filter((one) => height(one) && height(one) < arguments[0])
  .map((one) => `${height(one)}: ${one.outerHTML.slice(0, 90)}`);
"""
#: What is wider than the window, if the page is.
WIDE = """
const wide = document.scrollingElement.scrollWidth > innerWidth;
const beyond = [...document.querySelectorAll('main *')].filter(
  (one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.tabs, .sections, .table'));
return wide ? beyond.slice(0, 3).map((one) => one.outerHTML.slice(0, 90)).concat(innerWidth) : [];
"""


@pytest.mark.parametrize("role", ["visitor", "owner"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_clean_by_day_and_by_night(browser: Browser, address: str, role: str) -> None:
    browser.open(with_query(address, f"role={role}"))
    browser.until(lambda: browser.run("return document.readyState === 'complete'"), "the page is loaded")
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        assert browser.violations() == [], scheme
    assert browser.complaints() == []


@pytest.mark.parametrize("locale", ["en", "ja", "id"])
def test_a_page_is_not_wider_than_the_narrowest_phone(browser: Browser, locale: str) -> None:
    browser.size(NARROWEST, 640)
    wide = {}
    for address in ADDRESSES:
        browser.open(with_query(address, f"locale={locale}"))
        if found := browser.run(WIDE):
            wide[address] = found
    assert wide == {}


def test_fingers_hit_what_they_touch(browser: Browser) -> None:
    browser.size(390, 844)
    small = {}
    for address in ADDRESSES:
        browser.open(address)
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        if found := browser.run(SMALL, FINGER):
            small[address] = found
    assert small == {}


def test_a_page_at_twice_its_size_needs_no_sideways_scrolling(browser: Browser) -> None:
    browser.size(640, 450)  # 1280 by 900 at 200 %
    wide = {}
    for address in ADDRESSES:
        browser.open(address)
        if found := browser.run(WIDE):
            wide[address] = found
    assert wide == {}
    browser.open("/create")
    assert browser.one(".easel").rect["height"] < 450 * 0.75  # it stays in sight, and leaves the words room


def test_nothing_moves_for_those_who_asked_for_that(browser: Browser) -> None:
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    moving = (
        "return [...document.querySelectorAll('*')].filter((one) => { const how = getComputedStyle(one);"
        " return how.animationName !== 'none' || parseFloat(how.transitionDuration) > 0; }).length"
    )
    for address in ("/create?latest", "/gallery", "/pictures/p0", "/queue"):
        browser.open(address)
        assert browser.run(moving) == 0, address


def test_a_page_is_walked_by_keyboard_from_its_first_link(browser: Browser) -> None:
    for address in ("/gallery", "/account", "/moderation", "/claim", "/pictures/p0"):
        browser.open(address)
        keys = ActionChains(browser.driver)
        keys.send_keys(Keys.TAB).perform()
        assert browser.run("return document.activeElement.className") == "skip"
        ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
        assert browser.run("return document.activeElement.id") == "main"
        seen = set()
        for _ in range(12):
            ActionChains(browser.driver).send_keys(Keys.TAB).perform()
            told = browser.run(
                "const one = document.activeElement, box = one.getBoundingClientRect();"
                "const seen = box.top < innerHeight && box.bottom > 0;"
                "return [one.closest('main') !== null, one.outerHTML.slice(0, 200), seen,"
                " getComputedStyle(one).outlineStyle !== 'none' || one.closest('.drop') !== null]"
            )
            if not told[0]:
                break
            assert told[2] and told[3], told[1]
            seen.add(told[1])
        assert len(seen) > 3, address


def test_moments_are_told_in_the_readers_zone(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    try:
        browser.open("/queue?locale=ja")
        browser.until(lambda: browser.all("time[title]"), "the script has told the time")
        told = browser.one("time")
        assert "23:05" in told.text
        assert told.get_attribute("title") == "2026年11月20日 14:05（UTC）"
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


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
