# A configurable tower: the activation is chosen by name from a dictionary.
import torch.nn as nn

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}


class Layer(nn.Module):
    def __init__(self, dim, act):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.act = act()

    def forward(self, x):
        return self.act(self.linear(x))


class Tower(nn.Module):
    def __init__(self, in_dim=24, dim=64, depth=40, num_classes=5, activation="tanh"):
        super().__init__()
        self.stem = nn.Linear(in_dim, dim)
        self.layers = nn.Sequential(*(Layer(dim, ACTIVATIONS[activation]) for _ in range(depth)))
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x):
        return self.head(self.layers(self.stem(x)))
