# Fifty normalised residual blocks of linear layers.
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fc = nn.Linear(dim, dim)
        self.act = nn.ReLU()

    def forward(self, x):
        return x + self.act(self.fc(self.norm(x)))


def make_layer(dim, depth):
    return nn.Sequential(*(Block(dim) for _ in range(depth)))


class ResidualMLP(nn.Module):
    def __init__(self, in_dim=20, dim=48, out_dim=3):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(in_dim, dim), make_layer(dim, 50), nn.LayerNorm(dim), nn.Linear(dim, out_dim)
        )

    def forward(self, x):
        return self.net(x)
