"""Another initialisation: of the calls that are written, or of layers left at the default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.default_init import initialised
from gradlint.rewrites.place import rewrite
from gradlint.rewrites.schemes import TITLES, Scheme
from gradlint.rewrites.written_init import replaced
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Span


def initialise(
    model: Model,
    ops: Sequence[Op],
    scheme: str = "kaiming",
    nonlinearity: str = "relu",
    gain: float | None = None,
) -> Rewrite | None:
    """Other first values for the weights of the layers `ops`.

    `scheme` is "kaiming" (for a `nonlinearity`), "xavier" (with a `gain`) or "default".
    Initialisations that somebody wrote are replaced where they stand.
    Where there are none, one is added.
    """
    chosen = Scheme(scheme, nonlinearity, gain)
    spans = _written(model, ops)
    if spans:
        edits = replaced(model, spans, chosen)
    else:
        edits = initialised(model, ops, chosen) if scheme != "default" else None
    if edits is None:
        return None
    title = f"Initialise the weights with {TITLES[scheme]}"
    return rewrite(title, Rung.INITIALISATION, Checkpoint.KEEPS, edits)


def _written(model: Model, ops: Iterable[Op]) -> list[Span]:
    """The calls that somebody wrote to initialise the weights of these operations."""
    inits = [model.graph.weights[name].init for op in ops for name in op.weights]
    spans = {init.span for init in inits if init is not None and not init.default and init.span}
    return sorted(spans)
