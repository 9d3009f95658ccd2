# Ten ReLU layers at the default initialisation: not ideal, but it trains.
import torch.nn as nn


class TenLayers(nn.Module):
    def __init__(self, in_dim=20, hidden=128, out_dim=3):
        super().__init__()
        layers = [nn.Linear(in_dim, hidden), nn.ReLU()]
        for _ in range(8):
            layers += [nn.Linear(hidden, hidden), nn.ReLU()]
        layers += [nn.Linear(hidden, out_dim)]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)
