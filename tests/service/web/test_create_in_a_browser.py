"""The Create page in Chromium: drafts, chips both ways, the picture that is kept, all by keyboard."""

from __future__ import annotations

import json

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from tests.service.web.driving import Browser

from rakkan.service.web.chips import chip_groups, phrase_table
from rakkan.service.web.rendering import asset
from rakkan.studio.starter.lexicon import read

CHIPS = [(chip.slot, chip.value) for group in chip_groups() for row in group.rows for chip in row.chips]
WRITE = """
const [module, table, steps, end] = arguments;
import(module).then(({ dictionary, read, write }) => {
  const words = dictionary(JSON.parse(table));
  const texts = [];
  let text = "";
  for (const [slot, value] of steps) {
    if (slot === "start") text = value;
    else text = write(words, text, slot, value);
    const found = Object.entries(read(words, text)).map(([name, item]) => [name, item.value]);
    texts.push([text, Object.fromEntries(found)]);
  }
  end(texts);
});
"""


def written(browser: Browser, *steps: tuple[str, str]) -> list[tuple[str, dict[str, str]]]:
    """The prompt after each step, and what the module reads in it."""
    given = (asset("js/prompt.js"), json.dumps(phrase_table()), [list(step) for step in steps])
    return [tuple(one) for one in browser.driver.execute_async_script(WRITE, *given)]


def test_the_model_reads_what_every_chip_writes(browser: Browser) -> None:
    steps = [step for slot, value in CHIPS for step in (("start", ""), (slot, value), (slot, ""))]
    told = written(browser, *steps)
    for (slot, value), one, gone in zip(CHIPS, told[1::3], told[2::3], strict=True):
        assert read(one[0]).condition.get(slot) == value, one[0]
        assert one[1] == {slot: value}, one[0]
        assert gone == ("", {})


def test_chips_together_are_read_as_the_model_reads_them(browser: Browser) -> None:
    rows = [[(chip.slot, chip.value) for chip in row.chips] for group in chip_groups() for row in group.rows]
    for turn in range(24):
        steps = [("start", "")] + [row[(turn * 5 + at) % len(row)] for at, row in enumerate(rows)]
        text, found = written(browser, *steps)[-1]
        assert found == dict(steps[1:]), text
        condition = read(text).condition
        assert {slot: condition.get(slot) for slot, _ in steps[1:]} == dict(steps[1:]), text


@pytest.mark.parametrize(
    ("before", "slot", "value", "after"),
    [
        ("silver twin tails", "hair_colour", "blue", "blue twin tails"),
        ("silver twin tails", "hairstyle", "bob cut", "silver bob cut"),
        ("silver twin tails, smile", "hairstyle", "", "silver hair, smile"),
        ("silver hair, smile", "hair_colour", "", "smile"),
        ("silver twin tails", "hair_colour", "", "twin tails"),
        (
            "a woman with silver hair and red eyes",
            "eye_colour",
            "green",
            "a woman with silver hair and green eyes",
        ),
        ("hoodie, smile", "outfit_colour", "red", "red hoodie, smile"),
        ("striped hoodie", "outfit_colour", "red", "red striped hoodie"),
        ("red hoodie", "outfit", "", "red outfit"),
        ("red hair bow", "hair_colour", "blue", "red hair bow, blue hair"),
        ("smile,", "pose", "waving", "smile, waving"),
        ("smile", "presentation", "woman", "1girl, smile"),
    ],
)
def test_words_are_changed_where_they_stand(
    browser: Browser, before: str, slot: str, value: str, after: str
) -> None:
    assert written(browser, ("start", before), (slot, value))[-1][0] == after


def test_typing_lights_chips_and_chips_write(browser: Browser) -> None:
    browser.open("/create")
    browser.one("#prompt").send_keys("a lady with silver twintails in a red hoodie")
    browser.one("#tab-hair").click()
    lit = [chip.get_attribute("value") for chip in browser.all('#panel-hair [aria-pressed="true"]')]
    assert lit == ["twin tails", "silver"]
    browser.one('#panel-hair [value="blue"]').click()
    assert browser.one("#prompt").get_property("value") == "a lady with blue twintails in a red hoodie"
    assert browser.all("[data-lit]")[0].get_attribute("id") == "tab-person"


def test_drafts_follow_and_the_sealed_picture_comes_at_rest(browser: Browser) -> None:
    browser.open("/create")
    browser.run(
        "const prompt = document.getElementById('prompt'); prompt.value = '1girl, smile';"
        "prompt.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    browser.until(lambda: browser.posted("/studio/draft"), "a draft is asked for")
    browser.until(lambda: browser.one("[data-easel]").get_attribute("data-state") == "final", "the picture")
    browser.until(lambda: browser.one("[data-stamp]").is_displayed(), "the stamp, which fades in")
    assert browser.one("[data-open]").get_attribute("href") == f"{browser.base}/pictures/p3"
    assert browser.one("[data-status]").text == "Drawn and sealed"
    created = browser.posted("/studio/create")
    assert len(created) == 1
    assert {"prompt", "negative", "seed", "size", "guidance", "steps", "reference", "slot", "csrf"} <= set(
        created[0]
    )
    assert created[0] == browser.posted("/studio/draft")[-1]
    assert browser.complaints() == []


def never_at_rest(browser: Browser) -> None:
    """Let drafts stay on the easel: at rest for 0.7 s, the picture is drawn in their place."""
    browser.run(
        "const plain = window.setTimeout;"
        "window.setTimeout = (call, wait, ...more) => plain(call, wait === 700 ? 1e8 : wait, ...more)"
    )


def test_an_older_draft_never_covers_a_newer_one(browser: Browser) -> None:
    browser.app.state.answer_after = 0.25
    browser.open("/create")
    never_at_rest(browser)
    for number in range(5):
        browser.one("#prompt").send_keys(f"smile{number}, ")
    browser.until(lambda: browser.one("[data-easel]").get_attribute("data-state") == "draft", "a draft")
    whole = "smile0, smile1, smile2, smile3, smile4, "
    browser.until(lambda: browser.posted("/studio/draft")[-1]["prompt"] == whole, "the newest is asked for")
    browser.until(lambda: browser.one("[data-easel]").get_attribute("data-state") == "draft", "it is drawn")
    assert browser.run("return document.querySelector('[data-sheet]').src").startswith("blob:")


def test_a_refused_draft_says_why_and_goes_on(browser: Browser) -> None:
    browser.open("/create")
    never_at_rest(browser)
    browser.run("document.getElementById('create').dataset.draft = '/refused'")
    browser.one("#prompt").send_keys("1girl")
    browser.until(lambda: "not drawn here" in browser.one("[data-status]").text, "the message")
    browser.run("document.getElementById('create').dataset.draft = '/studio/draft'")
    browser.one("#prompt").send_keys(", smile")
    browser.until(
        lambda: browser.one("[data-easel]").get_attribute("data-state") in ("draft", "final"), "a draft"
    )


def test_cancelling_tells_the_service(browser: Browser) -> None:
    browser.open("/create")
    browser.run("window.EventSource = class { addEventListener() {} close() {} }")
    browser.one("#prompt").send_keys("1girl")
    browser.one("[data-draw]").click()
    browser.until(lambda: browser.one("[data-cancel]").is_displayed(), "it can be cancelled")
    browser.until(lambda: browser.posted("/studio/create"), "it is asked for")
    browser.one("#prompt").send_keys(Keys.ESCAPE)
    browser.until(lambda: any(path.endswith("/cancel") for path, _ in browser.app.state.posted), "cancelled")
    assert not browser.one("[data-cancel]").is_displayed()


def test_a_reference_is_taken_and_let_go(browser: Browser, tmp_path: object) -> None:
    from pathlib import Path

    from tests.service.web import samples

    file = Path(str(tmp_path)) / "figure.webp"
    file.write_bytes(samples.picture(2))
    browser.open("/create")
    browser.one("[data-file]").send_keys(str(file))
    browser.until(lambda: browser.one("[data-drop-picture]").is_displayed(), "its thumbnail")
    assert browser.posted("/studio/reference")[0]["picture"] == samples.picture(2)
    assert browser.one("[name=reference]").get_property("value") == "r1"
    browser.one("[data-drop-clear]").click()
    assert browser.one("[name=reference]").get_property("value") == ""


def test_the_seed_rolls_and_locks(browser: Browser) -> None:
    browser.open("/create")
    seed = browser.one("#seed")
    browser.one("[data-dice]").click()
    assert seed.get_property("value") != "7"
    kept = seed.get_property("value")
    browser.one("[data-lock]").click()
    assert browser.one("[data-lock]").get_attribute("aria-pressed") == "true"
    browser.one("#prompt").send_keys("1girl")
    for _ in range(2):
        browser.until(lambda: browser.one("[data-easel]").get_attribute("data-state") == "final", "drawn")
        browser.one("[data-draw]").click()
    assert seed.get_property("value") == kept


def test_everything_can_be_done_by_keyboard(browser: Browser) -> None:
    browser.open("/create")
    keys = ActionChains(browser.driver)

    def press(*wanted: str) -> None:
        keys.send_keys(*wanted).perform()

    def focus() -> str:
        return str(
            browser.run("return document.activeElement.id || document.activeElement.textContent.trim()")
        )

    def reach(name: str) -> None:
        for _ in range(40):
            if focus() == name:
                return
            press(Keys.TAB)
        raise AssertionError(f"{name} cannot be reached")

    press(Keys.TAB)
    assert focus() == "Skip to the content"
    press(Keys.ENTER)
    reach("prompt")
    press("1girl, silver twi")
    browser.until(lambda: browser.one("#suggestions").is_displayed(), "suggestions")
    press(Keys.ESCAPE)
    assert not browser.one("#suggestions").is_displayed()
    press("n", Keys.ARROW_DOWN, Keys.ENTER)
    assert browser.one("#prompt").get_property("value") == "1girl, silver twin braids, "
    browser.run("document.getElementById('prompt').value = ''")
    reach("tab-person")
    press(Keys.ARROW_RIGHT)
    assert focus() == "tab-hair" and browser.one("#panel-hair").is_displayed()
    press(Keys.TAB, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.SPACE)
    assert browser.one("#prompt").get_property("value") == "bob cut"
    press(Keys.TAB, Keys.END, Keys.SPACE)
    assert browser.one("#prompt").get_property("value") == "white bob cut"
    browser.until(lambda: browser.one("[data-easel]").get_attribute("data-state") == "final", "the picture")
    reach("Bahasa Indonesia")


def test_the_focus_can_be_seen(browser: Browser) -> None:
    browser.open("/create")
    ActionChains(browser.driver).send_keys(Keys.TAB, Keys.TAB, Keys.TAB).perform()
    width = browser.run("return parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2
