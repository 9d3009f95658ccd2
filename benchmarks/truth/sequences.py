"""Networks of sequences: recurrent ones of every cell, and transformers."""

from __future__ import annotations

from spec import Spec
from tasks import CHANNELS, VOCABULARY
from writing import Written, applied, class_text, finished, init_text

_CELLS = {"rnn": "nn.RNN", "rnn-relu": "nn.RNN", "lstm": "nn.LSTM", "gru": "nn.GRU"}

# How the recurrent weights begin; `self.rnn` is the layer.
_STARTS = {
    "orthogonal": """
for name, p in self.rnn.named_parameters():
    if "weight_hh" in name:
        nn.init.orthogonal_(p)
""",
    "identity": """
for name, p in self.rnn.named_parameters():
    if "weight_hh" in name:
        nn.init.eye_(p)
    elif "bias" in name:
        nn.init.zeros_(p)
    else:
        nn.init.normal_(p, std=0.1)
""",
    "xavier": """
for name, p in self.rnn.named_parameters():
    if "weight" in name:
        nn.init.xavier_uniform_(p)
    else:
        nn.init.zeros_(p)
""",
    "tiny": """
for p in self.rnn.parameters():
    nn.init.normal_(p, std=0.001)
""",
    "huge": """
for name, p in self.rnn.named_parameters():
    if "weight" in name:
        nn.init.normal_(p, 0, 1.0)
""",
    "zeros": """
for p in self.parameters():
    nn.init.zeros_(p)
""",
    "forget-one": """
for name, p in self.rnn.named_parameters():
    if "bias_ih" in name:
        p.data[HIDDEN : 2 * HIDDEN].fill_(1.0)
""",
    "chrono-lstm": """
with torch.no_grad():
    for layer in range(self.rnn.num_layers):
        b_ih = getattr(self.rnn, f"bias_ih_l{layer}")
        b_hh = getattr(self.rnn, f"bias_hh_l{layer}")
        b_ih.zero_()
        b_hh.zero_()
        forget = torch.log(torch.rand(HIDDEN) * (SEQ_LEN - 2) + 1)
        b_ih[HIDDEN : 2 * HIDDEN] = forget
        b_ih[:HIDDEN] = -forget
""",
    "chrono-gru": """
with torch.no_grad():
    for layer in range(self.rnn.num_layers):
        b_ih = getattr(self.rnn, f"bias_ih_l{layer}")
        getattr(self.rnn, f"bias_hh_l{layer}").zero_()
        b_ih.zero_()
        b_ih[HIDDEN : 2 * HIDDEN] = torch.log(torch.rand(HIDDEN) * (SEQ_LEN - 2) + 1)
""",
}

_READS = {
    "last": "out[:, -1]",
    "mean": "out.mean(dim=1)",
    "max": "out.max(dim=1).values",
    "attention": "(torch.softmax(self.score(out), dim=1) * out).sum(dim=1)",
    "tag": "out",
}


def recurrent(spec: Spec) -> Written:
    """A recurrent network: PyTorch's layer, or a cell in a loop."""
    if spec.variant in ("elman", "lstmcell", "grucell"):
        return _by_hand(spec)
    start = spec.init + (f"-{spec.variant}" if spec.init == "chrono" else "")
    sides = 2 if spec.skip == "both" else 1
    options = f", num_layers={spec.depth}" if spec.depth > 1 else ""
    options += ', nonlinearity="relu"' if spec.variant == "rnn-relu" else ""
    options += ", bidirectional=True" if sides == 2 else ""
    layer = f"{_CELLS[spec.variant]}(input_size, hidden_size{options}, batch_first=True)"
    width = "2 * hidden_size" if sides == 2 else "hidden_size"
    score = f"self.score = nn.Linear({width}, 1)\n" if spec.head == "attention" else ""
    setup = f"self.rnn = {layer}\n{score}self.fc = nn.Linear({width}, {_outputs(spec)})\n"
    setup += _STARTS.get(start, "").strip()
    forward = (
        f"def forward(self, x):\n    out, _ = self.rnn(x)\n    return self.fc({_READS[spec.head]})"
    )
    given = spec.drawn("given") % 2 == 0
    arguments: dict[str, object] = {"input_size": CHANNELS, "hidden_size": spec.width}
    text = class_text("SequenceModel", arguments, setup, forward, given)
    call = "SequenceModel(4, HIDDEN)" if given else "SequenceModel()"
    return finished(spec, [text], call, "", {"SEQ_LEN": spec.length, "HIDDEN": spec.width})


def _outputs(spec: Spec) -> int:
    return 1 if spec.head == "tag" else 4


def _by_hand(spec: Spec) -> Written:
    size = f"{CHANNELS}, {spec.width}"
    zeros = f"x.new_zeros(x.size(0), {spec.width})"
    if spec.variant == "elman":
        cell = f"self.i2h = nn.Linear({size})\nself.h2h = nn.Linear({spec.width}, {spec.width})"
        begin, step = f"h = {zeros}", f"h = {applied(spec, 'self.i2h(x[:, t]) + self.h2h(h)')}"
        start = {
            "orthogonal": "nn.init.orthogonal_(self.h2h.weight)",
            "identity": "nn.init.eye_(self.h2h.weight)\nnn.init.zeros_(self.h2h.bias)",
        }
    elif spec.variant == "grucell":
        cell, begin = f"self.cell = nn.GRUCell({size})", f"h = {zeros}"
        step, start = "h = self.cell(x[:, t], h)", {}
    else:
        cell, begin = f"self.cell = nn.LSTMCell({size})", f"h = c = {zeros}"
        step = "h, c = self.cell(x[:, t], (h, c))"
        start = {"forget-long": f"self.cell.bias_ih.data[{spec.width}:{2 * spec.width}] = 5.0"}
    setup = f"{cell}\nself.fc = nn.Linear({spec.width}, 4)\n{start.get(spec.init, '')}"
    forward = f"""
def forward(self, x):
    {begin}
    for t in range(x.size(1)):
        {step}
    return self.fc(h)"""
    text = class_text("Recurrent", {}, setup, forward, False)
    return finished(spec, [text], "Recurrent()", "")


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
