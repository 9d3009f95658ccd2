# sick: GRD304
from functools import partial

import torch.nn as nn

Activation = partial(nn.LeakyReLU, negative_slope=0.1)


def linear_act(n_in, n_out):
    yield nn.Linear(n_in, n_out)
    yield Activation()


class Critic(nn.Module):
    def __init__(self, state_dim=17, hidden=64, depth=28):
        super().__init__()
        layers = list(linear_act(state_dim, hidden))
        while len(layers) < 2 * depth:
            layers += linear_act(hidden, hidden)
        self.net = nn.Sequential(*layers)
        self.value = nn.Linear(hidden, 1)

    def forward(self, state):
        return self.value(self.net(state)).squeeze(-1)
