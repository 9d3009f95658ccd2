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


@dataclass(frozen=True)
class Idle:
    """A part of a model that can be trained, and that no output of its run depends on."""

    owner: str  # path of the module whose attribute it is
    attribute: str
    parameters: tuple[str, ...]
    ran: bool  # it was computed, and what came of it was dropped
    span: Span  # of the value that the attribute is given


@dataclass(frozen=True)
class Cut:
    """An operation that passes no gradient on, where that leaves parameters without any."""

    name: str  # "detach", "numpy", "argmax"; "no_grad" for an operation in such a block
    index: int  # of the operation that it follows, in the graph
    parameters: tuple[str, ...]  # those before it, which can be trained
    span: Span
    doubt: str  # why it may be meant; "" where nothing speaks for that


@dataclass(frozen=True)
class Loss:
    """A loss that takes logits, and what a file applies it to."""

    function: str  # "cross_entropy", "binary_cross_entropy_with_logits"
    squash: str = ""  # "softmax", where the output is squashed at the call of the loss
    span: Span | None = None  # of that squashing expression
    position: int | None = None  # of the output that it takes, where the model returns several


@dataclass(frozen=True)
class Squash:
    """An activation between the logits and a loss that takes logits."""

    name: str  # "softmax", "sigmoid", "log_softmax"
    function: str  # the loss, as it is called: "cross_entropy"
    index: int  # of the operation that it is, or of the last where it is no part of the model
    span: Span
    in_model: bool
    classes: int
