"""The graph that is read from the source is the graph of a run, or suspects less."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_record import BUILT, net
from test_trace import SHOWN, STYLES
from workbench import PRELUDE, bench

from gradlint.cli import run
from gradlint.discovery.targets import discover
from gradlint.errors import NotRun
from gradlint.examine import admit
from gradlint.graph import Graph
from gradlint.kinds import Kind
from gradlint.reading.reader import read
from gradlint.registry import find_rule
from gradlint.source import Source
from gradlint.tracing.build import Builder
from gradlint.tracing.record import record

ROOT = Path(__file__).parent.parent
ZOO = sorted((ROOT / "tests/zoo").glob("*.py"))
OTHERS = sorted([*(ROOT / "examples").glob("*.py"), *(ROOT / "tests/healthy").glob("*.py")])


def path_of(graph: Graph) -> list[tuple[object, ...]]:
    return [(op.kind, op.name, op.module, op.site) for op in graph.path if op.kind in SHOWN]


def firsts(graph: Graph) -> dict[str, tuple[object, ...]]:
    """Who wrote the first values of each weight of a layer."""
    return {
        name: (weight.trainable, weight.init and (weight.init.span, weight.init.default))
        for name, weight in graph.weights.items()
        if "attn" not in name  # torch's own attention is initialised by it without a trace
    }


def read_source(text: str, name: str = "Net") -> Graph:
    source = Source("net.py", PRELUDE + text, filename="/somewhere/net.py")
    return read(source, discover(source, [name])[0]).graph


def names(graph: Graph) -> list[str]:
    return [op.name for op in graph.ops]


@pytest.mark.parametrize(("code", "x"), STYLES.values(), ids=STYLES.keys())
def test_what_is_read_is_what_runs(code, x):
    made = bench(code)
    seen, recorded = made.read(), made.record(x)
    assert path_of(seen) == path_of(recorded)
    assert firsts(seen) == firsts(recorded)
    assert {n: w.shape for n, w in seen.weights.items()} == {
        n: w.shape for n, w in recorded.weights.items()
    }


@pytest.mark.parametrize("code", BUILT.values(), ids=BUILT.keys())
def test_a_layer_is_read_at_the_expression_that_builds_it(code):
    made = bench(code)
    (op,) = (op for op in made.read().ops if op.name == "sigmoid")
    assert op.site == made.spans["site"]


def compare(path: Path) -> None:
    source = Source.read(str(path))
    for target in discover(source):
        patient = admit(builder := Builder(source, target), builder.build(0), 0, "cpu")
        built = patient.build(0)
        built.module.train()
        torch.manual_seed(0)
        recorded = record(built, patient.inputs.fresh(0)).graph
        seen = read(source, target).graph
        assert path_of(seen) == path_of(recorded), target.name
        assert [op.name for op in seen.stations] == [op.name for op in recorded.stations]
        assert seen.residual == recorded.residual


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_a_model_of_the_zoo_is_read_as_it_runs(path):
    compare(path)


@pytest.mark.slow
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_an_example_is_read_as_it_runs(path):
    compare(path)


COUNTS = {
    "an unknown count is small": ("depth", 2),
    "a default": ("depth=3", 3),
    "a constant of the file": ("depth=DEPTH", 5),
}


@pytest.mark.parametrize(("parameter", "expected"), COUNTS.values(), ids=COUNTS.keys())
def test_depth_is_never_overstated(parameter, expected):
    code = (
        f"DEPTH = 5\nclass Net(nn.Module):\n    def __init__(self, {parameter}):\n"
        "        super().__init__()\n"
        "        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])\n"
        "    def forward(self, x):\n"
        "        for layer in self.layers:\n"
        "            x = torch.tanh(layer(x))\n"
        "        return x\n"
    )
    assert names(read_source(code)).count("linear") == expected


def test_a_loop_over_data_is_a_recurrence_and_no_depth():
    graph = read_source(
        net(
            "self.i, self.h = nn.Linear(4, 4), nn.Linear(4, 4)",
            "h = x[:, 0]\nfor t in range(x.size(1)):\n"
            "    h = torch.tanh(self.i(x[:, t]) + self.h(h))\nreturn h",
        )
    )
    assert names(graph).count("tanh") == 2
    assert not graph.layers()


ELSE = "\nelse:\n    x = torch.relu(x)"
BRANCHES = {
    "a test that folds": (f"if 2 > 1:\n    x = torch.tanh(x){ELSE}", ["tanh"]),
    "a test on data": (f"if x.sum() > 0:\n    x = torch.tanh(x){ELSE}", ["sum", "tanh"]),
    "an early exit": ("if x.sum() > 0:\n    return x\nx = torch.relu(x)", ["sum", "relu"]),
    "what raises": (f"if x.sum() > 0:\n    raise ValueError{ELSE}", ["sum", "relu"]),
    "what is training": ("if self.training:\n    x = torch.tanh(x)", ["tanh"]),
    "an argument that nobody gives": ("if mask is not None:\n    x = torch.tanh(x)", []),
}


@pytest.mark.parametrize(("body", "expected"), BRANCHES.values(), ids=BRANCHES.keys())
def test_one_branch_is_read(body, expected):
    code = net("self.a = nn.Linear(4, 4)", f"{body}\nreturn self.a(x)")
    code = code.replace("forward(self, x)", "forward(self, x, mask=None)")
    assert names(read_source(code)) == [*expected, "linear"]


def test_where_all_returns_are_early_exits_one_is_taken():
    code = net(
        "self.a = nn.Linear(4, 4)",
        "if self.task == 'a':\n    return self.a(x)\nif self.task == 'b':\n    return x",
    ).replace("__init__(self):", "__init__(self, task):\n        self.task = task")
    assert names(read_source(code)) == ["linear"]


FOREIGN = net(
    "self.layers = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(20)])\n"
    "self.mix = elsewhere.Mix(4)",
    "for layer in self.layers:\n    x = layer(x)\nreturn self.mix(x)",
    "import elsewhere",
)


def test_unknown_code_on_the_path_may_be_a_skip():
    graph = read_source(FOREIGN)
    assert graph.ops[-1].kind is Kind.UNKNOWN
    assert len(graph.layers()) == 20
    assert graph.residual


def test_files_beside_it_are_read(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("from .blocks import Block\n")
    (tmp_path / "pkg" / "blocks.py").write_text(
        f"{PRELUDE}class Block(nn.Module):\n"
        "    def __init__(self, d):\n"
        "        super().__init__()\n        self.fc = nn.Linear(d, d)\n"
        "    def forward(self, x):\n        return x + torch.tanh(self.fc(x))\n"
    )
    (tmp_path / "net.py").write_text(
        PRELUDE + net("self.b = Block(4)", "return self.b(x)", "from pkg import Block")
    )
    source = Source.read(str(tmp_path / "net.py"))
    graph = read(source, discover(source)[0]).graph
    assert names(graph) == ["linear", "tanh", "add"]
    assert graph.ops[0].site.path == str(tmp_path / "pkg" / "blocks.py")


def test_a_circle_of_calls_comes_to_an_end():
    graph = read_source(
        "class Block(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.inner = Block()\n        self.fc = nn.Linear(4, 4)\n"
        "    def forward(self, x):\n        return self.forward(self.fc(x))\n"
        + net("self.b = Block()", "return self.b(x)")
    )
    assert "linear" in names(graph)


GAINS = {
    "kaiming": ("nn.init.kaiming_normal_(m.weight)", set()),
    "xavier": ("nn.init.xavier_uniform_(m.weight)", set()),
    "orthogonal": ("nn.init.orthogonal_(m.weight)", set()),
    "a small deviation": ("nn.init.normal_(m.weight, 0.0, 0.001)", {"tiny-init"}),
    "a large deviation": ("m.weight.data.normal_(0, 1)", {"huge-init"}),
    "a constant": ("m.weight.data.fill_(0.1)", {"symmetric-init", "tiny-init"}),
    "a wide interval": ("nn.init.uniform_(m.weight, -1, 1)", {"huge-init"}),
}


@pytest.mark.parametrize(("call", "expected"), GAINS.values(), ids=GAINS.keys())
def test_an_initialisation_whose_gain_the_source_tells_is_suspected_by_it(
    tmp_path, monkeypatch, capsys, call, expected
):
    body = (
        f"self.a, self.b, self.c = nn.Linear(99, 99), nn.Linear(99, 99), nn.Linear(99, 2)\n"
        f"for m in self.modules():\n    if isinstance(m, nn.Linear):\n        {call}"
    )
    (tmp_path / "net.py").write_text(
        PRELUDE + net(body, "return self.c(torch.relu(self.b(torch.relu(self.a(x)))))")
    )
    monkeypatch.chdir(tmp_path)
    assert run(["--no-probe", "net.py", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["rule"]["name"] for finding in found} == expected
    assert {finding["state"] for finding in found} <= {"suspected"}


def test_a_branch_that_starts_at_zero_is_not_suspected():
    code = net(
        "self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)\n"
        "nn.init.zeros_(self.b.weight)",
        "return self.c(x + self.b(torch.relu(self.a(x))))",
    )
    source = Source("net.py", PRELUDE + code)
    model = read(source, discover(source)[0])
    assert not list(find_rule("symmetric-init").match(model))


@pytest.mark.parametrize(
    ("init", "forward", "why"),
    [
        ("pass", "return x", "nothing that is done with its input"),
        ("self.net = elsewhere.Net()", "return self.net(x)", "defined elsewhere"),
    ],
)
def test_what_shows_nothing_is_not_read(init, forward, why):
    with pytest.raises(NotRun, match=why):
        read_source(net(init, forward, "import elsewhere"))


def test_a_model_of_torchvision_is_read_where_that_is_installed():
    pytest.importorskip("torchvision")
    code = "from torchvision import models\n" + net(
        "self.net = models.resnet18()\nself.net.fc = nn.Linear(512, 2)", "return self.net(x)"
    )
    graph = read_source(code)
    assert names(graph).count("conv2d") == 20
    assert {op.site.path for op in graph.ops if op.site} == {"net.py"}


BLOCKS = {
    "an encoder": (
        "self.e = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)",
        "return self.e(x)",
    ),
    "a decoder": (
        "self.d = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)",
        "return self.d(x, x * 2)",
    ),
    "both": ("self.t = nn.Transformer(8, 2, 1, 1, 16)", "return self.t(x, x * 2)"),
}


@pytest.mark.parametrize(("init", "forward"), BLOCKS.values(), ids=BLOCKS.keys())
def test_torchs_own_blocks_are_read_as_they_run(init, forward):
    made = bench(net(init, forward))
    seen, recorded = made.read(), made.record(torch.randn(5, 2, 8))
    assert path_of(seen) == path_of(recorded)
    assert seen.weights.keys() == recorded.weights.keys()


EFFECT = """
from pathlib import Path
Path("trace").write_text("it ran")
raise SystemExit(3)
"""


def test_no_probe_runs_nothing_and_imports_no_torch(tmp_path):
    body = "self.layers = nn.Sequential(*[nn.Linear(4, 4) for _ in range(9)])"
    (tmp_path / "net.py").write_text(EFFECT + PRELUDE + net(body, "return self.layers(x)"))
    code = (
        "import sys\n"
        "sys.modules['torch'] = None  # importing it fails\n"
        "from gradlint.cli import run\n"
        "status = run(['--no-probe', 'net.py', '--format', 'json'])\n"
        "assert status == 0 and sys.modules['torch'] is None, status\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (model,) = json.loads(done.stdout)["models"]
    assert (model["status"], model["reason"]) == ("traced", "")
    assert not (tmp_path / "trace").exists()


DEEP = net(
    "self.layers = nn.Sequential(*[nn.Linear(d, d) for _ in range(9)])", "return self.layers(x)"
)
UNBUILT = {
    "no value": (DEEP.replace("(self):", "(self, init_std):"), "init_std has no known value"),
    "a constructor that raises": (
        DEEP.replace("(self):", "(self, d=4):").replace("super()", "[][1]\n        super()"),
        "its constructor raised IndexError",
    ),
    "a forward that raises": (
        DEEP.replace("(self):", "(self, d=4):").replace("return ", "[]['a']\n        return "),
        "",
    ),
}  # fmt: skip


@pytest.fixture
def checked(tmp_path, monkeypatch, capsys):
    """Check a model in a file of its own: exit status, and what was printed."""

    def checked(code, *args):
        (tmp_path / "net.py").write_text(PRELUDE + code)
        monkeypatch.chdir(tmp_path)
        status = run(args)
        return status, capsys.readouterr()

    return checked


@pytest.mark.parametrize(("code", "reason"), UNBUILT.values(), ids=UNBUILT.keys())
def test_a_model_that_cannot_be_built_is_suspected_by_its_source(checked, code, reason):
    status, printed = checked(code, "net.py", "--format", "json")
    report = json.loads(printed.out)
    (model,) = report["models"]
    assert (status, model["status"]) == (0, "traced")
    assert reason in model["reason"] and model["hint"]
    found = {(finding["rule"]["name"], finding["state"]) for finding in report["findings"]}
    assert ("unnormalized-depth", "suspected") in found


def test_suspicions_about_what_was_not_built_are_hidden_and_told_of(checked):
    code, _ = UNBUILT["no value"]
    status, printed = checked(code, "net.py")
    assert status == 0 and "GRD201" not in printed.out
    assert "Net was not built: init_std has no known value; 2 suspected" in printed.out


@pytest.mark.parametrize(
    ("args", "expected"),
    [(["net.py:Net"], 2), (["net.py", "--fail-on", "not-built"], 1)],
    ids=["named", "--fail-on not-built"],
)
def test_reading_a_model_is_not_probing_it(checked, args, expected):
    code, _ = UNBUILT["no value"]
    assert checked(code, *args)[0] == expected


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["net.py"], 0),
        (["net.py:Net"], 0),
        (["net.py", "--fail-on", "suspected"], 1),
        (["net.py", "--fail-on", "not-built"], 0),
        (["net.py:Nets"], 2),
    ],
    ids=str,
)
def test_without_a_probe_reading_is_all_that_is_asked_for(checked, args, expected):
    code, _ = UNBUILT["no value"]
    status, printed = checked(code, "--no-probe", *args)
    assert status == expected
    if expected < 2:
        assert "error, suspected" in printed.out and "not measured" in printed.out
        assert "note:" not in printed.out


def test_without_a_probe_a_named_model_must_be_readable(checked):
    code = net("pass", "return x")
    assert checked(code, "--no-probe", "net.py:Net")[0] == 2


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_without_a_probe_nothing_is_fixed(checked, option):
    status, printed = checked(DEEP, "--no-probe", option, "net.py")
    assert status == 2
    assert f"--no-probe and {option} exclude each other" in printed.err


def test_a_size_that_nobody_knows_has_no_gain(checked):
    body = "self.w = nn.Parameter(torch.empty(8, None))\nnn.init.normal_(self.w, 0, 1)"
    code = net(body, "return x @ self.w")
    _, printed = checked(code, "net.py", "--no-probe", "--format", "json")
    assert json.loads(printed.out)["errors"] == []


def test_a_model_that_cannot_be_read_costs_no_other(checked, monkeypatch):
    def stumble(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("gradlint.reading.report.read", stumble)
    code = net("self.a = nn.Linear(4, 4)", "return self.a(x)")
    _, printed = checked(code, "net.py", "--no-probe", "--format", "json")
    (model,) = json.loads(printed.out)["models"]
    assert model["status"] == "not-probed"
    assert model["reason"] == "reading it made gradlint fail: ZeroDivisionError: by zero"
    assert model["hint"] == "report it"
