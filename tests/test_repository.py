"""What the other files of a repository show of a model: how it is built, and what it is fed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

from gradlint.discovery.repository import Repository, repository_of, repository_root
from gradlint.discovery.targets import discover
from gradlint.feeding.inputs import find_inputs
from gradlint.job import Job
from gradlint.source import Source
from gradlint.target import Target
from gradlint.tracing.build import Builder, Built
from gradlint.worker import first_built

NET = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.fc = nn.Linear(width, depth)

    def forward(self, x):
        return self.fc(x.flatten(1))
"""
SCRIPT = "import torch\nfrom net import Net\n"
LOADER = """\
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
data = datasets.MNIST("data", transform=transforms.ToTensor())
loader = DataLoader(data, batch_size=64)
"""


@pytest.fixture
def repository(tmp_path):
    """Writes files and gives the models of one of them."""
    (tmp_path / ".git").mkdir()

    def write(asked: str = "net.py", **files: str) -> Target:
        for name, text in ({"net": NET} | files).items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return discover(Source.read(str(tmp_path / asked)))[0]

    yield write
    repository_of.cache_clear()


def built(target: Target) -> tuple[Builder, Built]:
    source = Source.read(target.path)
    return first_built(Builder(source, target), Job(source, target, (), 0, "cpu", False, 20.0, 8))


def text(target: Target) -> str:
    assert target.construct is not None, target.missing
    return ast.unparse(target.construct)


def fed(target: Target) -> tuple[int, ...]:
    builder, model = built(target)
    return find_inputs(model.module, builder.target, model.namespace).args[0].shape


def test_the_root_is_the_nearest_folder_with_a_mark(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert repository_root(tmp_path / "a" / "b" / "x.py") == tmp_path / "a" / "b"
    (tmp_path / "setup.py").touch()
    assert repository_root(tmp_path / "a" / "b" / "x.py") == tmp_path
    (tmp_path / "a" / ".git").mkdir()
    assert repository_root(tmp_path / "a" / "b" / "x.py") == tmp_path / "a"


def test_the_home_folder_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a").mkdir()
    assert repository_root(tmp_path / "a" / "x.py") == tmp_path / "a"


def test_installed_and_hidden_files_are_not_the_authors(tmp_path):
    for name in (".git", "venv", ".hidden", "mine", "env3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").touch()
    (tmp_path / "env3" / "pyvenv.cfg").touch()
    files = Repository(tmp_path).texts
    assert [Path(name).parent.name for name in files] == ["mine"]


def test_without_a_mark_only_the_folder_itself_is_read(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.py").touch()
    (tmp_path / "y.py").touch()
    assert [Path(name).name for name in Repository(tmp_path).texts] == ["y.py"]


@pytest.mark.parametrize(
    "script",
    [
        "from net import Net\nmodel = Net(4, 2)",
        "import net\nmodel = net.Net(4, 2)",
        "from net import *\nmodel = Net(4, 2)",
        "from net import Net as Model\nmodel = Model(4, 2)",
        "import net as models\nmodel = models.Net(4, 2).cuda()",
        (
            "def build(name):\n    if name == 'net':\n        from net import Net\n"
            "        return Net(4, 2)\nmodel = build('net')"
        ),
        "from net import Net\ndef main():\n    model = Net(width=4, depth=2)\nmain()",
    ],
)
def test_a_call_in_another_file_builds_the_model(repository, script):
    _, model = built(repository(train=script))
    assert model.module.fc.weight.shape == (2, 4)


@pytest.mark.parametrize(
    ("init", "script"),
    [
        ("from .net import Net", "from models import Net\nNet(4, 2)"),
        ("from .net import *", "import models\nmodels.Net(4, 2)"),
        ("from . import net", "from models.net import Net\nNet(4, 2)"),
        ("", "from models import net\nnet.Net(4, 2)"),
    ],
)
def test_what_a_package_hands_on_is_found(repository, init, script):
    target = repository(
        "models/net.py", **{"models/__init__": init, "models/net": NET, "train": script}
    )
    _, model = built(target)
    assert model.module.fc.weight.shape == (2, 4)


def test_another_class_of_the_same_name_is_not_meant(repository):
    target = repository(other=NET, train="from other import Net\nmodel = Net(4, 2)\n")
    assert target.home is None


def test_the_arguments_are_those_of_the_file_that_calls(repository):
    script = SCRIPT + "import config\nDEPTH = 3\nmodel = Net(config.WIDTH, DEPTH)\n"
    target = repository(config="WIDTH = 7\n", train=script)
    assert target.home is not None and target.home.path.endswith("train.py")
    _, model = built(target)
    assert model.module.fc.weight.shape == (3, 7)


def test_the_class_is_the_one_of_the_file(repository):
    script = "from net import Net\nmodel = Net(4, 2)\n"
    builder, model = built(repository(train=script))
    assert type(model.module) is builder.namespace["Net"]
    assert type(model.module).__init__.__code__.co_filename.endswith("net.py")
    assert vars(model.module.fc)["_gradlint_built"][0].path.endswith("net.py")


def test_a_call_in_the_file_itself_comes_first(repository):
    target = repository(net=NET + "model = Net(1, 1)\n", train=SCRIPT + "Net(4, 2)\n")
    assert text(target) == "Net(1, 1)" and target.home is None


def test_training_scripts_come_before_others_and_tests_last(repository):
    call = SCRIPT + "model = Net({0}, {0})\n"
    files = {name: call.format(i) for i, name in enumerate(("a_test", "b", "train_it", "use"), 1)}
    target = repository(**{"tests/test_net": call.format(9)}, **files)
    assert text(target) == "Net(3, 3)"
    assert target.otherwise is not None and text(target.otherwise) == "Net(2, 2)"


def test_a_call_that_does_not_fold_is_passed_over(repository):
    target = repository(
        train=SCRIPT + "Net(len(open('x').read()), 2)\n", use=SCRIPT + "Net(4, 2)\n"
    )
    assert text(target) == "Net(4, 2)"


def test_where_a_call_raises_the_next_is_tried(repository):
    broken = "from gone_package import WIDTH\n" + SCRIPT + "model = Net(WIDTH, 2)\n"
    target = repository(train=broken, use=SCRIPT + "Net(4, 2)\n")
    builder, model = built(target)
    assert model.module.fc.weight.shape == (2, 4)
    assert builder.target.home is not None and builder.target.home.path.endswith("use.py")


def test_defaults_come_after_calls_and_serve_where_those_raise(repository):
    net = NET.replace("width, depth", "width=5, depth=5", 1)
    target = repository(net=net, train="from gone import W\n" + SCRIPT + "model = Net(W, 2)\n")
    assert text(target) == "Net(W, 2)"
    _, model = built(target)
    assert model.module.fc.weight.shape == (5, 5)


def test_imports_that_the_call_does_not_need_are_not_run(repository, tmp_path):
    noisy = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    target = repository(noisy=noisy, train="import noisy\n" + SCRIPT + "Net(4, 2)\n")
    built(target)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "corpus",
    [
        (
            "class Corpus:\n    def __init__(self):\n        self.read()\n"
            "    def read(self):\n        self.words = open('x').read()\n        return 1\n"
        ),
        "import sets\ndef Corpus():\n    return getattr(sets, 'x')('data/')\n",
        "import subprocess\ndef Corpus():\n    return subprocess.run('x')\n",
    ],
)
def test_other_files_are_not_asked_for_what_does_more_than_define(repository, corpus):
    script = SCRIPT + "from corpus import Corpus\nmodel = Net(Corpus(), 2)\n"
    target = repository(corpus=corpus, train=script)
    assert [a.name for a in target.arguments if a.guessed] == ["width"]


def test_files_that_import_each_other_are_judged_once(repository):
    left = "from right import b\ndef a(n):\n    return b(n)\n"
    right = "from left import a\ndef b(n):\n    return n if n else a(n)\n"
    script = SCRIPT + "from left import a\nmodel = Net(a(4), 2)\n"
    assert text(repository(left=left, right=right, train=script)) == "Net(a(4), 2)"


def test_only_files_that_name_the_model_are_parsed(repository, tmp_path):
    others = {f"other{n}": "class Thing: pass\n" for n in range(5)}
    repository(train=SCRIPT + "Net(4, 2)\n", **others)
    assert {Path(name).name for name in repository_of(tmp_path)._outlines} == {"train.py", "net.py"}


@pytest.mark.parametrize(
    ("options", "script"),
    [
        (
            (
                "import argparse\ndef get_args():\n    parser = argparse.ArgumentParser()\n"
                "    parser.add_argument('--width', default=6)\n    return parser.parse_args()\n"
            ),
            "from options import get_args\nargs = get_args()\n",
        ),
        (
            (
                "import argparse\ndef get_parser():\n    parser = argparse.ArgumentParser()\n"
                "    parser.add_argument('--width', type=int, default='6')\n    return parser\n"
            ),
            "import options\nargs = options.get_parser().parse_args()\n",
        ),
        (
            (
                "class Options:\n    def initialize(self, parser):\n"
                "        parser.add_argument('--width', default=6)\n        return parser\n"
                "    def parse(self):\n        return self.initialize(None).parse_args()\n"
            ),
            "from options import Options\nargs = Options().parse()\n",
        ),
    ],
)
def test_options_of_another_file_have_their_defaults(repository, options, script):
    target = repository(options=options, train=SCRIPT + script + "model = Net(args.width, 2)\n")
    _, model = built(target)
    assert model.module.fc.weight.shape == (2, 6)


def test_a_block_gets_the_arguments_of_the_model_that_uses_it(repository):
    whole = (
        "from torch import nn\nfrom net import Net\nclass Whole(nn.Module):\n"
        "    def __init__(self, size=9):\n        super().__init__()\n"
        "        self.net = Net(size, 3)\n    def forward(self, x):\n        return self.net(x)\n"
    )
    _, model = built(repository(whole=whole))
    assert model.module.fc.weight.shape == (3, 9)


def test_what_initialises_the_model_is_the_calling_files(repository):
    net = (
        NET + "def zeros(m):\n    if isinstance(m, nn.Linear):\n        nn.init.zeros_(m.weight)\n"
    )
    script = "from net import Net, zeros\nmodel = Net(4, 2)\nmodel.apply(zeros)\n"
    _, model = built(repository(net=net, train=script))
    assert not model.module.fc.weight.any()


def test_each_argument_says_where_it_is_from(repository):
    script = SCRIPT + "DEPTH = 2\nmodel = Net(\n    4,\n    depth=DEPTH,\n)\n"
    told = [(a.name, a.value, a.origin) for a in repository(train=script).arguments]
    assert told == [("width", "4", "train.py:5"), ("depth", "2", "train.py:6")]
    own = repository(net=NET + "model = Net(3, 1)\n").arguments
    assert [(a.name, a.value, a.origin) for a in own] == [
        ("width", "3", "line 11"),
        ("depth", "1", "line 11"),
    ]


@pytest.mark.parametrize(
    ("loop", "shape"),
    [
        ("for images, labels in loader:\n    model(images)\n", (8, 1, 28, 28)),
        ("for i, (x, y) in enumerate(loader):\n    x = x.view(-1, 784)\n    model(x)\n", (8, 784)),
        (
            "for batch in loader:\n    x, y = batch[0].cuda(), batch[1]\n    model(x.squeeze(1))\n",
            (8, 28, 28),
        ),
        (
            (
                "def train(net, data):\n    for x, y in data:\n        x = x.flatten(2)\n"
                "        net(x)\ntrain(model, loader)\n"
            ),
            (8, 1, 784),
        ),
    ],
)
def test_the_loop_shows_what_the_model_is_fed(repository, loop, shape):
    target = repository(train=SCRIPT + LOADER + "model = Net(784, 2)\n" + loop)
    assert target.examples[0].source.startswith("the call in train.py:")
    assert fed(target) == shape


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ("datasets.CIFAR10('x')", (8, 3, 32, 32)),
        ("datasets.STL10('x')", (8, 3, 96, 96)),
        ("datasets.ImageFolder('x', transforms.Resize((20, 30)))", (8, 3, 20, 30)),
        (
            (
                "datasets.ImageFolder('x', transform=transforms.Compose([transforms.Resize(99), "
                "transforms.CenterCrop(16), transforms.Grayscale()]))"
            ),
            (8, 1, 16, 16),
        ),
    ],
)
def test_the_dataset_shows_the_images(repository, data, shape):
    use = "model = Net(4, 2)\nfor x, y in data:\n    model(x)\n"
    script = SCRIPT + "from torchvision import datasets, transforms\n"
    target = repository(train=f"{script}data = {data}\n{use}")
    example = target.examples[0]
    namespace: dict[str, object] = {"torch": torch}
    exec(compile(ast.Module(list(example.setup), []), "x", "exec"), namespace)
    value = eval(compile(ast.Expression(example.expression), "x", "eval"), namespace)
    assert value.shape == shape


def test_images_are_no_example_for_a_model_that_folds_none(repository):
    net = NET.replace("x.flatten(1)", "x")
    target = repository(net=net, train=SCRIPT + LOADER + "model = Net(28, 2)\n")
    assert not target.examples


WEIGHTS = """\
import torch
from torch import nn
from torch.hub import load_state_dict_from_url

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.load_state_dict(load_state_dict_from_url("https://example.org/net.pth"))

    def forward(self, x):
        return self.fc(x)
"""


def test_weights_are_not_downloaded_and_that_is_noted(repository):
    target = repository(net=WEIGHTS)
    assert not target.loads_weights
    builder, _ = built(target)
    assert builder.target.loads_weights


def test_a_ready_made_network_that_is_trained_is_built_without_weights(repository):
    script = (
        "import torch\nfrom torchvision import models\n"
        "model = models.resnet18(pretrained=True)\n"
        "optimizer = torch.optim.SGD(model.parameters(), 0.1)\n"
    )
    target = repository("train.py", train=script)
    assert text(target) == "models.resnet18(pretrained=False)"
    assert target.loads_weights


HANDED = """\
from torch import nn

class Net(nn.Module):
    def __init__(self, configs):
        super().__init__()
        self.fc = nn.Linear(configs.width, configs.depth)

    def forward(self, x):
        return self.fc(x)
"""
PARSER = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=6)
parser.add_argument("--depth", type=int, default=5)
args = parser.parse_args()
"""


def test_a_model_that_is_handed_all_options_gets_their_defaults(repository):
    target = repository(net=HANDED, run=PARSER)
    _, model = built(target)
    assert model.module.fc.weight.shape == (5, 6)
    assert [(a.name, a.origin) for a in target.arguments] == [("configs", "run.py")]


def test_options_that_lack_what_the_model_reads_are_not_its(repository):
    other = PARSER.replace("width", "height").replace("depth", "length")
    assert all(argument.guessed for argument in repository(net=HANDED, run=other).arguments)


def test_a_part_of_models_in_other_files_is_no_model_of_its_own(repository, tmp_path):
    whole = (
        "from torch import nn\nfrom net import Net\nclass Whole(nn.Module):\n"
        "    def __init__(self, sizes):\n        super().__init__()\n"
        "        self.net = Net(*sizes)\n    def forward(self, x):\n        return self.net(x)\n"
    )
    repository("whole.py", whole=whole)
    assert discover(Source.read(str(tmp_path / "net.py"))) == []
    assert discover(Source.read(str(tmp_path / "net.py")), ("Net",)) != []
