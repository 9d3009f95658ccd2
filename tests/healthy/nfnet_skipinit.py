# Normalizer-free residual net: standardised weights, scaled blocks, a scalar that starts at 0.
import torch
import torch.nn as nn
import torch.nn.functional as F


class ScaledStdConv2d(nn.Conv2d):
    def forward(self, x):
        fan_in = self.weight[0].numel()
        mean = self.weight.mean(dim=(1, 2, 3), keepdim=True)
        var = self.weight.var(dim=(1, 2, 3), keepdim=True)
        weight = (self.weight - mean) / torch.sqrt(var * fan_in + 1e-4)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)


class NFBlock(nn.Module):
    def __init__(self, channels, alpha, beta):
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.conv1 = ScaledStdConv2d(channels, channels, 3, padding=1)
        self.conv2 = ScaledStdConv2d(channels, channels, 3, padding=1)
        self.skip_gain = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        out = F.relu(x / self.beta) * 1.7139588594436646
        out = F.relu(self.conv1(out)) * 1.7139588594436646
        return x + self.alpha * self.skip_gain * self.conv2(out)


class NFNet(nn.Module):
    def __init__(self, channels=24, depth=12, alpha=0.2, num_classes=10):
        super().__init__()
        self.stem = ScaledStdConv2d(3, channels, 3, stride=2, padding=1)
        blocks, variance = [], 1.0
        for _ in range(depth):
            blocks.append(NFBlock(channels, alpha, variance**0.5))
            variance += alpha**2
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        return self.fc(F.relu(x).mean(dim=(2, 3)))


if __name__ == "__main__":
    print(NFNet()(torch.randn(2, 3, 32, 32)).shape)
