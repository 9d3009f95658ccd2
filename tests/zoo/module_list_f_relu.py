# sick: GRD304
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, sizes=(12,) + (50,) * 24 + (3,)):
        super().__init__()
        self.fcs = nn.ModuleList()
        for n_in, n_out in zip(sizes, sizes[1:]):
            self.fcs.append(nn.Linear(n_in, n_out))

    def forward(self, x):
        for i, fc in enumerate(self.fcs):
            x = fc(x)
            if i < len(self.fcs) - 1:
                x = F.relu(x)
        return x
