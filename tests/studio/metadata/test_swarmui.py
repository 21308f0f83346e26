"""What SwarmUI's texts say, read with caps."""

from __future__ import annotations

import json

from rakkan.studio.metadata.claimed import Lora
from rakkan.studio.metadata.reading import claimed


def test_a_text_of_swarmui_is_read() -> None:
    said = {
        "prompt": "1girl, hat",
        "negativeprompt": "blurry",
        "model": "folder/dawn.safetensors",
        "seed": 17,
        "steps": 20,
        "cfgscale": 6.5,
        "sampler": "euler_ancestral",
        "scheduler": "karras",
        "width": 832,
        "height": 1216,
        "loras": ["soft"],
        "loraweights": ["0.7"],
        "swarm_version": "0.9.5",
    }
    models = [
        {"name": "folder/dawn.safetensors", "param": "model", "hash": "0x" + "ab" * 32},
        {"name": "soft.safetensors", "param": "loras", "hash": "0x" + "cd" * 32},
    ]
    text = json.dumps({"sui_image_params": said, "sui_extra_data": {}, "sui_models": models})
    found = claimed({"parameters": text})
    assert found is not None and found.tool == "SwarmUI"
    assert (found.prompt, found.negative, found.seed, found.steps) == ("1girl, hat", "blurry", 17, 20)
    assert (found.sampler, found.schedule, found.guidance) == ("euler_ancestral", "karras", 6.5)
    assert (found.width, found.height, found.model) == (832, 1216, "dawn")
    assert found.model_hash == "ab" * 32
    assert found.loras == (Lora("soft", 0.7, "cd" * 32),)


def test_what_is_odd_is_left_out_with_a_remark() -> None:
    text = json.dumps({"sui_image_params": {"prompt": 3, "seed": -1, "steps": "many", "loras": "a, b"}})
    found = claimed({"parameters": text})
    assert found is not None and found.prompt == "" and found.seed is None and found.steps is None
    assert [one.name for one in found.loras] == ["a", "b"] and len(found.remarks) >= 3


def test_texts_of_others_are_left_to_their_readers() -> None:
    found = claimed({"parameters": "sui_image_params, 1girl"})
    assert found is not None and found.tool == "A1111"
