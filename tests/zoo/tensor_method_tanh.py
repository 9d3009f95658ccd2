# sick: GRD304
from torch import nn


class TanhNet(nn.Module):
    def __init__(self, width: int = 64, depth: int = 32):
        super().__init__()
        self.first = nn.Linear(6, width)
        self.middle = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.last = nn.Linear(width, 1)

    def forward(self, x):
        h = self.first(x).tanh()
        for layer in self.middle:
            h = layer(h).tanh()
        return self.last(h)
