"""An activation that is chosen by name: a dictionary of activations, or a chain of ifs."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.rewrites.arguments import string
from gradlint.rewrites.frames import Frame
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.values import Found, dictionary, follow
from gradlint.span import Edit


def renamed_key(found: Found, key: str) -> Edit:
    """The edit that makes a string say `key`."""
    node = found.node
    assert isinstance(node, cst.SimpleString)
    text = f"{node.prefix}{node.quote}{key}{node.quote}"
    return Edit(found.tree.span(node), text)


def key_of(choices: Frame, wanted: set[str]) -> str | None:
    """The key under which a dictionary holds one of these names of torch."""
    names = {key: imports_of(choices.tree).resolve(_made(value)) for key, value in entries(choices)}
    return next((key for key, full in names.items() if full in wanted), None)


def entries(choices: Frame) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The entries of a dictionary with plain strings as keys."""
    assert isinstance(choices.node, cst.Dict)
    for element in choices.node.elements:
        if isinstance(element, cst.DictElement) and (key := string(element.key)) is not None:
            yield key, element.value


def _made(value: cst.BaseExpression) -> cst.BaseExpression:
    """The class of an entry that is a class, an instance, or a function that makes one."""
    if isinstance(value, cst.Lambda):
        return _made(value.body)
    return value.func if isinstance(value, cst.Call) else value


def chooser(frame: Frame, wanted: set[str]) -> tuple[Found, str] | None:
    """The string that chose the expression of `frame`, and what it must say instead.

    None where the expression was not chosen by name, or where there is no such choice.
    """
    return _dictionary_chooser(frame, wanted) or _branch_chooser(frame, wanted)


def _dictionary_chooser(frame: Frame, wanted: set[str]) -> tuple[Found, str] | None:
    """`{"sigmoid": nn.Sigmoid(), "relu": nn.ReLU()}[name]`."""
    for node in frame.tree.nodes(cst.Subscript):
        if frame.tree.function(node) is not frame.tree.function(frame.node):
            continue
        choices = dictionary(frame.at(node.value))
        if choices is None or choices.node not in frame.tree.ancestors(frame.node):
            continue
        found, key = follow(frame.at(node)), key_of(choices, wanted)
        return (found, key) if found is not None and key is not None else None
    return None


def _branch_chooser(frame: Frame, wanted: set[str]) -> tuple[Found, str] | None:
    """`if name == "sigmoid": return nn.Sigmoid()`, with a branch for what is wanted."""
    branch = frame.tree.around(frame.node, cst.If)
    if branch is None or _tested(branch) is None:
        return None
    first = branch
    while isinstance(above := frame.tree.parent(first), cst.If) and above.orelse is first:
        first = above
    name = _tested(branch)
    for each in _chain(frame, first):
        tested = _tested(each)
        if tested and name and dotted(tested[0]) == dotted(name[0]) and _makes(frame, each, wanted):
            found = follow(frame.at(name[0]))
            return (found, tested[1]) if found is not None and string(found.node) else None
    return None


def _chain(frame: Frame, first: cst.If) -> Iterator[cst.If]:
    """The branches of an if with its elifs, or the ifs that follow it in its block."""
    block = frame.tree.parent(first)
    body = block.body if isinstance(block, cst.IndentedBlock) else (first,)
    for statement in body:
        branch: cst.CSTNode | None = statement
        while isinstance(branch, cst.If):
            yield branch
            branch = branch.orelse


def _tested(branch: cst.If) -> tuple[cst.BaseExpression, str] | None:
    """The name and the string of a test `name == "sigmoid"`."""
    test = branch.test
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return None
    comparison = test.comparisons[0]
    text = string(comparison.comparator)
    if text is None or not isinstance(comparison.operator, cst.Equal):
        return None
    return test.left, text


def _makes(frame: Frame, branch: cst.If, wanted: set[str]) -> bool:
    resolve = imports_of(frame.tree).resolve
    nodes = (
        *frame.tree.nodes(cst.Attribute, branch.body),
        *frame.tree.nodes(cst.Name, branch.body),
    )
    return any(resolve(node) in wanted for node in nodes)
