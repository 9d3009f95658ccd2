"""Which model classes of a file stand for themselves, and which are parts of others."""

from __future__ import annotations

import ast

from gradlint.discovery.constructions import Construction, Constructions
from gradlint.discovery.expressions import root_name
from gradlint.discovery.outline import CONTAINERS, HOLDERS, Outline, calls, is_torch_layer

WITHOUT_PARAMETERS = set(
    "ReLU ReLU6 LeakyReLU ELU SELU GELU SiLU Mish Sigmoid Tanh Softmax LogSoftmax Dropout "
    "Dropout1d Dropout2d Identity Flatten Unflatten MaxPool1d MaxPool2d AvgPool1d AvgPool2d "
    "AdaptiveAvgPool2d AdaptiveAvgPool1d AdaptiveMaxPool2d Upsample ZeroPad2d ReflectionPad2d "
    "Hardswish Hardsigmoid Softplus PixelShuffle ReplicationPad2d MaxPool3d AvgPool3d".split()
)
LOSSES = ("Loss", "Criterion", "Metric")


class Roots:
    """Judges the model classes of one file."""

    def __init__(self, outline: Outline, constructions: Constructions) -> None:
        self.outline = outline
        self.constructions = constructions

    def classes(self) -> list[str]:
        """The classes that can be targets without being named, in order."""
        return [
            name
            for name, node in self.outline.modules.items()
            if self._runs(node) and self._holds_parameters(node) and self._stands_alone(name)
        ]

    def _runs(self, node: ast.ClassDef) -> bool:
        """Whether the class has a forward, its own or inherited."""
        if self.outline.method(node, "forward") is not None:
            return True
        return any(
            is_torch_layer(name) and name not in HOLDERS
            for name in self.outline.foreign_bases(node)
        )

    def _holds_parameters(self, node: ast.ClassDef) -> bool:
        """Whether the class can hold parameters: not a loss, not a bare activation."""
        if node.name.endswith(LOSSES):
            return False
        if any(self._is_layer(name) for name in self.outline.foreign_bases(node)):
            return True
        bodies = [part for member in self.outline.lineage(node) for part in member.body]
        return any(
            self._makes_parameters(call)
            for body in bodies
            if getattr(body, "name", "") != "forward"
            for call in calls(body)
        )

    def _is_layer(self, name: str) -> bool:
        last = name.split(".")[-1]
        layer = is_torch_layer(name) and name not in HOLDERS | CONTAINERS
        return layer and last not in WITHOUT_PARAMETERS and not last.endswith(LOSSES)

    def _makes_parameters(self, call: ast.Call) -> bool:
        name = self.outline.qualified(call.func)
        if name in self.outline.definitions:
            return True
        if self.outline.stars and isinstance(call.func, ast.Name) and name[:1].isupper():
            return True
        foreign = name.split(".")[0] not in ("torch", "math", "numpy", "super", "self", "F")
        imported = root_name(call.func) in self.outline.aliases and foreign
        return self._is_layer(name) or imported or name.endswith("register_parameter")

    def _stands_alone(self, name: str) -> bool:
        scripted = [c for c in self.constructions.all if c.product == name]
        if any(not self.is_part(c) and not self._in_factory(c) for c in scripted):
            return True
        return not self._inside_other(name) and not (
            scripted and all(self.is_part(c) for c in scripted)
        )

    def _in_factory(self, construction: Construction) -> bool:
        return self.constructions.within_factory(construction.call)

    def _inside_other(self, name: str) -> bool:
        """Whether another model class uses it, or a call passes it on as a block."""
        node = self.outline.modules[name]
        for use in self.outline.loads.get(name, []):
            around = list(self.outline.enclosing(use))
            if node in around or self._is_super(use):
                continue
            if any(getattr(outer, "name", "") in self._builders() for outer in around):
                return True
            if self._passed_on(use):
                return True
        return False

    def _is_super(self, use: ast.Name) -> bool:
        call = self.outline.parents[use]
        return isinstance(call, ast.Call) and root_name(call.func) in ("super", "isinstance")

    def _builders(self) -> set[str]:
        return set(self.outline.modules) | self.constructions.makers

    def _passed_on(self, use: ast.Name) -> bool:
        """Whether a class is an argument: `ResNet(BasicBlock, ...)`."""
        call = self.outline.parents[use]
        if isinstance(call, ast.keyword):
            call = self.outline.parents[call]
        if not isinstance(call, ast.Call) or call.func is use:
            return False
        name = self.outline.qualified(call.func)
        return name in self.outline.modules or name in self.constructions.factories

    def is_part(self, construction: Construction) -> bool:
        """Whether what is built here goes into another model: `Seq2Seq(encoder, decoder)`."""
        if self._within_other(construction.call, construction.call):
            return True
        if not construction.bound_as:
            return False
        scope = self.outline.scope(construction.call)
        return any(
            self.outline.scope(use) is scope and self._within_other(use, construction.call)
            for use in self.outline.loads.get(construction.bound_as, [])
        )

    def _within_other(self, node: ast.AST, own: ast.Call) -> bool:
        """Whether a node is an argument of another model's construction."""
        inner = node
        for outer in self.outline.enclosing(node):
            if isinstance(outer, ast.stmt):
                return False
            if isinstance(outer, ast.Attribute):  # `encoder.width` is not the encoder
                return False
            if isinstance(outer, ast.Call) and outer is not own and inner is not outer.func:
                name = self.outline.qualified(outer.func)
                container = name in CONTAINERS | {"torch.nn.Sequential"}
                if name in self.outline.modules or container or name in self._model_makers():
                    return True
            inner = outer
        return False

    def _model_makers(self) -> set[str]:
        return set(self.constructions.factories)
