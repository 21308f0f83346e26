"""Whatever people write, no page runs it: looked at in Chromium, where a script would leave its mark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from tests.service.access.world import World

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
#: Each leaves ``window.marked`` if it is ever run, in an element, an attribute, an address or a script.
SCRIPTS = [
    "<script>window.marked=1</script>",
    "<img src=x onerror=window.marked=1>",
    '"\' onfocus=window.marked=1 autofocus x="',
    "</title></textarea></script><svg onload=window.marked=1>",
    "javascript:window.marked=1",
    "{{7*7}}${window.marked=1}",
]


@pytest.fixture(scope="module")
def driver(world: World) -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})  # type: ignore[no-untyped-call]
    made = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    made.get(f"{world.origin}/sign-in")
    made.add_cookie({"name": "__Host-rakkan", "value": world.sessions["mika"], "secure": True, "path": "/"})
    yield made
    made.quit()


@pytest.fixture(scope="module")
def pages(world: World) -> list[str]:
    """Pages with scripts in everything that people write, as far as it is taken at all."""
    service, mine = world.service, world.actor("mika")
    accounts, catalogue = service.accounts, service.catalogue
    shown = []
    for index, script in enumerate(SCRIPTS):
        accounts.people.change(mine.account, script[:60], script)
        made = world.picture("mika", False)
        catalogue.publish(mine, made, script, ("hat",))
        service.social.comment(world.actor("rin"), made, script)
        accounts.keys.make(mine, script[:40], ("read",))
        shown.append(f"/pictures/{made}")
        headers = world.headers("member", "create")
        world.client.post("/studio/create", data={"prompt": f"hat, {script}"}, headers=headers)
        world.client.post("/characters", data={"name": script, "words": f"hat, {script}"}, headers=headers)
        world.client.post(
            f"/pictures/{made}/report", data={"reason": "spam", "text": script}, headers=headers
        )
        assert index < len(SCRIPTS)
    handle = accounts.profile(mine.account).handle
    return [*shown, "/gallery", f"/people/{handle}", "/queue", "/account", "/characters"]


def marks(driver: webdriver.Chrome) -> tuple[bool, list[str]]:
    """Whether a script ran, and what the content policy had to stop."""
    log = driver.get_log("browser")  # type: ignore[no-untyped-call]
    stopped = [one["message"] for one in log if "Content Security Policy" in one["message"]]
    return bool(driver.execute_script("return window.marked === 1")), stopped


def test_nothing_that_people_wrote_is_run(world: World, driver: webdriver.Chrome, pages: list[str]) -> None:
    for page in pages:
        driver.get(world.origin + page)
        assert driver.title, page
        ran, stopped = marks(driver)
        assert not ran and not stopped, (page, stopped)


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_in_an_address_is_run(world: World, driver: webdriver.Chrome, script: str) -> None:
    for page in (
        "/create?prompt=",
        "/sign-in?next=",
        "/join?token=",
        "/welcome?token=",
        "/gallery?q=",
        "/nothing/",
    ):
        driver.get(world.origin + page + script.replace("#", "%23"))
        ran, stopped = marks(driver)
        assert not ran and not stopped, (page, stopped)


def test_a_script_that_came_in_would_be_seen(driver: webdriver.Chrome) -> None:
    driver.get("data:text/html,<script>window.marked=1</script>")
    assert marks(driver)[0]


def test_the_content_policy_stops_a_script_in_a_page(world: World, driver: webdriver.Chrome) -> None:
    driver.get(f"{world.origin}/gallery")
    driver.execute_script(
        "const one = document.createElement('div'); one.innerHTML = '<img src=x onerror=window.marked=1>';"
        "document.body.append(one);"
    )
    driver.implicitly_wait(0.2)
    driver.find_element("css selector", "body")
    assert not marks(driver)[0]
