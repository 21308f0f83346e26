"""Claims in ComfyUI's graphs: ``prompt`` (nodes by id; inputs are values or links) and ``workflow``.

The graph is walked back from a sampler to what feeds it. Nodes that are not known are passed through by the
names of their inputs, which extensions mostly keep. Every walk visits a node once and takes so many steps at
most, so cycles and mazes end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rakkan.studio.metadata.claimed import (
    MOST_CLIP_SKIP,
    MOST_GUIDANCE,
    MOST_STEPS,
    Claimed,
    Gathered,
    json_of,
    number_of,
    part,
)
from rakkan.studio.metadata.workflow import graph_of

MOST_NODES = 5000
_MOST_VISITS = 400

Node = Mapping[str, Any]
Graph = Mapping[str, Node]

#: Inputs through which a value of each kind comes, the likeliest first.
_TEXTS = (
    "text",
    "string",
    "value",
    "prompt",
    "positive",
    "text_g",
    "text_l",
    "t5xxl",
    "clip_l",
    "wildcard_text",
)
_JOINED = re.compile(r"(?:text|string|str)_?[a-z0-9]{1,2}|conditioning(?:_\d+|_to|_from)?")
_NUMBERS = ("value", "int", "float", "number", "seed", "noise_seed", "a")
_MODELS = ("model", "unet", "base_model", "model1", "basic_pipe", "pipe")
_CHECKPOINTS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "checkpoint")
_LATENTS = ("latent_image", "latent", "samples", "optional_latent", "pixels", "image")


def claimed_comfyui(texts: Mapping[str, str]) -> Claimed | None:
    """What ComfyUI's graphs say; None where there are none."""
    if "prompt" not in texts and "workflow" not in texts:
        return None
    gathered = Gathered("ComfyUI")
    graph = _graph(texts, gathered)
    samplers = sorted((name for name in graph if _is_sampler(graph[name])), key=_order)
    if not samplers:
        if "prompt" in texts and not graph and not texts["prompt"].lstrip().startswith("{"):
            return None
        gathered.remark("its graph has no sampler that is known here")
        return gathered.done()
    walk = _Walk(graph, gathered)
    chosen = _first(walk, samplers)
    if len(samplers) > 1:
        gathered.remark(
            f"its graph has {len(samplers)} samplers; the first that draws is told, node {chosen[:40]}"
        )
    walk.sampler(graph[chosen])
    gathered.values.setdefault("noise", "cpu")
    return gathered.done()


def _graph(texts: Mapping[str, str], gathered: Gathered) -> dict[str, Node]:
    """The nodes by id, those that are none left out."""
    value = json_of(texts["prompt"], gathered, "prompt graph") if "prompt" in texts else None
    if not isinstance(value, dict) and "workflow" in texts:
        value = graph_of(json_of(texts["workflow"], gathered, "workflow"))
    nodes: dict[str, Node] = {
        str(name): node
        for name, node in (value.items() if isinstance(value, dict) else ())
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }
    if len(nodes) > MOST_NODES:
        gathered.remark(f"its graph has more than {MOST_NODES} nodes and was not read")
        return {}
    return nodes


def _is_sampler(node: Node) -> bool:
    """A node with what only samplers have: conditions, or a guider, and noise or steps."""
    inputs = node["inputs"]
    guided = "positive" in inputs or "guider" in inputs or "basic_pipe" in inputs
    drawing = {"seed", "noise_seed", "noise", "steps", "sigmas"} & set(inputs)
    return guided and bool(drawing) and ({"sampler_name", "sampler"} & set(inputs) != set())


def _first(walk: _Walk, samplers: list[str]) -> str:
    """The first sampler that does not go on from another: what it drew is what the others refined."""
    for name in samplers:
        before = walk.upstream(walk.graph[name], _LATENTS)
        if not any(_is_sampler(node) for node in before):
            return name
    return samplers[0]


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() and len(name) < 12 else (10**12, name)


class _Walk:
    """A walk through one graph; ``visits`` counts down over all of it."""

    def __init__(self, graph: Graph, gathered: Gathered) -> None:
        self.graph, self.gathered, self.visits = graph, gathered, _MOST_VISITS

    def linked(self, value: Any) -> Node | None:
        """The node that a link leads to; None when the value is no link, or leads nowhere."""
        is_link = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int)
        node = self.graph.get(str(value[0])) if is_link else None
        if node is not None:
            self.visits -= 1
            if self.visits <= 0:
                self.gathered.remark("its graph is too tangled to be followed to the end")
                return None
        return node

    def upstream(self, node: Node, names: tuple[str, ...]) -> Iterator[Node]:
        """The nodes before this one along the first of these inputs that is a link, each once."""
        seen = {id(node)}
        while True:
            links = (self.linked(node["inputs"].get(name)) for name in names)
            following = next((one for one in links if one is not None), None)
            if following is None or id(following) in seen:
                return
            seen.add(id(following))
            node = following
            yield node

    def value(self, value: Any, names: tuple[str, ...]) -> Any:
        """A plain value, followed through the nodes that hand it on; None where a walk leads nowhere."""
        seen: set[int] = set()
        while isinstance(value, list):
            node = self.linked(value)
            if node is None or id(node) in seen:
                return None
            seen.add(id(node))
            value = next((node["inputs"][name] for name in names if name in node["inputs"]), None)
        return value

    def sampler(self, node: Node) -> None:
        """Gather all that feeds a sampler."""
        gathered, inputs = self.gathered, node["inputs"]
        noise = self.linked(inputs.get("noise"))
        source = noise["inputs"] if noise else inputs
        gathered.integer("seed", self.value(source.get("noise_seed", source.get("seed")), _NUMBERS))
        sigmas = self.linked(inputs.get("sigmas"))
        steps = sigmas["inputs"] if sigmas else inputs
        gathered.integer("steps", self.value(steps.get("steps"), _NUMBERS), 1, MOST_STEPS)
        named = inputs.get("sampler_name", inputs.get("sampler"))
        schedule = self.value(steps.get("scheduler"), ("scheduler", "value"))
        if schedule is None and sigmas is not None and "Karras" in str(sigmas.get("class_type")):
            schedule = "karras"
        gathered.sampling(self.value(named, ("sampler_name", "sampler", "value")), schedule)
        denoise = number_of(self.value(steps.get("denoise"), _NUMBERS))
        if denoise is not None and denoise < 1:
            gathered.real("strength", denoise, 0, 1)
        guider = self.linked(inputs.get("guider")) or node
        guided = guider["inputs"]
        gathered.real("guidance", self.value(guided.get("cfg"), _NUMBERS), 0, MOST_GUIDANCE)
        positive = guided.get("positive", guided.get("conditioning"))
        gathered.text("prompt", self.prompt(positive))
        gathered.text("negative", self.prompt(guided.get("negative")))
        self.model(guider if "model" in guided else node)
        self.size(inputs)

    def prompt(self, link: Any) -> str:
        """The texts of the encoders that a condition comes from, joined by commas."""
        found: list[str] = []
        self._texts(link, found, set(), 0)
        return ", ".join(dict.fromkeys(text.strip() for text in found if text.strip()))

    def _texts(self, link: Any, found: list[str], seen: set[int], depth: int) -> None:
        node = self.linked(link)
        if node is None or id(node) in seen or depth > 50:
            return
        seen.add(id(node))
        inputs, kind = node["inputs"], str(node.get("class_type"))
        if "ZeroOut" in kind:
            return
        if "positive" in inputs and "negative" in inputs:  # hands both on, each from an output of its own
            self._texts(inputs["negative" if link[1] == 1 else "positive"], found, seen, depth + 1)
            return
        own = [name for name in inputs if name in _TEXTS or _JOINED.fullmatch(name)]
        self._layers(inputs)
        for name in own:
            value = inputs[name]
            if isinstance(value, str):
                found.append(value)
            else:
                self._texts(value, found, seen, depth + 1)
        if not own:
            self.gathered.remark(f"a node {kind[:60]!r} stands before the prompt and is not known here")
            for value in inputs.values():
                self._texts(value, found, seen, depth + 1)

    def _layers(self, inputs: Mapping[str, Any]) -> None:
        """Where CLIP is to stop: the last layer but one is clip skip 2."""
        clip = self.linked(inputs.get("clip"))
        for node in [clip, *self.upstream(clip, ("clip",))] if clip else ():
            layer = number_of(node["inputs"].get("stop_at_clip_layer"))
            if layer is not None:
                self.gathered.integer("clip_skip", -layer, 1, MOST_CLIP_SKIP)
                return

    def model(self, node: Node) -> None:
        """The checkpoint that a sampler draws with, and the LoRAs between them."""
        gathered = self.gathered
        for before in self.upstream(node, _MODELS):
            inputs = before["inputs"]
            for name, value in inputs.items():
                if re.fullmatch(r"lora_name(_\d+)?", name) and value not in ("None", ""):
                    number = name.removeprefix("lora_name")
                    strength = inputs.get(f"strength_model{number}", inputs.get(f"lora_wt{number}", 1.0))
                    gathered.lora(value, self.value(strength, _NUMBERS))
                elif re.fullmatch(r"lora_\d+", name) and part(value, "on"):
                    gathered.lora(part(value, "lora"), part(value, "strength"))
            checkpoint = next((inputs[name] for name in _CHECKPOINTS if name in inputs), None)
            if checkpoint is not None:
                gathered.name("model", self.value(checkpoint, (*_CHECKPOINTS, "value")))
                return
        gathered.remark("its graph does not lead to a checkpoint")

    def size(self, inputs: Mapping[str, Any]) -> None:
        """The size of the latents that it began with."""
        for node in self.upstream({"inputs": inputs}, _LATENTS):
            told = node["inputs"]
            if "width" in told and "height" in told:
                self.gathered.size(self.value(told["width"], _NUMBERS), self.value(told["height"], _NUMBERS))
                return
        self.gathered.remark("its graph does not say which size it drew")
