"""What other tools' metadata claim: read field by field, whatever else in them is broken."""

from __future__ import annotations

import gzip
import json
import time
from random import Random
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.studio.metadata import Claimed, Lora, claimed
from rakkan.studio.metadata.claimed import MOST_REMARKS
from rakkan.studio.prompts import LONGEST_PROMPT

COMFY: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": ["20", 0], "steps": 24, "cfg": 5.5, "sampler_name": "dpmpp_2m", "scheduler": "karras",
            "denoise": 1, "model": ["11", 0], "positive": ["6", 0], "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "folder/anime v3.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["30", 0], "clip": ["12", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "lowres", "clip": ["12", 0]}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "ink.safetensors", "strength_model": 0.6,
                                                  "model": ["4", 0], "clip": ["4", 1]}},
    "11": {"class_type": "LoraLoader", "inputs": {"lora_name": "pastel.pt", "strength_model": 1,
                                                  "model": ["10", 0], "clip": ["10", 1]}},
    "12": {"class_type": "CLIPSetLastLayer", "inputs": {"stop_at_clip_layer": -2, "clip": ["11", 1]}},
    "20": {"class_type": "PrimitiveInt", "inputs": {"value": 12345}},
    "30": {"class_type": "StringThing", "inputs": {"string": "1girl, silver hair"}},
    "40": {  # a second pass over what the first drew
        "class_type": "KSampler",
        "inputs": {
            "seed": 99, "steps": 10, "cfg": 9, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.4,
            "model": ["11", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["3", 0],
        },
    },
}  # fmt: skip
INVOKE: dict[str, Any] = {
    "positive_prompt": "1girl, hat", "negative_prompt": "blurry", "seed": 7, "steps": 30, "cfg_scale": 7.5,
    "width": 512, "height": 640, "scheduler": "euler_a", "clip_skip": 1, "rand_device": "cpu",
    "model": {"name": "dream", "hash": "blake3:" + "ab" * 32},
    "loras": [{"model": {"name": "ink"}, "weight": 0.5}],
}  # fmt: skip
NOVEL: dict[str, Any] = {
    "prompt": "1girl, cat ears", "uc": "lowres", "seed": 55, "steps": 28, "scale": 5.0, "width": 832,
    "height": 1216, "sampler": "k_euler_ancestral", "noise_schedule": "karras", "sm": True,
}  # fmt: skip
SWARM: dict[str, Any] = {
    "prompt": "a cat", "negativeprompt": "dog", "seed": 3, "steps": 20, "cfgscale": 7, "width": 512,
    "height": 512, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras", "model": "x/base.safetensors",
    "loras": ["ink"], "loraweights": ["0.7"], "clipstopatlayer": -2,
}  # fmt: skip
A1111 = (
    "1girl, red hoodie <lora:ink:0.6>\nNegative prompt: lowres\nSteps: 20, Sampler: DPM++ 2M, "
    "Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 1234abcd, Model: anime, "
    'Clip skip: 2, RNG: CPU, Lora hashes: "ink: 0123456789ab", Version: v1.10.1'
)


def of(texts: dict[str, str]) -> Claimed:
    found = claimed(texts)
    assert found is not None
    return found


def test_a1111() -> None:
    assert of({"parameters": A1111}) == Claimed(
        "A1111", "1girl, red hoodie <lora:ink:0.6>", "lowres", 42, 20, "dpmpp_2m", "karras", 7.0, 512, 768,
        "anime", "1234abcd", loras=(Lora("ink", 0.6, "0123456789ab"),), clip_skip=2, noise="cpu",
    )  # fmt: skip


def test_a1111_of_old_names_schedule_in_the_sampler_and_the_gpus_noise() -> None:
    text = A1111.replace("DPM++ 2M, Schedule type: Karras", "DPM++ 2M Karras").replace("RNG: CPU, ", "")
    found = of({"parameters": text})
    assert (found.sampler, found.schedule, found.noise) == ("dpmpp_2m", "karras", "gpu")


def test_what_civitai_appends_takes_nothing_away() -> None:
    suffix = ', Hashes: {"model": "ffffffffff", "lora:ink": "9999999999"}, '
    suffix += 'Civitai resources: [{"type":"lora","weight":2}], '
    found = of(
        {
            "parameters": A1111.replace(
                ", Version: v1.10.1", ", Version: v1.10.1" + suffix + "Civitai metadata: {}"
            )
        }
    )
    assert (found.seed, found.model, found.clip_skip) == (42, "anime", 2)
    assert found.loras == (Lora("ink", 0.6, "9999999999"),)
    assert found.model_hash == "ffffffffff"


def test_comfyui() -> None:
    found = of({"prompt": json.dumps(COMFY), "workflow": "{}"})
    assert found.remarks == ("its graph has 2 samplers; the first that draws is told, node 3",)
    assert found == Claimed(
        "ComfyUI", "1girl, silver hair", "lowres", 12345, 24, "dpmpp_2m", "karras", 5.5, 832, 1216,
        "anime v3", loras=(Lora("pastel", 1.0), Lora("ink", 0.6)), clip_skip=2, noise="cpu",
        remarks=found.remarks,
    )  # fmt: skip


def test_comfyuis_later_samplers_are_followed_through_guider_noise_and_sigmas() -> None:
    graph = {
        **{key: COMFY[key] for key in ("4", "5", "6", "7", "10", "11", "12", "30")},
        "50": {"class_type": "SamplerCustomAdvanced", "inputs": {
            "noise": ["51", 0], "guider": ["52", 0], "sampler": ["53", 0], "sigmas": ["54", 0],
            "latent_image": ["5", 0]}},
        "51": {"class_type": "RandomNoise", "inputs": {"noise_seed": 8}},
        "52": {"class_type": "CFGGuider", "inputs": {"cfg": 3, "model": ["11", 0], "positive": ["60", 0],
                                                     "negative": ["60", 1]}},
        "53": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler_ancestral"}},
        "54": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 12, "denoise": 1}},
        "60": {"class_type": "ControlNetApply", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
    }  # fmt: skip
    found = of({"prompt": json.dumps(graph)})
    assert (found.seed, found.steps, found.guidance) == (8, 12, 3.0)
    assert (found.sampler, found.schedule) == ("euler_ancestral", "simple")
    assert (found.prompt, found.negative) == ("1girl, silver hair", "lowres")
    assert (found.model, found.width) == ("anime v3", 832)


def test_comfyuis_workflow_is_read_where_there_is_no_prompt() -> None:
    def node(number: int, kind: str, values: list[Any], **links: int) -> dict[str, Any]:
        inputs = [{"name": name, "link": link} for name, link in links.items()]
        return {"id": number, "type": kind, "widgets_values": values, "inputs": inputs}

    workflow = {
        "nodes": [
            node(1, "CheckpointLoaderSimple", ["anime.safetensors"]),
            node(2, "CLIPTextEncode", ["a cat"], clip=2),
            node(3, "CLIPTextEncode", ["a dog"], clip=2),
            node(4, "EmptyLatentImage", [512, 640, 1]),
            node(5, "KSampler", [9, "fixed", 20, 7, "euler", "normal", 1], model=1, positive=3, negative=4,
                 latent_image=5),
        ],
        "links": [[1, 1, 0, 5, 0, "MODEL"], [2, 1, 1, 2, 0, "CLIP"], [3, 2, 0, 5, 1, "C"],
                  [4, 3, 0, 5, 2, "C"], [5, 4, 0, 5, 3, "LATENT"]],
    }  # fmt: skip
    found = of({"workflow": json.dumps(workflow)})
    assert (found.prompt, found.negative, found.seed, found.steps) == ("a cat", "a dog", 9, 20)
    assert (found.sampler, found.schedule, found.width, found.height) == ("euler", "uniform", 512, 640)
    assert found.model == "anime"


def test_a_graph_that_goes_round_in_circles_ends() -> None:
    graph = json.loads(json.dumps(COMFY))
    graph["10"]["inputs"]["model"] = ["11", 0]
    graph["5"] = {"class_type": "Loop", "inputs": {"samples": ["3", 0]}}
    graph["20"]["inputs"]["value"] = ["20", 0]
    graph["30"] = {
        "class_type": "Join",
        "inputs": {"text_a": ["30", 0], "text_b": ["6", 0], "text_c": "a hat"},
    }
    found = of({"prompt": json.dumps(graph)})
    assert (found.prompt, found.seed, found.steps) == ("a hat", None, 24)
    assert found.model == ""
    assert not any("tangled" in remark for remark in found.remarks)


def test_a_node_that_is_not_known_is_walked_through_with_a_remark() -> None:
    graph = json.loads(json.dumps(COMFY))
    graph["3"]["inputs"]["positive"] = ["70", 0]
    graph["70"] = {
        "class_type": "MyRegionalThing",
        "inputs": {"where": ["6", 0], "api_key": "sk-" + "a" * 30},
    }
    found = of({"prompt": json.dumps(graph)})
    assert found.prompt == "1girl, silver hair"
    assert any("MyRegionalThing" in remark for remark in found.remarks)
    assert "sk-" not in repr(found)


def test_invokeai() -> None:
    assert of({"invokeai_metadata": json.dumps(INVOKE)}) == Claimed(
        "InvokeAI", "1girl, hat", "blurry", 7, 30, "euler_ancestral", "uniform", 7.5, 512, 640, "dream",
        "ab" * 32, loras=(Lora("ink", 0.5),), clip_skip=2, noise="cpu",
    )  # fmt: skip


def test_invokeai_of_versions_before() -> None:
    image = {"prompt": [{"prompt": "a cat [dog, fish]", "weight": 1}], "seed": 4, "steps": 50,
             "cfg_scale": 7.5, "width": 512, "height": 512, "sampler": "k_lms"}  # fmt: skip
    found = of(
        {"sd-metadata": json.dumps({"model_weights": "sd-1.4", "model_hash": "ab" * 32, "image": image})}
    )
    assert (found.prompt, found.negative, found.seed) == ("a cat", "dog, fish", 4)
    assert (found.sampler, found.model) == ("lms", "sd-1.4")
    found = of({"Dream": '"a cat [dog]" -s 50 -S 4 -W 512 -H 640 -C 7.5 -A k_euler_a'})
    assert (found.prompt, found.negative, found.steps, found.seed) == ("a cat", "dog", 50, 4)
    assert (found.width, found.height, found.sampler) == (512, 640, "euler_ancestral")


def test_novelai() -> None:
    found = of({"Software": "NovelAI", "Source": "NovelAI Diffusion V3", "Comment": json.dumps(NOVEL)})
    assert found == Claimed(
        "NovelAI", "1girl, cat ears", "lowres", 55, 28, "euler_ancestral", "karras", 5.0, 832, 1216,
        "NovelAI Diffusion V3", remarks=("its setting 'sm' is not made again",),
    )  # fmt: skip
    caption = {"caption": {"base_caption": "city", "char_captions": [{"char_caption": "girl, hat"}]}}
    found = of({"Software": "NovelAI", "Comment": json.dumps({**NOVEL, "v4_prompt": caption})})
    assert found.prompt == "city, girl, hat"


def hidden(text: str, side: int = 128, mark: bytes = b"stealth_pngcomp") -> Any:
    body = gzip.compress(text.encode()) if mark == b"stealth_pngcomp" else text.encode()
    bits = numpy.unpackbits(numpy.frombuffer(mark + (8 * len(body)).to_bytes(4, "big") + body, numpy.uint8))
    alpha = numpy.full(side * side, 254, numpy.uint8)
    alpha[: len(bits)] |= bits
    pixels = numpy.zeros((side, side, 4), numpy.uint8)
    pixels[..., 3] = alpha.reshape(side, side).T
    return pixels


def test_what_is_hidden_in_the_alpha_is_read_where_no_text_says_anything() -> None:
    told = json.dumps({"Software": "NovelAI", "Comment": json.dumps(NOVEL)})
    for mark in (b"stealth_pngcomp", b"stealth_pnginfo"):
        found = claimed({}, hidden(told, mark=mark))
        assert found is not None and (found.tool, found.seed) == ("NovelAI", 55)
    found = claimed({}, hidden(A1111))
    assert found is not None and (found.tool, found.seed) == ("A1111", 42)
    assert claimed({"Title": "x"}, numpy.zeros((4, 4, 4), numpy.uint8)) is None
    assert claimed({}, hidden("x" * 20_000_000, 512)) is None  # packed a thousandfold
    damaged = hidden(told)
    damaged[80:, 3:, 3] ^= 1
    assert claimed({}, damaged) is None


def test_hidden_text_is_what_another_reader_takes_it_for() -> None:
    from PIL import Image
    from sd_parsers.extractors._png_stenographic_alpha import LSBExtractor

    assert LSBExtractor.extract_from(Image.fromarray(hidden("a text"))) == "a text"


def test_swarmui() -> None:
    assert of({"parameters": json.dumps({"sui_image_params": SWARM}, indent=1)}) == Claimed(
        "SwarmUI", "a cat", "dog", 3, 20, "dpmpp_2m_sde", "karras", 7.0, 512, 512, "base",
        loras=(Lora("ink", 0.7),), clip_skip=2, noise="cpu",
    )  # fmt: skip


BAD = ["NaN", "Infinity", "-1", "1e999", "x", "", "9" * 5000, "1.5", "[[]]", "null", "true", "\x1b[2J"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("key", ["Steps", "CFG scale", "Seed", "Size", "Model hash", "Clip skip"])
def test_one_bad_field_of_a1111_discards_no_other(key: str, bad: str) -> None:
    import re

    text = re.sub(rf"\b{key}: [^,]*", lambda _: f"{key}: {bad}", A1111)
    good, found = of({"parameters": A1111}), of({"parameters": text})
    fields = {"Steps": {"steps"}, "CFG scale": {"guidance"}, "Seed": {"seed"}, "Size": {"width", "height"},
              "Model hash": {"model_hash"}, "Clip skip": {"clip_skip"}}[key] | {"remarks"}  # fmt: skip
    differing = {name for name in vars(good) if getattr(good, name) != getattr(found, name)}
    assert differing <= fields
    if key != "CFG scale" or bad != "1.5":
        assert (
            all(getattr(found, name) is None or name == "remarks" for name in fields - {"model_hash"})
            or bad == "9" * 5000
        )


@pytest.mark.parametrize("bad", [None, "NaN", float("inf"), -1, "x" * 10**5, [[[]]], {"a": 1}, True, 10**40])
@pytest.mark.parametrize("tool", ["invoke", "novel", "swarm", "comfy"])
def test_one_bad_field_of_the_others_discards_no_other(tool: str, bad: Any) -> None:
    def texts(changed: dict[str, Any]) -> dict[str, str]:
        if tool == "invoke":
            return {"invokeai_metadata": json.dumps({**INVOKE, **changed})}
        if tool == "novel":
            return {"Software": "NovelAI", "Comment": json.dumps({**NOVEL, **changed})}
        if tool == "swarm":
            return {"parameters": json.dumps({"sui_image_params": {**SWARM, **changed}})}
        graph = json.loads(json.dumps(COMFY))
        graph["3"]["inputs"].update(changed)
        return {"prompt": json.dumps(graph)}

    good = of(texts({}))
    keys = {"invoke": INVOKE, "novel": NOVEL, "swarm": SWARM, "comfy": COMFY["3"]["inputs"]}[tool]
    for key in keys:
        found = of(texts({key: bad}))
        differing = {name for name in vars(good) if getattr(good, name) != getattr(found, name)} - {"remarks"}
        allowed = {"scheduler": {"sampler", "schedule"}, "sampler": {"sampler", "schedule"},
                   "sampler_name": {"sampler", "schedule"}, "model": {"model", "model_hash", "loras"},
                   "positive": {"prompt", "clip_skip"}, "latent_image": {"width", "height"}}  # fmt: skip
        assert len(differing) <= 1 or differing <= allowed.get(key, set()), (key, differing)


def test_a_key_that_stands_twice_counts_once() -> None:
    found = of({"invokeai_metadata": '{"seed": 1, "seed": 2, "steps": 3, "cfg_scale": NaN}'})
    assert (found.seed, found.steps, found.guidance) == (1, 3, None)
    assert "its invokeai_metadata says 'seed' twice; the first counts" in found.remarks
    assert of({"parameters": "p\nSteps: 1, Seed: 1, Seed: 2, Size: 8x8"}).seed == 1


SECRETS = [
    "sk-" + "Ab1" * 12,
    "hf" + "_" + "x" * 34,
    "Bearer " + "z" * 24,
    "api_key=" + "q" * 20,
    "AKIA" + "B" * 16,
]


@pytest.mark.parametrize("secret", SECRETS)
def test_keys_of_services_are_never_told(secret: str) -> None:
    found = of({"parameters": A1111.replace("red hoodie", f"red hoodie {secret}")})
    assert secret[-12:] not in repr(found)
    assert found.seed == 42
    assert any("looks like a key" in remark for remark in found.remarks)


def test_names_of_models_tell_no_folders() -> None:
    windows = "C:\\Users\\someone\\models\\anime.safetensors"
    assert of({"parameters": A1111.replace("Model: anime", f"Model: {json.dumps(windows)}")}).model == "anime"


def chained(number: int) -> dict[str, Any]:
    links = {f"text_{sign}": [str(number + step), 0] for step, sign in enumerate("abcd", 1)}
    return {"class_type": "Join", "inputs": {**links, "model": [str(number + 1), 0]}}


@pytest.mark.parametrize(
    "texts",
    [
        {"parameters": "a" * 2_000_000},
        {"parameters": " " * 2_000_000 + "x"},
        {"parameters": "p\n" + "a b" * 300_000 + ": 1"},
        {"parameters": 'k: "' * 300_000},
        {"parameters": "p\n" + "Steps: 1, " * 200_000},
        {"parameters": "<lora:" * 300_000},
        {"parameters": '{"sui_image_params":' + "[" * 900_000 + "}"},
        {"parameters": "api key" + " " * 300_000},
        {"prompt": "[" * 1_000_000},
        {"prompt": '{"1":' * 200_000},
        {"prompt": json.dumps({str(n): {"inputs": {"text": [str(n + 1), 0]}} for n in range(20_000)})},
        {"prompt": json.dumps({"x": COMFY["3"], **{str(n): chained(n) for n in range(4, 4000)}})},
        {"workflow": json.dumps({"nodes": [[]] * 1000 + [None, 1], "links": [1, [], None]})},
        {"invokeai_metadata": json.dumps({"loras": [{"lora": {"name": str(n)}} for n in range(9999)]})},
        {"Dream": '"' + "\\" * 500_000},
        {"Dream": '"x" ' + "-s " * 300_000},
        {"sd-metadata": '{"image": {"prompt": "' + "[" * 900_000 + '"}}'},
        {"Software": "NovelAI", "Comment": "{" * 100},
    ],
)  # fmt: skip
def test_what_is_meant_to_choke_a_reader_does_not(texts: dict[str, str]) -> None:
    started = time.process_time()
    found = claimed(texts)
    assert time.process_time() - started < 2
    if found is not None:
        assert len(found.prompt) <= LONGEST_PROMPT and len(found.remarks) <= MOST_REMARKS + 1
        assert len(repr(found)) < 60_000


def test_remarks_move_no_cursor() -> None:
    found = of({"parameters": A1111.replace("DPM++ 2M", "DPM\x1b[2J\x00")})
    assert any("is not known here" in remark for remark in found.remarks)
    assert all(remark.isprintable() for remark in found.remarks)


KEYS = st.sampled_from(
    ["inputs", "class_type", "seed", "positive", "image", "prompt", "sampler_name", "model", "nodes", "1"]
)
KEYWORDS = ["parameters", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "Dream", "Comment"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(st.sampled_from(KEYWORDS), json_values)
def test_reading_never_fails(keyword: str, value: Any) -> None:
    for text in (json.dumps(value), json.dumps({"sui_image_params": value}), json.dumps({"1": value})):
        found = claimed({keyword: text, "Software": "NovelAI"})
        assert found is None or isinstance(found, Claimed)


def test_garbage_is_read_as_nothing_much() -> None:
    random = Random(5)
    for _ in range(800):
        text = "".join(random.choice('{}[]":,\\ \n019aPSz') for _ in range(random.randint(0, 80)))
        for keyword in ("parameters", "prompt", "Dream", "sd-metadata", "workflow"):
            found = claimed({keyword: text})
            assert found is None or found.seed is None or found.seed >= 0
    assert claimed({}) is None
    assert claimed({"Title": "a cat", "prompt": "just words"}) is None
