# Self-normalising network: sixteen SELU layers, LeCun normal, alpha dropout.
import torch.nn as nn


class SNN(nn.Module):
    def __init__(self, in_features=24, width=96, depth=16, num_classes=4):
        super().__init__()
        layers = []
        for i in range(depth):
            layers.append(nn.Linear(in_features if i == 0 else width, width))
            layers.append(nn.SELU())
            layers.append(nn.AlphaDropout(0.02))
        layers.append(nn.Linear(width, num_classes))
        self.network = nn.Sequential(*layers)
        for param in self.network.parameters():
            if param.dim() == 1:
                nn.init.constant_(param, 0)
            else:
                nn.init.kaiming_normal_(param, mode="fan_in", nonlinearity="linear")

    def forward(self, x):
        return self.network(x)
