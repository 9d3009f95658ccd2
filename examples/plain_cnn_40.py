# A plain 40-layer convolutional network for CIFAR-10: no normalization, no shortcuts.
import torch
import torch.nn as nn


def make_layer(in_channels, out_channels, num_convs, stride):
    layers = []
    for i in range(num_convs):
        layers.append(
            nn.Conv2d(
                in_channels if i == 0 else out_channels,
                out_channels,
                kernel_size=3,
                stride=stride if i == 0 else 1,
                padding=1,
            )
        )
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class PlainNet(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.stage1 = make_layer(3, 16, 10, stride=1)
        self.stage2 = make_layer(16, 16, 10, stride=2)
        self.stage3 = make_layer(16, 16, 10, stride=2)
        self.stage4 = make_layer(16, 16, 10, stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, num_classes)

    def forward(self, x):
        out = self.stage1(x)
        out = self.stage2(out)
        out = self.stage3(out)
        out = self.stage4(out)
        out = self.pool(out)
        out = torch.flatten(out, 1)
        return self.fc(out)


if __name__ == "__main__":
    net = PlainNet()
    images = torch.randn(8, 3, 32, 32)
    print(net(images).size())
