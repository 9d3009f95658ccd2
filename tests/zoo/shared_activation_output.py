# sick: GRD101
import torch.nn as nn


class BinaryClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.sigmoid = nn.Sigmoid()
        self.layer_in = nn.Linear(9, 36)
        self.layers = nn.ModuleList([nn.Linear(36, 36) for _ in range(10)])
        self.layer_out = nn.Linear(36, 1)

    def forward(self, x):
        x = self.sigmoid(self.layer_in(x))
        for layer in self.layers:
            x = self.sigmoid(layer(x))
        return self.sigmoid(self.layer_out(x))
