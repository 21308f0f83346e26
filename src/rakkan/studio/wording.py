"""Every text that a picture is drawn from, for the judge of words: syntax must not hide any of them.

A prompt may be put together only while it is drawn: ``te[a:x:3]pot`` says "teapot" for three steps, and so
does ``tea<lora:x:1>pot`` throughout. So what each step reads is judged as well as what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rakkan.errors import RakkanError
from rakkan.records import Picture, Recipe, SheetRecipe
from rakkan.studio.clip import grammar, schedule
from rakkan.studio.requests import Consider
from rakkan.trust.gate import Destination, Finding

#: Settings of a recipe that hold words a person typed.
_WORDS = ("template", "negative template")


def readings(prompt: str, steps: int) -> tuple[str, ...]:
    """The texts that are read of a prompt at the steps of a picture, each once, without brackets, weights and
    adapters; none where that is the prompt itself. Raises RakkanError for syntax that cannot be read."""
    if not any(sign in prompt for sign in "[](<\\"):
        return ()
    bare = grammar.adapters(prompt)[0]
    texts = {bare: None}
    if schedule.changes(bare):
        texts = {schedule.at_step(bare, step, steps): None for step in range(1, steps + 1)}
    plain = {"".join(span.text for span in grammar.spans(text)): None for text in texts}
    return tuple(text for text in plain if text != prompt and text.strip())


def consider_all(consider: Consider, prompt: str, negative: str, steps: int) -> None:
    """Ask about a prompt as it stands and as it is read at each step. Raises RakkanError as ``consider``."""
    consider(prompt, negative)
    for text in readings(prompt, steps):
        consider(text, "")
    for text in readings(negative, steps):
        consider("", text)


def released_wording(judge: Callable[[str, str], list[Finding]]) -> Callable[..., list[Finding]]:
    """Inspector: nothing that a picture was read from at any step, or drawn from by chance, and no label of a
    sheet breaks a rule; ``judge`` finds that of a prompt and a negative prompt."""

    def check(picture: Picture, to: Destination) -> list[Finding]:
        try:
            pairs = dict.fromkeys(_pairs(picture))
        except RakkanError as error:
            return [Finding(False, error.message, hint=error.hint)]
        findings = [one for prompt, negative in pairs for one in judge(prompt, negative)]
        return [one for one in findings if not one.allowed] or [Finding(True, "no step of it breaks a rule")]

    return check


def _pairs(picture: Picture) -> Iterator[tuple[str, str]]:
    recipe = picture.recipe
    recipes = recipe.recipes if isinstance(recipe, SheetRecipe) else (recipe,)
    for one in recipes:
        if isinstance(one, Recipe):
            yield from ((text, "") for text in readings(one.prompt, one.steps))
            yield from (("", text) for text in readings(one.negative, one.steps))
            yield from ((one.settings[name], "") for name in _WORDS if name in one.settings)
    if isinstance(recipe, SheetRecipe):
        yield from ((label, "") for label in recipe.labels.values())
