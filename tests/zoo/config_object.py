# sick: GRD304
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass
class Config:
    n_in: int = 40
    n_hidden: int = 64
    n_layers: int = 22
    n_out: int = 8


class Net(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.embed = nn.Linear(config.n_in, config.n_hidden)
        self.layers = nn.ModuleList(
            [nn.Linear(config.n_hidden, config.n_hidden) for _ in range(config.n_layers)]
        )
        self.act = nn.ReLU()
        self.head = nn.Linear(config.n_hidden, config.n_out)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
            x = self.act(x)
        return self.head(x)


if __name__ == "__main__":
    cfg = Config()
    net = Net(cfg)
    print(net(torch.randn(2, cfg.n_in)).shape)
