# sick: GRD101
import torch
from torch import nn


class FeedForward(nn.Module):
    def __init__(self, n_in, n_hidden, n_layers, n_out, activation):
        super().__init__()
        self.activation = activation
        self.inp = nn.Linear(n_in, n_hidden)
        self.hidden = nn.ModuleList([nn.Linear(n_hidden, n_hidden) for _ in range(n_layers)])
        self.out = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        x = self.activation(self.inp(x))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.out(x)


def main():
    model = FeedForward(8, 40, 10, 1, torch.sigmoid)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.rand(64, 8), torch.rand(64, 1)
    for _ in range(1000):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
