"""What constructor arguments are guessed where nothing gives them, and what a guess may do."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import torch

from gradlint.command.collect import collect
from gradlint.command.config import exclusion, load
from gradlint.discovery import fields
from gradlint.discovery.targets import discover
from gradlint.errors import GradlintError, NotBuilt
from gradlint.job import remedy
from gradlint.source import Source
from gradlint.target import Argument, Target
from gradlint.tracing.build import Builder

HEADER = "import torch\nfrom torch import nn\n"


def net(parameters: str, body: str, forward: str = "return self.body(x)", name: str = "Net") -> str:
    """A model class with this constructor."""
    return (
        f"class {name}(nn.Module):\n    def __init__(self, {parameters}):\n"
        f"        super().__init__()\n{indent(dedent(body).strip(), ' ' * 8)}\n"
        f"    def forward(self, x):\n{indent(dedent(forward).strip(), ' ' * 8)}\n"
    )


def target(*parts: str, init: dict[str, Any] | None = None) -> Target:
    (found,) = discover(Source("model.py", HEADER + "\n".join(parts)), ("Net",), None, init)
    return found


def arguments(*parts: str, init: dict[str, Any] | None = None) -> dict[str, Argument]:
    """What a model is built with, in the child."""
    source = Source("model.py", HEADER + "\n".join(parts))
    builder = Builder(source, target(*parts, init=init))
    builder.build(0)
    return {argument.name: argument for argument in builder.target.arguments}


def values(*parts: str, init: dict[str, Any] | None = None) -> dict[str, str]:
    return {name: found.value for name, found in arguments(*parts, init=init).items()}


# Names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_classes", "10"),
        ("nClasses", "10"),
        ("in_channels", "3"),
        ("vocab_size", "100"),
        ("ntoken", "100"),
        ("hidden_size", "64"),
        ("d_model", "64"),
        ("n_heads", "4"),
        ("dim_head", "16"),
        ("depth", "2"),
        ("num_layers", "2"),
        ("growthRate", "12"),
        ("dropout", "0.1"),
        ("kernel_size", "3"),
        ("image_size", "64"),
        ("patch_size", "8"),
        ("latent_dim", "32"),
        ("mlp_dim", "128"),
        ("seq_len", "96"),
        ("pad_idx", "0"),
        ("use_bias", "False"),
        ("input_shape", "(3, 64, 64)"),
        ("device", "'cpu'"),
        ("pool_every", "2"),
        ("num_colors", "4"),
        ("num_category", "10"),
        ("BOS", "1"),
        ("embedding_length", "64"),
    ],
)
def test_a_name_says_what_a_field_holds(name: str, value: str) -> None:
    assert fields.value(name) == value


@pytest.mark.parametrize("name", ["std", "gain", "init_scale", "weight_std", "initializer_range"])
def test_a_deviation_or_a_gain_is_never_guessed(name: str) -> None:
    assert fields.value(name) is None
    body = f"self.body = nn.Linear(8, 8)\nnn.init.normal_(self.body.weight, std={name})"
    assert target(net(name, body)).construct is None


def test_the_guessed_sizes_fit_together() -> None:
    size = {n: int(fields.value(n) or 0) for n in ("dim", "heads", "dim_head", "patch_size")}
    assert size["dim"] % size["heads"] == 0
    assert size["dim"] == size["heads"] * size["dim_head"]
    assert int(fields.value("image_size") or 0) % size["patch_size"] == 0
    assert int(fields.value("kernel_size") or 0) % 2 == 1


def test_a_block_keeps_its_width() -> None:
    body = "self.body = nn.Conv2d(in_channels, out_channels, 3)"
    found = values(net("in_channels, out_channels", body))
    assert found == {"in_channels": "64", "out_channels": "64"}


# Uses


@pytest.mark.parametrize(
    ("parameters", "body", "value"),
    [
        ("mode", "self.body = nn.Linear(8, 4 if mode == 'cbow' else 2)", "'cbow'"),
        ("mode", "assert mode in ['a', 'b']\nself.body = nn.Linear(8, 8)", "'a'"),
        ("mode", "self.body = {'lin': nn.Linear, 'bi': None}[mode](8, 8)", "'lin'"),
        ("blurb", "self.body = nn.Linear(blurb, 8)", "32"),
        ("blurb", "self.body = nn.Linear(8, blurb * 2)", "64"),
        ("activation", "self.body = nn.Sequential(nn.Linear(8, 8), activation())", "torch.nn.ReLU"),
        ("norm_layer", "self.body = norm_layer(8)", "torch.nn.BatchNorm2d"),
        (
            "hidden_dims",
            "self.body = nn.Sequential(*[nn.Linear(n, n) for n in hidden_dims])",
            "[64, 64]",
        ),
        ("layers", "self.body = nn.Linear(layers[0], layers[3])", "[2, 2, 2, 2]"),
        ("width: int", "self.body = nn.Linear(width, 8)", "64"),
        ("blurb: int", "self.body = nn.Linear(8, 8)", "64"),
        ("blurb: bool", "self.body = nn.Linear(8, 8)", "False"),
        ("blurb: list[int]", "self.body = nn.Linear(8, 8)", "[64, 64]"),
        ("blurb: int | None", "self.body = nn.Linear(8, 8)", "None"),
        ("depth", "n = (depth - 2) // 6\nself.body = nn.Linear(8, n)", "14"),
    ],
)
def test_the_body_says_what_a_parameter_holds(parameters: str, body: str, value: str) -> None:
    (found,) = values(net(parameters, body)).values()
    assert found == value


def test_an_activation_that_forward_calls_is_an_instance() -> None:
    body = "self.body = nn.Linear(8, 8)\nself.act = activation"
    assert values(net("activation", body, "return self.act(self.body(x))")) == {
        "activation": "torch.nn.ReLU()"
    }


def test_a_parameter_that_builds_blocks_is_a_block_of_the_file() -> None:
    block = net("inp, out, stride=1", "self.body = nn.Linear(inp, out)", name="BasicBlock")
    whole = net("block, layers", "self.body = block(64, 64, layers[1])")
    assert values(block, whole) == {"block": "BasicBlock", "layers": "[2, 2]"}


def test_a_part_of_the_network_is_built_of_the_class_of_its_name() -> None:
    encoder = net("vocab_size, hidden_size", "self.body = nn.Linear(vocab_size, hidden_size)")
    encoder = encoder.replace("Net", "EncoderRNN")
    whole = net("encoder", "self.encoder = encoder", "return self.encoder(x)")
    assert values(encoder, whole) == {"encoder": "EncoderRNN(vocab_size=100, hidden_size=64)"}


def test_a_part_of_no_known_class_is_missing() -> None:
    whole = net("teacher", "self.teacher = teacher", "return self.teacher(x)")
    found = target(whole)
    assert found.missing == "teacher has no known value"
    assert remedy(found) == "add to model.py: def gradlint_model(): return Net(teacher=...)"


def test_what_can_be_written_in_toml_is_asked_for_there() -> None:
    found = target(net("gain, width", "self.body = nn.Linear(width, 8)"))
    expected = 'targets = [{ model = "model.py:Net", init = { gain = ... } }]'
    assert remedy(found) == f"write in [tool.gradlint]: {expected}"


# Where values come from


def test_a_site_goes_before_a_guess() -> None:
    script = "import json\nm = Net(json.load(open('f'))['w'], 24)"
    found = arguments(net("width, out", "self.body = nn.Linear(width, out)"), script)
    assert found["out"] == Argument("out", "24", "line 11", False)
    assert found["width"].guessed
    assert found["width"].origin == "its name"


def test_the_user_goes_before_everything() -> None:
    model = net("width, out=3", "self.body = nn.Linear(width, out)")
    found = arguments(model, "m = Net(7, 9)", init={"width": 5})
    assert found["width"] == Argument("width", "5", "the configuration", False)
    assert found["out"].value == "9"


def test_an_argument_that_does_not_exist_is_refused() -> None:
    with pytest.raises(GradlintError, match="has no argument 'widht'") as raised:
        target(net("width", "self.body = nn.Linear(width, 8)"), init={"widht": 5})
    assert raised.value.hint == "did you mean 'width'?"


def test_init_is_read_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.gradlint.targets]]\nmodel = "net.py:Net"\ninit = { width = 8, dims = [3, 4] }\n'
    )
    config = load(tmp_path / "pyproject.toml")
    everything = exclusion(config.settings, (), False)
    ((request,), _) = collect((), config.targets, None, everything)
    assert request.init == {"width": 8, "dims": [3, 4]}
    ((request,), _) = collect((f"{request.path}:Net",), config.targets, None, everything)
    assert request.init == {"width": 8, "dims": [3, 4]}


def test_init_needs_a_model(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[[tool.gradlint.targets]]\nmodel = "net.py"\ninit = { width = 8 }\n')
    with pytest.raises(GradlintError, match="is a file, not a model"):
        load(path)


# Configurations


def test_a_configuration_answers_what_is_read_of_it() -> None:
    body = """
    assert config.n_embd % config["n_head"] == 0
    width = config.get("width", 24)
    extra = getattr(config, "extra", 5)
    self.body = nn.Linear(config.n_embd, width + extra + config.model.hidden_size)
    """
    assert values(net("config", body)) == {
        "config.n_embd": "64",
        "config.n_head": "4",
        "config.model.hidden_size": "64",
    }


def test_a_configuration_can_be_unpacked() -> None:
    block = net("width, depth=3", "self.body = nn.Linear(width, depth)", name="Block")
    found = values(block, net("config", "self.body = Block(**config)"))
    assert found == {"config.width": "64"}


def test_what_the_user_gives_of_a_configuration_is_taken() -> None:
    model = net("config", "self.body = nn.Linear(config.width, config.out_dim)")
    source = Source("model.py", HEADER + model)
    builder = Builder(source, target(model, init={"config": {"width": 5}}))
    assert builder.build(0).module.body.in_features == 5


def test_every_copy_reads_the_same_configuration() -> None:
    model = net("config", "self.body = nn.Linear(config.width, config.width)")
    builder = Builder(Source("model.py", HEADER + model), target(model))
    shapes = [builder.build(seed).module.body.weight.shape for seed in range(2)]
    assert shapes[0] == shapes[1]


# Learning from what a constructor raises


@pytest.mark.parametrize(
    ("parameters", "body", "expected"),
    [
        ("heads", "assert 60 % heads == 0 and heads > 4\nwidth = heads", {"heads": "5"}),
        ("dim", "if (dim - 4) % 7:\n    raise ValueError('no')\nwidth = dim", {"dim": "67"}),
        ("depth", "table, key = {18: 4}, int(depth)\nwidth = table[key]", {"depth": "18"}),
        (
            "depth",
            "if depth == 18:\n    width = 4\nelse:\n    raise ValueError('no')",
            {"depth": "18"},
        ),
        ("widths", "width = len(other(widths))", {"widths": "[64, 64]"}),
        ("state_shape", "width = len(state_shape + [1])", {"state_shape": "[3, 64, 64]"}),
    ],
)
def test_an_error_says_what_a_guess_should_be(
    parameters: str, body: str, expected: dict[str, str]
) -> None:
    other = "def other(widths):\n    return [w for w in widths]\n"
    assert values(other, net(parameters, body + "\nself.body = nn.Linear(8, width)")) == expected


def test_what_a_factory_leaves_out_is_guessed() -> None:
    model = net("depth, num_classes", "self.body = nn.Linear(depth, num_classes)")
    factory = "def make(**kwargs):\n    return Net(**kwargs)\nm = make()"
    assert values(model, factory) == {"depth": "2", "num_classes": "10"}


def test_what_the_source_gives_is_never_changed() -> None:
    model = net("heads, width", "assert width % heads == 0\nself.body = nn.Linear(8, width)")
    assert values(model, "m = Net(7, read())") == {"heads": "7", "width": "63"}
    with pytest.raises(NotBuilt, match="AssertionError"):
        values(model, "m = Net(7, 8)")


# What a guess may do


@pytest.mark.parametrize(
    ("name", "text", "decisive"),
    [
        ("num_layers", "2", True),
        ("config.depth", "2", True),
        ("dims", "[64, 64]", True),
        ("encoder", "Encoder(width=64, num_layers=2)", True),
        ("seq_len", "96", True),
        ("hidden_size", "64", False),
        ("vocab_size", "100", False),
        ("num_classes", "10", False),
        ("num_colors", "4", True),
    ],
)
def test_a_depth_or_a_length_decides(name: str, text: str, decisive: bool) -> None:
    assert fields.decides(name, text) is decisive


DEEP = net(
    "depth, width",
    """
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.Sigmoid()]
    self.body = nn.Sequential(*layers, nn.Linear(width, 10))
    """,
)


def test_what_a_guessed_depth_shows_is_unproven() -> None:
    from gradlint import registry
    from gradlint.examine import admit, examine
    from gradlint.rule import State

    source = Source("model.py", HEADER + DEEP)
    for guessed, state in ((False, State.CONFIRMED), (True, State.UNPROVEN)):
        found = target(DEEP, init={"depth": 12, "width": 64})
        depth = Argument("depth", "12", "its name", guessed)
        builder = Builder(source, found, [depth, *found.arguments[1:]])
        patient = admit(builder, builder.build(0), 0, "cpu")
        finding, *_ = examine(patient, registry.rules(), 0).findings()
        assert finding.state is state
        said = finding.evidence.sentence if finding.evidence else ""
        assert ("depth = 12 is a guess: give it with init" in said) is guessed


def test_weights_are_not_downloaded() -> None:
    body = """
    self.body = nn.Linear(8, 8)
    self.body.load_state_dict(torch.hub.load_state_dict_from_url("https://example.org/a.pth"))
    """
    model = net("width=8", body)
    builder = Builder(Source("model.py", HEADER + model), target(model))
    assert isinstance(builder.build(0).module, torch.nn.Module)
    assert builder.target.loads_weights


def test_an_object_that_the_body_reads_more_of_is_no_configuration_class() -> None:
    config = "class Args:\n    seed: int = 1\n"
    model = net("env", "self.body = nn.Linear(env.observation_space.shape[0], 8)")
    assert values(config, model) == {"env.observation_space.shape": "(8,)"}


def test_a_layer_of_torch_takes_its_own_arguments() -> None:
    model = "class Net(nn.Linear):\n    def forward(self, x):\n        return super().forward(x)\n"
    assert values(model) == {"in_features": "64", "out_features": "10"}


# Names that nothing binds


def test_a_global_that_only_the_script_binds_is_guessed_from_its_name() -> None:
    code = net("*_", "self.body = nn.Linear(N_STATES, N_ACTIONS)")
    assert values(code) == {"N_STATES": "32", "N_ACTIONS": "10"}


SCRIPT = """\
from data import load
X, y = load()
input_size = X.shape[1]
layers = []
for width in (16, 8):
    layers.append(nn.Linear(input_size, width))
    input_size = width
model = nn.Sequential(*layers, nn.Linear(8, 1))
"""


def test_a_size_of_the_data_is_guessed_and_the_layers_made_of_it_are_kept() -> None:
    source = Source("model.py", HEADER + SCRIPT)
    (found,) = discover(source)
    source = Source("model.py", source.text.replace("from data import load\n", ""))
    for seed in (0, 1):  # the script changes the size that was guessed
        sizes = [layer.in_features for layer in Builder(source, found).build(seed).module]
        assert sizes == [64, 16, 8]


def test_a_count_of_layers_that_nothing_tells_is_not_guessed() -> None:
    code = "from data import load\nlayers = load()\nmodel = nn.Sequential(*layers)\n"
    (found,) = discover(Source("model.py", HEADER + code))
    assert found.construct is None
