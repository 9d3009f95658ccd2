"""Which parameters a model's run connects with its outputs. It imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from gradlint.span import Span


@dataclass(frozen=True)
class Container:
    """A plain list, tuple or dict that holds layers, which no module therefore registers."""

    owner: str  # path of the module whose attribute it is; "" for the model itself
    attribute: str
    kind: str  # "list", "tuple", "dict"
    parameters: tuple[str, ...]  # as they would be named: "layers.0.weight"
    registering: str  # what would register them, "torch.nn.ModuleList"; "" where nothing fits
    span: Span | None  # of the value that the attribute is given
