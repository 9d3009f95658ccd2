# sick: GRD304
import torch
import torch.nn as nn


class ConvNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.in_channels = 3
        self.layer1 = self._make_layer(16, 8)
        self.layer2 = self._make_layer(24, 8)
        self.layer3 = self._make_layer(32, 8)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(32, num_classes)

    def _make_layer(self, channels, blocks):
        layers = []
        for _ in range(blocks):
            layers.append(nn.Conv2d(self.in_channels, channels, 3, padding=1))
            layers.append(nn.ReLU(inplace=True))
            self.in_channels = channels
        layers.append(nn.MaxPool2d(2))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(x)))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)
