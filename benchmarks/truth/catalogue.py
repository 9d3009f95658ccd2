"""Which networks there are: grids of what people write, healthy and sick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import catalogue_images
import catalogue_sequences
from spec import Spec

SATURATING, GAIN, DEPTH, BARE = (
    "saturating-stack", "default-init-in-depth", "deep-without-skip", "unnormalized-depth",
)  # fmt: skip
TINY, HUGE, EVEN = "tiny-init", "huge-init", "symmetric-init"
DYING, MISFIT, SQUASHED = "dying-rectifier", "gain-misfit", "squashed-output"
LIST, CUT, UNUSED = "unregistered-layers", "cut-path", "unused-parameters"


def specs() -> Iterator[Spec]:
    """All of them, in no order."""
    yield from _plain()
    yield from _initialised()
    yield from _mistaken()
    yield from _joined()
    yield from _coders()
    yield from _fields()
    yield from _faults()
    yield from catalogue_images.specs()
    yield from catalogue_sequences.specs()


def _mlp(depth: int, width: int, activation: str, cause: str = "", **more: str) -> Spec:
    return Spec("mlp", "plain", "blobs", depth, width, activation, cause=cause, **more)


def _plain() -> Iterator[Spec]:
    """Stacks at the default initialisation."""
    for activation, depths in {
        "relu": (2, 4, 8, 12, 16, 20, 24, 32, 40),
        "gelu": (3, 8, 12, 20, 30),
        "silu": (4, 10, 16, 24),
        "elu": (6, 14, 24, 36),
        "leaky": (5, 15, 26, 36),
        "selu": (8, 20, 32),
    }.items():
        for depth, width in product(depths, (32, 64) if activation == "relu" else (32,)):
            yield _mlp(depth, width, activation, GAIN if depth > 4 else "")
    for activation, depths in {
        "sigmoid": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16),
        "tanh": (2, 4, 8, 12, 16, 20, 24, 30, 40),
        "softsign": (3, 8, 16, 24),
        "hardtanh": (4, 12, 20, 30),
        "hardsigmoid": (2, 4, 6, 8),
        "softmax": (1, 2, 3, 5),
    }.items():
        for depth in depths:
            yield _mlp(depth, 32, activation, SATURATING)
    for depth, width in product((5, 9), (64, 128)):
        yield _mlp(depth, width, "sigmoid", SATURATING)


def _initialised() -> Iterator[Spec]:
    """Stacks with an initialisation somebody wrote."""
    for init, depth in product(("kaiming", "kaiming-out", "orthogonal-relu"), (4, 12, 24, 36)):
        yield _mlp(depth, 32, "relu", init=init)
    for depth in (4, 10, 20, 30, 40):
        yield _mlp(depth, 32, "relu", MISFIT, init="xavier")
        yield _mlp(depth, 32, "tanh", MISFIT, init="kaiming")
    for init, depth in product(("xavier-tanh", "xavier", "orthogonal"), (6, 16, 28)):
        yield _mlp(depth, 32, "tanh", init=init)
    for init, depth in product(("xavier", "kaiming", "orthogonal"), (3, 6, 9)):
        yield _mlp(depth, 32, "sigmoid", SATURATING, init=init)
    for depth in (6, 16, 30):
        yield _mlp(depth, 32, "selu", init="lecun")
    for init, activation, depth in product(
        ("normal-0.001", "normal-0.01", "normal-0.02"), ("relu", "tanh", "gelu"), (2, 5, 10, 16)
    ):
        yield _mlp(depth, 32, activation, TINY, init=init)


def _mistaken() -> Iterator[Spec]:
    """Stacks with an initialisation that is far off."""
    for init, depth in product(("normal-0.5", "normal-1", "normal-3", "uniform-1"), (3, 6, 12)):
        yield _mlp(depth, 32, "relu", HUGE, init=init)
    for init, depth in product(("normal-1", "normal-3", "uniform-01"), (4, 10, 16)):
        yield _mlp(depth, 32, "tanh", HUGE, init=init)
    for init, activation, depth in product(
        ("constant-0.01", "constant-0.1", "ones", "zeros"), ("relu", "tanh", "sigmoid"), (2, 4, 8)
    ):
        yield _mlp(depth, 32, activation, EVEN, init=init)
    for depth in (3, 6, 10):
        yield _mlp(depth, 32, "relu", "swapped-mean-and-std", init="swapped")
        yield _mlp(depth, 32, "relu", DYING, init="biased")
    for width, depth in ((2, 8), (3, 10), (4, 12), (2, 16), (3, 20)):
        yield _mlp(depth, width, "relu", DYING, init="kaiming")


def _joined() -> Iterator[Spec]:
    """With normalisation, with skips, with gates."""
    for norm, activation, depth in product(("batch", "layer"), ("relu", "tanh"), (6, 14, 24, 40)):
        yield _mlp(depth, 32, activation, "normalised-depth", norm=norm)
    for norm, depth in product(("batch", "layer"), (6, 12, 20)):
        yield _mlp(depth, 32, "sigmoid", SATURATING, norm=norm)
    for norm, activation, depth in product(
        ("batch", "layer"), ("relu", "gelu", "tanh"), (12, 32, 48)
    ):
        yield _mlp(depth, 32, activation, norm=norm, skip="identity")
    for activation, depth in product(("relu", "sigmoid", "tanh"), (8, 24, 40)):
        yield _mlp(depth, 32, activation, norm="none", skip="identity")
    for depth in (16, 40):
        yield _mlp(depth, 32, "relu", norm="layer", skip="zero")
        yield _mlp(depth, 32, "gelu", norm="none", skip="zero")
        yield _mlp(depth, 32, "relu", HUGE, skip="identity", init="normal-1")
    for skip, activation, depth in product(("none", "identity"), ("sigmoid", "silu"), (4, 12, 24)):
        cause = GAIN if skip == "none" else ""
        yield Spec("glu", "plain", "blobs", depth, 32, activation, "none", skip, cause=cause)
    for activation, norm in product(("sigmoid", "silu", "gelu"), ("layer", "batch")):
        yield Spec("glu", "plain", "blobs", 16, 32, activation, norm, "identity")


def _coders() -> Iterator[Spec]:
    """Autoencoders of linear layers."""
    for activation, depth in product(("relu", "gelu"), (2, 4, 8, 16, 24)):
        cause = GAIN if depth > 8 else ""
        yield Spec("ae", "plain", "spots", depth, 32, activation, cause=cause)
    for activation, depth in product(("sigmoid", "tanh"), (2, 4, 8, 16)):
        yield Spec("ae", "squashed", "spots", depth, 32, activation, cause=SATURATING)
    for norm, depth in product(("batch", "layer"), (4, 16)):
        yield Spec("ae", "squashed", "spots", depth, 32, "relu", norm)
    for init, cause in {"kaiming": "", "normal-0.01": TINY, "normal-1": HUGE, "ones": EVEN}.items():
        for depth in (4, 12):
            yield Spec("ae", "squashed", "spots", depth, 32, "relu", init=init, cause=cause)


def _fields() -> Iterator[Spec]:
    """Networks of coordinates, on a wavy surface."""

    def field(variant: str, depth: int, activation: str, cause: str = "", **more: str) -> Spec:
        return Spec("field", variant, "surface", depth, 32, activation, cause=cause, **more)

    for depth in (2, 3, 5, 8):
        for head in ("w10", "w30"):
            yield field("siren", depth, "sine", init="siren", head=head)
        yield field("siren", depth, "sine", HUGE, head="w30")
    for activation, depth in product(("relu", "gelu", "tanh"), (3, 6, 12)):
        yield field("fourier", depth, activation, GAIN if depth > 8 else "")
    for activation, depth in product(("relu", "softplus"), (4, 8)):
        yield field("concat", depth, activation)
    for depth in (3, 6, 10, 20):
        yield field("plain", depth, "tanh", init="xavier")
    for activation, depth in product(("tanh", "silu", "sigmoid"), (3, 6, 9)):
        yield field("plain", depth, activation, SATURATING if activation == "sigmoid" else "")
    for depth in (4, 8):
        yield field("plain", depth, "tanh", TINY, init="normal-0.001")
        yield field("plain", depth, "tanh", EVEN, init="constant-0.1")


_FAULTS: dict[str, Iterable[str]] = {
    LIST: ("plain-list", "plain-dict"),
    CUT: ("detach", "data", "numpy", "round", "cast", "step", "no-grad"),
    UNUSED: ("unused",),
    SQUASHED: ("softmax-end", "log-softmax-end", "relu-end", "sigmoid-end"),
    "": ("module-list", "straight-through", "detached-scale", "frozen", "logits-end"),
}


def _faults() -> Iterator[Spec]:
    for cause, variants in _FAULTS.items():
        for variant, depth in product(variants, (2, 4, 6)):
            yield Spec("broken", variant, "blobs", depth, 32, "relu", cause=cause)
