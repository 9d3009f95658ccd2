# Regression network whose weights are all drawn from a standard normal distribution.
from torch import Tensor, nn


class Regressor(nn.Module):
    def __init__(self, in_dim: int = 16, width: int = 128, depth: int = 10) -> None:
        super().__init__()
        dims = [in_dim] + [width] * depth
        layers: list[nn.Module] = []
        for d_in, d_out in zip(dims[:-1], dims[1:]):
            layers += [nn.Linear(d_in, d_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(width, 1)
        self.apply(self._init_weights)

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(0.0, 1.0)
            module.bias.data.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.layers(x)).squeeze(-1)
