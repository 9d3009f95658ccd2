# Digit classifier with twelve sigmoid layers.
import torch
from torch import nn


class SigmoidMLP(nn.Module):
    def __init__(self, in_features=784, width=128, depth=12, num_classes=10):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(in_features, width),
            nn.Sigmoid(),
            *[nn.Sequential(nn.Linear(width, width), nn.Sigmoid()) for _ in range(depth - 1)],
        )
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.head(self.body(x.flatten(1)))


if __name__ == "__main__":
    model = SigmoidMLP()
    print(model(torch.randn(4, 1, 28, 28)).shape)
