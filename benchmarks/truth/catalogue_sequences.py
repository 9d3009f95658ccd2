"""The recurrent networks and the transformers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from spec import Spec

PLAIN, GATED, EXPLODING = (
    "plain-rnn-long-sequence", "gated-rnn-long-sequence", "exploding-recurrence",
)  # fmt: skip
LENGTHS = (10, 20, 50, 100, 200, 250)
LONG = (200, 250, 300)


def specs() -> Iterator[Spec]:
    """All of them."""
    yield from _ordinary()
    yield from _remembering()
    yield from _other_heads()
    yield from _by_hand()
    yield from _transformers()


def _rnn(
    variant: str, length: int, cause: str = "", *, depth: int = 1, head: str = "last",
    init: str = "default", skip: str = "none", width: int = 24,
) -> Spec:  # fmt: skip
    task = "tagging" if head == "tag" else "recall"
    activation = "relu" if variant == "rnn-relu" else "tanh"
    return Spec(
        "recurrent", variant, task, depth, width, activation, "none", skip, init, length, head,
        cause,
    )  # fmt: skip


def _ordinary() -> Iterator[Spec]:
    """As they come, over more and more steps."""
    for variant, length in product(("rnn", "rnn-relu", "lstm", "gru"), LENGTHS):
        yield _rnn(variant, length, PLAIN if "rnn" in variant else GATED)
    for variant, length in product(("rnn", "lstm", "gru"), (20, 200)):
        yield _rnn(variant, length, PLAIN if variant == "rnn" else GATED, depth=2)
    for variant, length in product(("rnn", "lstm"), (30, 300)):
        yield _rnn(variant, length, PLAIN if variant == "rnn" else GATED, width=48)
    for init, length in product(("tiny", "zeros", "xavier"), (10, 50, 200)):
        cause = {"tiny": "tiny-init", "zeros": "symmetric-init"}.get(init, PLAIN)
        yield _rnn("rnn", length, cause, init=init)
    for init, length in product(("tiny", "zeros"), (20, 200)):
        yield _rnn("lstm", length, "tiny-init" if init == "tiny" else "symmetric-init", init=init)
    for variant, length in product(("rnn", "rnn-relu"), (20, 60, 200)):
        yield _rnn(variant, length, EXPLODING, init="huge")


def _remembering() -> Iterator[Spec]:
    """With a start that keeps the memory."""
    for length in (20, 100, *LONG):
        yield _rnn("lstm", length, init="chrono")
        yield _rnn("gru", length, init="chrono")
        yield _rnn("rnn-relu", length, init="identity")
    for length in (20, 60, 200, 250):
        yield _rnn("rnn", length, init="orthogonal")
        yield _rnn("rnn", length, init="identity")
    for length in (20, 50, 200):
        yield _rnn("lstm", length, GATED, init="forget-one")
    for length in (50, 200):
        yield _rnn("lstm", length, init="chrono", depth=2)
        yield _rnn("rnn-relu", length, init="orthogonal")


def _other_heads() -> Iterator[Spec]:
    """Read otherwise than at the last step: short ways to the first."""
    for variant, head in product(("rnn", "lstm", "gru"), ("mean", "max", "attention")):
        yield _rnn(variant, 40, head=head)
        yield _rnn(variant, 200, head=head)
    for variant, length in product(("rnn", "lstm", "gru"), (30, 200)):
        yield _rnn(variant, length, head="tag")
    for variant, length in product(("rnn", "lstm"), (20, 200)):
        yield _rnn(variant, length, skip="both")
        yield _rnn(variant, length, skip="both", head="mean")


def _by_hand() -> Iterator[Spec]:
    """Cells in a loop."""
    for length in (10, 30, 100, 200):
        yield _rnn("elman", length, PLAIN)
        yield _rnn("lstmcell", length, GATED)
    for init, length in product(("orthogonal", "identity"), (20, 200)):
        yield _rnn("elman", length, init=init)
    for length in (15, 60):
        yield _rnn("grucell", length, GATED)
    for length in (30, 100):
        yield _rnn("lstmcell", length, init="forget-long")


def _transformer(
    norm: str, depth: int, cause: str = "", *, task: str = "patches", **more: str
) -> Spec:
    variant = "causal" if task == "language" else "encoder"
    known = {"activation": "gelu", **more}
    return Spec("transformer", variant, task, depth, 16, norm=norm, cause=cause, **known)


def _transformers() -> Iterator[Spec]:
    for norm, depth, activation in product(("pre", "post"), (1, 3, 6, 12), ("relu", "gelu")):
        cause = "post-norm-without-warm-up" if norm == "post" else ""
        yield _transformer(norm, depth, cause, activation=activation)
    for norm, depth in product(("pre", "post"), (2, 4, 8)):
        cause = "post-norm-without-warm-up" if norm == "post" else ""
        yield _transformer(norm, depth, cause, task="language")
    for norm, depth, init in product(("pre", "post"), (2, 6, 12), ("xavier", "trunc-0.02")):
        yield _transformer(norm, depth, init=init)
    for depth, init in product((2, 6, 12), ("default", "xavier", "normal-0.02")):
        yield _transformer("none", depth, init=init)
    for norm, depth in product(("pre", "none"), (2, 6, 12)):
        yield _transformer(norm, depth, "deep-without-skip", skip="cut")
    for activation, depth in product(("sigmoid", "tanh"), (2, 8)):
        yield _transformer("pre", depth, activation=activation)
    for norm, depth in product(("pre", "none"), (2, 8)):
        yield _transformer(norm, depth, "huge-init", init="normal-1")
        yield _transformer(norm, depth, "tiny-init", init="normal-0.001")
        yield _transformer(norm, depth, "symmetric-init", init="constant-0.01")
    for depth in (2, 6):
        yield _transformer("pre", depth, "symmetric-init", init="zeros")
        yield _transformer("post", depth, "huge-init", init="uniform-1")
