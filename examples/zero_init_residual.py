# Residual network for tables; the last layer of each branch starts at zero.
import torch.nn as nn


class ResidualBlock(nn.Module):
    def __init__(self, dim, expansion=2):
        super().__init__()
        self.branch = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, expansion * dim),
            nn.SiLU(),
            nn.Linear(expansion * dim, dim),
        )
        nn.init.zeros_(self.branch[-1].weight)
        nn.init.zeros_(self.branch[-1].bias)

    def forward(self, x):
        return x + self.branch(x)


class TabularResNet(nn.Module):
    def __init__(self, num_features=30, dim=64, num_blocks=20, num_classes=4):
        super().__init__()
        self.stem = nn.Linear(num_features, dim)
        self.blocks = nn.Sequential(*[ResidualBlock(dim) for _ in range(num_blocks)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x):
        x = self.stem(x)
        x = self.blocks(x)
        return self.head(self.norm(x))
