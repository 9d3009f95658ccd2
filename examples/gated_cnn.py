# Audio-spectrum classifier with gated linear units and squeeze-and-excitation.
import torch
import torch.nn as nn
import torch.nn.functional as F


class SqueezeExcite(nn.Module):
    """Weigh the channels by what the whole picture holds."""

    def __init__(self, channels, reduction=4):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // reduction)
        self.fc2 = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        scale = x.mean(dim=(2, 3))
        scale = torch.sigmoid(self.fc2(F.relu(self.fc1(scale))))
        return x * scale[:, :, None, None]


class GatedConv(nn.Module):
    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, 2 * channels_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(2 * channels_out)
        self.se = SqueezeExcite(channels_out)

    def forward(self, x):
        value, gate = self.norm(self.conv(x)).chunk(2, dim=1)
        return self.se(value * gate.sigmoid())


class GatedCNN(nn.Module):
    def __init__(self, n_classes=6):
        super().__init__()
        self.blocks = nn.ModuleList([GatedConv(1, 16), GatedConv(16, 32), GatedConv(32, 32)])
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Linear(32, n_classes)

    def forward(self, x):
        for block in self.blocks:
            x = self.pool(block(x))
        return self.classifier(x.mean(dim=(2, 3)))


if __name__ == "__main__":
    print(GatedCNN()(torch.randn(4, 1, 40, 40)))
