"""ComfyUI's ``workflow``, the graph as its editor keeps it, turned into the form of ``prompt``.

Its nodes list their values without names, so only nodes whose order is known here are read.
"""

from __future__ import annotations

from typing import Any

#: Names of the values of a node, in the order that the editor keeps them ("" for one of its own).
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler", "start_at_step",
        "end_at_step", "return_with_leftover_noise",
    ),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "RandomNoise": ("noise_seed", ""),
    "CFGGuider": ("cfg",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": (
        "width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l",
    ),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "PrimitiveNode": ("value", ""),
}  # fmt: skip
_MOST = 20_000


def graph_of(workflow: Any) -> dict[str, Any]:
    """The nodes by id with their inputs by name; what is damaged is left out."""
    if not isinstance(workflow, dict):
        return {}
    sources: dict[Any, list[Any]] = {}
    links = workflow.get("links")
    for link in links[:_MOST] if isinstance(links, list) else ():
        # id, node and output that it comes from, node and input that it leads to, kind
        if isinstance(link, list) and len(link) >= 4 and isinstance(link[0], int):
            sources[link[0]] = [str(link[1]), link[2]]
    graph: dict[str, Any] = {}
    nodes = workflow.get("nodes")
    for node in nodes[:_MOST] if isinstance(nodes, list) else ():
        if not isinstance(node, dict) or node.get("mode") in (2, 4):  # muted, bypassed
            continue
        kind, values, inputs = node.get("type"), node.get("widgets_values"), node.get("inputs")
        told: dict[str, Any] = {}
        names = _WIDGETS.get(kind, ()) if isinstance(kind, str) else ()
        if isinstance(values, list):
            told.update({name: value for name, value in zip(names, values, strict=False) if name})
        for one in inputs if isinstance(inputs, list) else ():
            source = sources.get(one.get("link")) if isinstance(one, dict) and _is_plain(one) else None
            if source is not None:
                told[str(one.get("name"))] = source
        graph[str(node.get("id"))] = {"class_type": str(kind), "inputs": told}
    return graph


def _is_plain(one: dict[str, Any]) -> bool:
    return isinstance(one.get("link"), int)
