"""Requests whose prompts are templates: each picture's own words are drawn from its seed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rakkan.studio.bring import BringRequest
from rakkan.studio.create import CreateRequest
from rakkan.studio.prompts import checked_negative, checked_prompt
from rakkan.studio.requests import Consider, check_numbers, check_place
from rakkan.studio.wildcards import expanded, is_template

Request = TypeVar("Request", CreateRequest, BringRequest)


def has_template(request: CreateRequest | BringRequest) -> bool:
    """Whether there is anything to be drawn in its prompts."""
    return is_template(request.prompt) or is_template(request.negative)


def requests_of(request: Request, folder: Path | None, consider: Consider) -> list[Request]:
    """A request for each of its pictures, of one seed and its own words; itself where nothing is drawn.

    Recipes then hold what was drawn and, in their settings, the template. All options that stand in the
    template are considered, those of files when they are drawn. Raises RakkanError as ``expanded`` and
    ``consider`` do.
    """
    if not has_template(request):
        return [request]
    prompt, negative = checked_prompt(request.prompt), checked_negative(request.negative)
    check_numbers(request.count, request.steps, request.guidance, request.seed)
    check_place(request.out, request.count)
    consider(prompt, negative)
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    told = {"template": prompt} if is_template(prompt) else {}
    if is_template(negative):
        told["negative template"] = negative
    return [
        replace(
            request,
            prompt=expanded(prompt, one, folder),
            negative=expanded(negative, one, folder, "negative"),
            seed=one,
            count=1,
            settings={**request.settings, **told},
        )
        for one in range(seed, seed + request.count)
    ]
