"""The networks of convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from spec import Spec

GAIN, SATURATING = "default-init-in-depth", "saturating-stack"
TINY, HUGE, EVEN = "tiny-init", "huge-init", "symmetric-init"


def specs() -> Iterator[Spec]:
    """All of them."""
    yield from _plain()
    yield from _joined()
    yield from _coders()
    yield from _adversaries()


def _conv(depth: int, activation: str, cause: str = "", **more: str) -> Spec:
    return Spec("conv", "plain", "gratings", depth, 8, activation, cause=cause, **more)


def _plain() -> Iterator[Spec]:
    for depth in (2, 4, 8, 12, 16, 20, 24, 32):
        yield _conv(depth, "relu", GAIN if depth > 8 else "")
        yield _conv(depth, "tanh", SATURATING)
    for activation, depth in product(("gelu", "leaky", "elu"), (4, 10, 18, 28)):
        yield _conv(depth, activation, GAIN if depth > 8 else "")
    for depth in (1, 2, 3, 4, 6, 8, 12, 18):
        yield _conv(depth, "sigmoid", SATURATING)
    for init, depth in product(("kaiming", "kaiming-out", "orthogonal-relu"), (6, 16, 24, 32)):
        yield _conv(depth, "relu", init=init)
    for depth in (6, 16, 24, 32):
        yield _conv(depth, "relu", "gain-misfit", init="xavier")
        yield _conv(depth, "tanh", init="xavier-tanh")
    for init, depth in product(("normal-0.001", "normal-0.01", "normal-0.02"), (3, 6, 16, 22)):
        yield _conv(depth, "relu", TINY, init=init)
    for init, depth in product(("normal-1", "normal-3", "uniform-1"), (4, 10, 18)):
        yield _conv(depth, "relu", HUGE, init=init)
    for init, depth in product(("constant-0.01", "ones", "zeros"), (2, 5, 16)):
        yield _conv(depth, "relu", EVEN, init=init)
    for depth in (4, 8, 16):
        yield _conv(depth, "relu", "dying-rectifier", init="biased")
        yield _conv(depth, "relu", "swapped-mean-and-std", init="swapped")


def _joined() -> Iterator[Spec]:
    for norm, depth in product(("batch", "group", "layer"), (6, 16, 24, 36)):
        yield _conv(depth, "relu", "normalised-depth", norm=norm)
    for norm, depth in product(("batch", "group"), (4, 8, 16)):
        yield _conv(depth, "sigmoid", SATURATING, norm=norm)
    for norm, depth in product(("batch", "group"), (8, 16, 24, 32)):
        yield _conv(depth, "relu", norm=norm, skip="identity")
        yield _conv(depth, "gelu", norm=norm, skip="pre")
    for skip, depth in product(("identity", "pre"), (8, 16, 24)):
        yield _conv(depth, "relu", norm="none", skip=skip)
        yield _conv(depth, "tanh", norm="none", skip=skip)
    for depth in (8, 16, 32):
        yield _conv(depth, "relu", norm="batch", skip="zero")
        yield _conv(depth, "sigmoid", norm="batch", skip="pre")
    for init, cause in {"normal-0.001": TINY, "normal-1": HUGE, "zeros": EVEN}.items():
        yield _conv(16, "relu", cause, norm="batch", skip="identity", init=init)
    for activation, skip, depth in product(("relu", "silu"), ("identity", "pre"), (6, 16, 24)):
        yield Spec("se", "plain", "gratings", depth, 8, activation, "batch", skip)
    for depth in (6, 16, 24):
        yield Spec("se", "plain", "gratings", depth, 8, "relu", "none", "none", cause=GAIN)
        yield Spec("se", "plain", "gratings", depth, 8, "relu", "none", "identity", "kaiming")


def _coders() -> Iterator[Spec]:
    """Autoencoders."""
    for activation, depth in product(("relu", "leaky"), (0, 4, 10, 20)):
        yield Spec("conv-ae", "plain", "spots", depth, 8, activation, cause=GAIN if depth else "")
    for activation, depth in product(("sigmoid", "tanh"), (0, 4, 10)):
        yield Spec("conv-ae", "squashed", "spots", depth, 8, activation, cause=SATURATING)
    for depth in (4, 12):
        yield Spec("conv-ae", "squashed", "spots", depth, 8, "relu", "batch")
        yield Spec("conv-ae", "plain", "spots", depth, 8, "relu", init="kaiming")
        yield Spec("conv-ae", "plain", "spots", depth, 8, "relu", init="normal-0.01", cause=TINY)


def _adversaries() -> Iterator[Spec]:
    """The two parts of a GAN, each trained alone."""
    for init, depth in product(("default", "normal-0.02"), (3, 5, 9)):
        cause = TINY if init != "default" else ""
        for norm in ("batch", "none"):
            why = cause if norm == "none" else ""
            yield Spec("gan", "generator", "maker", depth, 8, "relu", norm, init=init, cause=why)
            yield Spec(
                "gan", "discriminator", "gratings", depth, 8, "leaky", norm, init=init, cause=why
            )
    for depth in (4, 8):
        yield Spec("gan", "generator", "maker", depth, 8, "sigmoid", cause=SATURATING)
        yield Spec("gan", "discriminator", "gratings", depth, 8, "sigmoid", cause=SATURATING)
