"""The shape of the code, read from its syntax trees: which way imports point, who may write a picture.

Each rule is a function from sources to complaints, run on ``src/rakkan`` and on planted violations.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "rakkan"
MOST_LINES = 400
MOST_FUNCTION_LINES = 70

#: Packages of ``rakkan`` by layer; a module imports from lower layers and its own package only.
LAYERS: dict[str, int] = {
    "store": 1,
    "formats": 2,
    "features": 3,
    "trust": 4,
    "studio": 5,
    "models": 5,
    "corpus": 5,
    "taste": 6,
    "audit": 6,
    # A part of assemble: what a model that somebody brought is drawn with.
    "bringing": 6,
    # Another: what made a picture, and making it again.
    "recipes": 6,
    # Another: the characters and styles that are kept, and all that is done with them.
    "casting": 6,
    # Above assemble: each of the studio's jobs as one call.
    "api": 8,
    "service": 9,
    # Above the service, which a command starts.
    "cli": 10,
}
ROOT_MODULES = {"", "records", "errors", "config", "checkout"}
#: Wires the parts together, so it stands above all it wires and below what uses it.
ASSEMBLE_LAYER = 7

#: Calls that write bytes or pictures, and why each file below may make them though it is not the gate.
WRITERS_ALLOWED: dict[str, str] = {
    "formats/png.py": "encodes into memory, never to a file",
    "store/disk.py": "the vault's and the ledger's bytes, encrypted or hashed by their callers",
    "formats/encode.py": "encodes into memory, never to a file",
    "service/making/modelling.py": "a model on its way through the gate, in the worker's private folder",
    "service/making/spool.py": "opens empty files to lock, and writes nothing",
    "cli/faults.py": "opens the null device when the reader of a pipe has gone",
    "models/download.py": "model files as they come in from a server, until the gate has let them in",
    "studio/starter/reading/tinting.py": "a developer's step that writes small layers into the package",
    "studio/starter/data.py": "the training pool of renders, a memory map that no one is shown",
    "studio/starter/checkpoints.py": "weights shards, not pictures",
    "studio/starter/evaluation/protocol.py": "weights of the classifier that measures",
    "studio/upscaling/convert.py": "weights, not pictures",
    "studio/starter/reading/wear.py": "a JPEG in memory, to train on what compression does",
    "studio/engines/checkpoint/cache.py": "opens converted weights in the vault, for reading",
    "service/routes/importing.py": "opens what lies in a ZIP, for reading",
    "trust/placing.py": "puts a file that the gate has sealed in its place",
}
#: Names whose call writes a picture or bytes, whatever they are called on.
WRITING_CALLS = {
    "save",
    "imwrite",
    "imsave",
    "save_image",
    "write_bytes",
    "tofile",
    "to_file",
    "fdopen",
}

#: The package that trains with torch, and its modules that making a picture needs: those do without.
TRAINING = "studio/starter/"
WITHOUT_TORCH = {
    "__init__.py",
    "vocabulary.py",
    "lexicon.py",
    "phrases.py",
    "synonyms.py",
    "holdout.py",
    "schedule.py",
    "origin.py",
}
#: The engine that draws checkpoints with torch, loaded only where that is asked for.
TORCH_ENGINE = "studio/engines/torch/"
ENGINE_WITHOUT_TORCH = {"__init__.py", "layouts.py"}
#: What turns torch's networks into OpenVINO's, loaded once for each checkpoint.
CONVERTER = "studio/engines/checkpoint/convert.py"
TORCH = ("torch", "torchvision", "diffusers", "transformers")

Sources = dict[str, str]
Rule = Callable[[Sources], list[str]]


def read_sources() -> Sources:
    return {str(path.relative_to(SOURCE)): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}


def imports(name: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Dotted names a module imports, with their lines; relative imports are resolved."""
    package = ["rakkan", *Path(name).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imports_point_one_way(sources: Sources) -> list[str]:
    complaints = []
    for name, text in sources.items():
        for line, imported in imports(name, ast.parse(text)):
            parts = imported.split(".")
            if parts[0] == "rakkan" and not _may_import(name, parts[1:]):
                complaints.append(f"{name}:{line} must not import {imported}")
    return complaints


def _may_import(name: str, target: list[str]) -> bool:
    own = Path(name).parts
    package = own[0] if len(own) > 1 else Path(own[0]).stem
    other = target[0] if target else ""
    if other in ROOT_MODULES or other.startswith("__") or other == package:
        return True
    if package == "__main__":
        return other == "cli"
    if package == "__init__":  # rakkan.Studio, which is imported when it is asked for
        return target == ["api", "studio", "Studio"] or target == ["api", "studio"]
    if own[:2] == ("studio", "starter") and target[:2] == ["corpus", "figures"]:
        return True
    return _layer(other) < _layer(package)


def _layer(package: str) -> int:
    if package == "assemble":
        return ASSEMBLE_LAYER
    if package in LAYERS:
        return LAYERS[package]
    return 0 if package in ROOT_MODULES or package == "__init__" else 99


def only_the_gate_writes(sources: Sources) -> list[str]:
    complaints = []
    for name, text in sources.items():
        if name == "trust/gate.py":
            continue
        tree = ast.parse(text)
        targets = list(imports(name, tree))
        complaints += [
            f"{name}:{line} takes the PNG writer out of its module: {target}"
            for line, target in targets
            if target == "rakkan.formats.png.encode"
        ]
        complaints += [
            f"{name}:{line} takes an encoder that only the gate may: {target}"
            for line, target in targets
            if f"{target}.".startswith("rakkan.formats.encode.")
        ]
        imported = {target.split(".")[-1] for _, target in targets}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id not in {*imported, "open"}:
                continue  # a function of the module's own; what it calls is looked at where it stands
            if _encodes_picture(node) or (name not in WRITERS_ALLOWED and _writes_bytes(node)):
                complaints.append(f"{name}:{node.lineno} writes what only the gate may: {ast.unparse(node)}")
    return complaints


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _writes_bytes(node: ast.Call) -> bool:
    called = _called(node)
    if called in WRITING_CALLS:
        return True
    if called != "open":
        return False
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "os.open":
        return "O_WRONLY" in ast.unparse(node) or "O_RDWR" in ast.unparse(node)
    is_method = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) not in ("io", "os")
    places = node.args[0:1] if is_method else node.args[1:2]
    modes = places + [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    # A mode that is not spelled out could be any.
    texts = [mode.value if isinstance(mode, ast.Constant) else "wb" for mode in modes]
    return any("b" in str(text) and set(str(text)) & set("wax+") for text in texts)


def _encodes_picture(node: ast.Call) -> bool:
    called = ast.unparse(node.func)
    return (
        called == "png.encode" or re.search(r"(^|\.)formats\.(png\.encode|encode\.\w+)$", called) is not None
    )


def torch_stays_in_training(sources: Sources) -> list[str]:
    direct: dict[str, set[str]] = {}
    reaches: dict[str, str] = {}
    for name, text in sources.items():
        imported = {target for _, target in _module_level_imports(name, ast.parse(text))}
        direct[name] = {file for target in imported for file in _files_of(target, sources)}
        if any(target.split(".")[0] in TORCH for target in imported):
            reaches[name] = "imports torch as it is imported itself"
    changed = True
    while changed:
        changed = False
        for name, files in direct.items():
            guilty = next((file for file in sorted(files) if file in reaches and name not in reaches), None)
            if guilty is not None:
                reaches[name] = f"imports {guilty}, which reaches torch"
                changed = True
    return [f"{name} {why}" for name, why in reaches.items() if not _may_reach_torch(name)]


def _may_reach_torch(name: str) -> bool:
    if name == CONVERTER:
        return True
    if name.startswith(TORCH_ENGINE):
        return name.removeprefix(TORCH_ENGINE) not in ENGINE_WITHOUT_TORCH
    return name.startswith(TRAINING) and name.removeprefix(TRAINING) not in WITHOUT_TORCH


def _module_level_imports(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Imports that run when the module does: none in functions or under ``if TYPE_CHECKING``."""
    running: list[ast.stmt] = []
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            running.append(node)
        waiting.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
        waiting.extend(
            inner
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.ExceptHandler)
            for inner in child.body
        )
    yield from imports(name, ast.Module(running, []))


def _files_of(imported: str, sources: Sources) -> list[str]:
    """The files that run when a dotted name is imported: the module and the packages it lies in."""
    parts = imported.split(".")
    if parts[0] != "rakkan":
        return []
    paths = ["/".join(parts[1:end]) for end in range(2, len(parts) + 1)]
    candidates = [file for path in paths for file in (f"{path}.py", f"{path}/__init__.py")]
    return [file for file in candidates if file in sources]


def one_idea_to_a_file(sources: Sources) -> list[str]:
    complaints = [
        f"{name} has {text.count(chr(10))} lines, more than {MOST_LINES}"
        for name, text in sources.items()
        if text.count("\n") > MOST_LINES
    ]
    for name, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    complaints.append(f"{name}:{node.lineno} {node.name} has {lines} lines")
    return complaints


def everything_is_finished(sources: Sources) -> list[str]:
    unfinished = ("TO" + "DO", "FIX" + "ME", "X" * 3)
    return [
        f"{name}:{number} is unfinished: {line.strip()}"
        for name, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        if any(word in line for word in unfinished) or "raise NotImplementedError" in line
    ]


def wiring_happens_in_one_place(sources: Sources) -> list[str]:
    return [
        f"{name}:{node.lineno} builds a gate; only assemble.py does"
        for name, text in sources.items()
        if name != "assemble.py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _called(node) == "Gate"
    ]


RULES: list[Rule] = [
    imports_point_one_way,
    only_the_gate_writes,
    torch_stays_in_training,
    one_idea_to_a_file,
    everything_is_finished,
    wiring_happens_in_one_place,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    complaints = rule(read_sources())
    assert not complaints, "\n".join(complaints)


VIOLATIONS: list[tuple[Rule, str, str]] = [
    (imports_point_one_way, "records.py", "import rakkan.formats.png"),
    (imports_point_one_way, "formats/png.py", "from rakkan.trust import gate"),
    (imports_point_one_way, "trust/gate.py", "from rakkan import studio"),
    (imports_point_one_way, "trust/gate.py", "def f():\n    from rakkan.assemble import gate"),
    (imports_point_one_way, "studio/create.py", "from rakkan.corpus import figures"),
    (imports_point_one_way, "studio/starter/data.py", "from rakkan.corpus import index"),
    (imports_point_one_way, "studio/create.py", "from ..corpus.figures import draw"),
    (imports_point_one_way, "corpus/figures/words.py", "from rakkan.studio.starter import vocabulary"),
    (imports_point_one_way, "studio/create.py", "from rakkan import assemble"),
    (imports_point_one_way, "assemble.py", "from rakkan.cli import main"),
    (imports_point_one_way, "service/app.py", "from rakkan.cli import main"),
    (imports_point_one_way, "studio/create.py", "import rakkan.newcomer"),
    (only_the_gate_writes, "studio/create.py", "image.save('x.png')"),
    (only_the_gate_writes, "studio/create.py", "path.write_bytes(data)"),
    (
        only_the_gate_writes,
        "studio/create.py",
        "from torchvision.utils import save_image\nsave_image(x, 'x')",
    ),
    (only_the_gate_writes, "studio/create.py", "from rakkan.formats.png import encode\nencode(pixels, {})"),
    (only_the_gate_writes, "studio/create.py", "open('x.png', 'wb').write(data)"),
    (only_the_gate_writes, "studio/create.py", "open('x.png', mode='xb')"),
    (only_the_gate_writes, "studio/create.py", "path.open('wb')"),
    (only_the_gate_writes, "studio/create.py", "open('x.png', how)"),
    (only_the_gate_writes, "studio/create.py", "os.open('x', os.O_CREAT | os.O_WRONLY)"),
    (only_the_gate_writes, "studio/create.py", "cv2.imwrite('x.png', pixels)"),
    (only_the_gate_writes, "studio/create.py", "png.encode(pixels, {})"),
    (only_the_gate_writes, "studio/starter/data.py", "png.encode(pixels, {})"),
    (only_the_gate_writes, "studio/create.py", "from rakkan.formats import encode"),
    (only_the_gate_writes, "studio/create.py", "from rakkan.formats.encode import jpeg\njpeg(pixels, {})"),
    (only_the_gate_writes, "formats/sheet.py", "from . import encode"),
    (only_the_gate_writes, "studio/create.py", "import rakkan.formats.encode"),
    (only_the_gate_writes, "studio/create.py", "rakkan.formats.encode.webp_file(pixels, {})"),
    (only_the_gate_writes, "studio/create.py", "rakkan.formats.png.encode(pixels, {})"),
    (torch_stays_in_training, "cli/main.py", "import torch"),
    (
        torch_stays_in_training,
        "studio/starter/vocabulary.py",
        "try:\n    import torch.nn\nexcept E:\n    pass",
    ),
    (torch_stays_in_training, "cli/main.py", "class A:\n    from torch import nn"),
    (torch_stays_in_training, "studio/engines/torch/layouts.py", "import torch"),
    (torch_stays_in_training, "studio/engines/checkpoint/engine.py", "import torch"),
    (
        torch_stays_in_training,
        "cli/main.py",
        "from rakkan.studio.engines.checkpoint import engine\nimport diffusers",
    ),
    (torch_stays_in_training, "cli/main.py", "from rakkan.studio.starter.networks import UNet"),
    (one_idea_to_a_file, "cli/main.py", "x = 1\n" * (MOST_LINES + 1)),
    (one_idea_to_a_file, "cli/main.py", "def f():\n" + "    x = 1\n" * MOST_FUNCTION_LINES),
    (everything_is_finished, "cli/main.py", "x = 1  # TO" + "DO: more"),
    (everything_is_finished, "cli/main.py", "def f():\n    raise NotImplementedError"),
    (wiring_happens_in_one_place, "cli/main.py", "gate = Gate({}, {})"),
]


@pytest.mark.parametrize(("rule", "name", "text"), VIOLATIONS)
def test_the_rule_catches_a_planted_violation(rule: Rule, name: str, text: str) -> None:
    others = {"studio/starter/networks.py": "import torch\n"}
    assert rule({**others, name: text + "\n"})


INNOCENT: list[tuple[Rule, str, str]] = [
    (imports_point_one_way, "studio/starter/data.py", "from rakkan.corpus.figures import draw"),
    (imports_point_one_way, "cli/create.py", "from rakkan import __version__, assemble, config"),
    (imports_point_one_way, "assemble.py", "from rakkan.studio import create"),
    (imports_point_one_way, "formats/png.py", "from rakkan.errors import RakkanError"),
    (imports_point_one_way, "corpus/figures/words.py", "from .attributes import GROUPS"),
    (only_the_gate_writes, "studio/create.py", "open('x.png', 'rb').read()"),
    (only_the_gate_writes, "studio/create.py", "path.open('rb')"),
    (only_the_gate_writes, "studio/create.py", "def save(x): ...\nsave(1)"),
    (only_the_gate_writes, "studio/create.py", "open('x.txt', 'w')"),
    (torch_stays_in_training, "cli/starter.py", "def f():\n    import torch"),
    (torch_stays_in_training, "cli/main.py", "if TYPE_CHECKING:\n    import torch"),
]


@pytest.mark.parametrize(("rule", "name", "text"), INNOCENT)
def test_the_rule_lets_the_innocent_pass(rule: Rule, name: str, text: str) -> None:
    assert not rule({name: text + "\n"})


def test_every_new_package_has_its_layer() -> None:
    packages = {path.name for path in SOURCE.iterdir() if path.is_dir() and list(path.rglob("*.py"))}
    assert packages <= set(LAYERS), f"{packages - set(LAYERS)} stand in no layer"
