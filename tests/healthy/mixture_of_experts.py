# Soft mixture of experts: a softmax gate weighs four small networks.
import torch
import torch.nn as nn


class Expert(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Linear(32, n_out))

    def forward(self, x):
        return self.net(x)


class MixtureOfExperts(nn.Module):
    def __init__(self, n_in=16, n_out=4, n_experts=4):
        super().__init__()
        self.experts = nn.ModuleList([Expert(n_in, n_out) for _ in range(n_experts)])
        self.gate = nn.Linear(n_in, n_experts)

    def forward(self, x):
        weights = self.gate(x).softmax(dim=-1)
        outputs = torch.stack([expert(x) for expert in self.experts], dim=1)
        return (weights.unsqueeze(-1) * outputs).sum(dim=1)
