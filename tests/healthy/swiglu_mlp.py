# Twelve residual feed-forward blocks with SwiGLU and RMS norm.
import torch.nn as nn
import torch.nn.functional as F


class SwiGLU(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.w1 = nn.Linear(dim, hidden, bias=False)
        self.w2 = nn.Linear(hidden, dim, bias=False)
        self.w3 = nn.Linear(dim, hidden, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class SwiGLUNet(nn.Module):
    def __init__(self, in_dim=32, dim=64, depth=12, out_dim=5):
        super().__init__()
        self.inp = nn.Linear(in_dim, dim)
        self.norms = nn.ModuleList([nn.RMSNorm(dim) for _ in range(depth)])
        self.mlps = nn.ModuleList([SwiGLU(dim, 2 * dim) for _ in range(depth)])
        self.out = nn.Linear(dim, out_dim)

    def forward(self, x):
        x = self.inp(x)
        for norm, mlp in zip(self.norms, self.mlps):
            x = x + mlp(norm(x))
        return self.out(x)
