# Physics-informed network for Burgers' equation: eight tanh layers of 20 units, Xavier.
import torch
import torch.nn as nn


class PINN(nn.Module):
    def __init__(self, layers=(2, 20, 20, 20, 20, 20, 20, 20, 20, 1)):
        super().__init__()
        self.linears = nn.ModuleList(
            nn.Linear(layers[i], layers[i + 1]) for i in range(len(layers) - 1)
        )
        for linear in self.linears:
            nn.init.xavier_normal_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, xt):
        h = xt
        for linear in self.linears[:-1]:
            h = torch.tanh(linear(h))
        return self.linears[-1](h)


def residual(model, xt, viscosity=0.01 / torch.pi):
    """u_t + u u_x - viscosity u_xx at the points xt = (x, t)."""
    xt = xt.requires_grad_(True)
    u = model(xt)
    du = torch.autograd.grad(u.sum(), xt, create_graph=True)[0]
    u_x, u_t = du[:, :1], du[:, 1:]
    u_xx = torch.autograd.grad(u_x.sum(), xt, create_graph=True)[0][:, :1]
    return u_t + u * u_x - viscosity * u_xx


if __name__ == "__main__":
    points = torch.rand(64, 2)
    print(residual(PINN(), points).square().mean())
