# Highway network: twenty layers, each mixing its input and its output by a sigmoid gate.
import torch
import torch.nn as nn


class Highway(nn.Module):
    def __init__(self, size, num_layers):
        super().__init__()
        self.num_layers = num_layers
        self.nonlinear = nn.ModuleList([nn.Linear(size, size) for _ in range(num_layers)])
        self.gate = nn.ModuleList([nn.Linear(size, size) for _ in range(num_layers)])
        for gate in self.gate:
            nn.init.constant_(gate.bias, -2.0)

    def forward(self, x):
        for i in range(self.num_layers):
            gate = torch.sigmoid(self.gate[i](x))
            x = gate * torch.relu(self.nonlinear[i](x)) + (1 - gate) * x
        return x


class HighwayNet(nn.Module):
    def __init__(self, in_dim=28, size=50, out_dim=4):
        super().__init__()
        self.inp = nn.Linear(in_dim, size)
        self.highway = Highway(size, num_layers=20)
        self.out = nn.Linear(size, out_dim)

    def forward(self, x):
        return self.out(self.highway(torch.relu(self.inp(x))))
