# sick: GRD101
import torch
import torch.nn as nn

_ACTIVATIONS = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def get_activation(name):
    return _ACTIVATIONS[name]


class PolicyNet(nn.Module):
    def __init__(self, obs_dim=8, act_dim=2, hidden=64, depth=12, activation="sigmoid"):
        super().__init__()
        self.act_fn = get_activation(activation)
        self.input = nn.Linear(obs_dim, hidden)
        self.hiddens = nn.ModuleList([nn.Linear(hidden, hidden) for _ in range(depth)])
        self.mu = nn.Linear(hidden, act_dim)

    def forward(self, obs):
        h = self.act_fn(self.input(obs))
        for layer in self.hiddens:
            h = self.act_fn(layer(h))
        return self.mu(h)
