# Gated linear units: every hidden layer is value * sigmoid(gate).
import torch
import torch.nn as nn


class GatedLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.value = nn.Linear(n_in, n_out)
        self.gate = nn.Linear(n_in, n_out)
        self.norm = nn.LayerNorm(n_out)

    def forward(self, x):
        return self.norm(self.value(x) * torch.sigmoid(self.gate(x)))


class GLUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(GatedLinear(20, 48), *[GatedLinear(48, 48) for _ in range(5)])
        self.head = nn.Linear(48, 3)

    def forward(self, x):
        return self.head(self.layers(x))
