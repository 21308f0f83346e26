"""Made-up figures of a measurement, as `protocol.measure` and `publish.run` would write them."""

from __future__ import annotations

from typing import Any

from rakkan.studio.starter.evaluation.statistics import wilson
from rakkan.studio.starter.vocabulary import SLOTS


def made_up() -> dict[str, Any]:
    """Figures in which every number is another one, so that none can stand in for another."""
    adherence = {
        slot: {
            "n": 211 + number,
            "share": (180 + number) / (211 + number),
            "interval": list(wilson(180 + number, 211 + number)),
            "corrected": None if slot == "pose" else 0.9 + 0.0037 * number,
        }
        for number, slot in enumerate(SLOTS)
    }
    return {
        "steps": 4,
        "prompts": 987,
        "adherence": adherence,
        "mean": 0.9412,
        "worst": {"group": "eye_colour", "share": 0.8123},
        "instrument_error": {
            slot: {"n": 201 + number, "sensitivity": 0.951 + 0.0017 * number, "specificity": 0.99}
            for number, slot in enumerate(SLOTS)
        },
        "held_out": {
            "hairstyle with hair_colour": {"hairstyle": _row(0.7654), "hair_colour": _row(0.8765)},
            "outfit with outfit_colour": {"outfit": _row(0.6543), "outfit_colour": _row(0.5432)},
        },
        "steps_compared": {"n": 250, "4": 0.9321, "16": 0.9456},
        "colours_by_pixels": {
            "hair_colour": {
                "n": 199,
                "share": 0.8888,
                "interval": [0.84, 0.93],
                "on_renders": 0.9777,
                "renders": 198,
            }
        },
        "distance": {
            "n": 983,
            "frechet": 12.345,
            "frechet_floor": 3.21,
            "kernel": 0.0456,
            "kernel_floor": 0.0012,
        },
        "neighbours": {
            "n": 651,
            "among": 6144,
            "median": 0.8761,
            "largest": 0.9543,
            "median_of_renders": 0.8812,
            "largest_of_renders": 0.9623,
        },
        "training": {
            "megabytes": 57.31,
            "processors": ["Some Processor 8000"],
            "stages": {
                "autoencoder": {"minutes": 20.4, "steps": 3210, "samples": 51_360},
                "flow": {"minutes": 48.2, "steps": 12_345, "samples": 395_040},
            },
            "scope": "all",
            "distilled": True,
            "baked_guidance": 2.0,
        },
    }


def by_eye(model: str = "") -> dict[str, Any]:
    """What somebody counted on pictures of the weights of this digest, as `starter-by-eye.json` holds it."""
    groups = {"hair_colour": {"right": 97, "n": 99}}
    return {"note": "Counted by one person.", "model": model, "n": 100, "groups": groups}


def _row(share: float) -> dict[str, Any]:
    return {
        "n": 207,
        "share": share,
        "interval": [share - 0.06, share + 0.05],
        "corrected": share,
        "on_renders": 0.9333,
    }


def made_up_references() -> dict[str, Any]:
    """Figures of references, as `references.measure` would return them."""
    from rakkan.studio.starter.evaluation.references import ARMS, WANTED

    def arm(start: float) -> dict[str, Any]:
        shares = {
            name: _row(round(start + 0.0111 * at, 4))
            for at, name in enumerate(("rank_1", "twins", "twins_by_pixels", "copied", "copied_by_pixels"))
        }
        table = {"hair_colour": {**_row(start + 0.071), "corrected": start + 0.0823}}
        return {
            "n": 321,
            **shares,
            "keeping": table,
            "kept": start + 0.0567,
            "compliance": table,
            "complied": start + 0.0678,
            "colours_by_pixels": {"skin": _row(start + 0.0789)},
        }

    return {
        "plan": {"gallery": 1000, "others": 321, "pixels": 200, "seed": 5},
        "scope": "busts",
        "wanted": WANTED,
        "arms": {name: arm(0.1357 + 0.11 * at) for at, name in enumerate(ARMS)},
        "error": {},
    }
