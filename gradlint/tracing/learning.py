"""What a constructor's own error says about a guessed argument: other values to try."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, TypeGuard

from gradlint.discovery import fields
from gradlint.discovery.guesses import ANSWERS
from gradlint.discovery.outline import Outline

TRIES = 8
_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)")
_UNLISTED = re.compile(r"not iterable|not subscriptable|has no len|unpack non-iterable")
_HARMLESS = {"len", "isinstance", "int", "max", "min", "sum", "all", "any"}
_LARGEST = 256
_OTHERWISE = {  # where an error says nothing that is understood
    "image_size": ("224", "240", "32"),
    "img_size": ("224", "32"),
    "patch_size": ("16", "4"),
    "window_size": ("7", "8"),
    "heads": ("2", "8"),
}
Outlines = Callable[[str], Outline | None]


def proposals(
    error: BaseException, guesses: Mapping[str, str], outlines: Outlines
) -> Iterator[dict[str, str]]:
    """Changes of guesses that may satisfy a constructor, most telling first."""
    if isinstance(error, TypeError) and (found := _MISSING.search(str(error))):
        named = re.findall(r"'(\w+)'", found[1])
        values = {name: fields.value(name, named) for name in named if name not in guesses}
        yield {name: text for name, text in values.items() if text is not None}
    frames = [(f, line, o) for f, line in _frames(error) if (o := outlines(f.f_code.co_filename))]
    for frame, line, outline in reversed(frames):
        statement = _statement(outline, line)
        words = _words(statement, outline) if statement else set()
        if outline is frames[0][2] and (unset := _unset(frame, words)):
            yield unset
        mentioned = [name for name in guesses if _last(name) in words]
        if statement is None:
            continue
        for name in mentioned:
            yield from _fitting(name, guesses[name], error, frame, statement, outline)
        for name in guesses if isinstance(statement, ast.Assert | ast.Raise) else ():
            if _last(name) in _behind(words, statement, outline) and name not in mentioned:
                yield {name: "None"}
    yield from _keys(error, guesses, frames)
    for name, text in guesses.items():
        for other in _others(name, text, error):
            yield {name: other}


def _unset(frame: FrameType, words: set[str]) -> dict[str, str]:
    """Values for the parameters that a failing statement names and that were left at None."""
    code = frame.f_code
    if code.co_name != "__init__":
        return {}
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    unset = [name for name in names if name in words and frame.f_locals.get(name, 0) is None]
    values = {name: fields.value(name) for name in unset}
    return {name: text for name, text in values.items() if text is not None}


def _fitting(
    name: str,
    text: str,
    error: BaseException,
    frame: FrameType,
    statement: ast.stmt,
    outline: Outline,
) -> Iterator[dict[str, str]]:
    """Other values for a guess that the failing statement reads."""
    conditions = list(_conditions(statement, outline))
    if isinstance(statement, ast.Assert | ast.Raise) and conditions:
        for candidate in _candidates(text, conditions):
            if all(_holds(test, wanted, name, candidate, frame) for test, wanted in conditions):
                yield {name: repr(candidate)}
                return
    yield from _reshaped(name, text, error)


def _reshaped(name: str, text: str, error: BaseException) -> Iterator[dict[str, str]]:
    """A list in place of a number, a class in place of a word, and the like."""
    message = str(error)
    if isinstance(error, TypeError) and _UNLISTED.search(message) and not _is_list(text):
        yield {name: f"[{', '.join([text] * 2)}]"}
        yield {name: f"[{', '.join([text] * 4)}]"}
    elif "not callable" in message and "(" not in text:
        yield {name: "torch.nn.ReLU"}
        yield {name: "torch.nn.ReLU()"}
    elif isinstance(error, IndexError | ValueError) and _is_list(text):
        first = text.strip("[()],").partition(",")[0]
        yield from ({name: f"[{', '.join([first] * count)}]"} for count in (3, 4, 5))
    elif isinstance(error, TypeError) and "'list'" in message and text.startswith("["):
        yield {name: text.strip("[]").partition(",")[0]}
    elif "can only concatenate" in message and text.startswith(("(", "[")):
        yield {name: f"[{text.strip('(),')}]" if text.startswith("(") else f"({text.strip('[]')},)"}
    elif "expected np.ndarray" in message:
        yield {name: f"{text}.numpy()"}
    elif "'str' object has no" in message and text == "'cpu'":
        yield {name: "torch.device('cpu')"}
    elif "'int' object has no attribute" in message:
        yield {name: f"{ANSWERS}({name!r})"}


def _keys(
    error: BaseException, guesses: Mapping[str, str], frames: list[Any]
) -> Iterator[dict[str, str]]:
    """The keys of the dictionary in which a guess was not found."""
    if not isinstance(error, KeyError) or not frames:
        return
    for name, text in guesses.items():
        if text.startswith("{") and isinstance(error.args[0], str):
            count = len(ast.literal_eval(text))
            yield {name: f"{text[:-1]}, {error.args[0]!r}: {count}}}"}
    frame = frames[-1][0]
    names = [name for name, text in guesses.items() if text == repr(error.args[0])]
    held = [*frame.f_locals.values(), *frame.f_globals.values()]
    held += vars(frame.f_locals.get("self", object)).values()
    same = type(error.args[0])
    for table in held:
        if isinstance(table, dict) and table and all(type(key) is same for key in table):
            for name in names:
                yield from ({name: repr(key)} for key in list(table)[:2])


def _others(name: str, text: str, error: BaseException) -> Iterator[str]:
    word = fields.snake(_last(name))
    if name.endswith(".shape") and "conv2d" in str(error):
        yield "(4, 84, 84)"
    if isinstance(error, TypeError) and re.fullmatch(r"0\.\d+", text) and "float" in str(error):
        yield "2"
    yield from (other for key, values in _OTHERWISE.items() if key == word for other in values)


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _statement(outline: Outline, line: int) -> ast.stmt | None:
    """The smallest statement that covers a line."""
    found = [
        node
        for node in ast.walk(outline.tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(found, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)


def _words(statement: ast.stmt, outline: Outline) -> set[str]:
    """What a statement names; for one that raises, what was asked before."""
    asked: list[ast.AST] = [test for test, _ in _conditions(statement, outline)]
    parts = [statement, *(asked if isinstance(statement, ast.Raise) else [])]
    return {word for part in parts for node in ast.walk(part) if (word := _word(node))}


def _behind(words: set[str], statement: ast.stmt, outline: Outline) -> set[str]:
    """What the variables that a statement names were computed from."""
    found: set[str] = set()
    for node in ast.walk(outline.scope(statement)):
        if isinstance(node, ast.Assign) and {_word(target) for target in node.targets} & words:
            found |= {word for part in ast.walk(node.value) if (word := _word(part))}
    return found


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return getattr(node, "id", getattr(node, "attr", ""))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _conditions(statement: ast.stmt, outline: Outline) -> Iterator[tuple[ast.expr, bool]]:
    """What must hold for a statement not to fail: (test, what it must be)."""
    if isinstance(statement, ast.Assert):
        yield statement.test, True
        return
    inner: ast.AST = statement
    for outer in outline.enclosing(statement):
        if isinstance(outer, ast.If):
            yield outer.test, inner in outer.orelse
            return
        inner = outer


def _candidates(text: str, conditions: list[tuple[ast.expr, bool]]) -> Iterator[Any]:
    """Values to put in the place of a guess, near ones first."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return
    if type(value) is int:
        yield from sorted(range(1, _LARGEST + 1), key=lambda n: (abs(n - value), n))
        yield from ([value] * count for count in (4, 2, 3, 5))
        yield from ((value,) * count for count in (4, 2, 3, 5))
    if isinstance(value, list | tuple) and value:
        yield tuple(value)
        yield from ([value[0]] * count for count in range(1, 7))
        yield value[0]
    for test, _ in conditions:
        constants = (node for node in ast.walk(test) if isinstance(node, ast.Constant))
        yield from (node.value for node in constants if isinstance(node.value, str))
    yield from (True, False, None)


def _holds(test: ast.expr, wanted: bool, name: str, value: Any, frame: FrameType) -> bool:
    """Whether a test comes out as wanted with another value in the place of a guess."""
    calls = [n for n in ast.walk(test) if isinstance(n, ast.Call)]
    if any(getattr(call.func, "id", "") not in _HARMLESS for call in calls):
        return False
    replaced = _Replacing(_last(name), value).visit(copy.deepcopy(test))
    names = {**frame.f_locals, "_value": value}
    divided = [n.left for n in ast.walk(replaced) if _divides(n)]
    try:
        if not all(_evaluated(part, frame, names) for part in divided):
            return False  # nothing to divide: `(depth - 4) % 6` of a depth of 4
        return bool(_evaluated(replaced, frame, names)) is wanted
    except Exception:
        return False


def _divides(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)


def _evaluated(node: ast.expr, frame: FrameType, names: dict[str, Any]) -> Any:
    expression = ast.Expression(ast.fix_missing_locations(node))
    return eval(compile(expression, "<test>", "eval"), frame.f_globals, names)


class _Replacing(ast.NodeTransformer):
    def __init__(self, word: str, value: Any) -> None:
        self._word, self._value = word, value

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and _word(node) == self._word:
            return ast.copy_location(ast.Name("_value", ast.Load()), node)
        return super().generic_visit(node)


def _is_list(text: str) -> bool:
    return text.startswith(("[", "("))
