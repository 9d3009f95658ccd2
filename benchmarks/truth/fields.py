"""Networks of coordinates: SIREN, Fourier features, skips that join, plain stacks."""

from __future__ import annotations

import dense
from spec import Spec
from writing import Written, activation, applied, class_text, finished, init_text


def coordinates(spec: Spec) -> Written:
    """A network of coordinates: SIREN, Fourier features, or a plain stack (as PINNs have)."""
    return {"siren": _siren, "fourier": _fourier, "concat": _concat}.get(spec.variant, dense.mlp)(
        spec
    )


def _siren(spec: Spec) -> Written:
    right = spec.init == "siren"
    bound = "1 / in_features if first else math.sqrt(6 / in_features) / w0"
    setup = "self.w0 = w0\nself.linear = nn.Linear(in_features, out_features)"
    if right:
        setup += f"\nwith torch.no_grad():\n    bound = {bound}\n"
        setup += "    self.linear.weight.uniform_(-bound, bound)"
    forward = "def forward(self, x):\n    return torch.sin(self.w0 * self.linear(x))"
    arguments: dict[str, object] = {"in_features": 2, "out_features": spec.width}
    arguments |= {"w0": 30.0 if "30" in spec.head else 10.0, "first": False}
    layer = class_text("SineLayer", arguments, setup, forward, False)
    setup = f"""
layers = [SineLayer(2, {spec.width}, first=True)]
for _ in range({spec.depth - 1}):
    layers.append(SineLayer({spec.width}, {spec.width}))
layers.append(nn.Linear({spec.width}, 1))
self.net = nn.Sequential(*layers)"""
    forward = "def forward(self, coords):\n    return self.net(coords)"
    text = class_text("Siren", {}, setup, forward, False)
    return finished(spec, ["import math", layer, text], "Siren()", "")


def _fourier(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    setup = f"""
self.register_buffer("frequencies", torch.randn(2, 16) * 1.5)
layers = []
for i in range({spec.depth}):
    layers += [nn.Linear(32 if i == 0 else {spec.width}, {spec.width}), {activation(spec)}]
self.net = nn.Sequential(*layers, nn.Linear({spec.width}, 1))
{inside}"""
    forward = """
def forward(self, xy):
    angles = xy @ self.frequencies
    return self.net(torch.cat([angles.sin(), angles.cos()], dim=-1))"""
    text = class_text("FourierField", {}, setup, forward, False)
    return finished(spec, [function, text], "FourierField()", after)


def _concat(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "nn.Linear")
    half = spec.depth // 2
    setup = f"""
self.first = nn.ModuleList([nn.Linear(2, W)] + [nn.Linear(W, W) for _ in range({half - 1})])
self.second = nn.ModuleList([nn.Linear(W + 2, W)] + [nn.Linear(W, W) for _ in range({half - 1})])
self.out = nn.Linear(W, 1)
{inside}"""
    forward = f"""
def forward(self, points):
    h = points
    for layer in self.first:
        h = {applied(spec, "layer(h)")}
    h = torch.cat([points, h], dim=-1)
    for layer in self.second:
        h = {applied(spec, "layer(h)")}
    return self.out(h)"""
    text = class_text("Field", {}, setup, forward, False)
    return finished(spec, [function, text], "Field()", after, {"W": spec.width})
