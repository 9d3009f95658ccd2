# A 30-layer fully connected ReLU network, written with a ModuleList.
import torch.nn as nn
import torch.nn.functional as F


class DeepMLP(nn.Module):
    """Thirty hidden layers on a table of 20 columns."""

    def __init__(self, n_features: int = 20, n_hidden: int = 64, n_layers: int = 30):
        super().__init__()
        self.input_layer = nn.Linear(n_features, n_hidden)
        self.hidden_layers = nn.ModuleList(
            [nn.Linear(n_hidden, n_hidden) for _ in range(n_layers - 1)]
        )
        self.output_layer = nn.Linear(n_hidden, 3)

    def forward(self, x):
        x = F.relu(self.input_layer(x))
        for layer in self.hidden_layers:
            x = F.relu(layer(x))
        return self.output_layer(x)
