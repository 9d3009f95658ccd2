"""How code uses a name: what it compares it with, calls it, passes it on as."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gradlint.discovery.bindings import parameters
from gradlint.discovery.outline import Function, Outline

# The positional parameters of what a width, a rate or a length is usually handed to.
_TORCH = {
    "Linear": "in_features out_features",
    "Embedding": "num_embeddings embedding_dim padding_idx",
    "Dropout": "p",
    "Dropout2d": "p",
    "LayerNorm": "normalized_shape",
    "MultiheadAttention": "embed_dim num_heads dropout",
    "TransformerEncoderLayer": "d_model nhead dim_feedforward dropout",
    "TransformerDecoderLayer": "d_model nhead dim_feedforward dropout",
    "TransformerEncoder": "encoder_layer num_layers",
    "PixelShuffle": "upscale_factor",
    "GroupNorm": "groups channels",
}
_TORCH |= dict.fromkeys(
    ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"],
    "hidden_channels hidden_channels kernel_size stride padding",
)
_TORCH |= dict.fromkeys(["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"], "num_features")
_TORCH |= dict.fromkeys(["RNN", "LSTM", "GRU"], "input_size hidden_size num_layers")
_TORCH |= dict.fromkeys(["RNNCell", "LSTMCell", "GRUCell"], "input_size hidden_size")
_PRETRAINED = "'bert-base-uncased'"  # what a model by a name that nothing tells may be
_LISTS = {"len", "enumerate", "zip", "sum", "max", "min", "list", "tuple", "reversed"}
_TEXT = {"lower", "upper", "strip", "casefold"}


_REQUIRED = {
    "Linear": "in_features out_features",
    "Embedding": "num_embeddings embedding_dim",
    "LayerNorm": "normalized_shape",
    "MultiheadAttention": "embed_dim num_heads",
    "TransformerEncoderLayer": "d_model nhead",
}


def roles(layer: str) -> list[str]:
    """The parameters that a layer of torch.nn needs."""
    names = _REQUIRED.get(layer, "")
    if layer.startswith(("Conv", "LazyConv")):
        names = "in_channels out_channels kernel_size"
    elif layer.startswith("BatchNorm"):
        names = "num_features"
    elif layer in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"):
        names = "input_size hidden_size"
    return names.split()


@dataclass
class Use:
    """What is known of a name from how it is used."""

    options: list[str] = field(default_factory=list)  # literals that it may equal, as written
    roles: list[str] = field(default_factory=list)  # parameters that it is passed on as
    called: int | None = None  # with how many arguments, where the model is put together
    runs: bool = False  # called in forward: it is a layer
    listed: bool = False  # iterated, measured with len, unpacked
    highest: int = -1  # the highest index that is read
    mapping: bool = False  # read by a textual key, or unpacked by `**`
    attributes: set[str] = field(default_factory=set)  # read of it
    less: tuple[int, int] | None = None  # (4, 6) where `(depth - 4) // 6` is computed
    scales: bool = False  # it is a factor: `int(width * reduction)`
    tested: bool = False  # `if name:`
    computes: bool = False  # arithmetic with it


class Uses:
    """The uses of names in one file, or in one class or function of it."""

    def __init__(self, outline: Outline, within: ast.AST | None = None) -> None:
        self.outline = outline
        self._within: Iterable[ast.AST] = [within or outline.tree]
        if isinstance(within, ast.ClassDef):
            self._within = outline.lineage(within)

    def of(self, name: str, anywhere: bool = False) -> Use:
        """The uses of a parameter; with `anywhere`, of an attribute or key of that name."""
        use = Use()
        for node in self._occurrences(name, anywhere):
            self._note(node, use)
        return use

    def _occurrences(self, name: str, anywhere: bool) -> Iterator[ast.expr]:
        names, attributes = self._aliases(name, anywhere)
        for root in self._within:
            for node in ast.walk(root):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    if node.id in names:
                        yield node
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    read = anywhere and node.attr == name and not _own(node)
                    if read or _own(node) in attributes:
                        yield node
                elif anywhere and _key(node) == name:
                    assert isinstance(node, ast.expr)
                    yield node

    def _aliases(self, name: str, anywhere: bool) -> tuple[set[str], set[str]]:
        """Other names for it: `self.act = activation`, `width = config.width`."""
        names, attributes = set[str]() if anywhere else {name}, set[str]()
        for root in self._within:
            for node in ast.walk(root):
                if isinstance(node, ast.Assign) and _is(node.value, name, anywhere):
                    for target in node.targets:
                        if isinstance(target, ast.Name):
                            names.add(target.id)
                        elif own := _own(target):
                            attributes.add(own)
        return names, attributes

    def _note(self, node: ast.expr, use: Use) -> None:
        parents = self.outline.parents
        parent = parents[node]
        match parent:
            case ast.keyword(arg=name):
                self._passed(parents[parent], node, name, use)
            case ast.Compare():
                use.options += _compared(parent, node)
            case ast.Call(func=func) if func is node:
                self._called(parent, use)
            case ast.Call():
                self._passed(parent, node, None, use)
            case ast.Attribute(attr=attr):
                self._read(parent, attr, use)
            case ast.Subscript(value=value, slice=index):
                self._indexed(node, value, index, use)
            case ast.BinOp():
                self._computed(parent, node, use)
            case _:
                _stands(node, parent, use)

    def _read(self, attribute: ast.Attribute, name: str, use: Use) -> None:
        """`mode.lower()` is compared as `mode` would be."""
        outer = self.outline.parents[attribute]
        if name in _TEXT and isinstance(outer, ast.Call):
            self._note(outer, use)
        else:
            use.attributes.add(name)

    def _called(self, call: ast.Call, use: Use) -> None:
        scope = getattr(self.outline.scope(call), "name", "")
        if scope.startswith("forward") or scope == "__call__":
            use.runs = True
        else:
            use.called = max(use.called or 0, len(call.args))

    def _passed(self, call: ast.AST, node: ast.expr, keyword: str | None, use: Use) -> None:
        if not isinstance(call, ast.Call):
            return
        package, _, callee = self.outline.qualified(call.func).rpartition(".")
        if callee == "from_pretrained" and package.startswith("transformers."):
            use.options.append(_PRETRAINED)
        elif callee in _LISTS:
            several = callee in ("max", "min") and len(call.args) > 1
            use.listed |= not several
        elif callee == "range":
            use.computes = True
        elif keyword is None and node not in call.args:
            use.mapping = True  # **name
        elif keyword is not None:
            use.roles.append(keyword)
        else:
            use.roles += self._role(callee, call.args.index(node))

    def _role(self, callee: str, index: int) -> list[str]:
        names = _TORCH.get(callee, "").split()
        found = self.outline.definitions.get(callee)
        if isinstance(found, ast.ClassDef):
            init = self.outline.method(found, "__init__")
            names = [p.arg for p in parameters(init, True)] if init else names
        elif isinstance(found, Function):
            names = [p.arg for p in parameters(found, False)]
        return [names[index]] if index < len(names) else []

    def _indexed(self, node: ast.expr, value: ast.expr, index: ast.expr, use: Use) -> None:
        if index is node:
            use.options += self._keys(value)
        elif isinstance(index, ast.Constant) and isinstance(index.value, int):
            use.listed, use.highest = True, max(use.highest, index.value)
        elif isinstance(index, ast.Constant) and isinstance(index.value, str):
            use.mapping = True
        else:
            use.listed = True

    def _keys(self, value: ast.expr) -> list[str]:
        """The keys of a dictionary that is written in the file."""
        if not isinstance(value, ast.Dict):
            name = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
            value = next((d for n, d in self._dictionaries() if n == name), value)
        if not isinstance(value, ast.Dict):
            return []
        return [ast.unparse(key) for key in value.keys if isinstance(key, ast.Constant)]

    def _dictionaries(self) -> Iterator[tuple[str, ast.Dict]]:
        for node in ast.walk(self.outline.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                target = node.targets[0]
                yield getattr(target, "id", getattr(target, "attr", "")), node.value

    def _computed(self, operation: ast.BinOp, node: ast.expr, use: Use) -> None:
        use.computes = True
        use.scales |= isinstance(operation.op, ast.Mult) and "int(" in ast.unparse(
            self.outline.statement(operation)
        )
        outer = self.outline.parents[operation]
        if (
            isinstance(operation.op, ast.Sub)
            and isinstance(outer, ast.BinOp)
            and isinstance(outer.op, ast.FloorDiv | ast.Div | ast.Mod)
            and isinstance(operation.right, ast.Constant)
            and isinstance(outer.right, ast.Constant)
        ):
            use.less = (operation.right.value, outer.right.value)  # type: ignore[assignment]


def _stands(node: ast.expr, parent: ast.AST, use: Use) -> None:
    """What the statement or expression around a name asks of it."""
    match parent:
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            use.listed |= iterated is node
        case ast.Starred():
            use.listed = True
        case ast.Assign(targets=[ast.Tuple(elts=elements)]):
            use.listed, use.highest = True, len(elements) - 1
        case ast.If() | ast.IfExp() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            use.tested = True
        case ast.Dict(keys=keys, values=values):
            use.mapping |= None in keys and node in values


def _own(node: ast.AST) -> str:
    """`x` for `self.x`."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return node.attr if own and node.value.id == "self" else ""  # type: ignore[attr-defined]


def _key(node: ast.AST) -> str:
    """The text that a subscript reads, or a call of `get`."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        key = node.slice
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
        key = node.args[0]
    return str(key.value) if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is(node: ast.expr, name: str, anywhere: bool) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and not anywhere
    return anywhere and (getattr(node, "attr", "") == name or _key(node) == name)


def _compared(compare: ast.Compare, node: ast.expr) -> list[str]:
    """The texts that a value is compared with: `== 'lstm'`, `in ('lstm', 'gru')`."""
    others = [part for part in (compare.left, *compare.comparators) if part is not node]
    found: list[ast.expr] = []
    for other in others:
        several = isinstance(other, ast.List | ast.Tuple | ast.Set)
        found += other.elts if several else [other]  # type: ignore[attr-defined]
    texts = [n for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return [ast.unparse(text) for text in texts if text.value]
