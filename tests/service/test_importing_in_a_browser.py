"""Bringing pictures, prompts and a model in Chromium: each told of by itself, and what broke off goes on."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.service.instance import PASSWORD, Instance, running
from tests.service.small_models import tiny_embedding
from tests.service.web import driving

PARAMETERS = (
    "1girl, silver hair\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 96x64, Model: dawn"
)


@pytest.fixture(scope="module")
def instance(instance_of_module: pytest.MonkeyPatch) -> Iterator[Instance]:
    instance_of_module.setenv("RAKKAN_ENGINE", "fake")
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def driver(instance: Instance) -> Iterator[webdriver.Chrome]:
    with driving.chromium() as made:
        origin = instance.service.settings.origin
        made.get(f"{origin}/welcome?token={instance.service.accounts.owner_token()}")
        made.find_element(By.ID, "handle").send_keys("sumi")
        made.find_element(By.ID, "password").send_keys(PASSWORD, Keys.ENTER)
        until(lambda: made.current_url == f"{origin}/create", "the studio")
        yield made


@pytest.fixture
def origin(instance: Instance) -> str:
    return instance.service.settings.origin


def until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


def picture(shade: int) -> bytes:
    told, file = PngImagePlugin.PngInfo(), io.BytesIO()
    told.add_text("parameters", PARAMETERS)
    made = Image.linear_gradient("L").resize((96, 64)).point(lambda level: (level + shade) % 256)
    made.convert("RGB").save(file, "PNG", pnginfo=told)
    return file.getvalue()


def lines(driver: webdriver.Chrome) -> dict[str, str]:
    """What the page says of each file, by its state."""
    script = (
        "return [...document.querySelectorAll('[data-list] li')].map(one => "
        "[one.firstChild.textContent, one.dataset.state])"
    )
    return dict(driver.execute_script(script))


def severe(driver: webdriver.Chrome) -> list[str]:
    """What the console has that the test did not ask for."""
    return [one["message"] for one in driver.get_log("browser") if one["level"] == "SEVERE"]


def test_files_are_told_of_one_by_one_and_not_sent_twice(
    driver: webdriver.Chrome, origin: str, tmp_path: Path
) -> None:
    made = {"a.png": picture(3), "b.png": picture(90), "broken.png": picture(5)[:200], "notes.pdf": b"%PDF-"}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    driver.get(f"{origin}/account/import")
    assert not driver.find_element(By.CSS_SELECTOR, "[data-work]").is_displayed()
    driver.find_element(By.ID, "import-files").send_keys("\n".join(str(tmp_path / name) for name in made))
    over = {"a.png": "in", "b.png": "in", "broken.png": "refused", "notes.pdf": "refused"}
    until(lambda: lines(driver) == over, "each file's end")
    status = driver.find_element(By.CSS_SELECTOR, "[data-import] [data-status]")
    assert status.text == "2 taken in, 0 here already, 2 refused"
    driver.find_element(By.ID, "import-folder").send_keys(str(tmp_path))
    until(lambda: lines(driver).get("a.png") == "known", "what is here already")
    until(lambda: status.text == "0 taken in, 2 here already, 2 refused", "the sum of the folder")
    assert driver.execute_script(f"{driving.AXE}; return typeof axe") == "object"
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run().then(made => done(made.violations.map(one => one.id)))"
    )
    assert found == []
    driver.get(f"{origin}/gallery")
    assert severe(driver) == []


def test_prompts_styles_and_wildcards_are_found_under_create(
    driver: webdriver.Chrome, origin: str, tmp_path: Path
) -> None:
    (tmp_path / "styles.csv").write_text("name,prompt,negative_prompt\nMy ink,ink drawing,blurry\n")
    (tmp_path / "hats.txt").write_text("beret\nstraw hat\n")
    (tmp_path / "mine.txt").write_text("1girl, silver hair, smile\n")
    for files, use in ((("styles.csv", "hats.txt"), "wildcards"), (("mine.txt",), "prompts")):
        driver.get(f"{origin}/account/import")
        place = driver.find_element(By.ID, "prompt-files")
        place.send_keys("\n".join(str(tmp_path / name) for name in files))
        driver.find_element(By.CSS_SELECTOR, f'input[name="use"][value="{use}"]').click()
        place.submit()
        until(lambda: driver.find_elements(By.CSS_SELECTOR, ".note[role=status]"), "what was kept")
    driver.get(f"{origin}/create")
    driver.execute_script("document.querySelector('details.finer').open = true")
    assert "My ink" in driver.find_element(By.ID, "style").text
    driver.find_element(By.CSS_SELECTOR, "#saved option:nth-child(2)").click()
    driver.find_element(By.CSS_SELECTOR, "[data-wildcard]").click()
    written = driver.execute_script("return document.getElementById('prompt').value")
    assert written == "1girl, silver hair, smile, __hats__"
    assert severe(driver) == []


def test_a_model_is_sent_and_goes_on_where_it_broke_off(
    driver: webdriver.Chrome, origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.service.arrivals import uploads
    from rakkan.service.routes import bringing
    from rakkan.service.routes.api import models

    for module in (uploads, bringing, models):
        monkeypatch.setattr(module, "PART", 1000)
    file = tmp_path / "dawn.safetensors"
    file.write_bytes(tiny_embedding(21))
    driver.get(f"{origin}/models")
    # The line breaks at the third part, for good: as when the page is left.
    driver.execute_script(
        "const send = window.fetch; let parts = 0; window.fetch = (address, how) => "
        "how.method === 'PUT' && ++parts > 2 ? new Promise(() => {}) : send(address, how)"
    )
    driver.find_element(By.ID, "model-file").send_keys(str(file))
    driver.find_element(By.ID, "model-name").send_keys("Dawn")
    driver.find_element(By.CSS_SELECTOR, "[data-go]").click()
    status = driver.find_element(By.CSS_SELECTOR, "[data-send] [data-status]")
    until(lambda: "32 %" in status.text, "the second part")
    driver.get(f"{origin}/models")
    assert "32 % is here" in driver.find_element(By.CSS_SELECTOR, "main").text
    driver.find_element(By.ID, "model-file").send_keys(str(file))
    driver.find_element(By.ID, "model-name").send_keys("Dawn", Keys.ENTER)
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".model-list"), "the model's card")
    card = driver.find_element(By.CSS_SELECTOR, ".model-list").text
    assert "Dawn" in card and "textual inversion" in card and "For everybody here" in card
    assert severe(driver) == []


def test_a_pickle_is_refused_by_the_page(driver: webdriver.Chrome, origin: str, tmp_path: Path) -> None:
    (tmp_path / "teapot.ckpt").write_bytes(b"teapot")
    driver.get(f"{origin}/models")
    driver.find_element(By.ID, "model-file").send_keys(str(tmp_path / "teapot.ckpt"))
    status = driver.find_element(By.CSS_SELECTOR, "[data-send] [data-status]")
    until(lambda: "safetensors version" in status.text, "why not")
