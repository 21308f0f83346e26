"""The gate's inspectors for words: what a picture was asked for, what a file from outside says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.records import LabelledSheetRecipe, Picture, Recipe, SheetRecipe, recipe_from_json
from rakkan.trust.gate import Arrival, Departure, Destination, Finding, Source
from rakkan.trust.safety.prompts.judging import UNREAD, Refusal, digest, judge, judge_character
from rakkan.trust.safety.prompts.models import judge_model

#: Text chunks in which programs keep the prompt of a picture, in small letters.
_PROMPT_KEYS = {"parameters", "prompt", "workflow", "comment", "description", "title", "dream", "sd-metadata"}
_NEGATIVE_KEYS = ("uc", "negative_prompt", "negative")
_LONGEST_TEXT = 100_000
_NEGATIVE, _SETTINGS = "\nNegative prompt:", "\nSteps:"


def considered_prompt(prompt: str, negative: str) -> list[Finding]:
    """Inspector of words before anything is drawn: neither breaks a rule."""
    return _findings(judge(prompt, negative), "breaks no rule")


def considered_adulthood(prompt: str, negative: str) -> list[Finding]:
    """Inspector of words that a character is to be kept with: none of them makes it a child."""
    return _findings(judge_character(prompt), "is of no age, or grown up")


def released_prompt(picture: Picture, to: Destination) -> list[Finding]:
    """Inspector: no prompt that a picture was made from breaks a rule. Sheets are judged by each prompt."""
    recipes: tuple[Recipe, ...] = ()
    if isinstance(picture.recipe, Recipe):
        recipes = (picture.recipe,)
    elif isinstance(picture.recipe, SheetRecipe):
        recipes = picture.recipe.recipes
    if not recipes:
        return [Finding(True, "was made from no prompt")]
    pairs = dict.fromkeys((recipe.prompt, recipe.negative) for recipe in recipes)
    if isinstance(picture.recipe, LabelledSheetRecipe):
        pairs |= dict.fromkeys((text, "") for text in picture.recipe.words)
    refusals = [refusal for prompt, negative in pairs for refusal in judge(prompt, negative)]
    return _findings(refusals, "its prompt breaks no rule")


def arriving_text(arrival: Arrival, source: Source) -> list[Finding]:
    """Inspector: neither a picture's text chunks, nor a model's metadata and file name, nor the words that a
    file is to be known by here break a rule."""
    called = [refusal for word in source.words for refusal in judge_model({}, word)]
    findings = _findings(called, "what it is to be called breaks no rule") if source.words else []
    findings = [
        one if one.allowed else replace(one, reason=f"its name here: {one.reason}") for one in findings
    ]
    if arrival.inspected.kind == "safetensors":
        own = judge_model(arrival.inspected.text, source.path.stem)
        return findings + _findings(own, "the model's words break no rule")
    return findings + _of_picture(arrival.inspected.text)


def departing_text(model: Departure, to: Path) -> list[Finding]:
    """Inspector: neither what a model or a character is called nor what its files say breaks a rule."""
    findings = _called(model.words)
    for texts in model.texts:
        findings += _findings(judge_model(texts, ""), "the model's words break no rule")
    return findings


def _called(words: Iterable[str]) -> list[Finding]:
    """What a file is known by here."""
    found = []
    for word in words:
        for one in _findings(judge_model({}, word), "its name here breaks no rule"):
            found.append(one if one.allowed else replace(one, reason=f"its name here: {one.reason}"))
    return found


def _of_picture(texts: Mapping[str, str]) -> list[Finding]:
    refusals: list[Refusal] = []
    for prompt, negative in _prompts(texts):
        if len(prompt) + len(negative) > _LONGEST_TEXT:
            about = digest(prompt, negative)
            long = "its text is longer than can be read"
            return [Finding(False, long, rule=UNREAD, hint="Take the text out", about=about)]
        refusals += judge(prompt, negative)
    return _findings(refusals, "the words it carries break no rule")


def _findings(refusals: Iterable[Refusal], otherwise: str) -> list[Finding]:
    findings = [
        Finding(False, refusal.text, rule=refusal.rule, hint=refusal.hint, about=refusal.about)
        for refusal in refusals
    ]
    return findings or [Finding(True, otherwise)]


def _prompts(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The prompts, each with its negative prompt, in a picture's text chunks."""
    for key, value in texts.items():
        lower = key.lower()
        if lower == "rakkan":
            yield from _of_recipe(value)
        elif lower in _PROMPT_KEYS:
            yield from _of_chunk(value)


def _of_recipe(value: str) -> Iterator[tuple[str, str]]:
    try:
        recipe = recipe_from_json(value)
    except RakkanError:
        yield value, ""
        return
    if isinstance(recipe, LabelledSheetRecipe):
        yield from ((text, "") for text in recipe.words)
    for one in recipe.recipes if isinstance(recipe, SheetRecipe) else (recipe,):
        if isinstance(one, Recipe):
            yield one.prompt, one.negative


def _of_chunk(value: str) -> Iterator[tuple[str, str]]:
    if value.lstrip()[:1] in ("{", "["):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict) and isinstance(parsed.get("prompt"), str):
            negative = next((parsed[key] for key in _NEGATIVE_KEYS if isinstance(parsed.get(key), str)), "")
            yield parsed["prompt"], negative
            return
    before, _, rest = ("\n" + value).partition(_SETTINGS)
    prompt, _, negative = before.partition(_NEGATIVE)
    yield prompt.strip(), negative.strip()
    if rest and "<lora:" in rest:
        yield rest, ""
