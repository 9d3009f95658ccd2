"""A small project with a report about it, the command, and snapshots of what people read."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

os.environ["OMP_NUM_THREADS"] = "1"

from gradlint.cli import run
from gradlint.finding import (
    Evidence,
    Finding,
    Fix,
    ModelReport,
    Related,
    Report,
    Status,
)
from gradlint.rule import Checkpoint, Severity, State
from gradlint.source import Source
from gradlint.span import Edit, Span

SNAPSHOTS = Path(__file__).parent / "snapshots"

MODEL = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(32, 32), nn.Sigmoid(),
            nn.Linear(32, 32), nn.Sigmoid(),
        )

    def forward(self, x):
        return self.body(x)
"""


def pytest_addoption(parser):
    parser.addoption("--update-snapshots", action="store_true", help="write what was printed")


@pytest.fixture
def snapshot(request):
    """Compare a text with the file of that name, or write it."""

    def compare(name, text):
        path = SNAPSHOTS / name
        if request.config.getoption("--update-snapshots"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return compare


@pytest.fixture(autouse=True, scope="session")
def cache_elsewhere(tmp_path_factory):
    """What a module's fixture measures is kept out of its folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test is answered by what another one has measured."""
    monkeypatch.setenv("GRADLINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def own_imports(tmp_path_factory, monkeypatch):
    """What a test imports from files of its own is forgotten after it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = set(sys.modules)
    yield
    scratch = str(tmp_path_factory.getbasetemp())
    made = {name: sys.modules[name] for name in set(sys.modules) - before}
    for name in [name for name, module in made.items() if _lies_in(scratch, name, module)]:
        del sys.modules[name]


def _lies_in(folder, name, module):
    """Whether a module is of a test's files, or of a text that never was a file."""
    own = getattr(module, "__dict__", {})  # modules of torch take any attribute for one of theirs
    places = [str(place) for place in (own.get("__file__"), *(own.get("__path__") or ()))]
    made_up = "." not in name and own.get("__file__") and not Path(own["__file__"]).exists()
    return bool(made_up) or any(place.startswith(folder) for place in places)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with model.py in it, to work in."""
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def span_of(text, part, path="model.py", nth=0):
    """Where the nth `part` stands in a text; one line."""
    lines = text.split("\n")
    line = [number for number, line in enumerate(lines, 1) if part in line][nth]
    column = lines[line - 1].index(part) + 1
    return Span(path, line, column, line, column + len(part))


@pytest.fixture
def span():
    return span_of


@pytest.fixture
def sick():
    """A confirmed finding about model.py, with a verified fix and one that was tried before."""
    first, second = (span_of(MODEL, "nn.Sigmoid()", nth=nth) for nth in (0, 1))
    tried = Fix(
        "Initialise the weights by Xavier with the gain of a sigmoid",
        Checkpoint.KEEPS,
        False,
        "the gradient still falls by 7.9 decades",
        9.14,
        7.9,
        1.0,
        0.98,
        (),
    )
    fix = replace(
        tried,
        title="Replace the sigmoids with ReLU",
        verified=True,
        why_not="",
        after=0.42,
        trial_after=0.318,
        edits=(Edit(first, "nn.ReLU()"), Edit(second, "nn.ReLU()")),
    )
    return Finding(
        code="GRD101",
        name="saturating-stack",
        severity=Severity.ERROR,
        state=State.CONFIRMED,
        span=first,
        target="Net.body.1",
        message="2 saturating activations in a row",
        label="first of 2",
        signature="5f2c",
        related=(Related(first, "GRD201 unnormalized-depth: 2 layers without normalisation"),),
        evidence=Evidence("vanishing", 9.14, 5.0, 3, "the gradient falls by 9.1 decades"),
        fixes=(fix, tried),
    )


@pytest.fixture
def model(sick):
    """The model of model.py, probed."""
    return ModelReport(
        path="model.py",
        target="Net",
        status=Status.PROBED,
        reason="",
        hint="",
        inputs="vector 8x32 (from the first layer)",
        seconds=1.234,
        findings=(sick,),
        named=False,
        span=Span("model.py", 4, 7, 4, 10),
    )


@pytest.fixture
def unbuilt(model):
    """A model that nobody could build."""
    return replace(
        model,
        target="Big",
        status=Status.NOT_BUILT,
        reason="hidden_size has no known value",
        hint="write model.py:make_big, a function that returns one",
        findings=(),
        built=False,
    )


@pytest.fixture
def report(project, model):
    """What checking the project found."""
    sources = {"model.py": Source.read("model.py")}
    return Report((model,), (), "2.13.0", 1, sources)


@pytest.fixture
def changed():
    """A report with its model changed."""

    def changed(report, **model):
        return replace(report, models=(replace(report.models[0], **model),))

    return changed


@pytest.fixture
def gradlint(monkeypatch, capsys):
    """Run the command on a report that is already made: exit status, stdout, stderr.

    A report is returned, an exception raised, a function asked for the report of the files that
    it is given; `requests` and `settings` are what was asked for.
    """

    def command(*args, finds=None):
        def check(requests, settings, sources=None):
            command.requests, command.settings = requests, settings
            if isinstance(finds, BaseException):
                raise finds
            if callable(finds):
                return finds(sources or {})
            return Report((), (), "") if finds is None else finds

        monkeypatch.setitem(sys.modules, "gradlint.checker", SimpleNamespace(check=check))
        status = run(args)
        out, err = capsys.readouterr()
        return status, out, err

    command.requests = command.settings = None
    return command
