# SIREN: sine layers with the initialisation that keeps their variance.
import math

import torch
import torch.nn as nn


class SineLayer(nn.Module):
    def __init__(self, in_features, out_features, is_first=False, omega=30.0):
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(in_features, out_features)
        bound = 1 / in_features if is_first else math.sqrt(6 / in_features) / omega
        with torch.no_grad():
            self.linear.weight.uniform_(-bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


class Siren(nn.Module):
    def __init__(self, in_features=2, hidden=64, hidden_layers=3, out_features=1):
        super().__init__()
        layers = [SineLayer(in_features, hidden, is_first=True)]
        layers += [SineLayer(hidden, hidden) for _ in range(hidden_layers)]
        self.net = nn.Sequential(*layers)
        self.final = nn.Linear(hidden, out_features)
        bound = math.sqrt(6 / hidden) / 30
        nn.init.uniform_(self.final.weight, -bound, bound)

    def forward(self, coords):
        return self.final(self.net(coords))


if __name__ == "__main__":
    coords = torch.rand(256, 2) * 2 - 1
    print(Siren()(coords).shape)
