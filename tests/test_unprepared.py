"""Models as they lie in repositories: each needs something that only its script would give."""

from __future__ import annotations

import pytest
import torch

from gradlint.discovery.targets import discover
from gradlint.feeding.inputs import find_inputs
from gradlint.outputs import tensors_of
from gradlint.source import Source
from gradlint.tracing.build import Builder

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def built(folder, text, **others):
    """The first model of a file, and the builder of it."""
    (folder / ".git").mkdir()
    for name, other in others.items():
        (folder / f"{name}.py").write_text(HEAD + other)
    file = folder / "model.py"
    file.write_text(HEAD + text)
    target = discover(Source.read(str(file)))[0]
    builder = Builder(Source.read(str(file)), target)
    return builder, builder.build(0)


def shapes(folder, text, **others):
    """The shapes of what the first model of a file is fed, batch of 8 included."""
    builder, model = built(folder, text, **others)
    inputs = find_inputs(model.module, builder.target, model.namespace)
    return [tuple(tensor.shape) for tensor in tensors_of((inputs.args, inputs.kwargs))]


def net(forward, init, parameters=""):
    lines = "".join(f"        {line}\n" for line in init)
    return (
        f"class Net(nn.Module):\n    def __init__(self{parameters}):\n        super().__init__()\n"
        f"{lines}    {forward[0]}\n" + "".join(f"        {line}\n" for line in forward[1:])
    )


LINEAR = ["self.fc = nn.Linear(6, 3)"]


@pytest.mark.parametrize(
    "line",
    [
        "x = x.cuda()",
        "x = x.to('cuda:0')",
        "x = x + torch.zeros(1, device='cuda')",
        "x = x + torch.cuda.FloatTensor(1).fill_(0)",
        "x = x.to(torch.device('cuda'))",
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="it has the accelerator")
def test_code_that_names_an_accelerator_runs_on_the_processor(tmp_path, line):
    text = net(["def forward(self, x):", line, "return self.fc(x)"], [*LINEAR, "self.cuda()"])
    assert shapes(tmp_path, text) == [(8, 6)]


@pytest.mark.skipif(torch.cuda.is_available(), reason="it has the accelerator")
def test_a_question_for_the_device_is_left_as_it_is(tmp_path):
    lines = ["if x.device.type == 'cuda':", "    raise ValueError", "return self.fc(x)"]
    assert shapes(tmp_path, net(["def forward(self, x):", *lines], LINEAR)) == [(8, 6)]


FED = {
    "one sample only": (
        net(["def forward(self, x):", "return self.fc(x.view(1, -1))"], LINEAR),
        [(1, 6)],
    ),
    "the batch that the constructor was given": (
        net(
            [
                "def forward(self, x):",
                "e = self.e(x).view(len(x), self.batch_size, -1)",
                "return self.r(e, torch.zeros(1, self.batch_size, 5))[0]",
            ],
            [
                "self.batch_size = batch_size",
                "self.e = nn.Embedding(9, 4)",
                "self.r = nn.GRU(4, 5)",
            ],
            ", batch_size",
        ),
        [(8, 8)],
    ),
    "states that are handed over one by one": (
        net(
            ["def forward(self, x, hidden, cell):", "return self.r(self.e(x), (hidden, cell))[0]"],
            ["self.e = nn.Embedding(9, 4)", "self.r = nn.LSTM(4, 5, batch_first=True)"],
        ),
        [(8, 16), (1, 8, 5), (1, 8, 5)],
    ),
    "parts of a tuple that are alike": (
        net(
            [
                "def forward(self, x, cur_state):",
                "h, c = cur_state",
                "return self.conv(torch.cat([x, h], 1)) * c",
            ],
            ["self.conv = nn.Conv2d(8, 4, 3, padding=1)"],
        ),
        [(8, 4, 32, 32), (8, 4, 32, 32), (8, 4, 32, 32)],
    ),
    "images of different sides": (
        net(
            [
                "def forward(self, x, x_low):",
                "return self.b(torch.cat([self.a(x), x_low], 1)).mean((2, 3))",
            ],
            ["self.a = nn.Conv2d(3, 3, 4, 4)", "self.b = nn.Conv2d(6, 4, 3)"],
        ),
        [(8, 3, 32, 32), (8, 3, 8, 8)],
    ),
    "what is read of the keyword arguments": (
        net(
            ["def forward(self, x, **kwargs):", "return self.fc(x) + self.l(kwargs['labels'])"],
            [*LINEAR, "self.l = nn.Embedding(4, 3)"],
        ),
        [(8, 6), (8,)],
    ),
    "the widths that a split adds up to": (
        net(
            [
                "def forward(self, x):",
                "a, b = torch.split(x, [6, 2], -1)",
                "return self.fc(a) * b.sum()",
            ],
            LINEAR,
        ),
        [(8, 8)],
    ),
    "sound that a convolution finds too short": (
        net(
            ["def forward(self, x):", "return self.c(self.d(x)).mean(2)"],
            ["self.d = nn.Conv1d(1, 2, 80, 16)", "self.c = nn.Conv1d(2, 2, 40)"],
        ),
        [(8, 1, 1024)],
    ),
    "users and items, one for each sample": (
        net(
            ["def forward(self, user, item):", "return (self.u(user) * self.i(item)).sum(-1)"],
            ["self.u = nn.Embedding(9, 4)", "self.i = nn.Embedding(7, 4)"],
        ),
        [(8,), (8,)],
    ),
    "one number a sample": (
        net(
            [
                "def forward(self, x):",
                "y = torch.zeros(len(x), 6)",
                "y[:, 0] = x",
                "return self.fc(y)",
            ],
            LINEAR,
        ),
        [(8,)],
    ),
    "the matrix of word vectors": (
        net(
            ["def forward(self, x):", "return self.fc(self.e(x)).mean(1)"],
            [
                "n, d = embedding_matrix.shape",
                "self.e = nn.Embedding(n, d)",
                "self.fc = nn.Linear(d, 2)",
            ],
            ", embedding_matrix",
        ),
        [(8, 16)],
    ),
    "the numbers of tags": (
        net(
            ["def forward(self, x):", "return self.fc(x) + self.t"],
            [
                "self.fc = nn.Linear(6, len(tag_to_ix))",
                "self.t = nn.Parameter(torch.zeros(len(tag_to_ix)))",
                "self.t.data[tag_to_ix['<begin>']] = -1",
            ],
            ", tag_to_ix",
        ),
        [(8, 6)],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FED.values(), ids=FED.keys())
def test_the_input_is_found(tmp_path, text, expected):
    assert shapes(tmp_path, text) == expected


def test_a_size_that_is_zero_without_its_data_is_guessed_and_told(tmp_path):
    text = net(["def forward(self, x):", "return self.e(x)"], ["self.e = nn.Embedding(n_words, 4)"],
               ", n_words")  # fmt: skip
    builder, model = built(tmp_path, text + "\nvocabulary = {}\nnet = Net(len(vocabulary))\n")
    assert model.module.e.num_embeddings == 100
    assert [(a.name, a.guessed) for a in builder.target.arguments] == [("n_words", True)]


def test_an_option_without_a_default_is_guessed_and_told(tmp_path):
    options = "import argparse\nparser = argparse.ArgumentParser()\n"
    options += "parser.add_argument('--width', type=int, default=6)\n"
    options += "parser.add_argument('--num_classes', type=int, required=True)\n"
    text = net(
        ["def forward(self, x):", "return self.fc(x)"],
        ["self.fc = nn.Linear(args.width, args.num_classes)"],
        ", args",
    )
    text += "\nargs = parser.parse_args()\nnet = Net(args)\n"
    builder, model = built(tmp_path, options + text)
    assert model.module.fc.in_features == 6
    assert model.module.fc.out_features == 10
    assert "options.num_classes" in [a.name for a in builder.target.arguments if a.guessed]


def test_weights_that_are_not_there_leave_the_first_ones(tmp_path):
    init = [*LINEAR, "self.load_state_dict(torch.load('missing.pt'))"]
    builder, _ = built(tmp_path, net(["def forward(self, x):", "return self.fc(x)"], init))
    assert builder.target.loads_weights


def test_a_wrapper_gets_a_network_of_another_file(tmp_path):
    inner = net(
        ["def forward(self, x):", "return self.patches(x)"], ["self.patches = nn.Linear(6, 3)"]
    )
    inner = inner.replace("class Net", "class TinyEncoder")
    text = net(
        ["def forward(self, x):", "return self.fc(self.encoder(x))"],
        ["self.encoder = encoder", "self.fc = nn.Linear(encoder.patches.out_features, 2)"],
        ", encoder",
    )
    assert shapes(tmp_path, text, other=inner) == [(8, 6)]


def test_a_depth_that_leaves_nothing_to_build_is_no_depth(tmp_path):
    init = [
        "assert (depth - 4) % 6 == 0",
        "self.n = (depth - 4) // 6",
        "self.fcs = nn.Sequential(*[nn.Linear(6, 6) for _ in range(self.n)])",
    ]
    text = net(["def forward(self, x):", "return self.fcs(x)"], init, ", depth")
    text += "\ndef net(**kwargs):\n    return Net(**kwargs)\n"
    _, model = built(tmp_path, text)
    assert model.module.n > 0
