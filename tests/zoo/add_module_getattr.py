# sick: GRD101
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, input_size=15, hidden_size=45, num_layers=12, output_size=3):
        super().__init__()
        self.num_layers = num_layers
        for i in range(num_layers):
            self.add_module("linear%d" % i, nn.Linear(input_size, hidden_size))
            input_size = hidden_size
        self.output = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        for i in range(self.num_layers):
            x = torch.sigmoid(getattr(self, "linear%d" % i)(x))
        return self.output(x)
