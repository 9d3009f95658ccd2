# sick: GRD101
import torch.nn as nn


class MLP(nn.Module):
    """Multi-layer perceptron with a configurable activation class."""

    def __init__(self, in_dim=32, hidden_dims=(64,) * 11, out_dim=10, act_layer=nn.Sigmoid):
        super().__init__()
        dims = (in_dim, *hidden_dims)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(a, b), act_layer()) for a, b in zip(dims, dims[1:])
        )
        self.head = nn.Linear(hidden_dims[-1], out_dim)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
