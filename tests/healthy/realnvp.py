# RealNVP: affine couplings whose log-scale is bounded by tanh and starts at zero.
import torch
import torch.nn as nn


class Coupling(nn.Module):
    def __init__(self, dim, hidden, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(
            nn.Linear(dim // 2, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, dim),
        )
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        if self.flip:
            a, b = b, a
        log_scale, shift = self.net(a).chunk(2, dim=1)
        b = b * torch.exp(torch.tanh(log_scale)) + shift
        return torch.cat([b, a] if self.flip else [a, b], dim=1)


class RealNVP(nn.Module):
    def __init__(self, dim: int = 8, hidden: int = 48, n_couplings: int = 6):
        super().__init__()
        self.couplings = nn.ModuleList(
            [Coupling(dim, hidden, flip=i % 2 == 1) for i in range(n_couplings)]
        )

    def forward(self, x):
        for coupling in self.couplings:
            x = coupling(x)
        return x


if __name__ == "__main__":
    print(RealNVP()(torch.randn(16, 8)).shape)
