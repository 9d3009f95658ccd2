"""The configuration classes of the package transformers that a model asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradlint.discovery import fields
from gradlint.discovery.outline import Function, Outline, calls

PACKAGE = "transformers"
GENERAL = {"PreTrainedModel", "PretrainedConfig", "PreTrainedConfig"}


def configuration(outline: Outline, node: ast.ClassDef | Function, parameter: ast.arg) -> str:
    """The construction of what a parameter holds, `BertConfig()`; "" where no class is told."""
    annotation = parameter.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.Name(annotation.value)
    if annotation is not None and _is_ours(outline, annotation):
        name = ast.unparse(annotation)
        return f"{name}()" if fields.is_configuration(name) else ""
    if not fields.is_configuration(parameter.arg):
        return ""
    owners = (ast.unparse(owner) for owner in _owners(outline, node, parameter.arg))
    return next((f"{owner}.config_class()" for owner in owners), "")


def _owners(outline: Outline, node: ast.ClassDef | Function, name: str) -> Iterator[ast.expr]:
    """The classes that tell the class of their configuration: a base, or a part."""
    if isinstance(node, ast.ClassDef):
        for member in outline.lineage(node):
            yield from (base for base in member.bases if _is_ours(outline, base))
    for call in calls(node):
        whole = _is_ours(outline, call.func) and ast.unparse(call.func).endswith("Model")
        if whole and [ast.unparse(given) for given in call.args[:1]] == [name]:
            yield call.func


def _is_ours(outline: Outline, expression: ast.expr) -> bool:
    """Whether an expression names a class of transformers that stands for one kind of model."""
    package, _, name = outline.qualified(expression).rpartition(".")
    return (
        package.partition(".")[0] == PACKAGE
        and name[:1].isupper()
        and name not in GENERAL
        and not name.startswith("Auto")
    )
