# A GRU cell written by hand and run over a sequence; every step is read.
import torch
import torch.nn as nn


class GRUCell(nn.Module):
    def __init__(self, input_dim: int, hidden_dim: int):
        super().__init__()
        self.W_z = nn.Linear(input_dim + hidden_dim, hidden_dim)
        self.W_r = nn.Linear(input_dim + hidden_dim, hidden_dim)
        self.W_h = nn.Linear(input_dim + hidden_dim, hidden_dim)

    def forward(self, x, h):
        xh = torch.cat([x, h], dim=1)
        z = torch.sigmoid(self.W_z(xh))
        r = torch.sigmoid(self.W_r(xh))
        candidate = torch.tanh(self.W_h(torch.cat([x, r * h], dim=1)))
        return (1 - z) * h + z * candidate


class Tagger(nn.Module):
    def __init__(self, input_dim=5, hidden_dim=32, n_tags=4):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.cell = GRUCell(input_dim, hidden_dim)
        self.fc = nn.Linear(hidden_dim, n_tags)

    def forward(self, x):
        batch, steps, _ = x.shape
        h = torch.zeros(batch, self.hidden_dim, device=x.device)
        outputs = []
        for t in range(steps):
            h = self.cell(x[:, t], h)
            outputs.append(self.fc(h))
        return torch.stack(outputs, dim=1)


if __name__ == "__main__":
    print(Tagger()(torch.randn(8, 12, 5)).shape)
