"""One browser for all tests of the studio that need one, as new for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.service.web import driving


@pytest.fixture(scope="session")
def chromium() -> Iterator[driving.Browser]:
    if not (driving.CHROMIUM and driving.DRIVER):
        pytest.skip("chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    with driving.browsing() as browser:
        yield browser


@pytest.fixture
def browser(chromium: driving.Browser) -> driving.Browser:
    chromium.scripts(True)
    chromium.size(1280)
    chromium.scheme("light")
    chromium.app.state.posted.clear()
    chromium.app.state.answer_after = 0.05
    chromium.open("/error")
    chromium.driver.delete_all_cookies()
    chromium.complaints()
    return chromium
