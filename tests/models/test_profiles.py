"""Prompt profiles: which model gets which, and what it makes of a prompt."""

from __future__ import annotations

import pytest

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.models.profiles import PROFILES, asked, base_of, profile, profile_of


@pytest.mark.parametrize(
    ("family", "metadata", "name", "base", "wanted"),
    [
        (SDXL, {}, "ponyDiffusionV6XL", "Pony", "Pony"),
        (SDXL, {"modelspec.title": "Illustrious-XL v1.0"}, "m", "Illustrious", "Illustrious"),
        (SDXL, {"modelspec.title": "NoobAI XL"}, "illustrious merge", "NoobAI", "NoobAI"),
        (SDXL, {"ss_sd_model_name": "animagine-xl-4.0.safetensors"}, "x", "Animagine", "Animagine"),
        (SDXL, {}, "sdxl", "SDXL", "plain"),
        (SD1, {}, "anything-v5", "SD 1.x", "SD1 anime"),
        (SD1, {}, "pony", "SD 1.x", "plain"),
        (SD2, {}, "x", "SD 2.x", "plain"),
        ("", {}, "x", "", "plain"),
    ],
)
def test_a_model_gets_the_profile_of_its_base(
    family: str, metadata: dict[str, str], name: str, base: str, wanted: str
) -> None:
    assert base_of(family, metadata, name) == base
    assert profile_of(base, metadata, name).name == wanted


def test_words_stand_where_each_family_wants_them_and_never_twice() -> None:
    prompt, negative = asked(profile("Pony"), "1girl, Score_9, teapot")
    assert prompt == "source_anime, rating_safe, 1girl, Score_9, teapot"
    assert negative == "score_4, score_3, score_2, score_1"
    prompt, negative = asked(profile("Animagine"), "1girl", "hat, lowres")
    assert prompt.startswith("1girl, safe, masterpiece") and negative.startswith("hat, lowres, low score")
    assert asked(profile("plain"), "1girl", "hat") == ("1girl", "hat")
    assert asked(profile("plain"), "") == ("", "")


def test_only_the_rating_for_everybody_is_ever_asked_for() -> None:
    ratings = {one.rating for one in PROFILES} - {""}
    assert ratings == {"rating_safe", "general", "safe"}
    for one in PROFILES:
        assert not one.rating or one.rating in one.before + one.after


def test_names_are_told_apart_and_others_are_not_known() -> None:
    assert len({one.name for one in PROFILES}) == len(PROFILES)
    with pytest.raises(KeyError):
        profile("none")
