# sick: GRD101
import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        return self.drop(torch.sigmoid(self.linear(x)))


class Net(nn.Module):
    def __init__(self, n_features=25, n_hidden=50, n_blocks=11, n_classes=2):
        super().__init__()
        self.blocks = nn.ModuleList()
        for i in range(n_blocks):
            self.blocks.append(Block(n_features if i == 0 else n_hidden, n_hidden))
        self.fc_out = nn.Linear(n_hidden, n_classes)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.fc_out(x)
