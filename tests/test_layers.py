"""Which module may import which, and that torch is imported only where a model must be built."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "gradlint").rglob("*.py"))
}
RULES = {f"gradlint.rules.{path.stem}": path for path in sorted((ROOT / "rules").glob("*.py"))}
MODULES = ENGINE | RULES

# What a module may import of gradlint, where that is part of the design.
ARROWS = {
    "gradlint.errors": set(),
    "gradlint.writing": set(),
    "gradlint.checkout": set(),
    "gradlint.span": set(),
    "gradlint.kinds": set(),
    "gradlint.graph": {"kinds", "span"},
    "gradlint.rule": {"graph", "span", "model", "profile"},
    "gradlint.finding": {"rule", "source", "span", "target"},
    "gradlint.source": {"errors", "span", "notebooks.cells", "notebooks.splice", "writing"},
    "gradlint.notebooks.magics": set(),
    "gradlint.notebooks.cells": {"errors", "span", "notebooks.magics"},
    "gradlint.notebooks.splice": {"errors"},
    "gradlint.adoption.rules": {"rule"},
    "gradlint.adoption.comments": {"source", "span"},
    "gradlint.adoption.imports": {"errors", "source"},
    "gradlint.adoption.scope": {"adoption.imports", "finding"},
    "gradlint.adoption.baseline": {"errors", "finding", "rule", "writing"},
    "gradlint.adoption.changes": {"adoption.imports", "errors", "target"},
    "gradlint.command.patterns": {"errors"},
    "gradlint.command.exclude": {"checkout", "command.patterns"},
    "gradlint.command.paths": {"command.exclude", "errors"},
    "gradlint.command.toml": {"command.paths", "errors"},
    "gradlint.command.patch": {"errors", "finding", "source", "span"},
    "gradlint.command.validation": {"errors"},
    "gradlint.command.config": {
        "command.exclude",
        "command.paths",
        "command.patterns",
        "command.tables",
        "command.toml",
        "command.validation",
        "errors",
        "registry",
        "target",
    },
    "gradlint.registry": {
        "adoption.rules",
        "command.config",
        "command.patterns",
        "command.validation",
        "errors",
        "rule",
    },
    "gradlint.command.documentation": {"command.toml", "registry", "rule"},
    "gradlint.command.destinations": {"errors"},
}
# The packages, each with the ones that it may use.
PACKAGES = {
    "adoption": set(),
    "cache": set(),
    "discovery": set(),
    "feeding": set(),
    "tracing": {"discovery", "feeding"},
    "reading": {"discovery", "tracing"},
    "probing": {"discovery", "feeding", "tracing"},
    "rewrites": set(),
}
FOR_FORMATS = {"checkout", "errors", "finding", "rule", "source", "span", "__version__"}
FORMATS = [name for name in ENGINE if name.startswith("gradlint.formats.")]
FOR_RULES = {"graph", "kinds", "model", "profile", "rule", "span"}


def imports(path, lazy=True):
    """The modules that a file imports; without `lazy`, only those that run at its import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    stack = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        is_lazy = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        )
        if lazy or not is_lazy:
            stack.extend(ast.iter_child_nodes(node))
    return {_module(name) for name in found}


def _module(name):
    """`gradlint.rule.Rule` is a name in `gradlint.rule`."""
    return (
        name
        if name in MODULES or name.rpartition(".")[0] not in MODULES
        else name.rpartition(".")[0]
    )


def of_gradlint(path):
    return {
        name.removeprefix("gradlint.") for name in imports(path) if name.startswith("gradlint.")
    }


def closure(start):
    """All modules that importing one imports, of gradlint and others."""
    seen, stack = set(), [start]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += imports(MODULES[name], lazy=False) if name in MODULES else []
    return seen


def roots(names):
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", ARROWS)
def test_a_stage_imports_only_what_comes_before_it(module):
    assert of_gradlint(MODULES[module]) <= ARROWS[module]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_knows_no_later_one(package):
    ours = [name for name in ENGINE if name.startswith(f"gradlint.{package}.")]
    used = {root for name in ours for root in roots(of_gradlint(MODULES[name]))}
    assert used & set(PACKAGES) <= PACKAGES[package] | {package}
    assert not used & {"cli", "checker", "worker", "fixer", "examine", "registry", "formats"}


@pytest.mark.parametrize("module", FORMATS)
def test_a_format_knows_findings_only(module):
    used = {name for name in of_gradlint(MODULES[module]) if not name.startswith("formats")}
    assert used <= FOR_FORMATS


@pytest.mark.parametrize("module", RULES)
def test_a_rule_imports_the_contract_and_the_rewrites_only(module):
    used = of_gradlint(MODULES[module])
    assert {name for name in used if not name.startswith("rewrites")} <= FOR_RULES
    assert not roots(imports(MODULES[module])) & {"torch", "libcst", "rules", "numpy"}


@pytest.mark.parametrize("module", RULES)
def test_a_rule_prints_nothing_and_opens_nothing(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"print", "open", "eval", "exec"}


def test_nothing_imports_the_command():
    importers = {name for name in MODULES if "gradlint.cli" in imports(MODULES[name])}
    assert importers == {"gradlint.__main__"}


def test_only_the_registry_knows_where_rules_are():
    knowing = {
        name
        for name in ENGINE
        if roots(imports(MODULES[name])) & {"rules"}
        or any(used.startswith("gradlint.rules") for used in imports(MODULES[name]))
    }
    assert not knowing - {"gradlint.registry"}


@pytest.mark.parametrize("module", ["gradlint.cli", "gradlint.checker", *RULES])
def test_the_parent_imports_no_torch(module):
    assert "torch" not in roots(closure(module))


@pytest.mark.parametrize("module", ["gradlint.cli", "gradlint.checker"])
def test_the_command_imports_no_libcst(module):
    assert "libcst" not in roots(closure(module))


def loaded(code, cwd):
    """Which of the expensive packages a run of Python has imported."""
    code += "\nprint('LOADED', *sorted({'torch', 'libcst'} & set(sys.modules)))"
    command = [sys.executable, "-c", f"import sys\n{code}"]
    process = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["--config", "missing.toml"], 2),
        (["plain.py"], 0),
        (["."], 0),
        (["missing.py"], 2),
    ],
)
def test_what_needs_no_model_loads_neither_torch_nor_libcst(tmp_path, args, expected):
    (tmp_path / "plain.py").write_text("x = 1\n")
    code = f"from gradlint.cli import run\nassert run({args!r}) == {expected}"
    assert loaded(code, tmp_path) == []


@pytest.mark.parametrize(
    "args", [["rule"], ["rule", "saturating-stack"], ["config"], ["completion", "bash"]]
)
def test_explaining_and_completing_loads_no_torch(tmp_path, args):
    code = f"from gradlint.cli import run\nassert run({args!r}) == 0"
    assert "torch" not in loaded(code, tmp_path)
