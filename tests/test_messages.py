"""The sentences of errors: what, where, what to do; and the words of the house."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "gradlint").rglob("*.py"), *(ROOT / "rules").glob("*.py")])
NAMES = [str(path.relative_to(ROOT)) for path in FILES]
OF_MODELS = ("NotBuilt", "NotRun")  # there may be nothing that the user can do
ERRORS = ("GradlintError", "DefinitionsError", *OF_MODELS)
AVOIDED = re.compile(r"violation|autofix|manager|handler|helper|utils|sanity", re.IGNORECASE)


def errors(path):
    """The calls that make an error for the user."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS:
            yield node


def texts(node):
    """The literal parts of an expression."""
    return [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_error_says_what_to_do(name):
    for node in errors(ROOT / name):
        if ast.unparse(node.func) not in OF_MODELS:
            assert len(node.args) + len(node.keywords) == 2, ast.unparse(node)


@pytest.mark.parametrize("name", NAMES)
def test_messages_are_plain_phrases(name):
    for node in errors(ROOT / name):
        for text in (part for argument in node.args for part in texts(argument)):
            assert not text.endswith((".", "!")), text
            assert "\n" not in text
            assert "please" not in text.lower()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_words_of_the_house(name):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef)
    names = [node.name for node in ast.walk(tree) if isinstance(node, kinds)]
    assert not [word for word in (Path(name).stem, *names) if AVOIDED.search(word)]


@pytest.mark.parametrize("name", NAMES)
def test_every_module_says_what_it_is(name):
    assert ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8")))
