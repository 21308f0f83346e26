"""A1111's text as others read it: sd-parsers, and the reader of SD Prompt Reader without its window."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sd_parsers import ParserManager
from sd_prompt_reader.format import A1111
from sd_prompt_reader.image_data_reader import ImageDataReader

from rakkan.formats import encode, png
from rakkan.records import Recipe
from rakkan.studio.metadata import claimed, parameters, read

STARTER = Recipe(
    "1girl, silver hair", "glasses", "rakkan-starter", "0123456789abcdef" * 4, "euler", "uniform", 4, 1.5, 7,
    512, 768, "waifu2x upconv_7 anime noise0 2x", "ab" * 32, versions={"rakkan": "0.1.0"},
)  # fmt: skip
CHECKPOINT = Recipe(
    "masterpiece, (red hoodie:1.2), [smile:grin:0.5] <lora:pastel:0.8> <lora:ink:0.4:0.2>", "lowres",
    "meina, v1.2: final", "fe" * 32, "dpmpp_2m", "karras", 28, 6.5, 2**40 + 3, 832, 1216, engine="torch",
    precision="bf16", versions={"rakkan": "0.1.0", "torch": "2.13"},
    adapters={"aa" * 32: "lora pastel 0.8", "bb" * 32: "lora ink 0.4", "cc" * 32: "vae",
              "dd" * 32: "embedding easy negative", "ee" * 32: "lora Seed 1"},
    settings={"clip skip": "2", "noise": "gpu"},
    references={"99" * 32: "controlnet lines 1; ip-adapter looks 0.5"},
)  # fmt: skip
EDIT = Recipe(
    **{**vars(CHECKPOINT), "prompt": "blue hair",
       "settings": {"strength": "0.55", "variation seed": "12", "variation strength": "0.3", "noise": "cpu",
                    "init image": "0123456789"}}
)  # fmt: skip
RECIPES = [STARTER, CHECKPOINT, EDIT]


def words(text: str) -> str:
    """What a model sees of a prompt: words, whatever the white space around them and before a colon."""
    return re.sub(r"\s+", " ", text).replace(" :", ":").replace("sui image", "sui_image").strip()


#: sd-parsers keeps what it read of a JPEG by the address of the picture: no address may be used again.
KEPT: list[Image.Image] = []


def by_sd_parsers(file: Any) -> dict[str, Any]:
    KEPT.append(file if isinstance(file, Image.Image) else Image.open(file))
    found = ParserManager().parse(KEPT[-1])
    assert found is not None
    (sampler,) = found.samplers
    return {
        "prompt": "".join(one.value for one in sampler.prompts),
        "negative": "".join(one.value for one in sampler.negative_prompts),
        "sampler": sampler.name,
        "model": sampler.model.name if sampler.model else "",
        "hash": sampler.model.hash if sampler.model else "",
        **{key.lower(): value for key, value in sampler.parameters.items()},
        "more": found.metadata,
    }


def picture(recipe: Recipe, kind: str) -> io.BytesIO:
    pixels = numpy.full((8, 8, 3), 90, numpy.uint8)
    text = {"parameters": parameters(recipe)}
    made = {"png": png.encode, "jpeg": encode.jpeg, "webp": encode.webp_file}[kind](pixels, text)
    return io.BytesIO(made)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_sd_parsers_reads_it_back(recipe: Recipe, kind: str) -> None:
    told = by_sd_parsers(picture(recipe, kind))
    details = read(parameters(recipe)).details
    assert words(told["prompt"]) == words(recipe.prompt)
    assert words(told["negative"]) == words(recipe.negative)
    assert (told["seed"], told["steps"]) == (str(recipe.seed), str(recipe.steps))
    assert float(told["cfg_scale"]) == recipe.guidance
    assert (told["sampler"], told["scheduler"]) == (details["Sampler"], details["Schedule type"])
    assert told["hash"] == recipe.model_digest[:10]
    assert told["model"] == details["Model"]
    assert told["more"]["Size"] == f"{recipe.width}x{recipe.height}"
    for key in ("Clip skip", "RNG", "VAE hash", "Denoising strength", "Variation seed", "Version"):
        assert told["more"].get(key) == details.get(key)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_sd_prompt_reader_reads_it_back(recipe: Recipe, kind: str, tmp_path: Path) -> None:
    told = ImageDataReader(picture(recipe, kind))
    details = read(parameters(recipe)).details
    assert words(told.positive) == words(recipe.prompt)
    assert words(told.negative) == words(recipe.negative)
    assert told.parameter == {
        "model": details["Model"],
        "sampler": details["Sampler"],
        "seed": str(recipe.seed),
        "cfg": f"{recipe.guidance:g}",
        "steps": str(recipe.steps),
        "size": f"{recipe.width}x{recipe.height}",
    }


@pytest.mark.parametrize("recipe", RECIPES)
def test_our_own_reader_reads_all_of_it(recipe: Recipe) -> None:
    found = claimed({"parameters": parameters(recipe)})
    assert found is not None and found.tool == "Rakkan"
    assert (found.sampler, found.schedule, found.steps) == (recipe.sampler, recipe.schedule, recipe.steps)
    assert (found.seed, found.guidance) == (recipe.seed, recipe.guidance)
    assert (found.width, found.height) == (recipe.width, recipe.height)
    assert found.model_hash == recipe.model_digest[:10]
    assert found.clip_skip == (int(recipe.settings["clip skip"]) if "clip skip" in recipe.settings else None)
    called = {one.name: (one.weight, one.digest) for one in found.loras}
    expected = {"pastel": (0.8, "aa" * 5), "ink": (0.4, "bb" * 5)} if "<lora" in recipe.prompt else {}
    assert called == expected


def test_keys_stand_in_a1111s_order() -> None:
    order = [
        "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash",
        "Variation seed", "Variation seed strength", "Denoising strength", "Clip skip", "Init image hash",
        "RNG", "ControlNet 0", "ControlNet 1", "Lora hashes", "TI hashes", "Postprocess upscaler", "Version",
    ]  # fmt: skip
    for recipe in RECIPES:
        keys = [key for key in read(parameters(recipe)).details if not key.endswith(("-1", "-2"))]
        assert keys == [key for key in order if key in keys]


HOSTILE = [
    "a\nNegative prompt: b",
    "a, Negative prompt: b, Negative prompt: c",
    "Negative prompt: everything",
    "x\nSteps: 4, Sampler: Euler, Seed: 9, Size: 1x1, Model: other",
    "Steps: 4, Sampler: Euler, Seed: 9, CFG scale: 3",
    "Steps: 1, Sampler: a, CFG scale: 2, Seed: 3\nSteps: 1, Sampler: a, CFG scale: 2, Seed: 3",
    'Hashes: {"model": "00000000"}, "quoted"',
    "銀髪, 赤い目\nЧёрный кот",
    "  \n lines \n\n of all \t kinds",
    '{"sui_image_params": {"prompt": "other"}}',
]
plain = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60)
labels = st.sampled_from(["Negative prompt:", "\nSteps:", "\n", ", Seed: 1", "Size: 0x0", '"', "<lora:a:1>"])
prompts = st.lists(plain | labels, min_size=1, max_size=6).map("".join).map(str.strip).filter(bool)


def check(prompt: str, negative: str, name: str) -> None:
    adapters = {"aa" * 32: f"lora {name} 0.5", "bb" * 32: f"lora Steps {name} 1", "cc" * 32: "lora Seed 1"}
    recipe = Recipe(**{**vars(STARTER), "prompt": prompt, "negative": negative, "adapters": adapters})
    text = parameters(recipe)
    image = Image.new("RGB", (8, 8))
    image.format, image.info["parameters"] = "PNG", text
    told = by_sd_parsers(image)
    assert words(told["prompt"]) == words(prompt)
    assert words(told["negative"]) == words(negative)
    assert (told["seed"], told["steps"], told["model"]) == ("7", "4", "rakkan-starter")
    assert "sui_image_params" not in text  # it would be taken for SwarmUI's
    other = A1111(info={"parameters": text})
    other.parse()
    assert words(other.positive) == words(prompt)
    assert words(other.negative) == words(negative)
    assert (other.parameter["seed"], other.parameter["steps"], other.width) == ("7", "4", "512")
    own = claimed({"parameters": text})
    assert own is not None and own.tool == "Rakkan"
    assert (words(own.prompt), words(own.negative)) == (words(prompt), words(negative))
    assert (own.seed, own.steps, own.model) == (7, 4, "rakkan-starter")


@pytest.mark.parametrize("prompt", HOSTILE)
@pytest.mark.parametrize("negative", ["", *HOSTILE[:6]])
def test_hostile_prompts_change_no_other_field(prompt: str, negative: str) -> None:
    check(prompt, negative, "pastel")


@given(prompts, st.just("") | prompts, plain)
def test_any_prompt_comes_back_from_every_reader(prompt: str, negative: str, name: str) -> None:
    check(prompt, negative, name)
