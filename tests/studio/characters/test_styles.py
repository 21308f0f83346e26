"""Styles: what ships, what is saved, what a picture tells of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests.around.attempts import noise
from tests.trust.made import look, picture, recipe, release

from rakkan import assemble
from rakkan.casting import Casting
from rakkan.errors import RakkanError
from rakkan.records import Picture
from rakkan.studio.characters.cast import Cast
from rakkan.studio.characters.styles import StyleRequest, shipped, told
from rakkan.studio.starter.lexicon import read


def test_the_shipped_styles_are_those_of_the_model_and_are_read_as_such(casting: Casting) -> None:
    assert [one.name for one in shipped()] == ["cel", "soft", "pastel", "ink"]
    for one in shipped():
        assert read(one.tags).condition == {"style": one.name}
        assert casting.style(one.name.upper()).version == one


def test_a_style_is_saved_revised_and_found(casting: Casting) -> None:
    casting.save_style(StyleRequest("Misty", "pastel colours, snow", negative="hat", guidance=2.0))
    kept = casting.save_style(StyleRequest("misty", steps=8, because="finer"))
    assert kept.version.number == 2
    assert told(kept.version) == "pastel colours, snow; without hat; steps 8; guidance 2"
    assert casting.style("MISTY") == kept and casting.style("misty@1").version.steps == ""
    cast = casting.cast("1girl", style="misty")
    assert (cast.prompt, cast.negative, cast.steps, cast.guidance) == (
        "1girl, pastel colours, snow",
        "hat",
        8,
        2,
    )


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (StyleRequest("ink", "snow"), "style of the starter model"),
        (StyleRequest("a/b", "snow"), "cannot be called"),
        (StyleRequest("Misty"), "Nothing says"),
        (StyleRequest("Misty", "snow", steps=0), "steps"),
        (StyleRequest("Misty", "snow", guidance=99.0), "guidance"),
        (StyleRequest("Misty", "snow", sampler="nothing"), "nothing"),
        (StyleRequest("Misty", "snow", loras=("nothing",)), "nothing"),
        (StyleRequest("Misty", "by Emma Watson"), "real person"),
        (StyleRequest("Misty", "x" * 3000), "3000 characters"),
    ],
)
def test_what_is_no_style_is_refused(casting: Casting, request_: StyleRequest, said: str) -> None:
    with pytest.raises(RakkanError, match=said):
        casting.save_style(request_)
    assert casting.styles.all() == []


def test_a_picture_tells_its_style(casting: Casting, tmp_path: Path) -> None:
    path = release(tmp_path / "a.png", picture(prompt="1girl, ink drawing"))
    one = casting.save_style(StyleRequest("Sumi", picture=path)).version
    assert one.tags == "ink drawing" and len(one.references) == 1
    assert casting.cast("1girl", style="sumi").references == ((one.references[0], "style"),)


def test_a_picture_of_a_checkpoint_tells_its_settings(casting: Casting, tmp_path: Path) -> None:
    made = recipe(
        "1girl",
        model="other",
        model_digest="a" * 64,
        sampler="dpmpp_2m",
        steps=24,
        guidance=6.5,
        adapters={"b" * 64: "lora pastel 0.8", "c" * 64: "vae"},
    )
    path = release(tmp_path / "a.png", Picture(picture().pixels, made))
    one = casting.save_style(StyleRequest("Theirs", picture=path)).version
    assert (one.sampler, one.steps, one.guidance, one.negative) == ("dpmpp_2m", "24", "6.5", "hat")
    assert one.adapters == {"b" * 64: "lora pastel 0.8"}


def test_a_picture_without_a_recipe_is_looked_at(casting: Casting, tmp_path: Path) -> None:
    Image.fromarray(noise(3, 64, 64)).save(tmp_path / "a.png")
    one = casting.save_style(StyleRequest("Seen", picture=tmp_path / "a.png")).version
    assert len(one.references) == 1 and set(read(one.tags).condition) <= {"style"}


def test_the_nearest_style_is_named(casting: Casting) -> None:
    casting.save_style(StyleRequest("Misty", "snow"))
    for wrong, near in (("inc", "ink"), ("Mistyy", "Misty")):
        with pytest.raises(RakkanError) as caught:
            casting.style(wrong)
        assert caught.value.hint == f"Did you mean {near!r}?"


def test_samples_show_the_same_figure_in_each_style(casting: Casting, tmp_path: Path) -> None:
    asked: list[Cast] = []

    def drawing(cast: Cast) -> Picture:
        asked.append(cast)
        return Picture(picture(seed=len(asked)).pixels, recipe(cast.prompt, len(asked)))

    casting.save_style(StyleRequest("Misty", "snow"))
    path = casting.style_samples((), "1boy", "", drawing, tmp_path / "s.png", assemble.release())
    assert look(path).state == "valid"
    assert [one.prompt for one in asked] == [
        "1boy, cel shading", "1boy, soft shading", "1boy, pastel colours", "1boy, ink drawing", "1boy, snow",
    ]  # fmt: skip
    assert len({one.seed for one in asked}) == 1
    casting.characters.new("Mika", tags="1girl, afro", seed="9")
    asked.clear()
    casting.style_samples(("ink",), "wink", "mika", drawing, tmp_path / "s.png", assemble.release())
    assert asked[0].seed == 9 and read(asked[0].prompt).condition["hairstyle"] == "afro"
