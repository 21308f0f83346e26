"""The door for clients of OpenAI's images, driven by ``openai``."""

from __future__ import annotations

import base64
import io

import httpx
import openai
import pytest
from PIL import Image
from tests.service.routes.conftest import Hub

from rakkan.formats.inspect import inspect
from rakkan.service.routes.doors.drawing import size_for

PROMPT = "1girl, silver hair, red eyes"


def client_of(hub: Hub, *scopes: str, handle: str = "mika") -> openai.OpenAI:
    key = hub.key(hub.instance.member(handle), *scopes)
    return openai.OpenAI(base_url=f"{hub.origin}/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="module")
def client(hub: Hub) -> openai.OpenAI:
    return client_of(hub)


def png(picture: Image.Image) -> tuple[str, bytes, str]:
    kept = io.BytesIO()
    picture.save(kept, "png")
    return "picture.png", kept.getvalue(), "image/png"


def opened(text: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text or "")))


@pytest.fixture(scope="module")
def picture(client: openai.OpenAI) -> Image.Image:
    made = client.images.generate(prompt=PROMPT, response_format="b64_json")
    assert made.data is not None
    return opened(made.data[0].b64_json).convert("RGB")


def test_pictures_from_words(client: openai.OpenAI) -> None:
    made = client.images.generate(
        prompt=PROMPT, n=2, size="1024x1024", response_format="b64_json", model="rakkan-starter"
    )
    assert made.data is not None and len(made.data) == 2
    assert all(one.url is None for one in made.data)
    assert inspect(base64.b64decode(made.data[0].b64_json or "")).has_seal
    assert opened(made.data[0].b64_json).size == (512, 512)
    assert made.created > 1_700_000_000


def test_a_link_opens_for_its_recipient_alone(hub: Hub, client: openai.OpenAI) -> None:
    made = client.images.generate(prompt=PROMPT, response_format="url", size="1024x1792")
    assert made.data is not None
    (one,) = made.data
    assert one.b64_json is None and one.url is not None and one.url.startswith(f"{hub.origin}/links/")
    answer = hub.client(hub.mika, "read").get(one.url)
    assert Image.open(io.BytesIO(answer.content)).size == (512, 768)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert hub.client(hub.rin).get(one.url).status_code == 404
    assert httpx.get(one.url, timeout=60).status_code == 401
    assert hub.client(hub.mika).get(one.url + "x").status_code == 404


def test_who_does_not_say_gets_both(client: openai.OpenAI) -> None:
    made = client.images.generate(prompt=PROMPT)
    assert made.data is not None and made.data[0].url and made.data[0].b64_json


def test_what_is_transparent_in_the_mask_is_drawn_anew(client: openai.OpenAI, picture: Image.Image) -> None:
    mask = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 512, 200))
    made = client.images.edit(
        image=png(picture), mask=png(mask), prompt="1girl, blue hair", response_format="b64_json"
    )
    assert made.data is not None
    after = opened(made.data[0].b64_json).convert("RGB")
    below, above = (0, 400, 512, 512), (0, 0, 512, 120)
    assert after.crop(below).tobytes() == picture.crop(below).tobytes()
    assert after.crop(above).tobytes() != picture.crop(above).tobytes()


def test_a_picture_is_its_own_mask_and_without_one_all_is_drawn_over(
    client: openai.OpenAI, picture: Image.Image
) -> None:
    cut = picture.convert("RGBA")
    cut.putalpha(Image.new("L", picture.size, 255))
    cut.paste((0, 0, 0, 0), (0, 0, 512, 200))
    made = client.images.edit(image=[png(cut)], prompt="1girl, blue hair", response_format="b64_json")
    assert made.data is not None
    after = opened(made.data[0].b64_json).convert("RGB")
    assert after.crop((0, 400, 512, 512)).tobytes() == picture.crop((0, 400, 512, 512)).tobytes()
    whole = client.images.edit(image=png(picture), prompt="1girl, blue hair", response_format="b64_json")
    assert whole.data is not None
    assert opened(whole.data[0].b64_json).convert("RGB").tobytes() != picture.tobytes()


def test_the_models(client: openai.OpenAI) -> None:
    assert [one.id for one in client.models.list()] == ["rakkan-starter"]
    assert client.models.retrieve("rakkan-starter").owned_by == "rakkan"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("dall-e-3")


def test_errors_are_those_that_clients_raise(hub: Hub, client: openai.OpenAI, picture: Image.Image) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="real people") as found:
        client.images.generate(prompt="Marie Curie")
    assert found.value.code == "unusable" and found.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError, match="dall-e-3"):
        client.images.generate(prompt=PROMPT, model="dall-e-3")
    with pytest.raises(openai.UnprocessableEntityError):
        client.images.generate(prompt=PROMPT, n=9)
    with pytest.raises(openai.UnprocessableEntityError, match="size"):
        client.images.generate(prompt=PROMPT, size="large")  # type: ignore[call-overload]
    with pytest.raises(openai.UnprocessableEntityError, match="output_format"):
        client.images.generate(prompt=PROMPT, output_format="webp")
    with pytest.raises(openai.UnprocessableEntityError, match="stream"):
        client.images.generate(prompt=PROMPT, stream=True)
    with pytest.raises(openai.UnprocessableEntityError, match="nowhere transparent"):
        client.images.edit(image=png(picture), mask=png(picture), prompt=PROMPT)
    with pytest.raises(openai.UnprocessableEntityError, match="One picture"):
        client.images.edit(image=[png(picture), png(picture)], prompt=PROMPT)
    with pytest.raises(openai.UnprocessableEntityError):
        client.images.edit(image=("picture.png", b"no picture", "image/png"), prompt=PROMPT)
    with pytest.raises(openai.PermissionDeniedError, match="'create'"):
        client_of(hub, "read").images.generate(prompt=PROMPT)
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{hub.origin}/v1", api_key="rk_" + "0" * 64).models.list()
    with pytest.raises(openai.NotFoundError):
        client.images.create_variation(image=png(picture))


@pytest.mark.parametrize(
    ("wanted", "width", "height"),
    [
        ("512x512", 256, 256),
        ("512x512", 1024, 1024),
        ("512x512", 1792, 1024),
        ("512x768", 1024, 1792),
        ("512x768", 1024, 1536),
        ("512x768", 832, 1216),
        ("512x512", 896, 1024),
    ],
)
def test_sizes_become_the_nearest_of_the_starter_model(wanted: str, width: int, height: int) -> None:
    assert size_for("", width, height) == wanted
    assert size_for("other", width, height) == f"{width}x{height}"
