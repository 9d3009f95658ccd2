# MobileNet: depthwise separable convolutions, batch norm, ReLU6.
import torch
import torch.nn as nn


def conv_bn(inp, oup, stride):
    return nn.Sequential(
        nn.Conv2d(inp, oup, 3, stride, 1, bias=False), nn.BatchNorm2d(oup), nn.ReLU6(inplace=True)
    )


def conv_dw(inp, oup, stride):
    return nn.Sequential(
        nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False),
        nn.BatchNorm2d(inp),
        nn.ReLU6(inplace=True),
        nn.Conv2d(inp, oup, 1, 1, 0, bias=False),
        nn.BatchNorm2d(oup),
        nn.ReLU6(inplace=True),
    )


class MobileNet(nn.Module):
    def __init__(self, n_class=10):
        super().__init__()
        self.model = nn.Sequential(
            conv_bn(3, 8, 1),
            conv_dw(8, 16, 1),
            conv_dw(16, 32, 2),
            conv_dw(32, 32, 1),
            conv_dw(32, 64, 2),
            conv_dw(64, 64, 1),
            conv_dw(64, 64, 1),
            nn.AdaptiveAvgPool2d(1),
        )
        self.fc = nn.Linear(64, n_class)

    def forward(self, x):
        x = self.model(x)
        x = x.view(-1, 64)
        return self.fc(x)


if __name__ == "__main__":
    print(MobileNet()(torch.randn(4, 3, 32, 32)).shape)
