"""Networks of convolutions: plain and residual, squeeze-and-excitation, GAN parts, autoencoders."""

from __future__ import annotations

from spec import Spec
from writing import Written, activation, applied, class_text, finished, init_text

_LAYERS = "(nn.Conv2d, nn.Linear)"
_NORMS = {
    "batch": "nn.BatchNorm2d({})",
    "group": "nn.GroupNorm(2, {})",
    "layer": "nn.GroupNorm(1, {})",
    "none": "",
}


def _norm(spec: Spec, width: str) -> str:
    return _NORMS[spec.norm].format(width)


def conv(spec: Spec) -> Written:
    """A stack of convolutions in one of the ways in which people write one."""
    if spec.skip != "none":
        return _residual(spec, "")
    ways = [_listed, _blocks, _configured]
    return ways[spec.drawn("way") % len(ways)](spec)


_FORWARD = """
def forward(self, x):
    x = self.features(x)
    x = F.adaptive_avg_pool2d(x, 1).flatten(1)
    return self.classifier(x)"""


def _listed(spec: Spec) -> Written:
    function, inside, after = init_text(spec, _LAYERS)
    norm = f"layers.append({_norm(spec, 'width')})\n    " if spec.norm != "none" else ""
    setup = f"""
layers = []
for i in range(depth):
    layers.append(nn.Conv2d(1 if i == 0 else width, width, kernel_size=3, padding=1))
    {norm}layers.append({activation(spec)})
self.features = nn.Sequential(*layers)
self.classifier = nn.Linear(width, num_classes)
{inside}"""
    given = spec.drawn("given") % 2 == 0
    arguments: dict[str, object] = {"depth": spec.depth, "width": spec.width, "num_classes": 4}
    text = class_text("ConvNet", arguments, setup, _FORWARD, given)
    call = f"ConvNet(depth={spec.depth}, width={spec.width}, num_classes=4)"
    return finished(spec, [function, text], call if given else "ConvNet()", after)


def _blocks(spec: Spec) -> Written:
    function, inside, after = init_text(spec, _LAYERS)
    norm, normed = ("", "self.conv(x)")
    if spec.norm != "none":
        norm, normed = f"\nself.norm = {_norm(spec, 'c_out')}", "self.norm(self.conv(x))"
    block = class_text(
        "ConvBlock",
        {"c_in": 0, "c_out": 0},
        f"self.conv = nn.Conv2d(c_in, c_out, 3, 1, 1){norm}",
        f"def forward(self, x):\n    return {applied(spec, normed)}",
        True,
    )
    setup = f"""
self.stem = ConvBlock(1, {spec.width})
self.blocks = nn.ModuleList([ConvBlock({spec.width}, {spec.width}) for _ in range(num_layers - 1)])
self.fc = nn.Linear({spec.width}, 4)
{inside}"""
    forward = """
def forward(self, x):
    x = self.stem(x)
    for block in self.blocks:
        x = block(x)
    x = x.mean(dim=(2, 3))
    return self.fc(x)"""
    text = class_text("PlainNet", {"num_layers": spec.depth}, setup, forward, False)
    return finished(spec, [function, block, text], "PlainNet()", after)


def _configured(spec: Spec) -> Written:
    function, inside, after = init_text(spec, _LAYERS)
    norm = f"        layers.append({_norm(spec, 'v')})\n" if spec.norm != "none" else ""
    make = (
        "def make_layers(cfg):\n    layers = []\n    channels = 1\n    for v in cfg:\n"
        "        if v == 'M':\n            layers.append(nn.MaxPool2d(2))\n            continue\n"
        f"        layers.append(nn.Conv2d(channels, v, 3, padding=1))\n{norm}"
        f"        layers.append({activation(spec)})\n        channels = v\n"
        "    return nn.Sequential(*layers)\n"
    )
    setup = f"self.features = features\nself.classifier = nn.Linear({spec.width}, 4)\n{inside}"
    text = class_text("VGG", {"features": 0}, setup, _FORWARD, True)
    half = spec.depth // 2
    rest = spec.depth - half
    cfg = f"cfg = [{spec.width}] * {half} + ['M'] + [{spec.width}] * {rest}\n"
    return finished(spec, [cfg, function, make, text], "VGG(make_layers(cfg))", after)


def squeezed(spec: Spec) -> Written:
    """Residual (or plain) convolutions with squeeze and excitation."""
    setup = """
self.fc1 = nn.Linear(channels, channels // 2)
self.fc2 = nn.Linear(channels // 2, channels)"""
    forward = """
def forward(self, x):
    s = x.mean(dim=(2, 3))
    s = torch.sigmoid(self.fc2(F.relu(self.fc1(s))))
    return x * s[:, :, None, None]"""
    return _residual(spec, class_text("SELayer", {"channels": 0}, setup, forward, True))


def _residual(spec: Spec, gate: str) -> Written:
    function, inside, after = init_text(spec, _LAYERS)
    bias = "False" if spec.norm == "batch" else "True"
    lines = [f"self.conv1 = nn.Conv2d(c, c, 3, padding=1, bias={bias})"]
    lines += [f"self.conv2 = nn.Conv2d(c, c, 3, padding=1, bias={bias})"]
    if spec.norm != "none":
        lines += [f"self.bn1 = {_norm(spec, 'c')}", f"self.bn2 = {_norm(spec, 'c')}"]
    first = "self.bn1(self.conv1(x))" if spec.norm != "none" else "self.conv1(x)"
    second = "self.bn2(self.conv2(out))" if spec.norm != "none" else "self.conv2(out)"
    if spec.skip == "zero":
        lines += ["nn.init.zeros_(self.bn2.weight)"]
    if gate:
        lines += ["self.se = SELayer(c)"]
        second = f"self.se({second})"
    joined = {"pre": "x + out", "none": applied(spec, "out")}.get(
        spec.skip, applied(spec, "x + out")
    )
    forward = (
        f"def forward(self, x):\n    out = {applied(spec, first)}\n    out = {second}\n"
        f"    return {joined}"
    )
    block = class_text("BasicBlock", {"c": 0}, "\n".join(lines), forward, True)
    setup = f"""
self.stem = nn.Conv2d(1, width, 3, padding=1)
self.layers = nn.Sequential(*[BasicBlock(width) for _ in range(num_blocks)])
self.pool = nn.AdaptiveAvgPool2d(1)
self.fc = nn.Linear(width, num_classes)
{inside}"""
    forward = """
def forward(self, x):
    x = self.layers(self.stem(x))
    x = torch.flatten(self.pool(x), 1)
    return self.fc(x)"""
    arguments: dict[str, object] = {
        "num_blocks": spec.depth // 2, "width": spec.width, "num_classes": 4,
    }  # fmt: skip
    text = class_text("ResNet", arguments, setup, forward, False)
    return finished(spec, [function, gate, block, text], "ResNet()", after)


def autoencoder(spec: Spec) -> Written:
    """A convolutional autoencoder; `depth` counts the plain convolutions on both sides."""
    function, inside, after = init_text(spec, "(nn.Conv2d, nn.ConvTranspose2d, nn.Linear)")
    act, w = activation(spec), spec.width
    norm = f" {_norm(spec, str(w))}," if spec.norm != "none" else ""
    plain = f"    nn.Conv2d({w}, {w}, 3, padding=1),{norm} {act},\n" * (spec.depth // 2)
    last = ", nn.Sigmoid()" if spec.variant == "squashed" else ""
    setup = f"""
self.encoder = nn.Sequential(
    nn.Conv2d(1, {w}, 3, stride=2, padding=1), {act},
{plain}    nn.Flatten(),
    nn.Linear({w * 16}, 4),
)
self.decoder = nn.Sequential(
    nn.Linear(4, {w * 16}), {act},
    nn.Unflatten(1, ({w}, 4, 4)),
{plain}    nn.ConvTranspose2d({w}, 1, 2, stride=2){last},
)
{inside}"""
    forward = "def forward(self, x):\n    return self.decoder(self.encoder(x))"
    text = class_text("ConvAutoencoder", {}, setup, forward, False)
    return finished(spec, [function, text], "ConvAutoencoder()", after)


def gan(spec: Spec) -> Written:
    """A generator of images from codes, or a discriminator of images."""
    function, inside, after = init_text(spec, "(nn.Conv2d, nn.ConvTranspose2d, nn.Linear)")
    w, act = spec.width, activation(spec)
    norm = f" {_norm(spec, str(w))}," if spec.norm != "none" else ""
    if spec.variant == "discriminator":
        plain = f"    nn.Conv2d({w}, {w}, 3, padding=1),{norm} {act},\n" * (spec.depth - 1)
        setup = f"""
self.main = nn.Sequential(
    nn.Conv2d(1, {w}, 4, stride=2, padding=1), {act},
{plain}    nn.Flatten(),
    nn.Linear({w * 16}, 4),
)
{inside}"""
        forward = "def forward(self, x):\n    return self.main(x)"
        text = class_text("Discriminator", {}, setup, forward, False)
        return finished(spec, [function, text], "Discriminator()", after)
    plain = f"    nn.Conv2d({w}, {w}, 3, padding=1),{norm} {act},\n" * (spec.depth - 2)
    setup = f"""
self.main = nn.Sequential(
    nn.Unflatten(1, (16, 1, 1)),
    nn.ConvTranspose2d(16, {w}, 4, 1, 0),{norm} {act},
{plain}    nn.ConvTranspose2d({w}, {w}, 4, 2, 1),{norm} {act},
    nn.Conv2d({w}, 1, 3, padding=1), nn.Tanh(),
)
{inside}"""
    forward = "def forward(self, z):\n    return self.main(z)"
    text = class_text("Generator", {}, setup, forward, False)
    return finished(spec, [function, text], "Generator()", after)
