"""Notebooks: read as one text, told by cell, and written back without touching anything else."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlint.cli import run
from gradlint.discovery.definitions import execute
from gradlint.discovery.targets import discover, has_model
from gradlint.errors import GradlintError
from gradlint.notebooks.cells import read
from gradlint.notebooks.magics import plain
from gradlint.notebooks.splice import spliced
from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import tree_of
from gradlint.source import Source
from gradlint.span import Edit, Span

IMPORTS = "%matplotlib inline\nimport torch\nfrom torch import nn"
BLOCK = """\
%%time
class Block(nn.Module):  # zwölf 層
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.act = nn.Sigmoid()

    def forward(self, x):
        return self.act(self.linear(x))"""
NET = """\
class Net(nn.Module):
    def __init__(self, depth=12):
        super().__init__()
        self.body = nn.Sequential(*[Block(32) for _ in range(depth)], nn.Linear(32, 3))

    def forward(self, x):
        return self.body(x)"""
RUN = "net = Net()\nnet(torch.randn(8, 32))\nnet?"


def code(source, as_text=False):
    return {
        "cell_type": "code",
        "execution_count": 3,
        "metadata": {"tags": ["é"]},
        "outputs": [{"data": {"image/png": "iVBORw0\n"}, "output_type": "display_data"}],
        "source": source if as_text else source.splitlines(keepends=True),
    }


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells, language="python", **style):
    """The JSON of a notebook; texts are code cells."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    document = {
        "nbformat_minor": 4,
        "cells": made,
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
    }
    return json.dumps(document, **{"indent": 1, "ensure_ascii": False, **style})


def source(tmp_path, text):
    (tmp_path / "net.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
    return Source.read(str(tmp_path / "net.ipynb"))


# Reading


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("x = 1\n%matplotlib inline\ny = 2", "x = 1\n0\ny = 2"),
        ("!pip install torch \\\n  numpy\nx = 1", "0\n\nx = 1"),
        ("!pip install torch \\\r\n  numpy\r\nx = 1", "0\r\n\r\nx = 1"),
        ("%%time\nx = 1", "0\nx = 1"),
        ("\n%%capture out\nx = 1", "\n0\nx = 1"),
        ("if colab:\n    !ls\n", "if colab:\n    0\n"),
        ("files = !ls\nt = %timeit -o f()", "files = _\nt = _"),
        ("?x\nx?\nnn.Linear??\nx? # how", "0\n0\n0\n0"),
    ],
)
def test_what_is_not_python_is_replaced_in_place(cell, expected):
    made = plain(cell)
    assert re.sub(r" +(?=[\r\n]|$)", "", made) == expected
    assert [len(line) for line in made.split("\n")] == [len(line) for line in cell.split("\n")]


@pytest.mark.parametrize(
    "cell",
    [
        "x %= 3\nif x != 3:\n    pass",
        "print('%s'\n      % x)",
        "text = '''\n!ls\n%time\nwhat?\n'''",
        "x = 5 \\\n  % 3",
        'f = {\n  "a": """(""",  # it\'s (\n}\ny = 1  # what?',
        "# !ls\n# %time",
        "",
    ],
)
def test_python_that_looks_like_a_magic_stays(cell):
    ast.parse(cell)
    assert plain(cell) == cell


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%writefile net.py", "%%javascript"])
def test_a_cell_of_another_language_is_not_read(magic):
    assert read(notebook("import torch", f"{magic}\nclass Net: pass")).text == "import torch\n\n"


def test_what_a_shell_says_is_no_value(tmp_path):
    cells = IMPORTS, "width = !wc -l words", NET.replace("depth=12", "depth"), "net = Net(width)"
    (target,) = discover(source(tmp_path, notebook(*cells)))
    assert [argument.guessed for argument in target.arguments] == [True]


def test_a_cell_that_does_not_parse_is_left_out():
    cells = read(notebook("import torch", "class Net(", "print 'a'", "x = 1")).cells
    assert [cell.number for cell in cells] == [1, 4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cells": [torch', "is not a notebook: Expecting value: line 1 column 12"),
        ('["torch"]', "is not a notebook of format 4"),
        ('{"worksheets": [{"cells": []}], "torch": 1}', "is not a notebook of format 4"),
        (notebook("import torch; print 'a'"), "none of its cells parses"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_2(tmp_path, monkeypatch, capsys, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.ipynb").write_text(text)
    assert run(["net.ipynb"]) == 2
    assert f"net.ipynb: error: {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"cells": [',
        notebook(),
        notebook(markdown("torch")),
        notebook("import torch\nx <- nn.Module", language="R"),
        notebook("import torch\nx = 1"),
    ],
)
def test_a_notebook_without_a_model_is_no_error(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.ipynb").write_text(text)
    assert run(["."]) == 0
    assert capsys.readouterr().out == "No models in 1 file.\n"


def test_sources_may_be_one_text_and_begin_with_a_mark(tmp_path):
    text = b"\xef\xbb\xbf" + notebook(code(IMPORTS, as_text=True), NET).encode()
    assert has_model(source(tmp_path, text))


@pytest.mark.parametrize("cell", ["x = 1", IMPORTS])
def test_a_megabyte_of_pictures_costs_milliseconds(tmp_path, cell):
    picture = {**code(cell), "outputs": [{"data": {"image/png": "iVBORw0K" * 500_000}}]}
    path = source(tmp_path, notebook(picture)).path
    seconds = []
    for _ in range(5):
        started = time.process_time()
        assert not has_model(Source.read(path))
        seconds.append(time.process_time() - started)
    assert min(seconds) < 4 * 0.02


def test_the_last_definition_of_a_class_is_the_one_that_is_checked(tmp_path):
    other = NET.replace("depth=12", "width, depth")
    cells = IMPORTS, NET, "net = Net(5)", other, "net = Net(64, 2)"
    found = source(tmp_path, notebook(*cells))
    (target,) = discover(found)
    assert found.shown(target.span)[0] == 4
    assert ast.unparse(target.construct) == "Net(64, 2)"


# Telling


LINES = st.text(st.sampled_from("ab =#\t層é😀'"), max_size=6)
CELLS = st.lists(st.lists(LINES, max_size=5), min_size=1, max_size=5)
ENDS = st.sampled_from(["\n", "\r\n"])


def texts(cells, end):
    """Cells that parse, whatever is in their lines."""
    return [end.join(f"# {line}" for line in lines) or "0" for lines in cells]


@given(CELLS, ENDS)
def test_each_line_of_a_cell_has_one_line_of_the_text(cells, end):
    written = texts(cells, end)
    made = read(notebook("'torch'", *written))
    found = Source("net.ipynb", made.text, notebook=made)
    seen = []
    for line in range(1, made.text.count("\n") + 1):
        number, span = found.shown(Span("net.ipynb", line, 1, line, 1))
        lines = [*"'torch'\n\n".split("\n")] if number == 1 else written[number - 2].split(end)
        assert found.where(line) == f"cell {number}, line {span.line}"
        if span.line <= len(lines):
            assert found.line(line) == lines[span.line - 1]
        seen.append((number, span.line))
    assert len(set(seen)) == len(seen)
    assert {(n, 1) for n in range(1, len(written) + 2)} <= set(seen)


def test_a_model_can_read_its_own_source(tmp_path):
    found = source(tmp_path, notebook(IMPORTS, BLOCK, NET))
    namespace = {}
    assert execute(found, namespace) is None
    assert inspect.getsource(namespace["Net"].forward) == NET[NET.index("    def forward") :] + "\n"


def test_errors_name_the_cell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    broken = NET.replace("        super().__init__()\n", "        super().__init__(1 / 0)\n")
    source(tmp_path, notebook(IMPORTS, markdown("# Net"), broken))
    assert run(["net.ipynb"]) == 0
    out = capsys.readouterr().out
    assert "net.ipynb:cell 3:1: note: Net was not built" in out
    assert "ZeroDivisionError: division by zero in cell 3, line 3" in out


def test_a_missing_package_is_told_by_cell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    needs = NET.replace("Block(32)", "Base(32)")
    source(tmp_path, notebook(IMPORTS, "x = 1\nfrom no_such_package import Base", needs))
    run(["net.ipynb"])
    assert "cell 2, line 2: the package 'no_such_package'" in capsys.readouterr().err


# Writing


@settings(deadline=None)
@given(
    CELLS,
    ENDS,
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1, 2, "\t"]),
    st.sampled_from(["", "\n"]),
)
def test_what_is_not_changed_keeps_every_byte(cells, end, as_text, ascii, indent, last):
    written = texts(cells, end)
    made = [code(text, as_text) for text in written]
    raw = notebook(*made, ensure_ascii=ascii, indent=indent) + last
    assert spliced(raw, dict(enumerate(written, 1))) == raw
    assert spliced(raw, {}) == raw


@settings(deadline=None)
@given(CELLS, CELLS, ENDS, st.booleans(), st.booleans(), st.sampled_from([None, 1, 2, "\t"]))
def test_a_new_source_is_written_as_jupyter_writes_it(cells, other, end, as_text, ascii, indent):
    before = [code(text, as_text) for text in texts(cells, end)]
    after = [code(text, as_text) for text in texts([*other, *cells][: len(cells)], end)]
    style = {"ensure_ascii": ascii, "indent": indent}
    old, expected = notebook(*before, **style), notebook(*after, **style)
    new = {n: "".join(cell["source"]) for n, cell in enumerate(after, 1)}
    if expected.isascii() == old.isascii() or ascii:
        assert spliced(old, new) == expected
    assert json.loads(spliced(old, new)) == json.loads(expected)


def test_escapes_of_other_lines_stay_as_they_are():
    raw = notebook(code("a = '<'\nb = 1\nc = '<'", as_text=True)).replace("<", r"\u003c")
    assert spliced(raw, {1: "a = '<'\nb = 2\nc = '<'"}) == raw.replace("b = 1", "b = 2")


@pytest.mark.parametrize("cell", ["a = 1", "a = 1\n", "b = 0\r\na = 1", "b = 0\r\na = 1\r\n\r\n"])
def test_lines_below_the_last_of_a_cell_stay_in_it(cell):
    made = read(notebook("'torch'", cell, "c = 3"))
    found = Source("net.ipynb", made.text, notebook=made)
    last = cell.rstrip().count("\n") + 1
    line = next(n for n in range(1, 20) if found.where(n) == f"cell 2, line {last}")
    edit = Edit(Span("net.ipynb", line + 1, 1, line + 1, 1), "x = 2\n")
    edited = found.edited([edit]).notebook.cells
    assert [edited[0].written, edited[2].written] == ["'torch'", "c = 3"]
    lines = edited[1].written.splitlines()
    assert lines[: last + 1] == [*cell.rstrip().splitlines(), "x = 2"]
    assert len(lines) == len(cell.splitlines()) + 1


def test_an_edit_of_two_cells_is_refused():
    made = read(notebook("'torch'", "c = 3"))
    with pytest.raises(ValueError, match="spans several cells"):
        made.edited([Edit(Span("net.ipynb", 1, 1, 3, 2), "")])


@pytest.fixture(scope="module")
def healed(tmp_path_factory):
    """A sick notebook before and after --fix, and what the command said."""
    folder = tmp_path_factory.mktemp("healed")
    (folder / ".ipynb_checkpoints").mkdir()
    before = notebook(markdown("# Twelve"), IMPORTS, BLOCK, NET, RUN, "import math") + "\n"
    for name in ("net.ipynb", ".ipynb_checkpoints/net-checkpoint.ipynb"):
        (folder / name).write_text(before, encoding="utf-8")

    def gradlint(*args):
        command = [sys.executable, "-m", "gradlint", *args]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)

    found = gradlint(".", "--format", "json")
    diff = gradlint("net.ipynb:Net", "--diff")
    fix = gradlint(".", "--fix", "-v")
    after = (folder / "net.ipynb").read_text(encoding="utf-8")
    again = gradlint(".", "--fix")
    return SimpleNamespace(
        before=before, found=found, diff=diff, fix=fix, after=after, again=again, folder=folder
    )


def cells_of(text):
    return {n: "".join(cell["source"]) for n, cell in enumerate(json.loads(text)["cells"], 1)}


def test_a_finding_is_told_by_cell(healed):
    assert "--> net.ipynb:cell 3:6:20  Net.body.0" in healed.fix.stdout
    assert "\n 6 |         self.act = nn.Sigmoid()\n" in healed.fix.stdout
    assert "from the call in cell 5, line 2" in healed.fix.stdout
    (finding,) = json.loads(healed.found.stdout)["findings"]
    assert (finding["cell"], finding["line"], finding["column"]) == (3, 6, 20)
    assert {related["cell"] for related in finding["related"]} == {3}
    assert len(json.loads(healed.found.stdout)["models"]) == 1  # none of the checkpoints


def test_a_fix_changes_the_sources_of_its_cells_and_nothing_else(healed):
    before, after = cells_of(healed.before), cells_of(healed.after)
    assert [n for n in before if before[n] != after[n]] == [3, 4]
    assert after[3] == BLOCK.replace("Sigmoid", "ReLU")
    assert spliced(healed.before, {n: after[n] for n in (3, 4)}) == healed.after
    assert spliced(healed.after, {n: before[n] for n in (3, 4)}) == healed.before


def test_a_fix_applied_twice_changes_nothing(healed):
    assert healed.again.returncode == 0
    assert healed.again.stdout == "1 model, no findings.\n"
    assert (healed.folder / "net.ipynb").read_text(encoding="utf-8") == healed.after


def test_the_diff_names_the_cells(healed):
    head = "--- a/net.ipynb:cell 3\t\n+++ b/net.ipynb:cell 3\t\n@@ -3,7 +3,7 @@"
    assert healed.diff.stdout.startswith(head)
    assert "+++ b/net.ipynb:cell 4\t\n" in healed.diff.stdout
    assert "%%time" not in healed.diff.stdout
    assert "No newline" not in healed.diff.stdout


def test_the_edits_in_the_json_make_the_same_cells(healed):
    (finding,) = json.loads(healed.found.stdout)["findings"]
    cells = {n: text.splitlines(keepends=True) for n, text in cells_of(healed.before).items()}
    for edit in reversed(finding["fixes"][0]["edits"]):
        assert edit["line"] == edit["end_line"]
        lines = cells[edit["cell"]]
        line = lines[edit["line"] - 1]
        lines[edit["line"] - 1] = (
            line[: edit["column"] - 1] + edit["text"] + line[edit["end_column"] - 1 :]
        )
    made = {n: "".join(lines) for n, lines in cells.items()}
    assert made == cells_of(healed.after)


def test_a_notebook_that_changed_is_not_written_but_new_outputs_are_kept(tmp_path):
    before = source(tmp_path, notebook(IMPORTS, NET))
    after = before.edited([Edit(Span(before.path, 6, 30, 6, 32), "24")])
    rerun = notebook(IMPORTS, NET).replace('"execution_count": 3', '"execution_count": 4')
    (tmp_path / "net.ipynb").write_text(rerun, encoding="utf-8")
    after.write(before)
    assert (tmp_path / "net.ipynb").read_text() == rerun.replace("depth=12", "depth=24")
    with pytest.raises(GradlintError, match="the file has changed"):
        after.write(before)


def test_a_missing_import_goes_to_the_imports_before_the_classes(tmp_path):
    cells = "from torch.nn import Linear, Module", "class Net(Module):\n    pass", "import math"
    found = source(tmp_path, notebook(*cells))
    name, edits = imports_of(tree_of(found)).ensure("torch.nn.functional.relu")
    made = found.edited(edits).notebook.cells
    assert name == "F.relu"
    assert made[0].written == cells[0] + "\nimport torch.nn.functional as F"
    assert [cell.written for cell in made[1:]] == [*cells[1:]]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_no_tool_takes_the_diff_of_a_notebook_for_one_of_a_file(healed):
    done = subprocess.run(
        ["git", "apply", "-"], input=healed.diff.stdout, text=True, cwd=healed.folder, check=False
    )
    assert done.returncode != 0
