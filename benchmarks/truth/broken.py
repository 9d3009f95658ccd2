"""Networks with a wiring fault, and the harmless ones that look alike."""

from __future__ import annotations

from collections.abc import Callable

from spec import Spec
from writing import Written, activation, applied, class_text, finished

Fault = Callable[[Spec], tuple[str, str]]  # what the constructor and forward read


def broken(spec: Spec) -> Written:
    """One network by the fault that its variant names."""
    setup, forward = _FAULTS[spec.variant](spec)
    return finished(spec, [class_text("Net", {}, setup, forward, False)], "Net()", "")


def _layers(spec: Spec, holder: str) -> tuple[str, str]:
    """Hidden layers, held by something, and a forward pass through them."""
    made = f"[nn.Linear({spec.width}, {spec.width}) for _ in range({spec.depth - 1})]"
    setup = f"""
self.first = nn.Linear(16, {spec.width})
self.hidden = {holder.format(made)}
self.out = nn.Linear({spec.width}, 4)"""
    forward = f"""
def forward(self, x):
    x = {applied(spec, "self.first(x)")}
    for layer in self.hidden:
        x = {applied(spec, "layer(x)")}
    return self.out(x)"""
    return setup, forward


def _plain_list(spec: Spec) -> tuple[str, str]:
    return _layers(spec, "{}")


def _plain_dict(spec: Spec) -> tuple[str, str]:
    setup, forward = _layers(spec, "dict(enumerate({}))")
    return setup, forward.replace("in self.hidden", "in self.hidden.values()")


def _module_list(spec: Spec) -> tuple[str, str]:
    return _layers(spec, "nn.ModuleList({})")


def _through(spec: Spec, change: str) -> tuple[str, str]:
    """Layers before and after `change`, which is applied to `h` between them."""
    act, w, half = activation(spec), spec.width, max(spec.depth // 2, 1)
    hidden = f"nn.Linear({w}, {w}), {act}, " * (half - 1)
    setup = f"""
self.encoder = nn.Sequential(nn.Linear(16, {w}), {act}, {hidden})
self.decoder = nn.Sequential({hidden}nn.Linear({w}, {w}), {act}, nn.Linear({w}, 4))"""
    forward = f"""
def forward(self, x):
    h = self.encoder(x)
    {change}
    return self.decoder(h)"""
    return setup.replace(", )", ")"), forward


def _no_grad(spec: Spec) -> tuple[str, str]:
    setup, forward = _through(spec, "")
    plain, guarded = "    h = self.encoder(x)\n    \n", "        h = self.encoder(x)\n"
    return setup, forward.replace(plain, f"    with torch.no_grad():\n{guarded}")


def _unused(spec: Spec) -> tuple[str, str]:
    setup, forward = _through(spec, "h = h * 1.0")
    w = spec.width
    return f"{setup}\nself.projection = nn.Sequential(nn.Linear({w}, {w}), nn.ReLU())", forward


def _frozen(spec: Spec) -> tuple[str, str]:
    setup, forward = _through(spec, "h = h * 1.0")
    return f"{setup}\nfor p in self.encoder.parameters():\n    p.requires_grad = False", forward


def _ending(spec: Spec, last: str) -> tuple[str, str]:
    """A stack that ends in something the loss does not want."""
    act, w = activation(spec), spec.width
    hidden = f"nn.Linear({w}, {w}), {act}, " * (spec.depth - 1)
    setup = f"self.net = nn.Sequential(nn.Linear(16, {w}), {act}, {hidden}nn.Linear({w}, 4))"
    return setup, f"def forward(self, x):\n    return {last.format('self.net(x)')}"


def _between(change: str) -> Fault:
    return lambda spec: _through(spec, change)


def _at_end(last: str) -> Fault:
    return lambda spec: _ending(spec, last)


_FAULTS: dict[str, Fault] = {
    "plain-list": _plain_list,
    "plain-dict": _plain_dict,
    "module-list": _module_list,
    "detach": _between("h = h.detach()"),
    "data": _between("h = h.data"),
    "numpy": _between("h = torch.from_numpy(h.detach().numpy())"),
    "round": _between("h = torch.round(h)"),
    "cast": _between("h = h.long().float()"),
    "step": _between("h = (h > 0).float()"),
    "straight-through": _between("h = h + (torch.round(h) - h).detach()"),
    "detached-scale": _between("h = h / (h.detach().norm(dim=1, keepdim=True) + 1e-6)"),
    "no-grad": _no_grad,
    "unused": _unused,
    "frozen": _frozen,
    "softmax-end": _at_end("F.softmax({}, dim=1)"),
    "log-softmax-end": _at_end("F.log_softmax({}, dim=1)"),
    "relu-end": _at_end("F.relu({})"),
    "sigmoid-end": _at_end("torch.sigmoid({})"),
    "logits-end": _at_end("{}"),
}
