"""Recurrent networks of every cell, read in every way."""

from __future__ import annotations

from spec import Spec
from tasks import CHANNELS
from writing import Written, applied, class_text, finished

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
