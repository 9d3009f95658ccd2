# A function that builds a 24-layer ReLU network, and the network that the module exports.
import torch.nn as nn


def build_mlp(sizes, activation=nn.ReLU):
    """Stack linear layers of the given sizes with an activation between them."""
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(activation())
    return nn.Sequential(*layers)


model = build_mlp([10] + [100] * 24 + [2])
