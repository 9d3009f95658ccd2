# sick: GRD304
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.n_hidden = 28
        setattr(self, "fc0", nn.Linear(11, 72))
        for i in range(1, self.n_hidden):
            setattr(self, f"fc{i}", nn.Linear(72, 72))
        self.classifier = nn.Linear(72, 6)

    def forward(self, x):
        for i in range(self.n_hidden):
            x = F.leaky_relu(getattr(self, f"fc{i}")(x), 0.01)
        return self.classifier(x)
