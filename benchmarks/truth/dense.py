"""Networks of linear layers: plain and residual stacks, gated ones, autoencoders."""

from __future__ import annotations

from itertools import pairwise

from spec import Spec
from writing import Written, activation, applied, class_text, finished, init_text

_NORMS = {"batch": "nn.BatchNorm1d({})", "layer": "nn.LayerNorm({})", "none": ""}


def mlp(spec: Spec) -> Written:
    """A stack in one of the ways in which people write one."""
    if spec.skip != "none":
        return _residual(spec)
    ways = [_listed, _module_list, _factory]
    if spec.depth <= 6 and spec.norm == "none":
        ways.append(_spelled_out)
    return ways[spec.drawn("way") % len(ways)](spec)


def _norm(spec: Spec, width: str = "hidden") -> str:
    return _NORMS[spec.norm].format(width)


def _listed(spec: Spec) -> Written:
    given = spec.drawn("given") % 2 == 0
    function, inside, after = init_text(spec, "nn.Linear")
    norm = f"layers.append({_norm(spec)})\n    " if spec.norm != "none" else ""
    setup = f"""
layers = []
for i in range(depth):
    layers.append(nn.Linear(in_features if i == 0 else hidden, hidden))
    {norm}layers.append({activation(spec)})
layers.append(nn.Linear(hidden, out_features))
self.net = nn.Sequential(*layers)
{inside}"""
    inputs, outputs = _ends(spec)
    arguments = {
        "in_features": inputs, "hidden": spec.width, "depth": spec.depth, "out_features": outputs,
    }  # fmt: skip
    forward = "def forward(self, x):\n    return self.net(x)"
    call = f"Net({inputs}, {spec.width}, {spec.depth}, {outputs})" if given else "Net()"
    return finished(
        spec, [function, class_text("Net", arguments, setup, forward, given)], call, after
    )


def _module_list(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    norms, normed = "", ""
    if spec.norm != "none":
        norms = f"self.norms = nn.ModuleList([{_norm(spec, 'HIDDEN')} for _ in range(DEPTH)])\n"
        normed = "        x = self.norms[i](x)\n"
    inputs, outputs = _ends(spec)
    setup = f"""
self.first = nn.Linear({inputs}, HIDDEN)
self.hidden = nn.ModuleList([nn.Linear(HIDDEN, HIDDEN) for _ in range(DEPTH - 1)])
{norms}self.out = nn.Linear(HIDDEN, {outputs})
{inside}"""
    forward = (
        "def forward(self, x):\n    for i, layer in enumerate([self.first, *self.hidden]):\n"
        f"        x = layer(x)\n{normed}        x = {applied(spec)}\n    return self.out(x)"
    )
    text = class_text("Net", {}, setup, forward, False)
    return finished(
        spec, [function, text], "Net()", after, {"HIDDEN": spec.width, "DEPTH": spec.depth}
    )


def _factory(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    norm = f"        layers.append({_norm(spec, 'b')})\n" if spec.norm != "none" else ""
    text = (
        "def make_mlp(sizes):\n    layers = []\n    for a, b in zip(sizes[:-2], sizes[1:-1]):\n"
        f"        layers.append(nn.Linear(a, b))\n{norm}        layers.append({activation(spec)})\n"
        "    layers.append(nn.Linear(sizes[-2], sizes[-1]))\n    return nn.Sequential(*layers)\n"
    )
    inputs, outputs = _ends(spec)
    call = f"make_mlp([{inputs}] + [{spec.width}] * {spec.depth} + [{outputs}])"
    after = after or inside.replace("self.apply(", "model.apply(").replace("(self)", "(model)")
    return finished(spec, [function, text], call, after)


def _spelled_out(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    inputs, outputs = _ends(spec)
    sizes = [inputs] + [spec.width] * spec.depth
    lines = [f"self.fc{i + 1} = nn.Linear({a}, {b})" for i, (a, b) in enumerate(pairwise(sizes))]
    setup = "\n".join([*lines, f"self.out = nn.Linear({spec.width}, {outputs})", inside])
    calls = [f"    x = {applied(spec, f'self.fc{i + 1}(x)')}" for i in range(spec.depth)]
    forward = "\n".join(["def forward(self, x):", *calls, "    return self.out(x)"])
    return finished(spec, [function, class_text("Net", {}, setup, forward, False)], "Net()", after)


def _residual(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    norm, made = ("self.norm(x)", f"self.norm = {_norm(spec, 'dim')}\n")
    if spec.norm == "none":
        norm, made = "x", ""
    setup = made + "self.fc1 = nn.Linear(dim, dim)\nself.fc2 = nn.Linear(dim, dim)"
    zeroed = "nn.init.zeros_(self.fc2.weight)\nnn.init.zeros_(self.fc2.bias)"
    if spec.skip == "zero":
        setup += f"\n{zeroed}"
    forward = (
        f"def forward(self, x):\n    h = {applied(spec, f'self.fc1({norm})')}\n"
        "    return x + self.fc2(h)"
    )
    block = class_text("Block", {"dim": 0}, setup, forward, True)
    inputs, outputs = _ends(spec)
    setup = f"""
self.stem = nn.Linear({inputs}, dim)
self.blocks = nn.Sequential(*[Block(dim) for _ in range(depth)])
self.head = nn.Linear(dim, {outputs})
{inside}"""
    forward = "def forward(self, x):\n    return self.head(self.blocks(self.stem(x)))"
    arguments: dict[str, object] = {"dim": spec.width, "depth": spec.depth // 2}
    text = class_text("ResidualMLP", arguments, setup, forward, False)
    return finished(spec, [function, block, text], "ResidualMLP()", after)


def _ends(spec: Spec) -> tuple[int, int]:
    return (2, 1) if spec.task == "surface" else (16, 4)


def glu(spec: Spec) -> Written:
    """Gated linear units, with and without a skip around them."""
    function, inside, after = init_text(spec, "nn.Linear")
    norm, normed = (f"self.norm = {_norm(spec, 'dim')}\n", "self.norm(x)")
    if spec.norm == "none":
        norm, normed = "", "x"
    gate = {"sigmoid": "torch.sigmoid(gate)", "silu": "F.silu(gate)", "gelu": "F.gelu(gate)"}
    setup = f"{norm}self.proj = nn.Linear(dim, 2 * dim)\nself.out = nn.Linear(dim, dim)"
    skip = "x + " if spec.skip != "none" else ""
    forward = (
        f"def forward(self, x):\n    value, gate = self.proj({normed}).chunk(2, dim=-1)\n"
        f"    return {skip}self.out(value * {gate[spec.activation]})"
    )
    block = class_text("GatedBlock", {"dim": 0}, setup, forward, True)
    setup = f"""
self.stem = nn.Linear(16, {spec.width})
self.blocks = nn.ModuleList(GatedBlock({spec.width}) for _ in range({spec.depth // 2}))
self.head = nn.Linear({spec.width}, 4)
{inside}"""
    forward = """
def forward(self, x):
    x = self.stem(x)
    for block in self.blocks:
        x = block(x)
    return self.head(x)"""
    text = class_text("GLUNet", {}, setup, forward, False)
    return finished(spec, [function, block, text], "GLUNet()", after)


def autoencoder(spec: Spec) -> Written:
    """An autoencoder of images: `depth` layers on each side of the code."""
    function, inside, after = init_text(spec, "nn.Linear")
    act, width, half = activation(spec), spec.width, spec.depth // 2
    norm = f" {_norm(spec, str(width))}," if spec.norm != "none" else ""
    layer = f"nn.Linear({{}}, {width}),{norm} {act}"
    encoder = ",\n    ".join(layer.format(64 if i == 0 else width) for i in range(half))
    decoder = ",\n    ".join(layer.format(4 if i == 0 else width) for i in range(half))
    last = ", nn.Sigmoid()" if spec.variant == "squashed" else ""
    setup = f"""
self.encoder = nn.Sequential(
    nn.Flatten(),
    {encoder},
    nn.Linear({width}, 4),
)
self.decoder = nn.Sequential(
    {decoder},
    nn.Linear({width}, 64){last},
)
{inside}"""
    forward = """
def forward(self, x):
    z = self.encoder(x)
    return self.decoder(z).view(-1, 1, 8, 8)"""
    text = class_text("Autoencoder", {}, setup, forward, False)
    return finished(spec, [function, text], "Autoencoder()", after)
