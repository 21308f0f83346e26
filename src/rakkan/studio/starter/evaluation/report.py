"""The model card, written from the measurement's figures so that no number in it can go stale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rakkan.studio.starter.evaluation.reference_report import references

Figures = Mapping[str, Any]

_INTRODUCTION = """# The starter model

Written by `rakkan starter evaluate`; the figures are those of `docs/measurements/starter.json`.

![Six by four pictures of random prompts, not selected](pictures/starter-sheet.png)

A small latent-diffusion model that ships with Rakkan and runs on any processor: an autoencoder
(`16x16` latents of `32` channels for `256x256` pixels), a text encoder over the attribute slots, and a
U-Net trained with rectified flow. It was trained only on drawings of Rakkan's own renderer,
`rakkan.corpus.figures`, each drawn afresh; no picture by anyone else, and no picture of a person, went
into it. It can draw what the renderer's attribute space holds and nothing else: adults and ageless
cartoon figures, fully clothed.
"""


def card(figures: Figures, by_eye: Figures | None = None, guided: Figures | None = None) -> str:
    """Markdown of ``docs/starter-model.md`` from the figures and, where there are any, the count by eye and
    the figures of references."""
    sections = [_training, _adherence, _colours, _held_out, _steps, _distances, _neighbours]
    parts = [_measured("starter.json", section(figures)) for section in sections]
    if by_eye:
        parts.insert(3, _measured("starter-by-eye.json", _by_eye(by_eye)))
    if guided:
        parts.append(_measured("references.json", references(guided)))
    return "\n".join([_INTRODUCTION, *parts, _LIMITS])


def _measured(file: str, text: str) -> str:
    return f"<!-- measured: {file} -->\n{text}<!-- end measured -->\n" if text else ""


def _training(figures: Figures) -> str:
    training = figures["training"]
    if training is None:
        return "## Training\n\nA rehearsal with the fake engine, which has no weights.\n"
    rows = [
        f"| {name} | {stage['minutes']:.0f} | {stage['steps']:,} | {stage['samples']:,} |"
        for name, stage in training["stages"].items()
    ]
    return "\n".join(
        [
            "## Training",
            "",
            f"{training['megabytes']:.1f} MB of fp16 weights. "
            f"Trained on: {', '.join(training['processors'])}. Figures: `{training['scope']}` "
            "(what that holds is in `studio/starter/renders.py`). Only such figures are asked for below, and "
            "what is the same in all of them is not counted."
            + (
                "" if training["scope"] == "all" else " Prompts for others are answered from little practice."
            ),
            "",
            "| stage | minutes | steps | samples |",
            "|---|---:|---:|---:|",
            *rows,
            "",
            f"The last stage distilled it with guidance {training['baked_guidance']:g} baked in, so that "
            "a few steps without guidance are enough."
            if training["distilled"]
            else "It has not been distilled, and needs many steps with guidance.",
            "",
        ]
    )


def _adherence(figures: Figures) -> str:
    worst = figures["worst"]
    rows = []
    for slot, row in figures["adherence"].items():
        error = figures["instrument_error"][slot]
        rows.append(
            f"| {_words(slot)} | {row['n']} | {_percent(row['share'])} | {_interval(row)} "
            f"| {_percent(row['corrected'])} | {_percent(error['sensitivity'])} |"
        )
    return "\n".join(
        [
            "## Does it draw what the prompt says?",
            "",
            f"{figures['prompts']} prompts that name all that is visible, as tags or as sentences, drawn in "
            f"{figures['steps']} steps without guidance and read by a classifier that was trained on renders "
            "alone, on top of features of a network by others. *Read* is the share of pictures in which it "
            "sees the value asked for (with the Wilson interval at `95 %`); *corrected* takes the "
            "classifier's own error, measured on fresh renders, out of it (Rogan-Gladen); *classifier* is "
            "how often it is right on those renders.",
            "",
            f"**Mean over the groups {_percent(figures['mean'])}, worst group "
            f"{_percent(worst['share'])} ({_words(worst['group'])}), corrected.**",
            "",
            "| group | n | read | interval | corrected | classifier |",
            "|---|---:|---:|---|---:|---:|",
            *rows,
            "",
        ]
    )


def _colours(figures: Figures) -> str:
    rows = [
        f"| {_words(slot)} | {row['n']} | {_percent(row['share'])} | {_interval(row)} "
        f"| {_percent(row['on_renders'])} |"
        for slot, row in figures["colours_by_pixels"].items()
    ]
    return "\n".join(
        [
            "### The same by another instrument",
            "",
            "Colours measured from pixels, without a network: the renderer says where hair, irises, skin, "
            "outfit and background of the figure lie and what each candidate colour would look like there. "
            "The last column is this instrument's score on the renderer's own drawings.",
            "",
            "| group | n | by pixels | interval | on renders |",
            "|---|---:|---:|---|---:|",
            *rows,
            "",
        ]
    )


def _by_eye(by_eye: Figures) -> str:
    rows = [f"| {_words(group)} | {row['right']} | {row['n']} |" for group, row in by_eye["groups"].items()]
    return "\n".join(
        [
            "### By eye",
            "",
            by_eye["note"],
            "",
            "| group | right | of |",
            "|---|---:|---:|",
            *rows,
            "",
        ]
    )


def _held_out(figures: Figures) -> str:
    rows = []
    for name, table in figures["held_out"].items():
        for slot, row in table.items():
            usual = figures["adherence"][slot]
            rows.append(
                f"| {name.replace('_', ' ')} | {_words(slot)} | {row['n']} | {_percent(row['share'])} "
                f"| {_interval(row)} | {_percent(row['on_renders'])} | {_percent(usual['share'])} |"
            )
    return "\n".join(
        [
            "## Combinations it has never seen",
            "",
            "About `4 %` of the pairs of hairstyle and hair colour, and of outfit and outfit colour, were "
            "kept out of training, the classifier's too (*classifier* is how often it is right on renders of "
            "the very figures asked for). Asked for those, beside the share on combinations it has seen:",
            "",
            "| held-out pair | group | n | read | interval | classifier | seen pairs |",
            "|---|---|---:|---:|---|---:|---:|",
            *rows,
            "",
        ]
    )


def _steps(figures: Figures) -> str:
    compared, few = figures["steps_compared"], str(figures["steps"])
    return (
        "## Few steps\n\n"
        f"Mean adherence over the groups on the same {compared['n']} prompts and seeds: "
        f"{_percent(compared[few])} with {few} steps, {_percent(compared['16'])} with `16`.\n"
    )


def _distances(figures: Figures) -> str:
    row = figures["distance"]
    return (
        "## Distance from renders\n\n"
        f"On {row['n']} pictures, in the classifier's features: Fréchet distance {row['frechet']:.2f}, where "
        f"two sets of renders lie {row['frechet_floor']:.2f} apart; kernel distance {row['kernel']:.4f}, "
        f"where two sets of renders lie {row['kernel_floor']:.4f} apart.\n"
    )


def _neighbours(figures: Figures) -> str:
    row = figures["neighbours"]
    if not row["n"]:
        return ""
    return (
        "## Nearest training renders\n\n"
        f"Correlation of each of {row['n']} pictures with the most similar of {row['among']} renders that "
        f"the model was trained on, at an eighth of the size: median {row['median']:.3f}, largest "
        f"{row['largest']:.3f}. For fresh renders, which cannot be copies: median "
        f"{row['median_of_renders']:.3f}, largest {row['largest_of_renders']:.3f}.\n"
    )


_LIMITS = """## What it cannot do

It knows the words of its lexicon and says so when it meets others. It draws one figure in a frame. Small
things (eyes in a full-body picture, patterns, hands) are the weakest. It is a starting point that needs no
download, not a rival of checkpoints a hundred times its size.

## Training it in full

On a machine with a GPU, about half an hour in all, for every framing, view and style
([why a processor learns less](decisions/0007-short-runs-learn-busts.md)):

```sh
rakkan starter train --device cuda --stage autoencoder --minutes 9
rakkan starter train --device cuda --stage flow --minutes 8
rakkan starter train --device cuda --stage reference --minutes 7
rakkan starter train --device cuda --stage distil --minutes 4
```

Without one, add `--scope busts` to each stage, `--crop 128` to the first, and give it hours instead of
minutes; `--resume` goes on from the averaged weights.
"""


def _words(slot: str) -> str:
    return slot.replace("_", " ")


def _percent(share: float | None) -> str:
    return "not measurable" if share is None else f"{100 * share:.1f} %"


def _interval(row: Figures) -> str:
    low, high = row["interval"]
    return f"{100 * low:.1f}–{100 * high:.1f}"
