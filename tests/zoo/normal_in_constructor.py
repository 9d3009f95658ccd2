# sick: GRD303
import torch.nn as nn


class DeepRegressor(nn.Module):
    def __init__(self, n_inputs=10, n_units=100, n_layers=9):
        super().__init__()
        self.layers = nn.ModuleList()
        for i in range(n_layers):
            layer = nn.Linear(n_inputs if i == 0 else n_units, n_units)
            nn.init.normal_(layer.weight)
            nn.init.zeros_(layer.bias)
            self.layers.append(layer)
        self.relu = nn.ReLU()
        self.out = nn.Linear(n_units, 1)
        nn.init.normal_(self.out.weight)

    def forward(self, x):
        for layer in self.layers:
            x = self.relu(layer(x))
        return self.out(x)
