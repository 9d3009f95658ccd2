# sick: GRD101
from torch import nn


class Net(nn.Module):
    def __init__(self, d_in=16, d_hid=48, n_layers=10, d_out=4):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d_in, d_hid),
            *[m for _ in range(n_layers) for m in (nn.Linear(d_hid, d_hid), nn.Sigmoid())],
            nn.Linear(d_hid, d_out),
        )

    def forward(self, x):
        return self.net(x)
