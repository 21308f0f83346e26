"""The whole way in Chromium, on a running service: come in, draw by keyboard, publish, find it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from starlette.applications import Starlette
from tests.service.instance import PASSWORD, Instance, running
from tests.service.web import driving
from tests.service.web.driving import Browser


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running() as made:
        yield made


@pytest.fixture
def driver() -> Iterator[webdriver.Chrome]:
    with driving.chromium() as made:
        yield made


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


def press(driver: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(driver).send_keys(*keys).perform()


def tab_to(driver: webdriver.Chrome, wanted: Callable[[WebElement], object]) -> WebElement:
    """Press Tab until what has the focus is wanted."""
    for _ in range(150):
        press(driver, Keys.TAB)
        found = driver.switch_to.active_element
        if wanted(found):
            return found
    raise AssertionError("Tab never came there")


def test_from_the_owners_link_to_the_gallery(instance: Instance, driver: webdriver.Chrome) -> None:
    service = instance.service
    origin = service.settings.origin
    driver.get(f"{origin}/welcome?token={service.accounts.owner_token()}")
    driver.find_element(By.ID, "handle").send_keys("sumi")
    driver.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    until(lambda: driver.current_url == f"{origin}/create", "the studio")

    # With the keyboard alone: words, a draft, a chip, the picture.
    tab_to(driver, lambda one: one.get_attribute("id") == "prompt")
    press(driver, "1girl, silver hair")
    browser = Browser(driver, origin, Starlette())

    def on_the_easel() -> str:
        return str(browser.run("return document.querySelector('[data-sheet]').src"))

    browser.until(on_the_easel, "a draft, or on a busy machine the picture", 120)
    press(driver, Keys.ESCAPE)
    chip = tab_to(driver, lambda one: one.get_attribute("aria-pressed") == "false")
    press(driver, Keys.SPACE)
    until(lambda: chip.get_attribute("aria-pressed") == "true", "a chip that is pressed")
    assert len(driver.find_element(By.ID, "prompt").get_attribute("value")) > len("1girl, silver hair")
    driver.execute_script("document.getElementById('prompt').focus()")
    tab_to(driver, lambda one: one.get_attribute("data-draw") is not None)
    press(driver, Keys.ENTER)
    more = driver.find_element(By.CSS_SELECTOR, "[data-open]")
    until(more.is_displayed, "the finished picture")
    browser.until(lambda: "/file" in on_the_easel(), "its file on the easel", 120)
    assert browser.run("return document.querySelector('[data-sheet]').naturalWidth") == 512

    picture = more.get_attribute("href")
    driver.get(str(picture))
    driver.find_element(By.CSS_SELECTOR, "form[action$='/publish'] input[name=caption]").send_keys("Morning")
    driver.find_element(By.CSS_SELECTOR, "form[action$='/publish'] button").click()
    until(lambda: not driver.find_elements(By.CSS_SELECTOR, "form[action$='/publish']"), "it is published")
    driver.get(f"{origin}/gallery")
    shown = driver.find_elements(By.CSS_SELECTOR, f"a[href='{str(picture).removeprefix(origin)}'] img")
    assert shown
    # It is lazy: the page counts as loaded without it.
    until(lambda: driver.execute_script("return arguments[0].naturalWidth > 0", shown[0]), "its thumbnail")
    assert browser.complaints() == []


def test_every_page_of_a_member_is_sound(instance: Instance, driver: webdriver.Chrome) -> None:
    service = instance.service
    origin = service.settings.origin
    driver.get(f"{origin}/welcome?token={service.accounts.owner_token()}")
    driver.find_element(By.ID, "handle").send_keys("sumi")
    driver.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
    until(lambda: driver.current_url == f"{origin}/create", "the studio")
    browser = Browser(driver, origin, Starlette())
    for page in ("create", "gallery", "characters", "queue", "account", "moderation", "about", "claim"):
        browser.size(1280)
        browser.open(f"/{page}")
        assert browser.violations() == [], page
        browser.size(360)
        assert browser.run("return document.documentElement.scrollWidth <= 360"), page
        assert browser.complaints() == [], page
