"""The door for clients of Stable Diffusion web UI, driven by ``webuiapi``."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image
from tests.service.routes.conftest import Hub
from webuiapi import WebUIApi

from rakkan.formats.inspect import inspect

PROMPT = "1girl, silver hair, red eyes"


def api_of(hub: Hub, *scopes: str, handle: str = "mika") -> WebUIApi:
    made = WebUIApi(port=urlsplit(hub.origin).port or 0, host="localhost")
    made.set_auth("anybody", hub.key(hub.instance.member(handle), *scopes))
    return made


@pytest.fixture(scope="module")
def api(hub: Hub) -> WebUIApi:
    return api_of(hub)


@pytest.fixture(scope="module")
def picture(api: WebUIApi) -> Image.Image:
    made: Image.Image = api.txt2img(prompt=PROMPT, seed=5).image
    return made


def refused(status: int, wanted: str, call: object, **fields: object) -> None:
    with pytest.raises(RuntimeError) as found:
        call(**fields)  # type: ignore[operator]
    told = json.loads(found.value.args[1])
    assert found.value.args[0] == status, told
    assert wanted in told["detail"] and "\n" not in told["detail"], told
    assert set(told) == {"error", "detail", "body", "errors"}


def test_pictures_from_words(api: WebUIApi) -> None:
    made = api.txt2img(prompt=PROMPT, negative_prompt="hat", seed=7, batch_size=2)
    assert [one.size for one in made.images] == [(512, 512)] * 2
    assert made.info["all_seeds"] == [7, 8]
    assert made.info["prompt"] == PROMPT and made.info["steps"] == 4
    assert made.parameters["batch_size"] == 2
    assert "Seed: 7" in made.info["infotexts"][0]
    sealed = base64.b64decode(made.json["images"][0])
    assert inspect(sealed).has_seal
    again = api.txt2img(prompt=PROMPT, negative_prompt="hat", seed=7)
    assert again.image.tobytes() == made.image.tobytes()


def test_a_tall_size_becomes_the_tall_one_there_is(api: WebUIApi) -> None:
    made = api.txt2img(prompt=PROMPT + ", full body", seed=1, width=832, height=1216)
    assert made.image.size == (512, 768)


def test_a_picture_is_drawn_over(api: WebUIApi, picture: Image.Image) -> None:
    made = api.img2img(images=[picture], prompt="1girl, blue hair", seed=3, denoising_strength=0.6)
    assert made.image.size == picture.size
    assert made.info["denoising_strength"] == 0.6


def test_white_in_the_mask_is_drawn_anew_and_black_stays(api: WebUIApi, picture: Image.Image) -> None:
    mask = Image.new("L", picture.size, 0)
    mask.paste(255, (0, 0, 512, 200))
    made = api.img2img(images=[picture], mask_image=mask, prompt="1girl, blue hair", seed=3)
    before, after = picture.convert("RGB"), made.image.convert("RGB")
    below, above = (0, 400, 512, 512), (0, 0, 512, 120)
    assert after.crop(below).tobytes() == before.crop(below).tobytes()
    assert after.crop(above).tobytes() != before.crop(above).tobytes()
    turned = api.img2img(
        images=[picture], mask_image=mask, inpainting_mask_invert=1, prompt="1girl, blue hair", seed=3
    )
    assert turned.image.convert("RGB").crop(above).tobytes() == before.crop(above).tobytes()


def test_a_picture_is_enlarged(api: WebUIApi, picture: Image.Image) -> None:
    small = picture.resize((96, 96))
    made = api.extra_single_image(small, upscaler_1="waifu2x", upscaling_resize=2)
    assert made.image.size == (192, 192)
    assert inspect(base64.b64decode(made.json["image"])).has_seal
    refused(422, "Faces are not restored", api.extra_single_image, image=small, gfpgan_visibility=0.5)
    refused(422, "no upscaler", api.extra_single_image, image=small, upscaler_1="LDSR")
    refused(422, "1, 2 or 4", api.extra_single_image, image=small, upscaling_resize=3)


def test_a_picture_tells_how_it_was_made(api: WebUIApi, picture: Image.Image) -> None:
    drawn = api.txt2img(prompt=PROMPT, seed=11)
    payload = {"image": drawn.json["images"][0]}
    told = api.session.post(f"{api.baseurl}/png-info", json=payload).json()
    assert told["info"].startswith(PROMPT)
    assert told["parameters"]["Seed"] == "11" and told["parameters"]["Prompt"] == PROMPT
    assert api.png_info(Image.new("RGB", (64, 64))).info == ""


def test_what_clients_look_up(api: WebUIApi) -> None:
    assert api.util_get_model_names() == ["rakkan-starter"]
    assert "Euler a" in api.util_get_sampler_names()
    assert "karras" in api.util_get_scheduler_names()
    assert api.get_loras() == []
    assert [one["name"] for one in api.get_upscalers()] == ["None", "waifu2x"]
    assert api.get_scripts() == {"txt2img": [], "img2img": []}
    assert api.util_get_current_model() == "rakkan-starter"
    api.util_set_model("rakkan-starter")
    assert api.get_options()["sd_model_checkpoint"] == "rakkan-starter"
    api.util_wait_for_ready(0.1)


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ("Faces are not restored", {"restore_faces": True}),
        ("tiles", {"tiling": True}),
        ("high-resolution pass", {"enable_hr": True}),
        ("sampler cannot be", {"sampler_name": "DDIM"}),
        ("no styles", {"styles": ["ink"]}),
        ("second seed", {"subseed_strength": 0.5}),
        ("no scripts", {"script_name": "x/y plot"}),
        ("no script 'ControlNet'", {"alwayson_scripts": {"ControlNet": {"args": [{"module": "canny"}]}}}),
        ("cannot be overridden", {"override_settings": {"sd_vae": "other"}}),
        ("too many", {"batch_size": 4, "n_iter": 4}),
        ("real people", {"prompt": "Marie Curie"}),
        ("prompt is empty", {"prompt": ""}),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_a_line(
    api: WebUIApi, wanted: str, fields: dict[str, object]
) -> None:
    refused(422, wanted, api.txt2img, **{"prompt": PROMPT, **fields})


def test_what_is_not_there_is_named(api: WebUIApi) -> None:
    named = {"sd_model_checkpoint": "dreamy [0123456789]"}
    refused(404, "dreamy", api.txt2img, prompt=PROMPT, override_settings=named)
    answer = api.session.post(f"{api.baseurl}/options", json={"sd_model_checkpoint": "dreamy"})
    assert answer.status_code == 404
    answer = api.session.post(f"{api.baseurl}/options", json={"sd_vae": "other"})
    assert answer.status_code == 422
    assert api.session.get(f"{api.baseurl}/hypernetworks").json()["error"] == "not_found"


def test_no_address_is_followed(api: WebUIApi) -> None:
    payload = {"init_images": ["http://localhost:1/picture.png"], "prompt": PROMPT}
    answer = api.session.post(f"{api.baseurl}/img2img", json=payload)
    assert answer.status_code == 422 and "no address is followed" in answer.json()["detail"]


def test_what_is_drawn_can_be_seen_and_interrupted(hub: Hub) -> None:
    api, outcome = api_of(hub, handle="rin"), []

    def many() -> None:
        try:
            outcome.append(api_of(hub, handle="rin").txt2img(prompt=PROMPT, batch_size=8))
        except RuntimeError as error:
            outcome.append(error.args[0])

    mika = api_of(hub)
    drawing = threading.Thread(target=many)
    drawing.start()
    until = time.monotonic() + 300
    while api.get_progress()["state"]["job_count"] == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert mika.get_progress()["state"]["job_count"] == 0  # somebody else's is nobody's business
    mika.interrupt()
    assert api.get_progress()["state"]["job_count"] == 1
    assert api.interrupt() == {}
    drawing.join(300)
    assert outcome == [409]


def test_only_keys_open_the_door_and_only_as_far_as_they_go(hub: Hub) -> None:
    address = f"{hub.origin}/sdapi/v1"
    key, asker = hub.key(hub.mika, "read"), httpx.Client(timeout=60)
    assert asker.get(f"{address}/samplers").status_code == 401
    assert asker.get(f"{address}/samplers", auth=("mika", "seven quiet brushes")).status_code == 401
    assert asker.get(f"{address}/samplers", auth=("mika", key)).status_code == 200
    bearer = {"authorization": f"Bearer {key}"}
    assert asker.get(f"{address}/samplers", headers=bearer).status_code == 200
    drawn = asker.post(f"{address}/txt2img", json={"prompt": PROMPT}, auth=("mika", key))
    assert drawn.status_code == 403 and "'create'" in drawn.json()["detail"]
    # A browser that remembers the key sends it for other sites' pages too.
    elsewhere = {"origin": "https://elsewhere.example"}
    sent = asker.post(f"{address}/interrupt", headers=elsewhere, auth=("mika", hub.key(hub.mika)))
    assert sent.status_code == 403
    assert asker.get(f"{address}/samplers", headers={"authorization": "Basic %%%"}).status_code == 401


def test_pictures_of_a_client_are_its_accounts(hub: Hub) -> None:
    made = api_of(hub).txt2img(prompt=PROMPT, seed=21)
    (name,) = made.info["pictures"]
    own, other = hub.client(hub.mika), hub.client(hub.rin)
    file = own.get(f"/api/v1/pictures/{name}/file")
    assert Image.open(io.BytesIO(file.content)).size == (512, 512)
    assert file.content == base64.b64decode(made.json["images"][0])
    assert other.get(f"/api/v1/pictures/{name}").status_code == 404
