"""Plausible values for constructor arguments that nothing in the source gives.

A guess is kept as it would be written, so that it can be shown, built and changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from gradlint.discovery import fields, hub
from gradlint.discovery.bindings import default, parameters
from gradlint.discovery.outline import Function, Outline
from gradlint.discovery.uses import Use, Uses
from gradlint.discovery.wholes import Wholes, words_of

ANSWERS = "gradlint_answers"  # what the child calls to make an object that answers
_DEEPEST = 2  # modules within modules that are put together
_NORM = re.compile(r"(.*_)?(norm|bn|normali[sz]ation)(_?(layer|fn|func|cls|class|type))?")
_ACTIVATION = re.compile(
    r"(.*_)?(act|acti|activ|activation|nonlinearity|non_linearity|nonlin|nl)s?"
    r"(_?(layer|fn|func|fun|function|cls|class|type|name|h|hidden))?"
)
_BLOCK = re.compile(r"block|bottleneck|layer|cell|unit", re.IGNORECASE)
_VAGUE = {"layer", "module", "block", "net", "model"}
_OF_ALL = set(
    "parameters named_parameters modules named_modules children named_children state_dict train "
    "eval training forward load_state_dict to cuda cpu apply zero_grad requires_grad_ buffers "
    "register_forward_hook weight bias".split()
)
_PLAIN = {"int", "float", "bool", "str"}
_SPACES = {"n": "4", "high": "torch.ones(4)", "low": "-torch.ones(4)", "nvec": "[2, 2]"}


@dataclass(frozen=True)
class Guess:
    """A value for one parameter, as it would be written, and what speaks for it."""

    text: str
    origin: str


class Guesses:
    """Guesses for the parameters of one file's classes and functions."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def of(
        self,
        node: ast.ClassDef | Function,
        parameter: ast.arg,
        siblings: Collection[str],
        level: int = 0,
    ) -> Guess | None:
        """A value for a parameter of a constructor or a function, or None."""
        name = parameter.arg
        use = Uses(self.outline, node).of(name)
        if text := _option(name, use):
            return Guess(text, "how it is used")
        if text := self._class(node, name, use):
            return Guess(text, "how it is used")
        if text := hub.configuration(self.outline, node, parameter):
            return Guess(text, f"the class {text.removesuffix('()')}")
        if fields.is_configuration(name) and not use.options:
            return Guess(f"{ANSWERS}({name!r})", "what is read of it")
        if _is_module(name, parameter, use) and not use.listed:
            instance = self._instance(node, name, level) or self._whole(parameter, use, level)
            return Guess(instance, "its name") if instance else None
        if text := _planes(node, name, siblings):
            return Guess(text, "its name")
        told = annotated(name, parameter.annotation, use, siblings)
        return Guess(told, "its annotation") if told is not None else guess(name, use, siblings)

    def _class(self, node: ast.AST, name: str, use: Use) -> str:
        """A class that is handed over to be built: a block, a norm, an activation."""
        if use.called is None or (use.runs and use.called < 2):
            return ""
        if text := _layer(name, ""):
            return text
        word = fields.snake(name)
        if "conv" in word:
            return "torch.nn.Conv2d"
        if use.called < 2:
            return ""
        fitting = [c for n, c in self.outline.modules.items() if self._takes(c, use.called)]
        fitting = [c for c in fitting if c is not node and _BLOCK.search(c.name)]
        names = sorted(c.name for c in fitting)
        names.sort(key=lambda n: (word not in fields.snake(n), "basic" not in n.lower()))
        return next(iter(names), "")

    def _takes(self, node: ast.ClassDef, count: int) -> bool:
        init = self.outline.method(node, "__init__")
        if init is None:
            return False
        given = list(parameters(init, True))
        needed = [p for p in given if default(init, p.arg) is None]
        return len(needed) <= count <= len(given)

    def _instance(self, node: ast.AST, name: str, level: int) -> str:
        """An instance of the class of this file that the name stands for."""
        if "embed" in name.lower():
            return f"torch.nn.Embedding(100, {fields.WIDTH})"
        words = words_of(name, _VAGUE)
        found = [
            c
            for n, c in self.outline.modules.items()
            if c is not node and any(word in n.lower() for word in words)
        ]
        found.sort(key=lambda c: (-sum(w in c.name.lower() for w in words), len(c.name)))
        calls = (self.call(c, level + 1) for c in found if level < _DEEPEST)
        return next((text for text in calls if text), "")

    def _whole(self, parameter: ast.arg, use: Use, level: int) -> str:
        """An instance of a class of another file that the name or its use stands for."""
        if level >= _DEEPEST:
            return ""
        wholes = Wholes(self.outline)
        annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
        read = use.attributes - _OF_ALL
        for found in wholes.of(words_of(parameter.arg, _VAGUE), annotation.strip("'\""), read):
            text = Guesses(found.outline).call(found.node, _DEEPEST)
            if text and _stands_alone(text, found.node.name):
                return text.replace(found.node.name, wholes.expression(found), 1)
        return ""

    def call(self, node: ast.ClassDef | Function, level: int = 0) -> str:
        """A call with every required argument guessed; "" where one cannot be."""
        init = self.outline.method(node, "__init__") if isinstance(node, ast.ClassDef) else node
        if init is None:
            return f"{node.name}()"
        method = isinstance(node, ast.ClassDef)
        needed = [p for p in parameters(init, method) if default(init, p.arg) is None]
        names = [p.arg for p in needed]
        found = [(p.arg, self.of(node, p, names, level)) for p in needed]
        if any(value is None for _, value in found):
            return ""
        given = ", ".join(f"{name}={value.text}" for name, value in found if value)
        return f"{node.name}({given})"


def _stands_alone(text: str, name: str) -> bool:
    """Whether a call can be evaluated in another file than its class is of."""
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    return names <= {name, "torch", ANSWERS}


def guess(name: str, use: Use, siblings: Collection[str] = ()) -> Guess | None:
    """A value for a field from its uses and its name; the child asks this of configurations."""
    if text := _option(name, use):
        return Guess(text, "how it is used")
    if use.runs and (text := _layer(name, "()")):
        return Guess(text, "its name")
    if not use.runs and not use.listed and _ACTIVATION.fullmatch(fields.snake(name)):
        return Guess("'relu'", "its name")
    named = fields.value(name, siblings)
    if use.listed and not (named or "").startswith(("(", "[", "{", "'", "torch.")):
        return Guess(_several(name, named, use), "its name")
    if named is not None:
        return Guess(_deep(named, name, use), "its name")
    if fields.never(name):
        return None
    roles = (found for role in use.roles if (found := fields.value(role)) is not None)
    if (passed := next(roles, None)) is not None:
        return Guess(passed, "how it is used")
    if use.computes:
        return Guess(str(fields.WIDTH), "how it is used")
    return Guess("False", "how it is used") if use.tested else None


def annotated(
    name: str, annotation: ast.expr | None, use: Use, siblings: Collection[str]
) -> str | None:
    """A value of the annotated type, where the name says none that fits."""
    if annotation is None:
        return None
    kind = ast.unparse(annotation).replace("typing.", "").strip("'\"")
    named = fields.value(name, siblings)
    lowered = kind.lower()
    if "none" in lowered or lowered.startswith("optional"):
        return "None" if named is None else None
    if lowered.startswith(("list", "sequence", "iterable", "tuple")):
        return _several(name, named, use) if not (named or "").startswith("(") else None
    if kind in _PLAIN and named is None and not fields.never(name):
        return {"int": str(fields.WIDTH), "float": "0.1", "bool": "False", "str": None}[kind]
    if kind == "bool":
        return "False" if named not in ("True", "False") else None
    return None


def _option(name: str, use: Use) -> str:
    """A value that the code compares with, or looks up."""
    texts = list(dict.fromkeys(use.options))
    return next((text for text in texts if not fields.pretrained(text)), "")


def _several(name: str, text: str | None, use: Use) -> str:
    """A list: as long as it is read, else four stages or two widths."""
    single = text or (fields.value(name.removesuffix("s")) if name.endswith("s") else None)
    single = single or str(fields.WIDTH)
    count = use.highest + 1 if use.highest > 0 else (4 if fields.staged(name) else 2)
    return f"[{', '.join([single] * count)}]"


def _deep(text: str, name: str, use: Use) -> str:
    """A depth from which the body subtracts: `(depth - 2) // 6` wants 14."""
    if use.less and fields.decides(name) and all(isinstance(n, int) for n in use.less):
        fixed, step = use.less
        return str(fixed + 2 * step)
    return "0.5" if use.scales and "reduction" in name else text


def _layer(name: str, call: str) -> str:
    """A normalisation or an activation: the class, or with `()` an instance."""
    word = fields.snake(name)
    if _NORM.fullmatch(word):
        return "torch.nn.BatchNorm2d" if not call else ""
    if _ACTIVATION.fullmatch(word):
        return f"torch.nn.ReLU{call}"
    return "torch.nn.MaxPool2d" if "pool" in word and not call else ""


def _is_module(name: str, parameter: ast.arg, use: Use) -> bool:
    annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
    if _ACTIVATION.fullmatch(fields.snake(name)):
        return False
    return use.runs or annotation.endswith("Module") or fields.is_module(name)


def _planes(node: ast.AST, name: str, siblings: Collection[str]) -> str:
    """The width inside a block whose output is `expansion` times as wide."""
    if not isinstance(node, ast.ClassDef) or name != "planes" or len(siblings) < 2:
        return ""
    for statement in node.body:
        match statement:
            case ast.Assign([ast.Name("expansion")], ast.Constant(int(times))) if times > 0:
                return str(fields.WIDTH // times)
    return ""


def of_space(path: str) -> str:
    """What is read of an action or observation space."""
    owner, _, name = path.rpartition(".")
    if name == "shape" and owner.endswith("space"):
        return "(4,)" if "action" in owner else "(8,)"
    return _SPACES.get(name, "") if owner.endswith("space") else ""
