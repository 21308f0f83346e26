"""Passkeys in Chromium, with an authenticator that the driver plays: added, used, and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from tests.service.instance import PASSWORD, Instance, running
from tests.service.web import driving


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running(worker=False) as made:
        yield made


@pytest.fixture
def driver() -> Iterator[webdriver.Chrome]:
    with driving.chromium() as made:
        yield made


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


def test_a_passkey_is_added_signs_in_and_is_removed(instance: Instance, driver: webdriver.Chrome) -> None:
    instance.member("mika")
    origin = instance.service.settings.origin
    driver.add_virtual_authenticator(
        VirtualAuthenticatorOptions(  # type: ignore[no-untyped-call]
            protocol="ctap2", transport="internal", has_resident_key=True, has_user_verification=True,
            is_user_verified=True,
        )
    )  # fmt: skip

    driver.get(f"{origin}/sign-in?next=/account")
    driver.find_element(By.ID, "handle").send_keys("mika")
    driver.find_element(By.ID, "password").send_keys(PASSWORD)
    driver.find_element(By.CSS_SELECTOR, "form.paper button").click()
    until(lambda: driver.current_url == f"{origin}/account", "the account page")

    form = driver.find_element(By.CSS_SELECTOR, "form[data-passkey=add]")
    until(form.is_displayed, "the form for a passkey")
    driver.find_element(By.ID, "passkey-label").send_keys("this laptop")
    form.find_element(By.TAG_NAME, "button").click()
    until(lambda: "done=1" in driver.current_url, "the passkey is added")
    assert "this laptop" in driver.page_source

    driver.delete_all_cookies()
    driver.get(f"{origin}/sign-in?next=/account")
    use = driver.find_element(By.CSS_SELECTOR, "form[data-passkey=use]")
    until(use.is_displayed, "the way in by a passkey")
    use.find_element(By.TAG_NAME, "button").click()
    until(lambda: driver.current_url == f"{origin}/account", "signed in by the passkey")
    account = instance.service.accounts.people.find("mika")
    assert account is not None
    sessions = instance.service.accounts.sessions.of(account.identifier)
    assert {one.way for one in sessions} == {"password", "passkey"}

    remove = "form[action^='/account/passkeys/'][action$='/remove'] button"
    driver.find_element(By.CSS_SELECTOR, remove).click()
    until(lambda: "done=1" in driver.current_url, "the passkey is removed")
    assert instance.service.accounts.passkeys.of(account.identifier) == []
    log = [one["message"] for one in driver.get_log("browser")]  # type: ignore[no-untyped-call]
    assert [one for one in log if "error" in one.lower()] == []
