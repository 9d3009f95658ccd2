"""A recurrence that remembers: identity or orthogonal weights, or gates that stay open."""

from __future__ import annotations

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.arguments import given
from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import rewrite
from gradlint.rewrites.recurrence import Site, initialised, site_of
from gradlint.rewrites.schemes import init_prefix
from gradlint.rewrites.state import state_edits
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span


def identity(model: Model, op: Op) -> Rewrite | None:
    """ReLU, with recurrent weights that start at the identity and biases at zero."""
    site = site_of(model, op)
    if site is None or initialised(model, op):
        return None
    lines, imported = _init_lines(site, "eye_", biases=site.biased)
    edits = [site.after(lines), *_nonlinearity(site), *imported]
    title = "Start the recurrence at the identity, with ReLU"
    return rewrite(title, Rung.ACTIVATION, Checkpoint.KEEPS, edits)


def orthogonal(model: Model, op: Op) -> Rewrite | None:
    """Recurrent weights that start orthogonal."""
    site = site_of(model, op)
    if site is None or initialised(model, op):
        return None
    lines, imported = _init_lines(site, "orthogonal_", biases=False)
    title = "Start the recurrent weights orthogonal"
    edits = [site.after(lines), *imported]
    return rewrite(title, Rung.INITIALISATION, Checkpoint.KEEPS, edits)


def gated(model: Model, op: Op, length: int = 0, to: str = "lstm") -> Rewrite | None:
    """An LSTM or a GRU ("gru") whose gates keep what they hold for up to `length` steps.

    Without a length, it is the one that the model was run with.
    """
    site = site_of(model, op)
    if site is None or not site.biased or (to == "lstm" and site.cell):
        return None
    state = state_edits(model, op, site.tree, site.name) if to == "lstm" else []
    if state is None:
        return None
    name = to.upper() + ("Cell" if site.cell else "")
    spelled, imported = imports_of(site.tree).ensure(f"torch.nn.{name}")
    torch, more = imports_of(site.tree).ensure("torch")
    edits = [
        Edit(site.tree.span(site.call.func), spelled),
        *_without_nonlinearity(site),
        site.after(_gate_lines(site, torch, length or _length(model, op, site), to)),
        *state,
        *imported,
        *more,
    ]
    gate = "forget-gate" if to == "lstm" else "update-gate"
    title = f"Replace the RNN with {_article(to)} {to.upper()} that starts with a long {gate} bias"
    return rewrite(title, Rung.LAYER, Checkpoint.CHANGES, edits)


def _length(model: Model, op: Op, site: Site) -> int:
    """How many steps the recurrence ran for, or the longest that the file names."""
    if not site.cell and len(op.input_shape) > 1:
        batch_first = site.option("batch_first", 5) == "True"
        return op.input_shape[1 if batch_first and len(op.input_shape) == 3 else 0]
    return max(model.target.lengths, default=100)


def _article(to: str) -> str:
    return "an" if to == "lstm" else "a"


def _init_lines(site: Site, function: str, *, biases: bool) -> tuple[list[str], tuple[Edit, ...]]:
    """The lines that initialise the recurrent weights, and the biases with zeros."""
    prefix, imported = init_prefix(site.tree, function)
    unit, quote = site.tree.indent, site.tree.quote
    if site.single:
        lines = [f"{prefix}{function}({site.name}.weight_hh{site.suffix})"]
        names = ("bias_ih", "bias_hh") if biases else ()
        lines += [f"{prefix}zeros_({site.name}.{each}{site.suffix})" for each in names]
        return lines, imported
    lines = [
        f"for name, parameter in {site.name}.named_parameters():",
        f"{unit}if {quote}weight_hh{quote} in name:",
        f"{unit * 2}{prefix}{function}(parameter)",
    ]
    if biases:
        lines += [f"{unit}elif {quote}bias{quote} in name:", f"{unit * 2}{prefix}zeros_(parameter)"]
    return lines, imported


def _gate_lines(site: Site, torch: str, length: int, to: str) -> list[str]:
    """Biases that make the gates keep their state for 1 to `length` steps."""
    unit, quote, parts = site.tree.indent, site.tree.quote, "-keep, keep, zero, zero"
    draw = f"keep = {torch}.empty({site.name}.hidden_size).uniform_(1, {max(length, 3) - 1}).log_()"
    lines = [draw, f"zero = {torch}.zeros_like(keep)"]
    value = f"{torch}.cat([{parts if to == 'lstm' else 'zero, keep, zero'}])"
    opening = [*lines, f"with {torch}.no_grad():"]
    if site.single:
        return [
            *opening,
            f"{unit}{site.name}.bias_ih{site.suffix}.copy_({value})",
            f"{unit}{site.name}.bias_hh{site.suffix}.zero_()",
        ]
    return [
        *opening,
        f"{unit}for name, parameter in {site.name}.named_parameters():",
        f"{unit * 2}if {quote}bias_ih{quote} in name:",
        f"{unit * 3}parameter.copy_({value})",
        f"{unit * 2}elif {quote}bias_hh{quote} in name:",
        f"{unit * 3}parameter.zero_()",
    ]


def _nonlinearity(site: Site) -> list[Edit]:
    """`nonlinearity="relu"`, in place of what is given or behind the other arguments."""
    tree, quote = site.tree, site.tree.quote
    text = f"{quote}relu{quote}"
    value = given(site.call, "nonlinearity", 3)
    if value is not None:
        return [Edit(tree.span(value), text)] if tree.text(value) != text else []
    last = tree.span(site.call.args[-1].value).end
    return [Edit(last, f", nonlinearity={text}")]


def _without_nonlinearity(site: Site) -> list[Edit]:
    """The edit that drops the nonlinearity: gated layers have none to choose."""
    args = site.call.args
    for index, each in enumerate(args):
        named = each.keyword is not None and each.keyword.value == "nonlinearity"
        if named or (each.keyword is None and index == 3):
            here, before = site.tree.span(each), site.tree.span(args[index - 1])
            start = before.end_line, before.end_column
            return [Edit(Span(here.path, *start, here.end_line, here.end_column), "")]
    return []
