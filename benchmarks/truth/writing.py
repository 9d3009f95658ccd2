"""What all the written networks share: how an initialisation, a use and a training loop read."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

from spec import Spec
from tasks import TASKS

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

# As a module, and applied to `x`.
ACTIVATIONS = {
    "relu": ("nn.ReLU()", "F.relu({})"),
    "leaky": ("nn.LeakyReLU(0.2)", "F.leaky_relu({}, 0.2)"),
    "elu": ("nn.ELU()", "F.elu({})"),
    "selu": ("nn.SELU()", "F.selu({})"),
    "gelu": ("nn.GELU()", "F.gelu({})"),
    "silu": ("nn.SiLU()", "F.silu({})"),
    "softplus": ("nn.Softplus()", "F.softplus({})"),
    "sigmoid": ("nn.Sigmoid()", "torch.sigmoid({})"),
    "tanh": ("nn.Tanh()", "torch.tanh({})"),
    "softsign": ("nn.Softsign()", "F.softsign({})"),
    "hardtanh": ("nn.Hardtanh()", "F.hardtanh({})"),
    "hardsigmoid": ("nn.Hardsigmoid()", "F.hardsigmoid({})"),
    "softmax": ("nn.Softmax(dim=1)", "F.softmax({}, dim=1)"),
    "identity": ("nn.Identity()", "{}"),
}

INITS = {
    "xavier": "nn.init.xavier_uniform_({w})",
    "xavier-tanh": 'nn.init.xavier_normal_({w}, gain=nn.init.calculate_gain("tanh"))',
    "kaiming": 'nn.init.kaiming_normal_({w}, nonlinearity="relu")',
    "kaiming-out": 'nn.init.kaiming_normal_({w}, mode="fan_out", nonlinearity="relu")',
    "lecun": 'nn.init.kaiming_normal_({w}, nonlinearity="linear")',
    "orthogonal": "nn.init.orthogonal_({w})",
    "orthogonal-relu": "nn.init.orthogonal_({w}, gain=2**0.5)",
    "normal-0.001": "nn.init.normal_({w}, std=0.001)",
    "normal-0.01": "nn.init.normal_({w}, mean=0.0, std=0.01)",
    "normal-0.02": "nn.init.normal_({w}, 0.0, 0.02)",
    "trunc-0.02": "nn.init.trunc_normal_({w}, std=0.02)",
    "normal-0.5": "nn.init.normal_({w}, std=0.5)",
    "normal-1": "nn.init.normal_({w})",
    "normal-3": "nn.init.normal_({w}, 0, 3)",
    "uniform-1": "{w}.data.uniform_(-1, 1)",
    "uniform-01": "nn.init.uniform_({w})",
    "swapped": "nn.init.normal_({w}, 0.01)",  # people mean std=0.01
    "constant-0.01": "nn.init.constant_({w}, 0.01)",
    "constant-0.1": "{w}.data.fill_(0.1)",
    "ones": "nn.init.ones_({w})",
    "zeros": "nn.init.zeros_({w})",
    "eye": "nn.init.eye_({w})",
    "biased": 'nn.init.kaiming_normal_({w}, nonlinearity="relu")',
}
_BIAS = {"biased": "nn.init.constant_({b}, -3.0)"}


@dataclass(frozen=True)
class Written:
    """A file: its definitions, the lines that bind `model` after them, and how it is used."""

    definitions: str
    build: str
    use: str

    @property
    def text(self) -> str:
        """The whole file."""
        return f"{self.definitions}\n\n{self.use}"


def activation(spec: Spec) -> str:
    """The activation as a module."""
    return ACTIVATIONS[spec.activation][0]


def applied(spec: Spec, to: str = "x") -> str:
    """The activation applied to an expression."""
    return ACTIVATIONS[spec.activation][1].format(to)


def init_text(spec: Spec, layers: str) -> tuple[str, str, str]:
    """A function that initialises, the line that calls it in a constructor, and the one after."""
    if spec.init not in INITS:
        return "", "", ""
    weight = INITS[spec.init].format(w="m.weight")
    bias = _BIAS.get(spec.init, "nn.init.zeros_({b})").format(b="m.bias")
    has = 'getattr(m, "bias", None)' if "Embedding" in layers else "m.bias"
    body = f"if isinstance(m, {layers}):\n    {weight}\n"
    body += f"    if {has} is not None:\n        {bias}\n"
    match spec.drawn("init") % 3:
        case 0:
            text = f"def init_weights(m):\n{indent(body, '    ')}"
            return text, "self.apply(init_weights)", ""
        case 1:
            loop = f"for m in model.modules():\n{indent(body, '    ')}"
            return f"def initialize(model):\n{indent(loop, '    ')}", "initialize(self)", ""
        case _:
            text = f"def weights_init(m):\n{indent(body, '    ')}"
            return text, "", "model.apply(weights_init)"


def class_text(
    name: str, arguments: dict[str, object], setup: str, forward: str, given: bool
) -> str:
    """A module. Where its arguments are `given` by who builds it, they have no defaults."""
    known = (f"{key}" if given else f"{key}={value!r}" for key, value in arguments.items())
    header = ", ".join(["self", *known])
    return (
        f"class {name}(nn.Module):\n    def __init__({header}):\n"
        f"        super().__init__()\n{indent(dedent(setup).strip(), '        ')}\n\n"
        f"{indent(dedent(forward).strip(), '    ')}\n"
    )


def finished(
    spec: Spec, parts: list[str], call: str, after: str, constants: dict[str, object] | None = None
) -> Written:
    """The file of these definitions, with the use that this spec draws."""
    lines = [f"{key} = {value!r}" for key, value in (constants or {}).items()]
    build = f"model = {call}" + (f"\n{after}" if after else "")
    top = HEAD + ("\n" + "\n".join(lines) + "\n" if lines else "")
    definitions = "\n\n".join([top, *(part.rstrip() + "\n" for part in parts if part)])
    return Written(definitions, build, _use(spec, build))


def _use(spec: Spec, build: str) -> str:
    task, name = TASKS[spec.task], spec.drawn("use") % 4
    example, target = task.example(spec), task.target(spec)
    body = indent(build, "    ")
    if name == 0:
        return f'if __name__ == "__main__":\n{body}\n    x = {example}\n    print(model(x).shape)\n'
    loop = (
        f"def train(model, steps=500):\n    criterion = {task.criterion}\n"
        "    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"
        f"    for step in range(steps):\n        x = {example}\n        y = {target}\n"
        "        optimizer.zero_grad()\n        loss = criterion(model(x), y)\n"
        "        loss.backward()\n        optimizer.step()\n"
    )
    if name == 1:
        return f'{loop}\n\nif __name__ == "__main__":\n{body}\n    train(model)\n'
    if name == 2:
        start = 'if __name__ == "__main__":\n    main()\n'
        return f"{loop}\n\ndef main():\n{body}\n    train(model)\n\n\n{start}"
    return f"{loop}\n\n{build}\ntrain(model)\n"
