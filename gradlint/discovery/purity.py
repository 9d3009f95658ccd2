"""Which code only defines: it reads no file, trains nothing and prints nothing.

Judged by the names of what is called. What is not known to be harmless is not harmless.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from gradlint.discovery.outline import Function, Outline, calls, is_main_guard

BUILTINS = set(
    "abs all any bool bytes complex dict divmod enumerate filter float frozenset getattr hasattr "
    "int isinstance issubclass len list map max min object pow property range repr reversed round "
    "set slice sorted str sum super tuple type vars zip".split()
)
LIBRARIES = (
    "math. collections. functools. itertools. operator. typing. typing_extensions. enum. "
    "dataclasses. torch.nn. torch.distributions. torch.autograd.Variable torchvision.transforms. "
    "os.path. pathlib.Path types.SimpleNamespace argparse.Namespace easydict.EasyDict numpy. "
    "logging.getLogger torch.cuda.is_available torch.cuda.device_count torch.Size "
    "torch.backends. copy.copy copy.deepcopy string. abc. einops. torch.fft. torch.linalg. "
    "decimal. fractions. random. torchvision.ops. torch.version. torch.iinfo torch.finfo "
    "omegaconf. re. statistics. textwrap. threading.Lock threading.RLock os.environ.get json.loads "
    "json.dumps"
).split()
FORBIDDEN = set(
    "load loadtxt genfromtxt fromfile memmap save savez savetxt compile set_num_threads "
    "manual_seed from_file hub jit distributed multiprocessing optim utils onnx "
    "load_state_dict exists isfile isdir getsize open read_text write_text mkdir".split()
)
METHODS = set(
    "items keys values get copy split strip lstrip rstrip format lower upper join replace index "
    "count startswith endswith title float double int long bool view reshape unsqueeze squeeze "
    "repeat permute transpose expand contiguous to cpu detach clone size dim numel numpy tolist "
    "item type astype flatten sum mean max min std var abs sqrt exp log pow t T cumsum chunk "
    "requires_grad_ zero_ fill_ normal_ uniform_ apply eval train children modules parameters "
    "named_parameters named_modules named_children state_dict shape is_available mul add div "
    "masked_fill triu tril _replace _asdict eye_ constant_".split()
)
MUTATORS = {"append", "extend", "insert", "update", "add_module", "add", "setdefault", "pop"}
EFFECTS = set(
    "backward step save write cuda run fit train_one_epoch urlopen urlretrieve download connect "
    "system popen Popen input open exec eval imread imshow show DataLoader getenv "
    "load_state_dict_from_url load_url load from_pretrained load_state_dict __import__ exit quit "
    "breakpoint".split()
)
DOWNLOADS = {"load_url", "load_state_dict_from_url"}


class Purity:
    """Judges the code of one file. With `models`, building the file's models is harmless too."""

    def __init__(
        self, outline: Outline, models: bool, known: dict[Outline, Purity] | None = None
    ) -> None:
        self.outline = outline
        self.models = models
        self._judged: dict[ast.AST, bool] = {}
        self._known = {} if known is None else known  # the judges of the repository's files
        self._known[outline] = self

    def expression(self, node: ast.AST | None) -> bool:
        """Whether evaluating an expression only computes a value."""
        if node is None or isinstance(node, ast.Lambda | ast.Constant):
            return True
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
        if isinstance(node, ast.Call) and not self.callee(node):
            return False
        return all(self.expression(child) for child in ast.iter_child_nodes(node))

    def callee(self, call: ast.Call) -> bool:
        """Whether what is called is harmless, whatever its arguments."""
        name = self.outline.qualified(call.func)
        if name in self.outline.definitions:
            return self._definition(self.outline.definitions[name])
        if (found := self.outline.imported(name)) is not None:
            return self._of(found.outline)._definition(found.node)
        if isinstance(call.func, ast.Attribute):
            if self._imported(call.func):
                return self._library(name, call)
            return call.func.attr in METHODS
        if isinstance(call.func, ast.Name):
            return name in BUILTINS or self._library(name, call) or self._constant(call.func.id)
        if isinstance(call.func, ast.Subscript) and isinstance(call.func.value, ast.Name):
            return self._constant(call.func.value.id) or self._table(call.func)
        return False

    def _table(self, function: ast.Subscript) -> bool:
        """Whether whatever a dictionary of classes and functions gives is harmless to call."""
        found = self.outline.table(function)
        if found is None:
            return False
        judge = self._of(found[0])
        return all(judge.callee(ast.Call(value, [], [])) for value in found[1].values)

    def _of(self, outline: Outline) -> Purity:
        """The judge of another file."""
        return self._known.get(outline) or Purity(outline, self.models, self._known)

    def _imported(self, function: ast.expr) -> bool:
        root = function
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and (
            root.id in self.outline.aliases or (root.id == "nn" and self.outline.stars)
        )

    def _library(self, name: str, call: ast.Call) -> bool:
        parts = name.split(".")
        if parts[-1] in DOWNLOADS:  # which gives nothing where models are built
            return self.models
        if FORBIDDEN & set(parts[1:]) and name != "re.compile":
            return False
        if name.startswith("torchvision.models.") or name == "timm.create_model":
            return self.models
        if len(parts) == 2 and parts[0] == "torch":
            return not parts[1].startswith("set_")
        return any(name == known or name.startswith(known) for known in LIBRARIES)

    def _constant(self, name: str) -> bool:
        """Whether a name that is called holds a class or function chosen at module level."""
        return any(
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
            and all(self._makes_type(call) for call in calls(node.value))
            for node in self.outline.tree.body
        )

    def _makes_type(self, call: ast.Call) -> bool:
        return self.outline.qualified(call.func) in ("collections.namedtuple", "typing.NamedTuple")

    def _definition(self, node: ast.ClassDef | Function) -> bool:
        if node not in self._judged:
            self._judged[node] = True  # a recursive call does no harm of its own
            self._judged[node] = (
                self._class(node) if isinstance(node, ast.ClassDef) else self.body(node)
            )
        return self._judged[node]

    def _class(self, node: ast.ClassDef) -> bool:
        if node.name in self.outline.modules:
            return self.models
        waiting = ["__init__", "__post_init__"]
        for name in waiting:
            method = self.outline.method(node, name)
            if method is not None and not self.body(method):
                return False
            waiting += _own_calls(method, waiting) if method is not None else []
        return True

    def body(self, node: Function) -> bool:
        """Whether calling a function of this file only computes a value."""
        local = {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                local.add(inner.id)
            elif isinstance(inner, ast.FunctionDef):
                local.add(inner.name)
        return not isinstance(node, ast.AsyncFunctionDef) and all(
            self._inner_call(call, local) for call in ast.walk(node) if isinstance(call, ast.Call)
        )

    def _inner_call(self, call: ast.Call, local: set[str]) -> bool:
        function = call.func
        if isinstance(function, ast.Name):
            name = function.id
            known = name in local or (hasattr(builtins, name) and name not in EFFECTS)
            return known or self.callee(call)
        if isinstance(function, ast.Attribute) and not self._imported(function):
            return function.attr not in EFFECTS
        if isinstance(function, ast.Call):  # `getattr(datasets, name)(path)`
            return not any(self._foreign(value) for value in function.args)
        return not isinstance(function, ast.Attribute) or self.callee(call)

    def _foreign(self, value: ast.expr) -> bool:
        """Whether an expression is a module that nothing is known of."""
        name = self.outline.qualified(value)
        return (
            isinstance(value, ast.Name)
            and value.id in self.outline.aliases
            and not (name.startswith("torch"))
        )

    def statement(self, node: ast.stmt) -> bool:
        """Whether a statement only binds or builds values."""
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self.expression(node.value)
            case ast.If() if not is_main_guard(node):
                return self.expression(node.test) and self.block([*node.body, *node.orelse])
            case ast.For():
                return self.expression(node.iter) and self.block([*node.body, *node.orelse])
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr, value=ast.Name())) as call):
                arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
                return attr in MUTATORS and all(self.expression(value) for value in arguments)
            case ast.Expr(value=value):
                return isinstance(value, ast.Constant)
            case _:
                return isinstance(node, ast.Pass | ast.Break | ast.Continue)

    def block(self, body: Iterable[ast.stmt]) -> bool:
        """Whether all statements only bind or build values."""
        return all(self.statement(statement) for statement in body)


def _own_calls(method: ast.FunctionDef, known: list[str]) -> list[str]:
    """The methods of its own class that a method calls, beyond those known."""
    called = [
        node.func.attr
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    ]
    return [name for name in dict.fromkeys(called) if name not in known]


def pretrained(node: ast.AST) -> bool:
    """Whether a call in this code asks for pretrained weights."""
    for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
        for keyword in call.keywords:
            literal = keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
            if keyword.arg == "pretrained" and literal is True:
                return True
            if keyword.arg == "weights" and (
                isinstance(literal, str) or isinstance(keyword.value, ast.Attribute)
            ):
                return True
        if isinstance(call.func, ast.Attribute) and call.func.attr == "from_pretrained":
            return True
    return False
