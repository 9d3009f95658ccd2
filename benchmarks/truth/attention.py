"""Transformers: PyTorch's encoder, and blocks with attention written out."""

from __future__ import annotations

from spec import Spec
from tasks import VOCABULARY
from writing import Written, applied, class_text, finished, init_text


def transformer(spec: Spec) -> Written:
    """A transformer: PyTorch's encoder, or blocks with attention written out."""
    library = spec.norm in ("pre", "post") and spec.activation in ("relu", "gelu")
    if library and spec.drawn("way") % 3 == 0 and spec.init in ("default", "xavier"):
        return _encoder(spec)
    return _own_blocks(spec)


def _ends(spec: Spec, dim: str) -> tuple[str, str, str]:
    """How tokens get in, what the head is, and what it reads."""
    if spec.task == "language":
        embed = f"self.embed = nn.Embedding({VOCABULARY}, {dim})"
        return embed, f"self.head = nn.Linear({dim}, {VOCABULARY})", "x"
    return f"self.embed = nn.Linear(4, {dim})", f"self.head = nn.Linear({dim}, 4)", "x.mean(dim=1)"


def _encoder(spec: Spec) -> Written:
    embed, head, read = _ends(spec, "d_model")
    first = f", norm_first={spec.norm == 'pre'}"
    start = "for p in self.parameters():\n    if p.dim() > 1:\n        nn.init.xavier_uniform_(p)"
    mask = ""
    if spec.task == "language":
        mask = ", mask=nn.Transformer.generate_square_subsequent_mask(x.size(1))"
    setup = f"""
{embed}
self.pos = nn.Parameter(torch.randn(1, 16, d_model) * 0.1)
layer = nn.TransformerEncoderLayer(
    d_model, 2, 2 * d_model, dropout=0.0, activation="{spec.activation}", batch_first=True{first}
)
self.encoder = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
{head}
{start if spec.init == "xavier" else ""}"""
    forward = (
        "def forward(self, x):\n    x = self.embed(x) + self.pos\n"
        f"    x = self.encoder(x{mask})\n    return self.head({read})"
    )
    arguments: dict[str, object] = {"d_model": spec.width, "num_layers": spec.depth}
    text = class_text("TransformerModel", arguments, setup, forward, False)
    return finished(spec, [text], "TransformerModel()", "")


_WIRING = {
    "pre": "x = x + self.attend(self.norm1(x))\n    return x + self.ff(self.norm2(x))",
    "post": "x = self.norm1(x + self.attend(x))\n    return self.norm2(x + self.ff(x))",
    "none": "x = x + self.attend(x)\n    return x + self.ff(x)",
    "noskip": "x = self.attend(self.norm1(x))\n    return self.ff(self.norm2(x))",
    "bare": "x = self.attend(x)\n    return self.ff(x)",
}


def _own_blocks(spec: Spec) -> Written:
    function, inside, after = init_text(spec, "(nn.Linear, nn.Embedding)")
    wiring = spec.norm if spec.skip != "cut" else {"pre": "noskip", "none": "bare"}[spec.norm]
    norms = "self.norm1 = nn.LayerNorm(dim)\nself.norm2 = nn.LayerNorm(dim)\n"
    setup = f"""
{norms if wiring not in ("none", "bare") else ""}self.heads = heads
self.qkv = nn.Linear(dim, 3 * dim)
self.proj = nn.Linear(dim, dim)
self.fc1 = nn.Linear(dim, 2 * dim)
self.fc2 = nn.Linear(2 * dim, dim)"""
    causal = ", is_causal=True" if spec.task == "language" else ""
    forward = f"""
def attend(self, x):
    b, t, c = x.shape
    q, k, v = self.qkv(x).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
    y = F.scaled_dot_product_attention(q, k, v{causal})
    return self.proj(y.transpose(1, 2).reshape(b, t, c))

def ff(self, x):
    return self.fc2({applied(spec, "self.fc1(x)")})

def forward(self, x):
    {_WIRING[wiring]}"""
    block = class_text("Block", {"dim": 0, "heads": 2}, setup, forward, True)
    embed, head, read = _ends(spec, str(spec.width))
    setup = f"""
{embed}
self.pos = nn.Parameter(torch.randn(1, 16, {spec.width}) * 0.1)
self.blocks = nn.ModuleList([Block({spec.width}, 2) for _ in range({spec.depth})])
{head}
{inside}"""
    forward = f"""
def forward(self, x):
    x = self.embed(x) + self.pos
    for block in self.blocks:
        x = block(x)
    return self.head({read})"""
    text = class_text("Transformer", {}, setup, forward, False)
    return finished(spec, [function, block, text], "Transformer()", after)
