"""Drawing for several people at once: what can share a pass of the starter model does, the rest goes alone.

Each request keeps what is its own: what it is refused for, its account, its way out through the gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rakkan import assemble, config
from rakkan.api import creating
from rakkan.api.behalf import Behalf
from rakkan.api.creating import CreateOptions
from rakkan.api.listening import Listener, Progress
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.records import Recipe
    from rakkan.studio.create import Pixels, Plan
    from rakkan.studio.requests import Created

    Outcome = list[Created] | RakkanError


@dataclass(frozen=True)
class Request:
    """What one person asks for. Its listener hears remarks; progress is told of all requests together."""

    options: CreateOptions
    listener: Listener
    behalf: Behalf


def create(requests: Sequence[Request], progress: Progress) -> list[Outcome]:
    """Draw what each request asks for, in the order given: its pictures, or what it is refused for.

    ``progress`` is told of the steps, and before each picture is enlarged; what it raises ends the work.
    """
    from rakkan.studio.requests import part_of

    outcomes: dict[int, Outcome] = {}
    plans: dict[int, Plan | None] = {}
    for number, one in enumerate(requests):
        try:
            plans[number] = _plan(one)
        except RakkanError as error:
            outcomes[number] = error
    parts = list(_parts(plans))
    for at, part in enumerate(parts):
        telling: Any = part_of(progress, at, len(parts))
        shared = {number: plan for number in part if (plan := plans[number]) is not None}
        if len(shared) > 1:
            outcomes |= _in_one_pass(requests, shared, telling)
        for number in part:
            if number not in outcomes:
                outcomes[number] = _alone(requests[number], telling)
    return [outcomes[number] for number in range(len(requests))]


def _plan(asked: Request) -> Plan | None:
    """The plan of a request for one picture from words alone; None for any other."""
    from rakkan.studio.create import CreateRequest, plan
    from rakkan.studio.templates import requests_of

    options = asked.options
    simple = (options.count, options.reference, options.character, options.style, options.model)
    if simple != (1, creating.ReferenceOptions(), "", "", creating.ModelOptions()):
        return None
    place, told = creating.place_and_disclosure(options.out, options.disclosure)
    steps, guidance = assemble.usual_sampling()
    request = CreateRequest(
        options.prompt,
        options.negative,
        options.seed,
        1,
        steps if options.steps is None else options.steps,
        guidance if options.guidance is None else options.guidance,
        options.size,
        place,
        told == "full",
    )
    wildcards = config.load().wildcards if options.wildcards is None else options.wildcards
    found = requests_of(request, wildcards, creating.consider)
    return plan(found[0], creating.consider) if len(found) == 1 else None


def _parts(plans: Mapping[int, Plan | None]) -> Iterator[list[int]]:
    """The requests that each pass draws."""
    from rakkan.studio.together import alike, parts_of

    groups: dict[object, list[int]] = {}
    for number, planned in plans.items():
        groups.setdefault(number if planned is None else alike(planned), []).append(number)
    for group in groups.values():
        begin = 0
        for size in parts_of(len(group)):
            yield group[begin : begin + size]
            begin += size


def _in_one_pass(
    requests: Sequence[Request], plans: Mapping[int, Plan], progress: Progress
) -> dict[int, Outcome]:
    """What became of those that a pass drew; without those that it failed to draw."""
    from rakkan.studio.requests import draw_all
    from rakkan.studio.together import drawn_together

    outcomes: dict[int, Outcome] = {}
    steps = next(iter(plans.values())).request.steps
    pictures = drawn_together(list(plans.values()), assemble.engine(), assemble.upscaler(), progress)
    for number, planned in plans.items():
        try:
            pixels, recipe = next(pictures)
        except RakkanError:
            return outcomes  # too little memory for several, say: each may still be drawn alone
        one, request = requests[number], planned.request
        creating.remark([planned], one.listener)
        try:
            told = creating.place_and_disclosure(one.options.out, one.options.disclosure)[1]
            release = assemble.release(told, one.behalf.account)
            draw = partial(_given, (pixels, recipe))
            outcomes[number] = draw_all(1, draw, request.out, request.prompt, request.telling, release)
        except RakkanError as error:
            outcomes[number] = error
        progress(steps, steps)
    return outcomes


def _given(drawn: tuple[Pixels, Recipe], index: int) -> tuple[Pixels, Recipe]:
    return drawn


def _alone(asked: Request, progress: Progress) -> Outcome:
    listener = Listener(progress, asked.listener.reading, asked.listener.say)
    try:
        return creating.create(asked.options, listener, asked.behalf)
    except RakkanError as error:
        return error
