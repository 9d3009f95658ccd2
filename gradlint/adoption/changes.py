"""Which models changed against a git revision: `--diff-base`. In doubt, a model did."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradlint.adoption.imports import Imports, closure
from gradlint.errors import GradlintError
from gradlint.target import Target

_FILE = re.compile(rb'\+\+\+ ("?)b/(?P<path>.*?)\1\s*')
_HUNK = re.compile(rb"@@ -\S+ \+(?P<line>\d+)(?:,(?P<count>\d+))? @@")
_PLACE = re.compile(r"(?P<path>.+\.(?:py|ya?ml|json|toml))(?::\d+)?")  # as reports name it
_KINDS = ("*.py", "*.ipynb", "*.yaml", "*.yml", "*.json", "*.toml")
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Hunk:
    """Changed lines; the last comes before the first where lines were only taken out."""

    first: int
    last: int

    def is_within(self, node: Definition) -> bool:
        """Whether all that changed lies in a definition."""
        begin = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        end = node.end_lineno or begin
        if self.last < self.first:  # something was taken out after `last`
            return begin <= self.last < end
        return begin <= self.first and self.last <= end


class Changes:
    """The lines of the working tree that differ from a revision. Paths are resolved."""

    def __init__(
        self,
        top: Path,
        hunks: dict[str, list[Hunk]],
        tracked: set[str],
        configuration: Path | None = None,
    ) -> None:
        self.hunks = hunks
        self.tracked = tracked  # of another file nothing is known
        self.configuration = os.path.realpath(configuration) if configuration else ""
        self._imports = Imports(top)

    @classmethod
    def since(cls, revision: str, configuration: Path | None = None) -> Changes:
        """Since the working tree parted from a revision. Raises GradlintError."""
        top = Path(os.path.realpath(_top()))
        base = _base(revision, top)
        options = ("-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
        diff = _git(top, "diff", *options, *prefixes, base, "--", *_KINDS)
        names = _git(top, "ls-files", "-z", "--", *_KINDS).split(b"\0")
        tracked = {str(top / os.fsdecode(name)) for name in names if name}
        hunks = {str(top / path): found for path, found in _parsed(diff)}
        return cls(top, hunks, tracked, configuration)

    def concern(self, target: Target) -> bool:
        """Whether what a model is made of changed: its definitions, or a file that it imports."""
        path = os.path.realpath(target.path)
        if path not in self.tracked or self._is_touched(path, target):
            return True
        if (target.input or target.init) and self.configuration in self.hunks:
            return True
        around = {path, *(file for way in target.ways for file in self._told(way))}
        reached = around.union(*(self._imports.imported(each) for each in around)) - {path}
        return any(each in self.hunks or each not in self.tracked for each in reached)

    def _told(self, target: Target) -> Iterator[str]:
        """The other files that say how to build it, as the code says or data."""
        if target.home is not None:
            yield os.path.realpath(target.home.filename)
        for argument in target.arguments:
            if found := _PLACE.fullmatch(argument.origin):
                yield from self._named(target.path, found["path"])

    def _named(self, path: str, name: str) -> Iterator[str]:
        """The files that are named from a folder around a file."""
        top = self._imports.top
        for folder in Path(os.path.realpath(path)).parents:
            if folder.is_relative_to(top) and (folder / name).is_file():
                yield os.path.realpath(folder / name)

    def _is_touched(self, path: str, target: Target) -> bool:
        hunks = self.hunks.get(path, [])
        if not hunks or path.endswith(".ipynb"):
            return bool(hunks)
        source = self._imports.source(path)
        apart = _unrelated(source.tree, target) if source else []
        return not all(any(hunk.is_within(node) for node in apart) for hunk in hunks)


def _unrelated(tree: ast.Module, target: Target) -> list[Definition]:
    """The definitions of a file that neither use a model nor are used where it is."""
    nodes = [node for node in tree.body if isinstance(node, Definition)]
    names = {node.name: _names(node) for node in nodes}
    root = target.name.partition(".")[0]
    if root not in names:
        return []
    used_by: dict[str, set[str]] = {name: set() for name in names}
    for user, used in names.items():
        for name in used & names.keys():
            used_by[name].add(user)
    using = closure({root}, used_by.__getitem__)
    related = closure(using, lambda name: names[name] & names.keys())
    return [node for node in nodes if node.name not in related]


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _parsed(diff: bytes) -> Iterator[tuple[str, list[Hunk]]]:
    hunks: list[Hunk] = []
    for line in diff.splitlines():
        if found := _FILE.fullmatch(line):
            hunks = []
            yield _unquoted(found), hunks
        elif found := _HUNK.match(line):
            first, count = int(found["line"]), int(found["count"] or 1)
            hunks.append(Hunk(first, first + count - 1) if count else Hunk(first + 1, first))


def _unquoted(found: re.Match[bytes]) -> str:
    """A path as git spells it: special characters are escaped between quotes."""
    if not found[1]:
        return os.fsdecode(found["path"])
    text: bytes = ast.literal_eval(f'b"{found["path"].decode("ascii")}"')
    return os.fsdecode(text)


def _top() -> str:
    try:
        return os.fsdecode(_git(Path(), "rev-parse", "--show-toplevel").rstrip(b"\r\n"))
    except subprocess.CalledProcessError as error:
        raise GradlintError("--diff-base needs a git repository", "leave it out here") from error


def _base(revision: str, top: Path) -> str:
    """Where HEAD and the revision parted."""
    try:
        _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except subprocess.CalledProcessError as error:
        message = f"--diff-base: git knows no revision '{revision}'"
        raise GradlintError(message, "fetch it first, or check its name") from error
    try:
        return _git(top, "merge-base", revision, "HEAD").decode().strip()
    except subprocess.CalledProcessError as error:
        message = f"--diff-base: '{revision}' and HEAD have no common commit here"
        raise GradlintError(message, "fetch more of the history") from error


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), "-c", "core.quotePath=true", *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except FileNotFoundError as error:
        raise GradlintError("--diff-base needs git", "install git, or leave it out") from error
