# Residual net with squeeze-and-excitation in each block.
import torch
import torch.nn as nn


class SELayer(nn.Module):
    def __init__(self, channel, reduction=8):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channel, channel // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channel // reduction, channel, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.avg_pool(x).view(b, c)
        y = self.fc(y).view(b, c, 1, 1)
        return x * y.expand_as(x)


class SEBlock(nn.Module):
    def __init__(self, planes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(planes, planes, 3, padding=1, bias=False),
            nn.BatchNorm2d(planes),
            nn.ReLU(inplace=True),
            nn.Conv2d(planes, planes, 3, padding=1, bias=False),
            nn.BatchNorm2d(planes),
            SELayer(planes),
        )

    def forward(self, x):
        return torch.relu(x + self.body(x))


class SEResNet(nn.Module):
    def __init__(self, planes=24, num_blocks=8, num_classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, planes, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(*[SEBlock(planes) for _ in range(num_blocks)])
        self.fc = nn.Linear(planes, num_classes)

    def forward(self, x):
        x = self.blocks(self.conv(x))
        return self.fc(x.mean(dim=(2, 3)))


if __name__ == "__main__":
    print(SEResNet()(torch.randn(4, 3, 32, 32)).shape)
