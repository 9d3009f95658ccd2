# DenseNet: each layer sees the concatenation of all before it.
import torch
import torch.nn as nn
import torch.nn.functional as F


class DenseLayer(nn.Module):
    def __init__(self, in_planes, growth_rate):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_planes)
        self.conv = nn.Conv2d(in_planes, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.bn(x)))], 1)


class Transition(nn.Module):
    def __init__(self, in_planes, out_planes):
        super().__init__()
        self.bn = nn.BatchNorm2d(in_planes)
        self.conv = nn.Conv2d(in_planes, out_planes, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)


class DenseNet(nn.Module):
    def __init__(self, growth_rate=8, block_config=(5, 5, 5), num_classes=10):
        super().__init__()
        planes = 2 * growth_rate
        layers = [nn.Conv2d(3, planes, 3, stride=2, padding=1, bias=False)]
        for i, n in enumerate(block_config):
            for _ in range(n):
                layers.append(DenseLayer(planes, growth_rate))
                planes += growth_rate
            if i < len(block_config) - 1:
                layers.append(Transition(planes, planes // 2))
                planes //= 2
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(planes), nn.ReLU())
        self.classifier = nn.Linear(planes, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))


if __name__ == "__main__":
    print(DenseNet()(torch.randn(4, 3, 32, 32)).shape)
