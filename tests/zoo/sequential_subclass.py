# sick: GRD101
from torch import nn


class LinearSigmoid(nn.Sequential):
    def __init__(self, in_features: int, out_features: int):
        super().__init__(nn.Linear(in_features, out_features), nn.Sigmoid())


class Net(nn.Sequential):
    def __init__(self, dim: int = 32):
        super().__init__(
            nn.Linear(18, dim),
            nn.ReLU(),
            *(LinearSigmoid(dim, dim) for _ in range(10)),
            nn.Linear(dim, 4),
        )
