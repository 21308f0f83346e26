"""The mask brush in Chromium: drawn by the mouse and by the keyboard, sent as a PNG of the picture's size."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from tests.service.web.driving import Browser


def sent(browser: Browser) -> Any:
    """The mask that is sent, [height, width], 0 to 255; None if there is none."""
    browser.app.state.posted.clear()
    browser.one("#edit [type=submit]").click()
    browser.until(lambda: browser.posted("/pictures/p0/edit"), "the edit")
    fields = browser.posted("/pictures/p0/edit")[0]
    assert fields["instruction"] == "hair: blue"
    if "mask" not in fields:
        return None
    image = Image.open(BytesIO(fields["mask"]))
    assert image.format == "PNG"
    browser.until(lambda: browser.one("[data-status]").text == "Drawn and sealed", "the picture")
    return np.asarray(image.convert("L"))


def begin(browser: Browser, paint: bool = True) -> None:
    browser.open("/pictures/p0")
    browser.until(
        lambda: browser.run("return document.querySelector('[data-sheet]').complete"), "the picture"
    )
    browser.one("#instruction").send_keys("hair: blue")
    if paint:
        browser.one("[data-paint]").click()


def stroke(browser: Browser, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A stroke between two points of the picture, as shares of its size."""
    canvas = browser.one(".mask")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    width, height = canvas.size["width"], canvas.size["height"]
    (x0, y0), (x1, y1) = ((round((x - 0.5) * width), round((y - 0.5) * height)) for x, y in (start, end))
    chain = ActionChains(browser.driver, duration=60)
    chain.move_to_element_with_offset(canvas, x0, y0).click_and_hold()
    chain.move_to_element_with_offset(canvas, x1, y1).release().perform()


def test_a_stroke_is_in_the_mask_and_nowhere_else(browser: Browser) -> None:
    begin(browser)
    stroke(browser, (0.25, 0.25), (0.75, 0.25))
    mask = sent(browser)
    size = browser.run(
        "const s = document.querySelector('[data-sheet]'); return [s.naturalHeight, s.naturalWidth]"
    )
    assert list(mask.shape) == size
    height, width = mask.shape
    assert mask[height // 4, width // 4 : width * 3 // 4].min() == 255
    assert mask[height // 2 :].max() == 0
    assert 0.02 < (mask > 127).mean() < 0.2
    assert browser.complaints() == []


def test_the_eraser_takes_away_undo_brings_back_and_invert_turns_round(browser: Browser) -> None:
    begin(browser)
    stroke(browser, (0.2, 0.5), (0.8, 0.5))
    browser.one("[data-tool=eraser]").click()
    stroke(browser, (0.5, 0.4), (0.5, 0.6))
    height, width = (mask := sent(browser)).shape
    assert mask[height // 2, width // 2] == 0 and mask[height // 2, width // 4] == 255
    browser.one("[data-undo]").click()
    assert sent(browser)[height // 2, width // 2] == 255
    browser.one("[data-invert]").click()
    mask = sent(browser)
    assert mask[height // 2, width // 2] == 0 and mask[0, 0] == 255
    browser.one("[data-clear]").click()
    assert sent(browser) is None


def test_a_rectangle_by_numbers_is_painted(browser: Browser) -> None:
    begin(browser, paint=False)
    browser.one(".rectangle summary").click()
    for name, value in (("left", 32), ("top", 48), ("width", 64), ("height", 16)):
        browser.one(f"#mask-{name}").send_keys(str(value))
    browser.one("[data-rectangle]").click()
    mask = sent(browser)
    assert mask[48:64, 32:96].min() == 255
    assert (mask > 0).sum() == 64 * 16


def test_a_part_can_be_named_instead(browser: Browser) -> None:
    begin(browser, paint=False)
    browser.one("[name=region][value=hair]").click()
    browser.app.state.posted.clear()
    browser.one("#edit [type=submit]").click()
    browser.until(lambda: browser.posted("/pictures/p0/edit"), "the edit")
    fields = browser.posted("/pictures/p0/edit")[0]
    assert fields["region"] == "hair" and "mask" not in fields
    browser.until(lambda: browser.one("[data-status]").text == "Drawn and sealed", "the picture")
