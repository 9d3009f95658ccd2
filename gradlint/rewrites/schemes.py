"""Initialisation schemes, and how a file would write them."""

from __future__ import annotations

from dataclasses import dataclass

from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import Tree
from gradlint.span import Edit

_FUNCTIONS = {
    "kaiming": "kaiming_normal_",
    "xavier": "xavier_uniform_",
    "default": "kaiming_uniform_",
}
TITLES = {"kaiming": "Kaiming", "xavier": "Xavier", "default": "PyTorch's default"}


@dataclass(frozen=True)
class Scheme:
    """How weights get their first values: "kaiming", "xavier", or the "default" of PyTorch."""

    name: str
    nonlinearity: str = "relu"
    gain: float | None = None

    @property
    def function(self) -> str:
        """The function of torch.nn.init."""
        return _FUNCTIONS[self.name]

    def call(self, tree: Tree, prefix: str, tensor: str) -> str:
        """The call that initialises a tensor; `prefix` is "nn.init.", or as the file has it."""
        options = ""
        if self.name == "kaiming":
            options = f", nonlinearity={tree.quote}{self.nonlinearity}{tree.quote}"
        elif self.name == "default":
            options = ", a=5**0.5"
        elif self.gain is not None:
            options = f", gain={self.gain:g}"
        return f"{prefix}{self.function}({tensor}{options})"


def init_prefix(tree: Tree, function: str) -> tuple[str, tuple[Edit, ...]]:
    """What stands before the name of a function of torch.nn.init, and the import it needs."""
    spelled, edits = imports_of(tree).ensure(f"torch.nn.init.{function}")
    return spelled.removesuffix(function), edits
